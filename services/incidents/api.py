"""The incidents API: declare, look, state needs, raise or lower the level, close. What else changes is in `amend`.

Declaring writes to PostgreSQL only; the event leaves through the outbox, so it works while Kafka is down.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, Final
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Request, Response

from schemas.events.incident import IncidentLevelRaised
from schemas.policy import AccountRole, prefix_of
from services.incidents import acting, decide, declaring, store
from services.incidents.amend import api as amend
from services.incidents.declaring import Declaring
from services.incidents.feeds import api as feeds
from services.incidents.gazetteer import api as gazetteer
from services.incidents.gazetteer.desk import Desk
from services.incidents.gazetteer.outside import outside_of
from services.incidents.model import (
    CloseRequest,
    DeclareRequest,
    LevelRequest,
    NeedsRequest,
    Refusal,
    State,
)
from services.incidents.sameness import store as sameness
from services.incidents.sameness.watch import Watch
from services.incidents.settings import IncidentsSettings
from services.incidents.templates import api as template_routes
from services.incidents.templates.store import Templates
from services.kit.auth import Principal, require_jurisdiction
from services.kit.http import CurrentPrincipal, accepts, current_principal, direct, read_json
from services.kit.idempotency import Answer, ClaimedKey, RequestKey, request_key
from services.kit.problems import not_found
from services.kit.runtime import Runtime

PAGE_MAX: Final = 200
_NEWEST: Final = (datetime(9999, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1))
_READS_FREE_TEXT: Final = frozenset({AccountRole.DUTY_OFFICER, AccountRole.STATION_LEAD, AccountRole.CLINICIAN})
"""Narrative and reasons may name people; those who only watch or audit do not get them."""


def create_router(runtime: Runtime, settings: IncidentsSettings, templates: Templates, watch: Watch) -> APIRouter:
    """The routes of the service."""
    router = APIRouter(prefix="/incidents")
    desk = Desk(runtime, settings.incidents_places_file)
    declares = Declaring(runtime=runtime, templates=templates, watch=watch, desk=desk)

    @router.post("")
    @accepts("application/json")
    @direct
    async def declare(request: Request) -> Response:  # the bare request: see read_json
        principal, key = await current_principal(request), await request_key(request)
        document = read_json(request, DeclareRequest)
        if declaring.is_dry_run(request.scope["query_string"]):
            return _json(await declares.rehearse(document, key, principal))
        return await declares.keep(document, key, principal)

    @router.post("/{incident_id}/needs")
    async def state_needs(
        incident_id: UUID, request: NeedsRequest, key: RequestKey, principal: CurrentPrincipal
    ) -> Response:
        return await _state_needs(runtime, incident_id, request, key, principal)

    @router.post("/{incident_id}/level")
    async def change_level(
        incident_id: UUID, request: LevelRequest, key: RequestKey, principal: CurrentPrincipal
    ) -> Response:
        return await _change_level(runtime, templates, incident_id, request, key, principal)

    @router.post("/{incident_id}/close")
    async def close(incident_id: UUID, request: CloseRequest, key: RequestKey, principal: CurrentPrincipal) -> Response:
        return await _close(runtime, watch, incident_id, request, key, principal)

    template_routes.add_routes(router, runtime, templates)  # before `/{incident_id}`, which matches any word
    gazetteer.add_routes(router, runtime, desk, outside_of(settings))
    feeds.add_routes(router, declares)
    _add_reads(router, runtime)
    amend.add_routes(router, runtime, templates, watch.known, desk)
    return router


def _add_reads(router: APIRouter, runtime: Runtime) -> None:
    @router.get("")
    async def incidents(
        principal: CurrentPrincipal,
        state: State | None = None,
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 50,
        cursor: Annotated[str | None, Query(max_length=100)] = None,
    ) -> Response:
        before = _NEWEST if cursor is None else declaring.read_cursor(cursor)
        prefixes = [prefix_of(area) for area in principal.areas]
        async with runtime.pool.acquire() as connection:
            items = await store.read_page(connection, prefixes, state=state, before=before, limit=limit)
        last = items[-1] if len(items) == limit else None
        next_cursor = last and f"{last['declared_at'].isoformat()}~{last['incident_id']}"
        return _json({"items": items, "next_cursor": next_cursor})

    @router.get("/{incident_id}")
    async def incident(incident_id: UUID, principal: CurrentPrincipal) -> Response:
        async with runtime.pool.acquire() as connection:
            document = await store.read_one(connection, incident_id)
            likenesses = await sameness.likenesses_of(connection, incident_id)
        if document is None:
            raise not_found("incident")
        require_jurisdiction(principal, document["area_codes"])
        document["may_be_same_as"] = likenesses
        return _json(document if principal.roles & _READS_FREE_TEXT else _without_free_text(document))


async def _state_needs(
    runtime: Runtime, incident_id: UUID, request: NeedsRequest, key: ClaimedKey, principal: Principal
) -> Response:
    async with runtime.unit(command_id=key.command_id, actor=principal.subject) as unit:
        incident = await acting.load(unit, incident_id, principal)
        if (replay := await key.claim(unit.connection)) is not None:
            return replay
        decision = decide.state_needs(incident, request)
        if isinstance(decision, Refusal):
            raise acting.problem_of(decision)
        after = store.plain_needs(request.needs)
        if decision is not None:
            await store.set_needs(unit.connection, incident_id, decision.needs, by_hand=True)
            await acting.note(
                unit, incident_id, "needs-stated", store.plain_needs(incident.needs), after, request.reason
            )
            unit.emit(decision, key=incident_id)
        document = {"incident_id": str(incident_id), "needs": after, "changed": decision is not None}
        return await key.complete(unit.connection, Answer.of(200, document))


async def _change_level(
    runtime: Runtime,
    templates: Templates,
    incident_id: UUID,
    request: LevelRequest,
    key: ClaimedKey,
    principal: Principal,
) -> Response:
    async with runtime.unit(command_id=key.command_id, actor=principal.subject) as unit:
        incident = await acting.load(unit, incident_id, principal)
        if (replay := await key.claim(unit.connection)) is not None:
            return replay
        decision = decide.change_level(incident, request)
        if isinstance(decision, Refusal):
            raise acting.problem_of(decision)
        what = "level-raised" if isinstance(decision, IncidentLevelRaised) else "level-lowered"
        await store.set_level(unit.connection, incident_id, decision.level)
        await acting.note(unit, incident_id, what, decision.level_before, decision.level, request.reason)
        unit.emit(decision, key=incident_id)
        reference = await templates.now(unit.connection)
        await acting.let_needs_follow(unit, replace(incident, level=decision.level), reference)
        document = {
            "incident_id": str(incident_id), "level_before": decision.level_before, "level": decision.level
        }  # fmt: skip
        return await key.complete(unit.connection, Answer.of(200, document))


async def _close(
    runtime: Runtime, watch: Watch, incident_id: UUID, request: CloseRequest, key: ClaimedKey, principal: Principal
) -> Response:
    async with runtime.unit(command_id=key.command_id, actor=principal.subject) as unit:
        incident = await acting.load(unit, incident_id, principal)
        if (replay := await key.claim(unit.connection)) is not None:
            return replay
        decision = decide.close(incident, unit.now)
        if isinstance(decision, Refusal):
            raise acting.problem_of(decision)
        await store.set_closed(unit.connection, incident_id, decision.closed_at)
        unit.after_commit(partial(watch.known.forget, incident_id))
        await acting.note(unit, incident_id, "closed", incident.state, State.CLOSED, request.reason)
        unit.emit(decision, key=incident_id)
        document = {"incident_id": str(incident_id), "state": State.CLOSED, "closed_at": decision.closed_at}
        return await key.complete(unit.connection, Answer.of(200, document))


def _json(document: Any) -> Response:
    return Response(orjson.dumps(document), media_type="application/json")


def _without_free_text(document: dict[str, Any]) -> dict[str, Any]:
    changes = [{**change, "reason": None} for change in document["changes"]]
    return {**document, "narrative": None, "place_stated": None, "changes": changes}
