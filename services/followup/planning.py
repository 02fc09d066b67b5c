"""Making, watching and ending plans inside a unit: what `decide` decides is stored and told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from schemas.events.followup import (
    FollowupDue,
    FollowupEnd,
    FollowupEnded,
    FollowupMissed,
    FollowupPlanned,
    PlannedTask,
)
from schemas.ids import derived_id
from schemas.values import IncidentClock
from schemas.vocabulary import TriageLevel
from services.followup import decide, store
from services.followup.model import Draft, Fell, Task, TaskState
from services.followup.schedule import Schedule
from services.followup.store import SQL, CaseRow, IncidentRow, PlanRow, ZoneRow
from services.kit.unit import Unit

NEXT: Final = "plan"
"""Kind of the one timer of a plan: its next window opens or closes. Its key is the plan's id."""


async def plan_zones(unit: Unit, row: IncidentRow, schedule: Schedule) -> None:
    """Plan the anniversaries of every zone that has no plan yet; nothing before the incident is declared here."""
    if row.clock is None or row.occurred_at is None:
        return
    for zone in await store.zones_to_plan(unit.connection, row.incident_id):
        occurred_on = decide.civil_date(row.occurred_at, schedule)
        draft = decide.plan_zone(schedule, fenced_at=zone.fenced_at, occurred_on=occurred_on)
        await _make_zone_plan(unit, row, row.clock, zone, draft, schedule)


async def _make_zone_plan(
    unit: Unit, row: IncidentRow, clock: IncidentClock, zone: ZoneRow, draft: Draft, schedule: Schedule
) -> None:
    event = _planned(
        derived_id(zone.zone_id, "plan"), row.incident_id, clock, draft, schedule,
        subject="zone", case_id=None, zone_id=zone.zone_id, level=None, owner_station_id=zone.owner_station_id,
    )  # fmt: skip
    await _make(unit, event, draft)


async def look_at_case(unit: Unit, row: IncidentRow, case_id: UUID, schedule: Schedule) -> None:
    """Bring a case's plan in line with its level and consent. Doing it again changes nothing."""
    if row.clock is None or row.occurred_at is None:
        return
    case = await store.lock_case(unit.connection, case_id)
    if case is None:
        return
    plan = None if case.plan_id is None else await store.lock_plan(unit.connection, case.plan_id)
    wanted = decide.replan(case.standing, has_open_plan=plan is not None and plan.is_open)
    level, follow_up = case.standing.level, case.standing.follow_up
    if wanted is None or level is None or follow_up is None or case.triaged_at is None:
        return
    if plan is not None and wanted.end is not None:
        await end(unit, plan, wanted.end)
    if not wanted.make:
        await _note(unit, case, None, case.plans)
        return
    occurred_on = decide.civil_date(row.occurred_at, schedule)
    draft = decide.plan_case(
        schedule, level=level, follow_up=follow_up, triaged_at=case.triaged_at, occurred_on=occurred_on
    )
    await _make_case_plan(unit, row.clock, case, draft, schedule)


async def _make_case_plan(unit: Unit, clock: IncidentClock, case: CaseRow, draft: Draft, schedule: Schedule) -> None:
    if not draft.tasks:
        await _note(unit, case, None, case.plans)
        return
    plan_id = derived_id(case.case_id, "plan", case.plans)
    await _note(unit, case, plan_id, case.plans + 1)
    event = _planned(
        plan_id, case.incident_id, clock, draft, schedule,
        subject="case", case_id=case.case_id, zone_id=case.zone_id, level=case.standing.level,
        owner_station_id=case.owner_station_id,
    )  # fmt: skip
    await _make(unit, event, draft)


async def _note(unit: Unit, case: CaseRow, plan_id: UUID | None, plans: int) -> None:
    level = case.standing.level
    await unit.connection.execute(
        SQL.note_planned.sql,
        case.case_id,
        None if level is None else level.value,
        case.standing.follow_up,
        plan_id,
        plans,
    )


