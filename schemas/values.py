"""Values that several events carry: places, need lines, the incident's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from schemas.vocabulary import Role, VenueKind, ZoneKind


class Value(BaseModel):
    """Base of everything on the wire: frozen, and a reader ignores what it does not know."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


LatDeg = Annotated[float, Field(ge=-90, le=90)]
LonDeg = Annotated[float, Field(ge=-180, le=180)]
AreaCode = Annotated[str, Field(pattern=r"^\d{6}(\d{6})?$")]
"""GB/T 2260 (six digits) or GB/T 10114 (twelve digits) code of an administrative area."""
LanguageCode = Annotated[str, Field(pattern=r"^[a-z]{3}$")]
"""ISO 639-3 code."""
DialectCode = Annotated[str, Field(pattern=r"^[a-z0-9]{4}[0-9]{4}$")]
"""Glottolog code of a dialect, such as `chen1267` for the Mandarin of Chengdu."""
Text = Annotated[str, Field(min_length=1, max_length=500)]


class Position(Value):
    """A place in WGS-84 degrees."""

    lat_deg: LatDeg
    lon_deg: LonDeg


class PointGeometry(Value):
    """GeoJSON Point (RFC 7946): lon, lat in WGS-84."""

    type: Literal["Point"] = "Point"
    coordinates: tuple[LonDeg, LatDeg]


class PolygonGeometry(Value):
    """GeoJSON Polygon: rings of lon, lat; the first ring is the shell."""

    type: Literal["Polygon"] = "Polygon"
    coordinates: tuple[tuple[tuple[float, float], ...], ...]


class MultiPolygonGeometry(Value):
    """GeoJSON MultiPolygon. A shape over the antimeridian is cut there, as RFC 7946 section 3.1.9 asks."""

    type: Literal["MultiPolygon"] = "MultiPolygon"
    coordinates: tuple[tuple[tuple[tuple[float, float], ...], ...], ...]


Geometry = Annotated[PointGeometry | PolygonGeometry | MultiPolygonGeometry, Field(discriminator="type")]


class IntensityObservation(Value):
    """A macroseismic intensity (1-12; MMI, or CSIS, which is close to it) seen at a place."""

    lat_deg: LatDeg
    lon_deg: LonDeg
    intensity: Annotated[float, Field(ge=1, le=12)]


class IntensityContour(Value):
    """Ground on which a macroseismic intensity was reached or exceeded, as an estimate draws it."""

    intensity: Annotated[float, Field(ge=1, le=12)]
    geometry: Annotated[PolygonGeometry | MultiPolygonGeometry, Field(discriminator="type")]


class Venue(Value):
    """A place where affected people are although it is not the place of the event: a station hall, a school, a shelter,
    a hospital to which the injured were taken. Its ground is a circle."""

    kind: VenueKind
    zone_kind: ZoneKind
    position: Position
    radius_m: Annotated[float, Field(gt=0, le=100_000)]
    name_zh: Text
    name_en: Text


class NeedLine(Value):
    """People of one role (and language) needed in the teams of one kind of zone.

    Team i (from 0) of a zone has `per_team` seats for every line of that zone whose `teams` is more than i;
    the quota of a line is `per_team * teams` people.
    """

    need_id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    zone_kind: ZoneKind
    role: Role
    language: LanguageCode | None = None
    per_team: Annotated[int, Field(ge=1, le=20)]
    teams: Annotated[int, Field(ge=1, le=500)]

    @property
    def count(self) -> int:
        """People asked for in all."""
        return self.per_team * self.teams


class IncidentClock(Value):
    """How an incident's time runs. A real incident's runs as the wall clock does; a drill may run it faster.

    incident time = anchor_incident_at + (real time - anchor_real_at) * factor
    """

    anchor_real_at: AwareDatetime
    anchor_incident_at: AwareDatetime
    factor: Annotated[float, Field(ge=1, le=100_000)] = 1.0

    def incident_time(self, real_at: datetime) -> datetime:
        """Incident time at a real time. A drill that was left running for years stops at the end of the calendar."""
        try:
            return self.anchor_incident_at + (real_at - self.anchor_real_at) * self.factor
        except OverflowError:
            return datetime.max.replace(tzinfo=UTC)

    def real_time(self, incident_at: datetime) -> datetime:
        """Real time at which the incident's clock shows `incident_at`."""
        return self.anchor_real_at + (incident_at - self.anchor_incident_at) / self.factor

    def real_delay(self, incident_delay: timedelta) -> timedelta:
        """How long a wait of incident time takes in real time."""
        return incident_delay / self.factor


class Explanation(Value):
    """Why something was decided, in the two languages; kept with the event."""

    zh: str
    en: str


JsonObject = dict[str, Any]
