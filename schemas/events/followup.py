"""Follow-up events. A plan follows a case, or a zone at its anniversaries. Key: the plan's id.

Dates are incident time.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime

from schemas.envelope import Event
from schemas.values import IncidentClock, Value
from schemas.vocabulary import TriageLevel


class FollowupEnd(StrEnum):
    """How a follow-up ends; there is no other way."""

    DONE = "done"
    DECLINED = "declined"
    MOVED = "moved"
    DIED = "died"
    LOST = "lost"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"


class PlannedTask(Value):
    """One contact to be made, or one anniversary window to be kept, from `opens_on` to `closes_on`."""

    task_id: UUID
    step: str
    kind: Literal["contact", "anniversary"]
    due_on: date
    opens_on: date
    closes_on: date


class FollowupPlanned(Event):
    """A plan was laid out to the horizon by a versioned schedule; owned by a role at a station, not by a person."""

    event_type: ClassVar[str] = "followup.planned"

    plan_id: UUID
    incident_id: UUID
    subject: Literal["case", "zone"]
    case_id: UUID | None
    zone_id: UUID
    level: TriageLevel | None
    schedule_version: str
    owner_station_id: UUID | None
    owner_role: str
    tasks: tuple[PlannedTask, ...]
    clock: IncidentClock


class FollowupDue(Event):
    """A task's time has come."""

    event_type: ClassVar[str] = "followup.due"

    plan_id: UUID
    incident_id: UUID
    task_id: UUID
    due_on: date


class FollowupAttempted(Event):
    """Somebody tried to make contact and did not reach the person."""

    event_type: ClassVar[str] = "followup.attempted"

    plan_id: UUID
    incident_id: UUID
    task_id: UUID
    attempt: int
    channel: str
    attempted_at: AwareDatetime


class FollowupCompleted(Event):
    """The contact was made, or the window kept."""

    event_type: ClassVar[str] = "followup.completed"

    plan_id: UUID
    incident_id: UUID
    task_id: UUID
    completed_at: AwareDatetime


class FollowupMissed(Event):
    """The window closed and nobody had made contact."""

    event_type: ClassVar[str] = "followup.missed"

    plan_id: UUID
    incident_id: UUID
    task_id: UUID
    due_on: date


class FollowupEnded(Event):
    """The plan ended for the stated reason; its open tasks are void."""

    event_type: ClassVar[str] = "followup.ended"

    plan_id: UUID
    incident_id: UUID
    zone_id: UUID
    end: FollowupEnd
    open_tasks: int
