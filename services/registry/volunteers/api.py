"""The routes of volunteers: bring them in, look, say who can be asked."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from services.kit.auth import require_jurisdiction
from services.kit.http import CurrentPrincipal
from services.kit.idempotency import Answer, RequestKey
from services.kit.problems import not_found
from services.kit.runtime import Runtime
from services.registry.answers import json_answer
from services.registry.decide import civil_day
from services.registry.entries import read_items
from services.registry.model import Batch
from services.registry.stations.model import Station
from services.registry.stations.store import load_stations
from services.registry.volunteers import commands, decide, store
from services.registry.volunteers.model import AvailabilityRequest, Volunteer, VolunteerEntry


def add_routes(router: APIRouter, runtime: Runtime) -> None:
    """Add the routes of volunteers."""

    @router.post("/volunteers:batch")
    async def upsert_volunteers(request: Batch, key: RequestKey, principal: CurrentPrincipal) -> Response:
        items = read_items(VolunteerEntry, request.items)
        async with runtime.unit(command_id=key.command_id, actor=principal.subject) as unit:
            if (replay := await key.claim(unit.connection)) is not None:
                return replay
            report = await commands.upsert_volunteers(unit, items, principal)
            return await key.complete(unit.connection, Answer.of(200, report))

    @router.get("/volunteers/{volunteer_id}")
    async def volunteer(volunteer_id: UUID, principal: CurrentPrincipal) -> Response:
        async with runtime.pool.acquire() as connection:
            found = await store.load_volunteer(connection, volunteer_id)
            if found is None:
                raise not_found("volunteer")
            home = (await load_stations(connection, [found.home_station_id]))[found.home_station_id]
        require_jurisdiction(principal, [home.area_code])
        return json_answer(volunteer_document(found, home, runtime))

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


def volunteer_document(volunteer: Volunteer, home: Station, runtime: Runtime) -> dict[str, Any]:
    """A volunteer as they are shown: what they can do and whether they can be asked, not who they are."""
    today = civil_day(runtime.clock.now())
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
