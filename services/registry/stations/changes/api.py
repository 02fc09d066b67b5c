"""The routes of changes: propose, look, decide; verify an entry; suspend a station."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from schemas.policy import prefix_of
from services.kit.auth import Principal, require_all_jurisdiction, require_jurisdiction
from services.kit.http import CurrentPrincipal
from services.kit.idempotency import Answer, RequestKey
from services.kit.problems import not_found
from services.kit.runtime import Runtime
from services.registry.answers import json_answer
from services.registry.stations.changes import commands, decide, store
from services.registry.stations.changes.model import (
    DecisionRequest,
    Proposal,
    ProposalRequest,
    State,
    SuspensionRequest,
    Verdict,
    VerificationRequest,
)
from services.registry.stations.documents import station_document

PROPOSALS_PAGE_MAX = 200


def add_routes(router: APIRouter, runtime: Runtime) -> None:
    """Add the routes of changes."""
    _add_proposals(router, runtime)
    _add_reading(router, runtime)
    _add_direct_changes(router, runtime)


def _add_proposals(router: APIRouter, runtime: Runtime) -> None:
    @router.post("/station-proposals")
    async def propose(request: ProposalRequest, key: RequestKey, principal: CurrentPrincipal) -> Response:
        async with runtime.unit(command_id=key.command_id, actor=principal.subject) as unit:
            if (replay := await key.claim(unit.connection)) is not None:
                return replay
            proposal = await commands.propose(unit, request, principal)
            return await key.complete(unit.connection, Answer.of(201, proposal_document(proposal, principal, unit.now)))

    @router.post("/station-proposals/{proposal_id}/decisions")
    async def decide_proposal(
        proposal_id: UUID, request: DecisionRequest, key: RequestKey, principal: CurrentPrincipal
    ) -> Response:
        async with runtime.unit(command_id=key.command_id, actor=principal.subject) as unit:
            if (replay := await key.claim(unit.connection)) is not None:
                return replay
            proposal = await commands.decide_proposal(unit, proposal_id, request, principal)
            return await key.complete(unit.connection, Answer.of(200, proposal_document(proposal, principal, unit.now)))


def _add_reading(router: APIRouter, runtime: Runtime) -> None:
    @router.get("/station-proposals")
    async def proposals(
        principal: CurrentPrincipal,
        area_code: Annotated[str | None, Query(pattern=r"^(\*|\d{6}(\d{6})?)$")] = None,
        state: State | None = None,
        station_id: UUID | None = None,
        after: Annotated[int, Query(ge=0, le=2**62)] = 0,
        limit: Annotated[int, Query(ge=1, le=PROPOSALS_PAGE_MAX)] = 50,
    ) -> Response:
        if area_code is not None:
            require_all_jurisdiction(principal, [area_code])
        areas = principal.areas if area_code is None else (area_code,)
        async with runtime.pool.acquire() as connection:
            found = await store.list_proposals(
                connection, [prefix_of(area) for area in areas], state, station_id, after, limit
            )
        next_after = found[-1].number if len(found) == limit else None
        items = [proposal_document(proposal, principal, runtime.clock.now()) for proposal in found]
        return json_answer({"items": items, "next_after": next_after})

    @router.get("/station-proposals/waiting-for-me")
    async def waiting(
        principal: CurrentPrincipal,
        after: Annotated[int, Query(ge=0, le=2**62)] = 0,
        limit: Annotated[int, Query(ge=1, le=PROPOSALS_PAGE_MAX)] = 50,
    ) -> Response:
        prefixes = [prefix_of(area) for area in principal.areas]
        found: list[Proposal] = []
        async with runtime.pool.acquire() as connection:
            while len(found) < limit:
                page = await store.list_proposals(connection, prefixes, State.OPEN, None, after, PROPOSALS_PAGE_MAX)
                found += [one for one in page if _waits_for(one, principal)]
                if len(page) < PROPOSALS_PAGE_MAX:
                    break
                after = page[-1].number
        now, shown = runtime.clock.now(), found[:limit]
        items = [proposal_document(proposal, principal, now) for proposal in shown]
        return json_answer({"items": items, "next_after": shown[-1].number if len(shown) == limit else None})

    @router.get("/station-proposals/{proposal_id}")
    async def one_proposal(proposal_id: UUID, principal: CurrentPrincipal) -> Response:
        async with runtime.pool.acquire() as connection:
            found = await store.load_proposal(connection, proposal_id)
        if found is None:
            raise not_found("proposal")
        require_jurisdiction(principal, found.area_codes)
        return json_answer(proposal_document(found, principal, runtime.clock.now()))


def _add_direct_changes(router: APIRouter, runtime: Runtime) -> None:
    @router.post("/stations/{station_id}/verifications")
    async def verify(
        station_id: UUID, request: VerificationRequest, key: RequestKey, principal: CurrentPrincipal
    ) -> Response:
        async with runtime.unit(command_id=key.command_id, actor=principal.subject) as unit:
            if (replay := await key.claim(unit.connection)) is not None:
                return replay
            station, changed = await commands.verify(unit, station_id, request, principal)
            answer = Answer.of(200, {**station_document(station), "changed": changed})
            return await key.complete(unit.connection, answer)

    @router.post("/stations/{station_id}/suspension")
    async def suspend(
        station_id: UUID, request: SuspensionRequest, key: RequestKey, principal: CurrentPrincipal
    ) -> Response:
        async with runtime.unit(command_id=key.command_id, actor=principal.subject) as unit:
            if (replay := await key.claim(unit.connection)) is not None:
                return replay
            station, changed = await commands.suspend(unit, station_id, request, principal)
            answer = Answer.of(200, {**station_document(station), "changed": changed})
            return await key.complete(unit.connection, answer)


def _waits_for(proposal: Proposal, reader: Principal) -> bool:
    return decide.may_say(proposal, Verdict.ACCEPT, reader.subject, reader.areas)


def proposal_document(proposal: Proposal, reader: Principal, now: datetime) -> dict[str, Any]:
    """A proposal as it is shown, with which verdicts the reader's areas and part in it allow."""
    said = [v for v in Verdict if decide.may_say(proposal, v, reader.subject, reader.areas)]
    waits = {"waiting_days": decide.waiting_days(proposal, now), "waits_for": decide.waits_for(proposal)}
    return {**asdict(proposal), **waits, "you_may": said}
