"""The incidents API: declare, look, state needs, raise or lower the level, close.

Declaring writes to PostgreSQL only; the event leaves through the outbox, so it works while Kafka is down.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Request, Response

from schemas.events.incident import IncidentLevelRaised
from schemas.policy import AccountRole, prefix_of
from services.incidents import decide, store
from services.incidents.model import (
    CloseRequest,
    DeclareRequest,
    Incident,
    LevelRequest,
    NeedsRequest,
    Refusal,
    RefusalKind,
    State,
)
from services.incidents.reference import Reference, load_reference
from services.kit.at_once import commit_at_once
from services.kit.auth import Principal, require_all_jurisdiction, require_jurisdiction
from services.kit.http import CurrentPrincipal, accepts, current_principal, direct, read_json
from services.kit.idempotency import Answer, ClaimedKey, RequestKey, request_key
from services.kit.problems import Finding, ProblemError, conflict, invalid, not_found
from services.kit.runtime import Runtime
from services.kit.unit import Unit

PAGE_MAX: Final = 200
_NEWEST: Final = (datetime(9999, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1))
_READS_FREE_TEXT: Final = frozenset({AccountRole.DUTY_OFFICER, AccountRole.STATION_LEAD, AccountRole.CLINICIAN})
"""Narrative and reasons may name people; those who only watch or audit do not get them."""


def create_router(runtime: Runtime) -> APIRouter:
    """The routes of the service."""
    router = APIRouter(prefix="/incidents")
    reference = load_reference()

    @router.post("")
    @accepts("application/json")
    @direct
    async def declare(request: Request) -> Response:  # the bare request: see read_json
        principal, key = await current_principal(request), await request_key(request)
        return await _declare(runtime, reference, read_json(request, DeclareRequest), key, principal)

    @router.post("/{incident_id}/needs")
    async def state_needs(
        incident_id: UUID, request: NeedsRequest, key: RequestKey, principal: CurrentPrincipal
    ) -> Response:
        return await _state_needs(runtime, incident_id, request, key, principal)

    @router.post("/{incident_id}/level")
    async def change_level(
        incident_id: UUID, request: LevelRequest, key: RequestKey, principal: CurrentPrincipal
    ) -> Response:
        return await _change_level(runtime, incident_id, request, key, principal)

    @router.post("/{incident_id}/close")
    async def close(incident_id: UUID, request: CloseRequest, key: RequestKey, principal: CurrentPrincipal) -> Response:
        return await _close(runtime, incident_id, request, key, principal)

    _add_reads(router, runtime)
    return router


def _add_reads(router: APIRouter, runtime: Runtime) -> None:
    @router.get("")
    async def incidents(
        principal: CurrentPrincipal,
        state: State | None = None,
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 50,
        cursor: Annotated[str | None, Query(max_length=100)] = None,
    ) -> Response:
        before = _NEWEST if cursor is None else _read_cursor(cursor)
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
        if document is None:
            raise not_found("incident")
        require_jurisdiction(principal, document["area_codes"])
        return _json(document if principal.roles & _READS_FREE_TEXT else _without_free_text(document))


async def _declare(
    runtime: Runtime, reference: Reference, request: DeclareRequest, key: ClaimedKey, principal: Principal
) -> Response:
    require_all_jurisdiction(principal, request.area_codes)
    incident_id, now = key.command_id, runtime.clock.now()
    declared = decide.declare(request, incident_id=incident_id, now=now, reference=reference)
    if isinstance(declared, Refusal):
        raise _problem(declared)
    problems = [asdict(note) for note in declared.notes]
    return await commit_at_once(
        runtime,
        key,
        store.DECLARE,
        (declared.exercise, declared.narrative, principal.subject),
        event=declared.event,
        key=incident_id,
        exercise=declared.exercise,
        jurisdiction=declared.event.area_codes,
        now=now,
        answer=Answer.of(201, {"incident_id": str(incident_id), "problems": problems}),
    )


async def _state_needs(
    runtime: Runtime, incident_id: UUID, request: NeedsRequest, key: ClaimedKey, principal: Principal
) -> Response:
    async with runtime.unit(command_id=key.command_id, actor=principal.subject) as unit:
        incident = await _load(unit, incident_id, principal)
        if (replay := await key.claim(unit.connection)) is not None:
            return replay
        decision = decide.state_needs(incident, request)
        if isinstance(decision, Refusal):
            raise _problem(decision)
        after = store.plain_needs(request.needs)
        if decision is not None:
            await store.set_needs(unit.connection, incident_id, decision.needs)
            await _note(unit, incident_id, "needs-stated", store.plain_needs(incident.needs), after, request.reason)
            unit.emit(decision, key=incident_id)
        document = {"incident_id": str(incident_id), "needs": after, "changed": decision is not None}
        return await key.complete(unit.connection, Answer.of(200, document))


async def _change_level(
    runtime: Runtime, incident_id: UUID, request: LevelRequest, key: ClaimedKey, principal: Principal
) -> Response:
    async with runtime.unit(command_id=key.command_id, actor=principal.subject) as unit:
        incident = await _load(unit, incident_id, principal)
        if (replay := await key.claim(unit.connection)) is not None:
            return replay
        decision = decide.change_level(incident, request)
        if isinstance(decision, Refusal):
            raise _problem(decision)
        what = "level-raised" if isinstance(decision, IncidentLevelRaised) else "level-lowered"
        await store.set_level(unit.connection, incident_id, decision.level)
        await _note(unit, incident_id, what, decision.level_before, decision.level, request.reason)
        unit.emit(decision, key=incident_id)
        document = {
            "incident_id": str(incident_id), "level_before": decision.level_before, "level": decision.level
        }  # fmt: skip
        return await key.complete(unit.connection, Answer.of(200, document))


async def _close(
    runtime: Runtime, incident_id: UUID, request: CloseRequest, key: ClaimedKey, principal: Principal
) -> Response:
    async with runtime.unit(command_id=key.command_id, actor=principal.subject) as unit:
        incident = await _load(unit, incident_id, principal)
        if (replay := await key.claim(unit.connection)) is not None:
            return replay
        decision = decide.close(incident, unit.now)
        if isinstance(decision, Refusal):
            raise _problem(decision)
        await store.set_closed(unit.connection, incident_id, decision.closed_at)
        await _note(unit, incident_id, "closed", incident.state, State.CLOSED, request.reason)
        unit.emit(decision, key=incident_id)
        document = {"incident_id": str(incident_id), "state": State.CLOSED, "closed_at": decision.closed_at}
        return await key.complete(unit.connection, Answer.of(200, document))


async def _load(unit: Unit, incident_id: UUID, principal: Principal) -> Incident:
    """The incident, locked; what the unit emits inherits its exercise flag and areas. Raises 404 or 403."""
    incident = await store.load_for_change(unit.connection, incident_id)
    if incident is None:
        raise not_found("incident")
    require_all_jurisdiction(principal, incident.area_codes)
    unit.inherit(exercise=incident.exercise, jurisdiction=incident.area_codes)
    return incident


async def _note(unit: Unit, incident_id: UUID, what: str, before: Any, after: Any, reason: str | None) -> None:
    await store.note_change(
        unit.connection, incident_id, what, before=before, after=after, reason=reason, now=unit.now, actor=unit.actor
    )


def _problem(refusal: Refusal) -> ProblemError:
    if refusal.kind is RefusalKind.INVALID:
        return invalid(refusal.findings, refusal.detail)
    return conflict(refusal.detail, refusal.findings)


def _json(document: Any) -> Response:
    return Response(orjson.dumps(document), media_type="application/json")


def _without_free_text(document: dict[str, Any]) -> dict[str, Any]:
    changes = [{**change, "reason": None} for change in document["changes"]]
    return {**document, "narrative": None, "changes": changes}


def _read_cursor(cursor: str) -> tuple[datetime, UUID]:
    """A cursor is the `next_cursor` of the page before."""
    declared_at, _, incident_id = cursor.replace(" ", "+").partition("~")  # a bare + in a URL is read as a space
    try:
        before = datetime.fromisoformat(declared_at), UUID(incident_id)
    except ValueError:
        before = None
    if before is None or before[0].tzinfo is None:
        raise invalid([Finding(where="?cursor", what="must be the next_cursor of the page before")])
    return before
