"""What people tell followup about a task or a plan. Raises `ProblemError`."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from schemas.events.followup import FollowupAttempted, FollowupCompleted, FollowupEnd
from services.followup import decide, planning, store
from services.followup.model import Refused, Task, TaskState, Unchanged
from services.followup.schedule import Schedule
from services.followup.store import SQL, PlanRow
from services.kit.auth import Principal, require_jurisdiction
from services.kit.problems import conflict, not_found
from services.kit.unit import Unit


async def attempt(
    unit: Unit, principal: Principal, task_id: UUID, channel: str, schedules: Mapping[str, Schedule]
) -> tuple[int, bool]:
    """Record a try that reached nobody; returns its number and whether the person is lost now."""
    plan, task, made = await _locked(unit, principal, task_id)
    if plan.level is None:
        raise conflict("This task is outreach to a zone; there is nobody who could be out of reach.")
    schedule = schedules.get(plan.schedule_version)
    if schedule is None:
        raise RuntimeError(f"schedule {plan.schedule_version} is not there any more, and plans still use it")
    outcome = decide.attempt(
        task,
        made,
        channel,
        attempts_max=schedule.levels[plan.level].attempts_max,
        channels_min=schedule.channels_min,
    )
    if isinstance(outcome, Refused):
        raise conflict(outcome.detail)
    await unit.connection.execute(SQL.note_attempt.sql, task_id, channel)
    unit.emit(
        FollowupAttempted(
            plan_id=plan.plan_id,
            incident_id=plan.incident_id,
            task_id=task_id,
            attempt=outcome.number,
            channel=channel,
            attempted_at=plan.clock.incident_time(unit.now),
        ),
        key=plan.plan_id,
    )
    if outcome.is_lost:
        await planning.end(unit, plan, FollowupEnd.LOST)
    return outcome.number, outcome.is_lost


async def complete(unit: Unit, principal: Principal, task_id: UUID) -> bool:
    """The contact was made; false if that is known already."""
    plan, task, _ = await _locked(unit, principal, task_id)
    outcome = decide.complete(task)
    if isinstance(outcome, Refused):
        raise conflict(outcome.detail)
    if isinstance(outcome, Unchanged):
        return False
    await store.set_states(unit.connection, {task_id: TaskState.DONE})
    unit.emit(
        FollowupCompleted(
            plan_id=plan.plan_id,
            incident_id=plan.incident_id,
            task_id=task_id,
            completed_at=plan.clock.incident_time(unit.now),
        ),
        key=plan.plan_id,
    )
    tasks = await store.tasks_of(unit.connection, plan.plan_id)
    await planning.wait_or_end(unit, plan, (task for task, _ in tasks.values()))
    return True


async def end_plan(unit: Unit, principal: Principal, plan_id: UUID, reason: FollowupEnd) -> bool:
    """The person declined, moved, died or withdrew; false if the plan had ended."""
    plan = await _plan(unit, principal, plan_id)
    if not plan.is_open:
        return False
    await planning.end(unit, plan, reason)
    return True


async def _plan(unit: Unit, principal: Principal, plan_id: UUID) -> PlanRow:
    plan = await store.lock_plan(unit.connection, plan_id)
    if plan is None:
        raise not_found("plan")
    require_jurisdiction(principal, plan.jurisdiction)
    unit.inherit(exercise=plan.exercise, jurisdiction=plan.jurisdiction)
    return plan


async def _locked(unit: Unit, principal: Principal, task_id: UUID) -> tuple[PlanRow, Task, tuple[str, ...]]:
    plan_id = await unit.connection.fetchval(SQL.plan_of_task.sql, task_id)
    if plan_id is None:
        raise not_found("task")
    plan = await _plan(unit, principal, plan_id)
    task, made = (await store.tasks_of(unit.connection, plan_id))[task_id]
    return plan, task, made
