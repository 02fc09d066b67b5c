"""The routes that change a declared incident's area and phase, merge it or not, or let it go on after its close."""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import partial
from uuid import UUID

from fastapi import APIRouter, Response

from services.incidents import acting
from services.incidents.amend import decide, store
from services.incidents.amend.model import (
    AreaRequest,
    DifferentRequest,
    MergeRequest,
    PhaseRequest,
    ReopenRequest,
    Whole,
)
from services.incidents.amend.placing import in_coordinates
from services.incidents.amend.revising import revise
from services.incidents.gazetteer.desk import Desk
from services.incidents.model import Incident, Refusal, State
from services.incidents.sameness import store as sameness
from services.incidents.sameness.known import KnownOpen
from services.incidents.templates.store import Templates
from services.kit.auth import Principal, require_all_jurisdiction
from services.kit.http import CurrentPrincipal
from services.kit.idempotency import Answer, ClaimedKey, RequestKey
from services.kit.outbox import EventTooLarge
from services.kit.problems import not_found
from services.kit.runtime import Runtime
from services.kit.unit import Unit


def add_routes(router: APIRouter, runtime: Runtime, templates: Templates, known: KnownOpen, desk: Desk) -> None:
    """`POST /incidents/{id}/area`, `/phase`, `/merge`, `/different` and `/reopen`."""

    @router.post("/{incident_id}/area")
    async def area(incident_id: UUID, request: AreaRequest, key: RequestKey, principal: CurrentPrincipal) -> Response:
        try:
            return await _revise(runtime, desk, incident_id, request, key, principal)
        except EventTooLarge as error:
            raise acting.too_large(str(error)) from None

    @router.post("/{incident_id}/phase")
    async def phase(incident_id: UUID, request: PhaseRequest, key: RequestKey, principal: CurrentPrincipal) -> Response:
        return await _advance(runtime, templates, incident_id, request, key, principal)

    @router.post("/{incident_id}/merge")
    async def merge(incident_id: UUID, request: MergeRequest, key: RequestKey, principal: CurrentPrincipal) -> Response:
        return await _merge(runtime, known, incident_id, request, key, principal)

    @router.post("/{incident_id}/different")
    async def different(
        incident_id: UUID, request: DifferentRequest, key: RequestKey, principal: CurrentPrincipal
    ) -> Response:
        return await _tell_apart(runtime, incident_id, request, key, principal)

    @router.post("/{incident_id}/reopen")
    async def reopen(
        incident_id: UUID, request: ReopenRequest, key: RequestKey, principal: CurrentPrincipal
    ) -> Response:
        return await _reopen(runtime, incident_id, request, key, principal)


async def _revise(
    runtime: Runtime, desk: Desk, incident_id: UUID, request: AreaRequest, key: ClaimedKey, principal: Principal
) -> Response:
    request, notes = await in_coordinates(runtime, desk, incident_id, request, principal)
    async with runtime.unit(command_id=key.command_id, actor=principal.subject) as unit:
        whole = await _load_whole(unit, incident_id, principal)
        if (replay := await key.claim(unit.connection)) is not None:
            return replay
        extent = decide.read_extent(whole.extent, request)
        if isinstance(extent, Refusal):
            raise acting.problem_of(extent)
        require_all_jurisdiction(principal, extent.area_codes)
        revised = await revise(unit, whole, extent, request.reason)
        if isinstance(revised, Refusal):
            raise acting.problem_of(revised)
        revision = whole.revision if revised is None else revised.revision
        document = {
            "incident_id": str(incident_id), "revision": revision, "changed": revised is not None,
            "problems": [asdict(note) for note in notes],
        }  # fmt: skip
        return await key.complete(unit.connection, Answer.of(200, document))


async def _advance(
    runtime: Runtime,
    templates: Templates,
    incident_id: UUID,
    request: PhaseRequest,
    key: ClaimedKey,
    principal: Principal,
) -> Response:
    async with runtime.unit(command_id=key.command_id, actor=principal.subject) as unit:
        incident = await acting.load(unit, incident_id, principal)
        if (replay := await key.claim(unit.connection)) is not None:
            return replay
        advanced = decide.advance(incident, request)
        if isinstance(advanced, Refusal):
            raise acting.problem_of(advanced)
        await store.set_phase(unit.connection, incident_id, advanced.phase)
        await acting.note(
            unit, incident_id, "phase-advanced", advanced.phase_before, advanced.phase, request.reason
        )  # fmt: skip
        unit.emit(advanced, key=incident_id)
        reference = await templates.now(unit.connection)
        await acting.let_needs_follow(unit, replace(incident, phase=advanced.phase), reference)
        document = {"incident_id": str(incident_id), "phase_before": advanced.phase_before, "phase": advanced.phase}
        return await key.complete(unit.connection, Answer.of(200, document))


