"""What was read: alerts in the words of the Common Alerting Protocol, with what earthquake feeds add to them.

Coordinates are (lat, lon) in WGS-84 degrees as CAP writes them; `place` turns them to GeoJSON's order at the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

FILE_BYTES_MAX: Final = 20 * 1024 * 1024
ALERTS_MAX: Final = 10_000
POLYGONS_MAX: Final = 50_000
VERTICES_MAX: Final = 2_000_000
WARNINGS_MAX: Final = 50
NOT_AN_ALERT: Final = "not an alert format"

Pair = tuple[float, float]


class Refused(Exception):
    """Something cannot be read: `where` names the element (or line, or field), `why` says what is wrong with it."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}")
        self.where = where
        self.why = why

    def under(self, parent: str) -> Refused:
        """The same, seen from the element around it."""
        return Refused(f"{parent}/{self.where}" if self.where else parent, self.why)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a file is not used."""

    where: str
    why: str


@dataclass(frozen=True, slots=True)
class Reference:
    """An earlier message that this one speaks of."""

    sender: str
    identifier: str
    sent_at: datetime | None
    as_written: str = field(default="", compare=False)

    def __str__(self) -> str:
        if self.as_written:
            return self.as_written
        sent = "" if self.sent_at is None else self.sent_at.isoformat()
        return f"{self.sender},{self.identifier},{sent}"


@dataclass(frozen=True, slots=True)
class Circle:
    """All points within a distance. A radius of zero is a point."""

    lat_deg: float
    lon_deg: float
    radius_km: float


@dataclass(frozen=True, slots=True)
class Geocode:
    """A place by the code of some list."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A part of the affected place. Rings are closed; the first of a polygon is its shell.

    `intensity` is set when the area is where at least that macroseismic intensity was felt. `extent` is a map's box
    (south, west, north, east), which is no statement about who is affected.
    """

    description: str = ""
    polygons: tuple[tuple[tuple[Pair, ...], ...], ...] = ()
    circles: tuple[Circle, ...] = ()
    geocodes: tuple[Geocode, ...] = ()
    points: tuple[Pair, ...] = ()
    intensity: float | None = None
    extent: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Info:
    """What is said, in one language."""

    language: str | None = None
    categories: tuple[str, ...] = ()
    event: str = ""
    urgency: str | None = None
    severity: str | None = None
    certainty: str | None = None
    effective_at: datetime | None = None
    onset_at: datetime | None = None
    expires_at: datetime | None = None
    sender_name: str | None = None
    headline: str | None = None
    event_codes: tuple[Geocode, ...] = ()
    parameters: tuple[Geocode, ...] = ()
    areas: tuple[Area, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Quake:
    """An earthquake's origin, as far as the file says."""

    event_id: str | None = None
    aliases: tuple[str, ...] = ()
    occurred_at: datetime | None = None
    lat_deg: float | None = None
    lon_deg: float | None = None
    depth_km: float | None = None
    magnitude: float | None = None
    place_name: str | None = None
    intensity_max: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """A macroseismic intensity seen at a place."""

    lat_deg: float
    lon_deg: float
    intensity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One message. What a feed does not say is None; nothing is made up.

    `version` orders messages of one identifier sent at the same time or without a time. `hazard` is the feed's own
    code of the kind of event, `colour` its impact estimate (green, yellow, orange, red); `exposure` has the people
    living where each intensity (1-10) was felt.
    """

    identifier: str | None
    sender: str
    sent_at: datetime | None
    status: str = "Actual"
    msg_type: str = "Alert"
    scope: str = "Public"
    references: tuple[Reference, ...] = ()
    infos: tuple[Info, ...] = ()
    version: int = 0
    hazard: str | None = None
    colour: str | None = None
    quake: Quake | None = None
    exposure: Mapping[int, int] = field(default_factory=dict)
    observations: tuple[Observation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one file says. `refused` is set when nothing of it can be used; then `alerts` is empty.

    `links` are addresses of messages that the file only points to; nobody has followed them.
    """

    format: str | None
    alerts: tuple[Alert, ...] = ()
    refused: Refusal | None = None
    warnings: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


class Notes:
    """Kept while one file is read: its warnings (the first few are enough), and how large its shapes have become."""

    def __init__(self) -> None:
        self._lines: dict[str, None] = {}
        self._left_out = 0
        self._polygons = 0
        self._vertices = 0

    def spend(self, vertices: int, where: str) -> None:
        """Count a polygon. Raises Refused when the file has more than anybody needs."""
        self._polygons += 1
        self._vertices += vertices
        if self._polygons > POLYGONS_MAX:
            raise Refused(where, f"is one polygon too many: at most {POLYGONS_MAX} are read from a file")
        if self._vertices > VERTICES_MAX:
            raise Refused(where, f"goes over the {VERTICES_MAX} corners that are read from a file")

    def add(self, where: str, what: str) -> None:
        """Remember one warning."""
        line = f"{where}: {what}" if where else what
        if line in self._lines:
            return
        if len(self._lines) < WARNINGS_MAX:
            self._lines[line] = None
        else:
            self._left_out += 1

    def lines(self) -> tuple[str, ...]:
        """All of them, in order."""
        more = (f"and {self._left_out} more warnings",) if self._left_out else ()
        return (*self._lines, *more)
