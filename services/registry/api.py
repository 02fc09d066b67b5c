"""The registry API: bring stations and volunteers in, look, say who can be asked."""

from __future__ import annotations

from typing import Annotated, Any, Final
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Response

from schemas.policy import prefix_of
from schemas.vocabulary import StationKind
from services.kit.auth import require_jurisdiction
from services.kit.http import CurrentPrincipal
from services.kit.idempotency import Answer, RequestKey
from services.kit.problems import not_found
from services.kit.runtime import Runtime
from services.registry import commands, decide, store
from services.registry.entries import read_items
from services.registry.model import AvailabilityRequest, Batch, Station, StationEntry, Volunteer, VolunteerEntry

PAGE_MAX: Final = 1_000


def create_router(runtime: Runtime) -> APIRouter:
    """The routes of the service."""
    router = APIRouter(prefix="/registry")
    _add_batches(router, runtime)
    _add_stations(router, runtime)
    _add_volunteers(router, runtime)
    return router


def _add_batches(router: APIRouter, runtime: Runtime) -> None:
    @router.post("/stations:batch")
    async def upsert_stations(request: Batch, key: RequestKey, principal: CurrentPrincipal) -> Response:
        items = read_items(StationEntry, request.items)
        async with runtime.unit(command_id=key.command_id, actor=principal.subject) as unit:
            if (replay := await key.claim(unit.connection)) is not None:
                return replay
            report = await commands.upsert_stations(unit, items, principal)
            return await key.complete(unit.connection, Answer.of(200, report))

    @router.post("/volunteers:batch")
    async def upsert_volunteers(request: Batch, key: RequestKey, principal: CurrentPrincipal) -> Response:
        items = read_items(VolunteerEntry, request.items)
        async with runtime.unit(command_id=key.command_id, actor=principal.subject) as unit:
            if (replay := await key.claim(unit.connection)) is not None:
                return replay
            report = await commands.upsert_volunteers(unit, items, principal)
            return await key.complete(unit.connection, Answer.of(200, report))


def _add_stations(router: APIRouter, runtime: Runtime) -> None:
    @router.get("/stations")
    async def stations(
        area_code: Annotated[str, Query(pattern=r"^(\*|\d{6}(\d{6})?)$")] = "*",
        kind: StationKind | None = None,
        after_ref: Annotated[str, Query(max_length=120)] = "",
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 200,
    ) -> Response:
        async with runtime.pool.acquire() as connection:
            found = await store.list_stations(
                connection, prefix_of(area_code), kind=kind, after_ref=after_ref, limit=limit
            )
        next_after_ref = found[-1].ref if len(found) == limit else None
        return _json({"items": [station_document(s) for s in found], "next_after_ref": next_after_ref})

    @router.get("/summary")
    async def summary() -> Response:
        async with runtime.pool.acquire() as connection:
            return _json(await store.summary(connection))


def _add_volunteers(router: APIRouter, runtime: Runtime) -> None:
    @router.get("/volunteers/{volunteer_id}")
    async def volunteer(volunteer_id: UUID, principal: CurrentPrincipal) -> Response:
        async with runtime.pool.acquire() as connection:
            found = await store.load_volunteer(connection, volunteer_id)
            if found is None:
                raise not_found("volunteer")
            home = (await store.load_stations(connection, [found.home_station_id]))[found.home_station_id]
        require_jurisdiction(principal, [home.area_code])
        return _json(volunteer_document(found, home, runtime))

    @router.post("/volunteers/{volunteer_id}/availability")
    async def availability(
        volunteer_id: UUID, request: AvailabilityRequest, key: RequestKey, principal: CurrentPrincipal
    ) -> Response:
        async with runtime.unit(command_id=key.command_id, actor=principal.subject) as unit:
            if (replay := await key.claim(unit.connection)) is not None:
                return replay
            after, home, changed = await commands.set_availability(unit, volunteer_id, request, principal)
            document = {**volunteer_document(after, home, runtime), "changed": changed}
            return await key.complete(unit.connection, Answer.of(200, document))


def station_document(station: Station) -> dict[str, Any]:
    """A station as it is shown."""
    return {
        "station_id": station.station_id,
        "ref": station.ref,
        "kind": station.kind,
        "tier": station.tier,
        "name_zh": station.name_zh,
        "name_en": station.name_en,
        "area_code": station.area_code,
        "position": {"lat_deg": station.position.lat_deg, "lon_deg": station.position.lon_deg},
        "languages": station.languages,
        "detachment_id": station.detachment_id,
        "is_open": station.is_open,
    }


def volunteer_document(volunteer: Volunteer, home: Station, runtime: Runtime) -> dict[str, Any]:
    """A volunteer as they are shown: what they can do and whether they can be asked, not who they are."""
    today = decide.civil_day(runtime.clock.now())
    can_be_asked, reasons = decide.deployable(volunteer, home, today)
    return {
        "volunteer_id": volunteer.volunteer_id,
        "home_station_id": volunteer.home_station_id,
        "area_code": home.area_code,
        "membership_station_ids": volunteer.memberships,
        "roles": volunteer.roles,
        "usable_roles": decide.usable_roles(volunteer, today),
        "languages": volunteer.languages,
        "credentials": [
            {
                "kind": credential.kind,
                "issuer": credential.issuer,
                "roles": credential.roles,
                "expires_on": credential.expires_on,
                "is_valid": credential.is_valid(today),
            }
            for credential in volunteer.credentials
        ],
        "available": volunteer.available,
        "is_adult": volunteer.is_adult,
        "is_retired": volunteer.is_retired,
        "deployable": can_be_asked,
        "reasons": reasons,
    }


def _json(document: Any) -> Response:
    return Response(orjson.dumps(document), media_type="application/json")
