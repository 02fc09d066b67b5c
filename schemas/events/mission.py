"""Mission events: a team's way out, on scene and back. Key: the mission's id. Times are incident time."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from schemas.envelope import Event
from schemas.values import Explanation, IncidentClock, LanguageCode, Position, Value
from schemas.vocabulary import Role, ZoneKind


class Member(Value):
    """A seat in the team and who has it."""

    volunteer_id: UUID
    need_id: str
    role: Role
    language: LanguageCode | None = None


class MissionPlanned(Event):
    """A team was formed for a zone. Nobody has been sent yet."""

    event_type: ClassVar[str] = "mission.planned"

    mission_id: UUID
    incident_id: UUID
    zone_id: UUID
    zone_kind: ZoneKind
    team_no: int
    members: tuple[Member, ...]
    lead_volunteer_id: UUID
    destination: Position
    explanation: Explanation
    clock: IncidentClock


class MissionDispatched(Event):
    """The team was sent: by a person's approval, or by the incident's auto-dispatch."""

    event_type: ClassVar[str] = "mission.dispatched"

    mission_id: UUID
    incident_id: UUID
    zone_id: UUID
    members: tuple[Member, ...]
    lead_volunteer_id: UUID
    destination: Position
    approved_by: str
    check_in_every_minutes: int
    relieve_by_at: AwareDatetime


class MissionDeclined(Event):
    """A member cannot come after all; the seat is open again."""

    event_type: ClassVar[str] = "mission.declined"

    mission_id: UUID | None
    incident_id: UUID
    volunteer_id: UUID
    need_id: str
    reason: str


class MissionDeparted(Event):
    """The team is on its way."""

    event_type: ClassVar[str] = "mission.departed"

    mission_id: UUID
    incident_id: UUID
    departed_at: AwareDatetime
    eta_at: AwareDatetime


class MissionArrived(Event):
    """The team is on scene."""

    event_type: ClassVar[str] = "mission.arrived"

    mission_id: UUID
    incident_id: UUID
    arrived_at: AwareDatetime


class MissionCheckedIn(Event):
    """The team said that it is well."""

    event_type: ClassVar[str] = "mission.checked-in"

    mission_id: UUID
    incident_id: UUID
    checked_in_at: AwareDatetime
    next_due_at: AwareDatetime


class MissionCheckInMissed(Event):
    """The team did not check in by the time agreed. One event per lapse."""

    event_type: ClassVar[str] = "mission.check-in-missed"

    mission_id: UUID
    incident_id: UUID
    due_at: AwareDatetime


class MissionMemberContactChanged(Event):
    """A member of a team that was sent wants no page any more (`may_be_contacted` false), or may be paged again.

    The member keeps their seat: a person decides, and takes them out of the team by declining for them.
    `tell_volunteer_id` is who of the team is told on their phone: its lead, or who would lead without the member and
    without all who want no page; None if nobody is left to tell.
    """

    event_type: ClassVar[str] = "mission.member-contact-changed"

    mission_id: UUID
    incident_id: UUID
    volunteer_id: UUID
    need_id: str
    may_be_contacted: bool
    tell_volunteer_id: UUID | None = None


class MissionCompleted(Event):
    """The team handed over and is released, all members at once."""

    event_type: ClassVar[str] = "mission.completed"

    mission_id: UUID
    incident_id: UUID
    completed_at: AwareDatetime
    reason: str


class MissionCancelled(Event):
    """The mission ended before it reached the scene; all members are released.

    With `members_wait` they are not: a plan that nobody had approved was given up because its zone was lifted, and
    they wait for another team of the incident.
    """

    event_type: ClassVar[str] = "mission.cancelled"

    mission_id: UUID
    incident_id: UUID
    reason: str
    members_wait: bool = False
