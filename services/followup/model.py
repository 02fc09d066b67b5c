"""Plans and tasks as plain values. Dates and times are incident time; dates are civil dates of the schedule's zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final, Literal
from uuid import UUID

from schemas.events.followup import FollowupEnd
from schemas.values import Explanation
from schemas.vocabulary import TriageLevel, ZoneKind


class TaskState(StrEnum):
    """How a task stands; only the first two are open."""

    PLANNED = "planned"
    DUE = "due"
    DONE = "done"
    MISSED = "missed"
    VOID = "void"


OPEN: Final = frozenset({TaskState.PLANNED, TaskState.DUE})


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftTask:
    """A task to be planned. It may be done from `opens_at` until just before `closes_at`, the end of `closes_on`."""

    step: str
    kind: Literal["contact", "anniversary"]
    due_on: date
    opens_on: date
    closes_on: date
    opens_at: datetime
    closes_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A plan to be made, in the order of its dates. Without tasks none is made; the explanation says why."""

    tasks: tuple[DraftTask, ...]
    explanation: Explanation


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task of a plan."""

    task_id: UUID
    step: str
    state: TaskState
    due_on: date
    opens_on: date
    opens_at: datetime
    closes_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Fell:
    """What became of a task as time went by: due, missed, or first the one and then the other."""

    task: Task
    became_due: bool
    was_missed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseStanding:
    """A case as plans see it. `planned_*` is what the latest plan was made for; None before the first."""

    level: TriageLevel | None
    follow_up: bool | None
    is_closed: bool
    planned_level: TriageLevel | None
    planned_follow_up: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replan:
    """What a change of a case does: end the plan there is, make a new one, or both."""

    end: FollowupEnd | None
    make: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NearStation:
    """A station in reach of an incident."""

    station_id: UUID
    inside: ZoneKind | None
    distance_km: float


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that is recorded; `is_lost` when it was the last that is owed."""

    number: int
    is_lost: bool


@dataclass(frozen=True, slots=True)
class Unchanged:
    """This was so before; nothing changes."""


@dataclass(frozen=True, slots=True)
class Refused:
    """This cannot be done; `detail` says why."""

    detail: str
