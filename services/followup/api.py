"""Followup over HTTP: what is planned for an incident, what is to be done, and what became of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict

from schemas.events.followup import FollowupEnd
from schemas.policy import covers
from services.followup import commands, store
from services.followup.model import TaskState
from services.followup.schedule import Schedule
from services.followup.store import SQL
from services.kit.auth import Principal, require_jurisdiction
from services.kit.http import CurrentPrincipal
from services.kit.idempotency import Answer, ClaimedKey, RequestKey
from services.kit.problems import not_found
from services.kit.runtime import Runtime
from services.kit.unit import Unit

TASKS_PAGE_MAX: Final = 500
_NO_TASK: Final = UUID(int=0)


class Channel(StrEnum):
    """How somebody tried to make contact."""

    PHONE = "phone"
    SMS = "sms"
    MESSAGE = "message"
    LETTER = "letter"
    VISIT = "visit"


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NewAttempt(_Body):
    """A try that reached nobody."""

    channel: Channel


class Ending(_Body):
    """Why a plan ends before its last task."""

    end: Literal["declined", "moved", "died", "withdrawn"]


def build_router(runtime: Runtime, schedules: Mapping[str, Schedule]) -> APIRouter:
    """All of followup's routes."""
    router = APIRouter(prefix="/followup")
    _add_reading(router, runtime)
    _add_changes(router, runtime, schedules)
    return router


def counts_document(incident_id: UUID, plans: Any, rows: Sequence[Any]) -> dict[str, Any]:
    """Tasks by state, in all and by level (zones under `zone`). `tasks` leaves out those that became void."""
    groups: dict[str, list[Any]] = {}
    for row in rows:
        groups.setdefault("zone" if row["subject"] == "zone" else row["level"], []).append(row)
    return {
        "incident_id": incident_id,
        "plans": {"open": plans["open"], "ended": plans["ended"]},
        **_tally(rows),
        "by_level": {group: _tally(members) for group, members in sorted(groups.items())},
    }


def _tally(rows: Iterable[Any]) -> dict[str, Any]:
    counted = {state.value: 0 for state in TaskState}
    last_on: date | None = None
    for row in rows:
        counted[row["state"]] += row["n"]
        if row["state"] != TaskState.VOID:
            last_on = max(last_on or row["last_on"], row["last_on"])
    return {"tasks": sum(counted.values()) - counted[TaskState.VOID], **counted, "last_on": last_on}


def _prefixes(areas: Iterable[str]) -> list[str]:
    """The beginnings of all area codes that these areas cover (codes nest by pairs of digits)."""
    prefixes = []
    for area in areas:
        if area == "*":
            return [""]
        stem = next(area[:length] for length in (2, 4, 6, 9, 12) if covers((area,), area[:length].ljust(12, "9")))
        prefixes.append(stem)
    return prefixes


def _add_reading(router: APIRouter, runtime: Runtime) -> None:
    @router.get("/incidents/{incident_id}")
    async def incident(incident_id: UUID, principal: CurrentPrincipal) -> Response:
        async with runtime.pool.acquire() as connection:
            row = await store.incident(connection, incident_id)
            if row is None:
                raise not_found("incident")
            require_jurisdiction(principal, row.jurisdiction)
            rows = await connection.fetch(SQL.counts.sql, incident_id)
            plans = await connection.fetchrow(SQL.plan_counts.sql, incident_id)
        return Answer.of(200, counts_document(incident_id, plans, rows)).response()

    @router.get("/tasks")
    async def tasks(
        principal: CurrentPrincipal,
        due_before: date | None = None,
        due_only: bool = True,
        incident_id: UUID | None = None,
        after_on: date = date.min,
        after_task: UUID = _NO_TASK,
        limit: Annotated[int, Query(ge=1, le=TASKS_PAGE_MAX)] = 100,
    ) -> Response:
        async with runtime.pool.acquire() as connection:
            found = await store.open_tasks(
                connection,
                before=due_before or date.max - timedelta(days=1),
                prefixes=_prefixes(principal.areas),
                after=(after_on, after_task),
                limit=limit,
                due_only=due_only,
                incident_id=incident_id,
            )
        last = found[-1] if len(found) == limit else None
        following = None if last is None else {"after_on": last["due_on"], "after_task": last["task_id"]}
        return Answer.of(200, {"tasks": found, "next": following}).response()


def _add_changes(router: APIRouter, runtime: Runtime, schedules: Mapping[str, Schedule]) -> None:
    async def change(
        principal: Principal, key: ClaimedKey, act: Callable[[Unit], Awaitable[dict[str, Any]]]
    ) -> Response:
        async with runtime.unit(command_id=key.command_id, actor=principal.subject) as unit:
            replay = await key.claim(unit.connection)
            if replay is not None:
                return replay
            return await key.complete(unit.connection, Answer.of(200, await act(unit)))

    @router.post("/tasks/{task_id}/attempts")
    async def attempt(task_id: UUID, body: NewAttempt, principal: CurrentPrincipal, key: RequestKey) -> Response:
        async def act(unit: Unit) -> dict[str, Any]:
            number, is_lost = await commands.attempt(unit, principal, task_id, body.channel.value, schedules)
            return {"task_id": task_id, "attempt": number, "is_lost": is_lost}

        return await change(principal, key, act)

    @router.post("/tasks/{task_id}/completions")
    async def complete(task_id: UUID, principal: CurrentPrincipal, key: RequestKey) -> Response:
        async def act(unit: Unit) -> dict[str, Any]:
            return {"task_id": task_id, "changed": await commands.complete(unit, principal, task_id)}

        return await change(principal, key, act)

    @router.post("/plans/{plan_id}/end")
    async def end(plan_id: UUID, body: Ending, principal: CurrentPrincipal, key: RequestKey) -> Response:
        async def act(unit: Unit) -> dict[str, Any]:
            changed = await commands.end_plan(unit, principal, plan_id, FollowupEnd(body.end))
            return {"plan_id": plan_id, "changed": changed}

        return await change(principal, key, act)
