"""What a caller may say about an incident, what the service keeps of it, and what a decision can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from schemas.events.incident import IncidentDeclared
from schemas.values import AreaCode, IncidentClock, IntensityObservation, NeedLine, Text, Venue
from schemas.vocabulary import IncidentKind, Level, Phase
from services.kit.problems import Finding

OBSERVATIONS_MAX: Final = 2_000
CONTOURS_MAX: Final = 100
VENUES_MAX: Final = 200
NEED_LINES_MAX: Final = 200
AREA_CODES_MAX: Final = 500
NARRATIVE_CHARS_MAX: Final = 5_000
REASON_CHARS_MAX: Final = 2_000


class State(StrEnum):
    """Whether the acute response goes on."""

    OPEN = "open"
    CLOSED = "closed"


def _time_as_text(value: object) -> object:
    """Times are RFC 3339 text; a bare number would be read as seconds since 1970, which nobody means."""
    if isinstance(value, str | datetime):
        return value
    raise ValueError("must be an RFC 3339 time with an offset, such as 2008-05-12T14:28:01+08:00")


Moment = Annotated[AwareDatetime, BeforeValidator(_time_as_text)]
Needs = Annotated[tuple[NeedLine, ...], Field(min_length=1, max_length=NEED_LINES_MAX)]
Reason = Annotated[str, Field(min_length=1, max_length=REASON_CHARS_MAX)]


class StrictRequest(BaseModel):
    """Unknown fields are refused: a misspelt `radius_m` must not pass in silence."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, str_strip_whitespace=True)


class StatedContour(StrictRequest):
    """Ground on which an intensity was reached: a GeoJSON Polygon or MultiPolygon, read by `extent.read_contours`."""

    intensity: Annotated[float, Field(ge=1, le=12)]
    geometry: dict[str, Any]


class StatedVenue(Venue):
    """A school, shelter or hospital where affected people are; misspelt fields are refused."""

    model_config = ConfigDict(extra="forbid")


Observations = Annotated[tuple[IntensityObservation, ...], Field(max_length=OBSERVATIONS_MAX)]
Contours = Annotated[tuple[StatedContour, ...], Field(max_length=CONTOURS_MAX)]
Venues = Annotated[tuple[StatedVenue, ...], Field(max_length=VENUES_MAX)]
RadiusM = Annotated[float, Field(ge=0, le=2_000_000)]
Magnitude = Annotated[float, Field(ge=-2, le=10)]
AreaCodes = Annotated[tuple[AreaCode, ...], Field(min_length=1, max_length=AREA_CODES_MAX)]


class DeclareRequest(StrictRequest):
    """One call that declares an incident. `place` is read by `geometry.read_place`, which says where it is wrong.

    At least one title is needed. Without `needs` the template of the kind and level fills in. `drill_factor` runs
    the clock of an exercise faster than the wall's. `parent_id` is an incident that this one is part of.
    A place in other words than coordinates, and area codes that are left out, are looked up first (`locating`).
    """

    kind: IncidentKind
    level: Level
    title_zh: Text | None = None
    title_en: Text | None = None
    occurred_at: Moment
    place: dict[str, Any]
    radius_m: RadiusM = 0
    magnitude: Magnitude | None = None
    intensity_observations: Observations = ()
    intensity_contours: Contours = ()
    venues: Venues = ()
    area_codes: Annotated[tuple[AreaCode, ...], Field(max_length=AREA_CODES_MAX)] = ()
    needs: Needs | None = None
    narrative: Annotated[str, Field(max_length=NARRATIVE_CHARS_MAX)] | None = None
    exercise: bool = False
    drill_factor: Annotated[float, Field(ge=1, le=100_000)] = 1.0
    auto_dispatch: bool = False
    parent_id: UUID | None = None


class NeedsRequest(StrictRequest):
    """The need lines as they shall be from now on; they replace those before."""

    needs: Needs
    reason: Reason | None = None


class LevelRequest(StrictRequest):
    """A new level and why."""

    level: Level
    reason: Reason


class CloseRequest(StrictRequest):
    """Why the acute response ends."""

    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something worth a look in what was accepted nevertheless, in the two languages."""

    where: str
    what: str
    what_zh: str


class RefusalKind(StrEnum):
    """Why something is refused: wrong in itself, or not possible now."""

    INVALID = "invalid"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A decision against a request. Nothing changes."""

    kind: RefusalKind
    detail: str
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A decision to declare. The narrative is not part of the event: free text may name people."""

    event: IncidentDeclared
    exercise: bool
    narrative: str | None
    needs_by_hand: bool
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """What decisions about a declared incident need to know."""

    incident_id: UUID
    state: State
    kind: IncidentKind
    level: Level
    phase: Phase
    needs: Sequence[NeedLine]
    needs_by_hand: bool
    area_codes: tuple[str, ...]
    exercise: bool
    clock: IncidentClock
