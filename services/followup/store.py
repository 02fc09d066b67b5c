"""Followup's tables as domain verbs. Every function works inside the caller's transaction.

Lock order: incident, then case, then plan. A plan's row guards its tasks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import aiosql

from schemas.events.followup import FollowupPlanned
from schemas.values import Explanation, IncidentClock
from schemas.vocabulary import TriageLevel
from services.followup.model import CaseStanding, DraftTask, Task, TaskState

SQL: Final = aiosql.from_path(Path(__file__).parent / "sql" / "queries.sql", "asyncpg", mandatory_parameters=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRow:
    """An incident as plans need it. Without a clock it has not been declared here yet."""

    incident_id: UUID
    exercise: bool
    jurisdiction: tuple[str, ...]
    occurred_at: datetime | None
    clock: IncidentClock | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneRow:
    """A zone that wants a plan."""

    zone_id: UUID
    owner_station_id: UUID | None
    fenced_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """A case and its latest plan."""

    case_id: UUID
    incident_id: UUID
    zone_id: UUID
    owner_station_id: UUID
    triaged_at: datetime | None
    plan_id: UUID | None
    plans: int
    standing: CaseStanding


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRow:
    """A plan with what its events inherit."""

    plan_id: UUID
    incident_id: UUID
    zone_id: UUID
    subject: str
    level: TriageLevel | None
    schedule_version: str
    is_open: bool
    exercise: bool
    jurisdiction: tuple[str, ...]
    clock: IncidentClock


async def share_incident(
    connection: Any, incident_id: UUID, *, exercise: bool, jurisdiction: Sequence[str]
) -> IncidentRow:
    """The incident, which cannot be declared meanwhile; made if an event speaks of it before its declaration came."""
    row = await connection.fetchrow(SQL.share_incident.sql, incident_id)
    if row is None:
        await connection.execute(SQL.touch_incident.sql, incident_id, exercise, list(jurisdiction))
        row = await connection.fetchrow(SQL.share_incident.sql, incident_id)
    return _incident(row)


async def incident(connection: Any, incident_id: UUID) -> IncidentRow | None:
    """The incident, if it is known."""
    row = await connection.fetchrow(SQL.incident.sql, incident_id)
    return None if row is None else _incident(row)


async def declare_incident(
    connection: Any, incident_id: UUID, *, exercise: bool, jurisdiction: Sequence[str], occurred_at: datetime,
    clock: IncidentClock,
) -> IncidentRow:  # fmt: skip
    """Fill in what the declaration says."""
    await connection.execute(
        SQL.declare_incident.sql, incident_id, exercise, list(jurisdiction), occurred_at, clock.model_dump(mode="json")
    )
    return IncidentRow(
        incident_id=incident_id,
        exercise=exercise,
        jurisdiction=tuple(jurisdiction),
        occurred_at=occurred_at,
        clock=clock,
    )


async def zones_to_plan(connection: Any, incident_id: UUID) -> list[ZoneRow]:
    """Take the zones that have no plan yet: whoever takes them plans them in the same transaction."""
    return [ZoneRow(**row) for row in await connection.fetch(SQL.zones_to_plan.sql, incident_id)]


async def lock_case(connection: Any, case_id: UUID) -> CaseRow | None:
    """A case, locked."""
    row = await connection.fetchrow(SQL.lock_case.sql, case_id)
    if row is None:
        return None
    return CaseRow(
        case_id=row["case_id"],
        incident_id=row["incident_id"],
        zone_id=row["zone_id"],
        owner_station_id=row["owner_station_id"],
        triaged_at=row["triaged_at"],
        plan_id=row["plan_id"],
        plans=row["plans"],
        standing=CaseStanding(
            level=_level(row["level"]),
            follow_up=row["follow_up"],
            is_closed=row["is_closed"],
            planned_level=_level(row["planned_level"]),
            planned_follow_up=row["planned_follow_up"],
        ),
    )


async def put_plan(
    connection: Any, event: FollowupPlanned, tasks: Sequence[DraftTask], explanation: Explanation
) -> None:
    """Store a plan with all its tasks; two statements, however long the plan is."""
    await connection.execute(
        SQL.put_plan.sql, event.plan_id, event.incident_id, event.subject, event.case_id, event.zone_id,
        None if event.level is None else event.level.value, event.schedule_version, event.owner_station_id,
        event.owner_role, explanation.model_dump(mode="json"),
    )  # fmt: skip
    await connection.execute(
        SQL.put_tasks.sql, event.plan_id, [task.task_id for task in event.tasks], [task.step for task in tasks],
        [task.kind for task in tasks], [task.due_on for task in tasks], [task.opens_on for task in tasks],
        [task.closes_on for task in tasks], [task.opens_at for task in tasks], [task.closes_at for task in tasks],
    )  # fmt: skip


async def lock_plan(connection: Any, plan_id: UUID) -> PlanRow | None:
    """A plan, locked."""
    row = await connection.fetchrow(SQL.lock_plan.sql, plan_id)
    if row is None:
        return None
    return PlanRow(
        plan_id=row["plan_id"],
        incident_id=row["incident_id"],
        zone_id=row["zone_id"],
        subject=row["subject"],
        level=_level(row["level"]),
        schedule_version=row["schedule_version"],
        is_open=row["ended_as"] is None,
        exercise=row["exercise"],
        jurisdiction=tuple(row["jurisdiction"]),
        clock=IncidentClock.model_validate(row["clock"]),
    )


async def tasks_of(connection: Any, plan_id: UUID) -> dict[UUID, tuple[Task, tuple[str, ...]]]:
    """The tasks of a plan, each with the channels of the attempts that reached nobody."""
    rows = await connection.fetch(SQL.tasks_of.sql, plan_id)
    return {row["task_id"]: (_task(row), tuple(row["channels"])) for row in rows}


async def set_states(connection: Any, states: Mapping[UUID, TaskState]) -> None:
    """Change the states of tasks."""
    await connection.execute(SQL.set_states.sql, list(states), [state.value for state in states.values()])


async def open_tasks(
    connection: Any, *, before: date, prefixes: Sequence[str], after: tuple[date, UUID], limit: int, due_only: bool,
    incident_id: UUID | None,
) -> list[dict[str, Any]]:  # fmt: skip
    """Tasks still to be done, soonest first."""
    rows = await connection.fetch(
        SQL.open_tasks.sql, before, list(prefixes), after[0], after[1], limit, due_only, incident_id
    )
    return [dict(row) for row in rows]


def _level(text: str | None) -> TriageLevel | None:
    return None if text is None else TriageLevel(text)


def _incident(row: Any) -> IncidentRow:
    return IncidentRow(
        incident_id=row["incident_id"],
        exercise=row["exercise"],
        jurisdiction=tuple(row["jurisdiction"]),
        occurred_at=row["occurred_at"],
        clock=None if row["clock"] is None else IncidentClock.model_validate(row["clock"]),
    )


def _task(row: Any) -> Task:
    return Task(
        task_id=row["task_id"],
        step=row["step"],
        state=TaskState(row["state"]),
        due_on=row["due_on"],
        opens_on=row["opens_on"],
        opens_at=row["opens_at"],
        closes_at=row["closes_at"],
    )
