"""Incident events: what was declared, and how it changed. Key: the incident's id."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
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
    Position,
    Text,
    Venue,
)
from schemas.vocabulary import IncidentKind, Level, Phase


class IncidentDeclared(Event):
    """An authorised person or machine declared an incident. Emitted once per incident.

    The narrative stays with the incidents service: free text may name people. `radius_m` widens a point or polygon.
    With `auto_dispatch` a complete team leaves without a person's approval. `parent_id` names the incident this one
    is part of or goes on from (an aftershock, a hospital train, a reopened incident).
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
    parent_id: UUID | None = None


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


class IncidentPhaseAdvanced(Event):
    """The response went over to another phase; in a relapse also back to an earlier one."""

    event_type: ClassVar[str] = "incident.phase-advanced"

    incident_id: UUID
    phase_before: Phase
    phase: Phase


class IncidentMerged(Event):
    """The incident was found to be the same as another, which goes on for both; this one is closed.

    Nobody new is asked or sent for it. Teams that are on their way or on scene finish what they were sent for.
    """

    event_type: ClassVar[str] = "incident.merged"

    incident_id: UUID
    into_incident_id: UUID
    merged_at: AwareDatetime


class IncidentToldApart(Event):
    """Somebody looked at two open incidents that were proposed to be the same and found that they are not.

    Emitted once per pair, under the incident it was said of. Both go on as they are; the pair is not proposed again.
    """

    event_type: ClassVar[str] = "incident.told-apart"

    incident_id: UUID
    other_incident_id: UUID
    told_apart_at: AwareDatetime


class IncidentReopened(Event):
    """A closed incident goes on, as another incident that was declared in the same transaction with this as its parent.

    The closed one stays closed, with what was done for it; zones, asking and teams begin anew under the other id.
    """

    event_type: ClassVar[str] = "incident.reopened"

    incident_id: UUID
    continued_as: UUID


Source = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
"""Name of a feed, given by those who run this instance."""


class IncidentProposed(Event):
    """A feed speaks of something that a person may declare. Nothing is declared by this.

    Emitted when the first message of an event was read (`revision` 1) and whenever later ones changed what is known of
    it. `withdrawn`: the source took everything back. `accepted_as` is set once it was accepted. If it is declared, the
    incident has the proposal's id. Titles and other words of the feed stay with the incidents service.
    """

    event_type: ClassVar[str] = "incident.proposed"

    proposal_id: UUID
    source: Source
    revision: Annotated[int, Field(ge=1)]
    kind: IncidentKind
    level: Level | None = None
    occurred_at: AwareDatetime | None = None
    centre: Position | None = None
    magnitude: float | None = None
    area_codes: tuple[AreaCode, ...] = ()
    withdrawn: bool = False
    accepted_as: UUID | None = None


class IncidentAccepted(Event):
    """A proposal was accepted at one of its revisions: an incident was declared from it, or revised by it.

    What that changed is told by the incident's own events of the same transaction. `by_policy`: no person did it.
    """

    event_type: ClassVar[str] = "incident.accepted"

    proposal_id: UUID
    incident_id: UUID
    revision: Annotated[int, Field(ge=1)]
    outcome: Literal["declared", "revised", "attached"]
    by_policy: bool = False
