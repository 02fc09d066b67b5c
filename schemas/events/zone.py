"""Zone events: the fenced areas of an incident and the stations in reach. Key: the incident's id."""

from __future__ import annotations

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from schemas.envelope import Event
from schemas.values import AreaCode, Explanation, IncidentClock, MultiPolygonGeometry, Position, Value
from schemas.vocabulary import ZoneKind


class Zone(Value):
    """One fenced area. Zones of an incident do not overlap: the graver one has the ground."""

    zone_id: UUID
    kind: ZoneKind
    geometry: MultiPolygonGeometry
    area_km2: Annotated[float, Field(ge=0)]
    centre: Position
    explanation: Explanation


class StationInReach(Value):
    """A station with its geodesic distance to the gravest zone (0 inside it) and the bearing from there to it."""

    station_id: UUID
    inside: ZoneKind | None
    distance_km: Annotated[float, Field(ge=0)]
    bearing_deg: Annotated[float, Field(ge=0, le=360)]


class FenceAsItStands(Event):
    """An incident's zones, gravest first, and the stations in reach, nearest first; all of both."""

    incident_id: UUID
    area_codes: tuple[AreaCode, ...]
    zones: tuple[Zone, ...]
    stations: tuple[StationInReach, ...]
    reach_km: float
    clock: IncidentClock


class ZoneFenced(FenceAsItStands):
    """The incident's zones were drawn. `stations` holds those in reach, nearest first."""

    event_type: ClassVar[str] = "zone.fenced"


class ZoneRevised(FenceAsItStands):
    """The incident's area was revised: everything as it now stands, and what of it is different.

    `revision` is that of `incident.area-revised`. The zone of a kind keeps its id. Emitted only when a zone, a station
    in reach or the area codes are different from what was told last.
    """

    event_type: ClassVar[str] = "zone.revised"

    revision: Annotated[int, Field(ge=2)]
    zones_new: tuple[UUID, ...] = ()
    zones_changed: tuple[UUID, ...] = ()
    zones_lifted: tuple[UUID, ...] = ()
    stations_entered: tuple[UUID, ...] = ()
    stations_left: tuple[UUID, ...] = ()


class VolunteerInReach(Value):
    """A volunteer who may be asked, inside a zone or near the gravest. The distance is rounded to 5 km: the bus knows
    nobody's exact place."""

    volunteer_id: UUID
    inside: ZoneKind | None
    distance_km: Annotated[float, Field(ge=0)]


class ZoneReachChanged(Event):
    """Somebody came into the reach of an incident's zones or left it: moved, came on or off duty, was registered.

    `*_entered` also names who was in reach before and is now in another zone, and a station whose distance changed. One
    change may be told in several events. Volunteers who were in reach when the zones were first drawn are not told.
    """

    event_type: ClassVar[str] = "zone.reach-changed"

    incident_id: UUID
    stations_entered: tuple[StationInReach, ...] = ()
    stations_left: tuple[UUID, ...] = ()
    volunteers_entered: tuple[VolunteerInReach, ...] = ()
    volunteers_left: tuple[UUID, ...] = ()


class ZoneLifted(Event):
    """The zones no longer stand: the incident was closed."""

    event_type: ClassVar[str] = "zone.lifted"

    incident_id: UUID
    zone_ids: tuple[UUID, ...]
