"""Dispatch over HTTP: missions to look at, and what teams and duty officers say about them.

Repeating a step that was taken is answered with 200 and `changed: false`; nothing is told twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from services.dispatch import store
from services.dispatch.commands import Desk, open_desk, require_member
from services.dispatch.model import FINAL, Helper, Rules
from services.dispatch.store import IncidentRow, MissionRow
from services.kit.auth import Principal, require_jurisdiction
from services.kit.http import CurrentPrincipal
from services.kit.idempotency import Answer, ClaimedKey, RequestKey
from services.kit.problems import not_found
from services.kit.runtime import Runtime


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Departure(_Body):
    """The team sets out. The time to arrival is incident time."""

    eta_minutes: Annotated[int, Field(ge=0, le=20_160)]


class Decline(_Body):
    """Somebody cannot come after all. Without `volunteer_id` it is the one who says so."""

    volunteer_id: UUID | None = None
    reason: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$", description="a short code, such as `ill`")] = (
        "cannot-come"
    )


def mission_document(
    mission: MissionRow, members: list[Helper], opted_out: Collection[UUID], row: IncidentRow
) -> dict[str, Any]:
    """A mission as it is shown. Volunteers appear by id only; all times are incident time."""
    return {
        "mission_id": mission.mission_id,
        "incident_id": mission.incident_id,
        "exercise": row.exercise,
        "zone_id": mission.zone_id,
        "zone_kind": mission.zone_kind,
        "zone_is_lifted": mission.zone_is_lifted,
        "team_no": mission.team_no,
        "state": mission.state,
        "is_short": mission.is_short,
        "lead_volunteer_id": mission.lead_volunteer_id,
        "members": [
            {
                "volunteer_id": who.volunteer_id,
                "need_id": who.need_id,
                "role": who.role,
                "language": who.language,
                "may_be_contacted": who.volunteer_id not in opted_out,
            }
            for who in members
        ],
        "destination": mission.destination.model_dump(),
        "explanation": mission.explanation.model_dump(),
        "planned_at": mission.planned_at,
        "approved_by": mission.approved_by,
        "dispatched_at": mission.dispatched_at,
        "relieve_by_at": mission.relieve_by_at,
        "departed_at": mission.departed_at,
        "eta_at": mission.eta_at,
        "arrived_at": mission.arrived_at,
        "ended_at": mission.ended_at,
        "end_reason": mission.end_reason,
        "check_in_due_at": mission.check_in_due_at,
        "check_in_missed": mission.check_in_missed,
    }


def _overdue(document: dict[str, Any], mission: MissionRow, row: IncidentRow, runtime: Runtime) -> dict[str, Any]:
    """Add whether the team should have been relieved by now."""
    open_since = mission.relieve_by_at if mission.state not in FINAL else None
    now = None if row.clock is None else row.clock.incident_time(runtime.clock.now())
    document["is_relief_overdue"] = open_since is not None and now is not None and now > open_since
    return document


def build_router(runtime: Runtime, rules: Rules) -> APIRouter:
    """All of dispatch's routes."""
    router = APIRouter(prefix="/dispatch")
    _add_reading(router, runtime)
    _add_steps(router, runtime, rules)
    return router


def _add_reading(router: APIRouter, runtime: Runtime) -> None:
    @router.get("/incidents/{incident_id}/missions")
    async def missions(incident_id: UUID, principal: CurrentPrincipal) -> Response:
        async with runtime.pool.acquire() as connection:
            row = await store.incident(connection, incident_id)
            if row is None:
                raise not_found("incident")
            require_jurisdiction(principal, row.jurisdiction)
            found = await store.missions_of(connection, incident_id)
            crews = await store.crews_of(connection, [mission.mission_id for mission in found])
            everybody = [who.volunteer_id for crew in crews.values() for who in crew]
            opted_out = await store.opted_out_among(connection, everybody)
            waiting = sum(one.mission_id is None for one in await store.members_of(connection, incident_id))
        documents = [
            _overdue(mission_document(mission, crews[mission.mission_id], opted_out, row), mission, row, runtime)
            for mission in found
        ]
        return Answer.of(
            200, {"incident_id": incident_id, "missions": documents, "waiting_for_a_seat": waiting}
        ).response()

    @router.get("/missions/{mission_id}")
    async def mission(mission_id: UUID, principal: CurrentPrincipal) -> Response:
        async with runtime.pool.acquire() as connection:
            return Answer.of(200, await _one(connection, mission_id, principal, runtime)).response()


async def _one(connection: Any, mission_id: UUID, principal: Principal, runtime: Runtime) -> dict[str, Any]:
    mission = await store.mission(connection, mission_id)
    row = None if mission is None else await store.incident(connection, mission.incident_id)
    if mission is None or row is None:
        raise not_found("mission")
    require_jurisdiction(principal, row.jurisdiction)
    members = (await store.crews_of(connection, [mission_id]))[mission_id]
    require_member(principal, members)
    opted_out = await store.opted_out_among(connection, [who.volunteer_id for who in members])
    return _overdue(mission_document(mission, members, opted_out, row), mission, row, runtime)


def _add_steps(router: APIRouter, runtime: Runtime, rules: Rules) -> None:
    async def take(
        mission_id: UUID, principal: Principal, key: ClaimedKey, act: Callable[[Desk], Awaitable[bool]]
    ) -> Response:
        async with runtime.unit(command_id=key.command_id, actor=principal.subject) as unit:
            replay = await key.claim(unit.connection)
            if replay is not None:
                return replay
            changed = await act(await open_desk(unit, mission_id, principal, rules))
            mission = await store.mission(unit.connection, mission_id)
            assert mission is not None
            document = {
                "mission_id": mission_id, "state": mission.state, "changed": changed,
                "check_in_due_at": mission.check_in_due_at, "relieve_by_at": mission.relieve_by_at,
            }  # fmt: skip
            return await key.complete(unit.connection, Answer.of(200, document))

    @router.post("/missions/{mission_id}/approvals")
    async def approve(mission_id: UUID, principal: CurrentPrincipal, key: RequestKey) -> Response:
        return await take(mission_id, principal, key, Desk.approve)

    @router.post("/missions/{mission_id}/departures")
    async def depart(mission_id: UUID, body: Departure, principal: CurrentPrincipal, key: RequestKey) -> Response:
        return await take(mission_id, principal, key, lambda desk: desk.depart(body.eta_minutes))

    @router.post("/missions/{mission_id}/arrivals")
    async def arrive(mission_id: UUID, principal: CurrentPrincipal, key: RequestKey) -> Response:
        return await take(mission_id, principal, key, Desk.arrive)

    @router.post("/missions/{mission_id}/check-ins")
    async def check_in(mission_id: UUID, principal: CurrentPrincipal, key: RequestKey) -> Response:
        return await take(mission_id, principal, key, Desk.check_in)

    @router.post("/missions/{mission_id}/completions")
    async def complete(mission_id: UUID, principal: CurrentPrincipal, key: RequestKey) -> Response:
        return await take(mission_id, principal, key, Desk.complete)

    @router.post("/missions/{mission_id}/declines")
    async def decline(mission_id: UUID, body: Decline, principal: CurrentPrincipal, key: RequestKey) -> Response:
        return await take(mission_id, principal, key, lambda desk: desk.decline(body.volunteer_id, body.reason))