async def _merge(
    runtime: Runtime, known: KnownOpen, incident_id: UUID, request: MergeRequest, key: ClaimedKey, principal: Principal
) -> Response:
    async with runtime.unit(command_id=key.command_id, actor=principal.subject) as unit:
        incident, into = await _load_both(unit, incident_id, request.into, principal)
        if (replay := await key.claim(unit.connection)) is not None:
            return replay
        merged = decide.merge(incident, into, unit.now)
        if isinstance(merged, Refusal):
            raise acting.problem_of(merged)
        await store.set_merged(unit.connection, incident_id, request.into, merged.merged_at)
        unit.after_commit(partial(known.forget, incident_id))
        await acting.note(unit, incident_id, "merged", incident.state, str(request.into), request.reason)
        unit.emit(merged, key=incident_id)
        document = {
            "incident_id": str(incident_id), "state": State.CLOSED, "merged_into": str(request.into),
            "closed_at": merged.merged_at,
        }  # fmt: skip
        return await key.complete(unit.connection, Answer.of(200, document))


async def _tell_apart(
    runtime: Runtime, incident_id: UUID, request: DifferentRequest, key: ClaimedKey, principal: Principal
) -> Response:
    async with runtime.unit(command_id=key.command_id, actor=principal.subject) as unit:
        incident, other = await _load_both(unit, incident_id, request.other, principal)
        if (replay := await key.claim(unit.connection)) is not None:
            return replay
        proposed = await sameness.proposed_between(unit.connection, incident_id, request.other)
        told = decide.tell_apart(incident, other, proposed, unit.now)
        if isinstance(told, Refusal):
            raise acting.problem_of(told)
        await sameness.tell_apart(unit.connection, incident_id, request.other, now=unit.now, actor=unit.actor)
        for one, another in ((incident_id, request.other), (request.other, incident_id)):
            await acting.note(unit, one, "told-apart", None, str(another), request.reason)
        unit.emit(told, key=incident_id)
        document = {
            "incident_id": str(incident_id), "different_from": str(request.other), "told_apart_at": told.told_apart_at
        }  # fmt: skip
        return await key.complete(unit.connection, Answer.of(200, document))


async def _load_both(unit: Unit, incident_id: UUID, other_id: UUID, principal: Principal) -> tuple[Incident, Incident]:
    """Both locked, in one order; what the unit emits inherits from the first. Raises 404 or 403."""
    await store.lock_both(unit.connection, incident_id, other_id)
    other = await acting.load(unit, other_id, principal)
    return await acting.load(unit, incident_id, principal), other


async def _reopen(
    runtime: Runtime, incident_id: UUID, request: ReopenRequest, key: ClaimedKey, principal: Principal
) -> Response:
    async with runtime.unit(command_id=key.command_id, actor=principal.subject) as unit:
        whole = await _load_whole(unit, incident_id, principal)
        if (replay := await key.claim(unit.connection)) is not None:
            return replay
        decided = decide.reopen(whole, key.command_id)
        if isinstance(decided, Refusal):
            raise acting.problem_of(decided)
        reopened, declared = decided
        await store.insert_declared(
            unit.connection, declared, exercise=whole.incident.exercise, narrative=None,
            needs_by_hand=whole.incident.needs_by_hand, now=unit.now, actor=unit.actor,
        )  # fmt: skip
        await store.set_continued(unit.connection, incident_id, reopened.continued_as)
        await acting.note(unit, incident_id, "reopened", None, str(reopened.continued_as), request.reason)
        unit.emit(reopened, key=incident_id)
        unit.emit(declared, key=declared.incident_id)
        document = {"incident_id": str(incident_id), "continued_as": str(reopened.continued_as)}
        return await key.complete(unit.connection, Answer.of(201, document))


async def _load_whole(unit: Unit, incident_id: UUID, principal: Principal) -> Whole:
    """All of the incident, locked; what the unit emits inherits its exercise flag and areas. Raises 404 or 403."""
    whole = await store.load_whole(unit.connection, incident_id)
    if whole is None:
        raise not_found("incident")
    require_all_jurisdiction(principal, whole.incident.area_codes)
    unit.inherit(exercise=whole.incident.exercise, jurisdiction=whole.incident.area_codes)
    return whole
