"""The routes by which one volunteer is changed. Each is one edit and one line of history."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from fastapi import APIRouter, Response

from services.kit.auth import Principal, require_own
from services.kit.http import CurrentPrincipal
from services.kit.idempotency import Answer, ClaimedKey, RequestKey
from services.kit.problems import Finding, invalid
from services.kit.runtime import Runtime
from services.registry.stations.decide import station_id_of
from services.registry.stations.store import load_stations
from services.registry.volunteers import commands, edits
from services.registry.volunteers.documents import volunteer_document
from services.registry.volunteers.model import (
    AvailabilityRequest,
    ChannelsRequest,
    CredentialRequest,
    MembershipRequest,
    OptOutRequest,
    PlaceRequest,
    ReasonRequest,
    VettingRequest,
)


async def change(
    runtime: Runtime,
    key: ClaimedKey,
    principal: Principal,
    volunteer_id: UUID,
    edit: edits.Edit,
    *,
    reason: str | None = None,
    also_retired: bool = False,
    names_station: UUID | None = None,
) -> Response:
    """Make one change and answer with the volunteer as they then stand; `names_station` must exist."""
    async with runtime.unit(command_id=key.command_id, actor=principal.subject) as unit:
        if (replay := await key.claim(unit.connection)) is not None:
            return replay
        if names_station is not None and not await load_stations(unit.connection, [names_station]):
            raise invalid([Finding(where="/station_ref", what="there is no such station")])
        changed = await commands.change(
            unit, volunteer_id, principal, edit, reason=reason, also_retired=also_retired
        )  # fmt: skip
        document = {**volunteer_document(changed.volunteer, changed.home, unit.now), "changed": changed.is_new}
        return await key.complete(unit.connection, Answer.of(200, document))


def add_routes(router: APIRouter, runtime: Runtime) -> None:
    """Add the routes."""
    _add_being_asked(router, runtime)
    _add_proofs(router, runtime)
    _add_places(router, runtime)


def _add_being_asked(router: APIRouter, runtime: Runtime) -> None:
    @router.post("/volunteers/{volunteer_id}/availability")
    async def availability(
        volunteer_id: UUID, request: AvailabilityRequest, key: RequestKey, principal: CurrentPrincipal
    ) -> Response:
        require_own(principal, volunteer_id)
        edit = edits.with_availability(request, runtime.clock.now())
        return await change(runtime, key, principal, volunteer_id, edit, reason=request.reason)

    @router.post("/volunteers/{volunteer_id}/channels")
    async def channels(
        volunteer_id: UUID, request: ChannelsRequest, key: RequestKey, principal: CurrentPrincipal
    ) -> Response:
        edit = edits.with_channels(request)
        return await change(runtime, key, principal, volunteer_id, edit, reason=request.reason)

    @router.post("/volunteers/{volunteer_id}/opt-out")
    async def opt_out(
        volunteer_id: UUID, request: OptOutRequest, key: RequestKey, principal: CurrentPrincipal
    ) -> Response:
        edit = edits.with_opt_out(request, runtime.clock.now())
        return await change(runtime, key, principal, volunteer_id, edit, reason=request.reason, also_retired=True)

    @router.post("/volunteers/{volunteer_id}/opt-in")
    async def opt_in(
        volunteer_id: UUID, request: ReasonRequest, key: RequestKey, principal: CurrentPrincipal
    ) -> Response:
        return await change(
            runtime, key, principal, volunteer_id, lambda before: replace(before, opted_out=None), reason=request.reason
        )


def _add_proofs(router: APIRouter, runtime: Runtime) -> None:
    @router.post("/volunteers/{volunteer_id}/credentials")
    async def credential(
        volunteer_id: UUID, request: CredentialRequest, key: RequestKey, principal: CurrentPrincipal
    ) -> Response:
        return await change(
            runtime, key, principal, volunteer_id, edits.with_credential(request), reason=request.reason
        )  # fmt: skip

    @router.post("/volunteers/{volunteer_id}/vetting")
    async def vetting(
        volunteer_id: UUID, request: VettingRequest, key: RequestKey, principal: CurrentPrincipal
    ) -> Response:
        checked = edits.vetting_of(request)
        return await change(
            runtime,
            key,
            principal,
            volunteer_id,
            lambda before: replace(before, vetting=checked),
            reason=request.reason,
        )


def _add_places(router: APIRouter, runtime: Runtime) -> None:
    @router.post("/volunteers/{volunteer_id}/place")
    async def place(
        volunteer_id: UUID, request: PlaceRequest, key: RequestKey, principal: CurrentPrincipal
    ) -> Response:
        edit = edits.with_place(request, runtime.clock.now())
        return await change(runtime, key, principal, volunteer_id, edit)

    @router.delete("/volunteers/{volunteer_id}/place")
    async def no_place(volunteer_id: UUID, key: RequestKey, principal: CurrentPrincipal) -> Response:
        return await change(
            runtime, key, principal, volunteer_id, lambda before: replace(before, place=None), also_retired=True
        )

    @router.post("/volunteers/{volunteer_id}/memberships")
    async def join(
        volunteer_id: UUID, request: MembershipRequest, key: RequestKey, principal: CurrentPrincipal
    ) -> Response:
        station_id = station_id_of(request.station_ref)
        return await change(
            runtime, key, principal, volunteer_id, edits.joined(station_id), reason=request.reason,
            names_station=station_id,
        )  # fmt: skip

    @router.post("/volunteers/{volunteer_id}/memberships/{station_id}/end")
    async def leave(
        volunteer_id: UUID, station_id: UUID, request: ReasonRequest, key: RequestKey, principal: CurrentPrincipal
    ) -> Response:
        return await change(
            runtime, key, principal, volunteer_id, edits.left(station_id), reason=request.reason, also_retired=True
        )