def _planned(
    plan_id: UUID, incident_id: UUID, clock: IncidentClock, draft: Draft, schedule: Schedule, *,
    subject: Literal["case", "zone"], case_id: UUID | None, zone_id: UUID, level: TriageLevel | None,
    owner_station_id: UUID | None,
) -> FollowupPlanned:  # fmt: skip
    tasks = tuple(
        PlannedTask(
            task_id=derived_id(plan_id, task.step),
            step=task.step,
            kind=task.kind,
            due_on=task.due_on,
            opens_on=task.opens_on,
            closes_on=task.closes_on,
        )
        for task in draft.tasks
    )
    return FollowupPlanned(
        plan_id=plan_id,
        incident_id=incident_id,
        subject=subject,
        case_id=case_id,
        zone_id=zone_id,
        level=level,
        schedule_version=schedule.version,
        owner_station_id=owner_station_id,
        owner_role=schedule.owner_role,
        tasks=tasks,
        clock=clock,
    )


async def _make(unit: Unit, event: FollowupPlanned, draft: Draft) -> None:
    if not draft.tasks:
        return
    await store.put_plan(unit.connection, event, draft.tasks, draft.explanation)
    unit.emit(event, key=event.plan_id)
    _watch(unit, event.plan_id, event.clock, min(task.opens_at for task in draft.tasks))


def _watch(unit: Unit, plan_id: UUID, clock: IncidentClock, at: datetime) -> None:
    unit.schedule(NEXT, plan_id, clock.real_time(at), {"at": at.isoformat()})


async def go_on(unit: Unit, plan: PlanRow, until: datetime) -> None:
    """Let time go by: tell what became due and what was missed by `until`, then wait for the next window or end."""
    tasks = [task for task, _ in (await store.tasks_of(unit.connection, plan.plan_id)).values()]
    fell = decide.fall(tasks, until)
    for one in fell:
        _tell(unit, plan, one)
    states = {one.task.task_id: TaskState.MISSED if one.was_missed else TaskState.DUE for one in fell}
    if states:
        await store.set_states(unit.connection, states)
    await wait_or_end(unit, plan, (replace(task, state=states.get(task.task_id, task.state)) for task in tasks))


async def wait_or_end(unit: Unit, plan: PlanRow, tasks: Iterable[Task]) -> None:
    """Set the plan's timer for its next window, or end the plan when no task is open."""
    now = list(tasks)
    finished = decide.natural_end(task.state for task in now)
    if finished is not None:
        await end(unit, plan, finished)
        return
    moment = decide.next_moment(now)
    if moment is not None:
        _watch(unit, plan.plan_id, plan.clock, moment)


def _tell(unit: Unit, plan: PlanRow, fell: Fell) -> None:
    task_id, due_on = fell.task.task_id, fell.task.due_on
    if fell.became_due:
        due = FollowupDue(plan_id=plan.plan_id, incident_id=plan.incident_id, task_id=task_id, due_on=due_on)
        unit.emit(due, key=plan.plan_id)
    if fell.was_missed:
        missed = FollowupMissed(plan_id=plan.plan_id, incident_id=plan.incident_id, task_id=task_id, due_on=due_on)
        unit.emit(missed, key=plan.plan_id)


async def end(unit: Unit, plan: PlanRow, reason: FollowupEnd) -> None:
    """End a plan; its open tasks are void, its timer is gone."""
    open_tasks = await unit.connection.fetchval(SQL.end_plan.sql, plan.plan_id, reason.value)
    unit.cancel(NEXT, plan.plan_id)
    unit.emit(
        FollowupEnded(
            plan_id=plan.plan_id,
            incident_id=plan.incident_id,
            zone_id=plan.zone_id,
            end=reason,
            open_tasks=open_tasks,
        ),
        key=plan.plan_id,
    )
