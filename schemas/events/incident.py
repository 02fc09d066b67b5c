"""Incident events: what was declared, and how it changed. Key: the incident's id."""

from __future__ import annotations

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from schemas.envelope import Event
from schemas.values import (
    AreaCode,
    Geometry,
    IncidentClock,
    IntensityContour,
    IntensityObservation,
    NeedLine,
    Text,
    Venue,
)
from schemas.vocabulary import IncidentKind, Level


class IncidentDeclared(Event):
    """An authorised person or machine declared an incident. Emitted once per incident.

    The narrative stays with the incidents service: free text may name people. `radius_m` widens a point or polygon.
    With `auto_dispatch` a complete team leaves without a person's approval.
    """

    event_type: ClassVar[str] = "incident.declared"

    incident_id: UUID
    kind: IncidentKind
    level: Level
    title_zh: Text
    title_en: Text
    occurred_at: AwareDatetime
    place: Geometry
    radius_m: Annotated[float, Field(ge=0, le=2_000_000)] = 0
    magnitude: Annotated[float, Field(ge=-2, le=10)] | None = None
    intensity_observations: tuple[IntensityObservation, ...] = ()
    intensity_contours: tuple[IntensityContour, ...] = ()
    venues: tuple[Venue, ...] = ()
    area_codes: tuple[AreaCode, ...]
    needs: tuple[NeedLine, ...]
    clock: IncidentClock
    auto_dispatch: bool = False


class IncidentAreaRevised(Event):
    """Where the incident is was revised; all of it as it now stands. Emitted only when something of it changed.

    `revision` counts 2, 3 ... (the declaration is the first). Why it was revised stays with the incidents service.
    """

    event_type: ClassVar[str] = "incident.area-revised"

    incident_id: UUID
    revision: Annotated[int, Field(ge=2)]
    place: Geometry
    radius_m: Annotated[float, Field(ge=0, le=2_000_000)] = 0
    magnitude: Annotated[float, Field(ge=-2, le=10)] | None = None
    intensity_observations: tuple[IntensityObservation, ...] = ()
    intensity_contours: tuple[IntensityContour, ...] = ()
    venues: tuple[Venue, ...] = ()
    area_codes: tuple[AreaCode, ...]


class IncidentNeedStated(Event):
    """The need lines were replaced by these. Lines that are already met stay met; fewer people release nobody."""

    event_type: ClassVar[str] = "incident.need-stated"

    incident_id: UUID
    needs: tuple[NeedLine, ...]


class IncidentLevelRaised(Event):
    """The response level was raised (towards I)."""

    event_type: ClassVar[str] = "incident.level-raised"

    incident_id: UUID
    level_before: Level
    level: Level


class IncidentLevelLowered(Event):
    """The response level was lowered (towards IV)."""

    event_type: ClassVar[str] = "incident.level-lowered"

    incident_id: UUID
    level_before: Level
    level: Level


class IncidentClosed(Event):
    """The acute response ended. Follow-up goes on."""

    event_type: ClassVar[str] = "incident.closed"

    incident_id: UUID
    closed_at: AwareDatetime
