"""What dispatch knows about missions, as plain values. All times are incident time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from schemas.values import Explanation
from schemas.vocabulary import Role, ZoneKind


class MissionState(StrEnum):
    """Where a team is on its way; the last two are final."""

    PLANNED = "planned"
    DISPATCHED = "dispatched"
    DEPARTED = "departed"
    ARRIVED = "arrived"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class Step(StrEnum):
    """What moves a team along. A check-in moves nothing and is not one."""

    APPROVE = "approve"
    DEPART = "depart"
    ARRIVE = "arrive"
    COMPLETE = "complete"


STEPS: Final[Mapping[Step, tuple[MissionState, MissionState]]] = {
    Step.APPROVE: (MissionState.PLANNED, MissionState.DISPATCHED),
    Step.DEPART: (MissionState.DISPATCHED, MissionState.DEPARTED),
    Step.ARRIVE: (MissionState.DEPARTED, MissionState.ARRIVED),
    Step.COMPLETE: (MissionState.ARRIVED, MissionState.COMPLETED),
}
"""Each step leads from one state to the next; there is no other way forward."""

FINAL: Final = frozenset({MissionState.COMPLETED, MissionState.CANCELLED})
AT_HOME: Final = frozenset({MissionState.PLANNED, MissionState.DISPATCHED})
"""States in which the team has not departed: a free seat can still be taken."""
SENT: Final = frozenset({MissionState.DISPATCHED, MissionState.DEPARTED, MissionState.ARRIVED})
"""States in which the team owes a sign of life."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A zone as teams need it."""

    zone_id: UUID
    kind: ZoneKind
    lat_deg: float
    lon_deg: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatLine:
    """A need line at one zone: team i has `per_team` seats of it if `teams` is more than i.

    `is_moved`: it was stated for another kind of zone, and may have come here when teams of this one were on their way.
    """

    need_id: str
    role: Role
    language: str | None
    per_team: int
    teams: int
    is_moved: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Helper:
    """Somebody whose answer was counted for a need at a zone. `order` is the answer's place in the alert's log."""

    volunteer_id: UUID
    need_id: str
    role: Role
    language: str | None
    order: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A team that exists, with those who sit in it now."""

    mission_id: UUID
    team_no: int
    state: MissionState
    members: tuple[Helper, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ZonePicture:
    """All that decides which teams of one zone are formed. `exhausted`: needs for which nobody is left to ask.

    `served` says of each mission which needs ever had somebody in it; known only where a line is moved.
    """

    zone_id: UUID
    zone_kind: ZoneKind
    lines: tuple[SeatLine, ...]
    teams: tuple[Team, ...]
    waiting: tuple[Helper, ...]
    exhausted: frozenset[str]
    served: Mapping[UUID, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refill:
    """Helpers who take free seats in a team that has not departed, and who leads it then."""

    mission_id: UUID
    joined: tuple[Helper, ...]
    lead_volunteer_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTeam:
    """A team to be planned."""

    team_no: int
    members: tuple[Helper, ...]
    lead_volunteer_id: UUID
    is_short: bool
    explanation: Explanation


@dataclass(frozen=True, slots=True, kw_only=True)
class Formation:
    """What a look at a zone decides."""

    refills: tuple[Refill, ...]
    teams: tuple[NewTeam, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mission:
    """A mission as far as its steps need it."""

    mission_id: UUID
    state: MissionState
    lead_volunteer_id: UUID | None
    members: tuple[Helper, ...]
    check_in_due_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The protective rules of one deployment; see settings.py for their sources."""

    mission_days_max: int
    check_in_every_minutes: int
    team_members_min: int


@dataclass(frozen=True, slots=True)
class Moved:
    """The step is taken now."""

    state: MissionState


@dataclass(frozen=True, slots=True)
class AlreadyDone:
    """The step was taken before; nothing changes."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The step cannot be taken; `detail` says why and what would help."""

    detail: str
