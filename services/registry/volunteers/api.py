"""The routes of volunteers: bring them in, look, and what is kept about them."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Response

from schemas.vocabulary import Role
from services.kit.auth import require_all_jurisdiction
from services.kit.http import CurrentPrincipal
from services.kit.idempotency import Answer, RequestKey
from services.kit.problems import not_found
from services.kit.runtime import Runtime
from services.registry.answers import json_answer
from services.registry.decide import civil_day
from services.registry.entries import read_items
from services.registry.model import Batch
from services.registry.stations.store import load_stations
from services.registry.volunteers import changes_api, commands, store
from services.registry.volunteers.calendar import api as calendar_api
from services.registry.volunteers.documents import volunteer_document
from services.registry.volunteers.duty import gaps
from services.registry.volunteers.languages import REFERENCE
from services.registry.volunteers.model import VolunteerEntry
from services.registry.volunteers.notices import notices
from services.registry.volunteers.training import api as training_api

PAGE_MAX: Final = 500
GAP_DAYS_MAX: Final = 31


def add_routes(router: APIRouter, runtime: Runtime) -> None:
    """Add the routes of volunteers."""
    _add_register(router, runtime)
    _add_lists(router, runtime)
    changes_api.add_routes(router, runtime)
    calendar_api.add_routes(router, runtime)
    training_api.add_routes(router, runtime)


def _add_register(router: APIRouter, runtime: Runtime) -> None:
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
            shown, home = await commands.with_home(connection, found, principal)
        return json_answer(volunteer_document(shown, home, runtime.clock.now()))

    @router.get("/volunteers/{volunteer_id}/notices")
    async def own_notices(volunteer_id: UUID, principal: CurrentPrincipal) -> Response:
        async with runtime.pool.acquire() as connection:
            found = await store.load_volunteer(connection, volunteer_id)
            shown, _ = await commands.with_home(connection, found, principal)
        items = notices(shown, civil_day(runtime.clock.now()))
        return json_answer({"volunteer_id": volunteer_id, "items": items})

    @router.get("/volunteers/{volunteer_id}/history")
    async def history(
        volunteer_id: UUID,
        principal: CurrentPrincipal,
        before_id: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 50,
    ) -> Response:
        async with runtime.pool.acquire() as connection:
            await commands.with_home(connection, await store.load_volunteer(connection, volunteer_id), principal)
            items = await store.history(connection, volunteer_id, before_id, limit)
        return json_answer({"items": items, "next_before_id": items[-1]["history_id"] if len(items) == limit else None})


def _add_lists(router: APIRouter, runtime: Runtime) -> None:
    @router.get("/languages")
    async def languages() -> Response:
        return json_answer(REFERENCE)

    @router.get("/stations/{station_id}/duty-gaps")
    async def duty_gaps(
        station_id: UUID,
        principal: CurrentPrincipal,
        days: Annotated[int, Query(ge=1, le=GAP_DAYS_MAX)] = 7,
        role: Role | None = None,
    ) -> Response:
        async with runtime.pool.acquire() as connection:
            station = (await load_stations(connection, [station_id])).get(station_id)
            if station is None:
                raise not_found("station")
            require_all_jurisdiction(principal, [station.area_code])
            members = await store.load_members(connection, station_id)
        now = runtime.clock.now()
        found = gaps(members, station, now, now + timedelta(days=days), role)
        return json_answer(
            {
                "station_id": station_id,
                "volunteers": len(members),
                "role": role,
                "hours": round(sum((ends_at - begins_at).total_seconds() for begins_at, ends_at in found) / 3600, 2),
                "items": [{"begins_at": begins_at, "ends_at": ends_at} for begins_at, ends_at in found],
            }
        )

    @router.get("/credentials/expiring")
    async def expiring(
        principal: CurrentPrincipal,
        area_code: Annotated[str, Query(pattern=r"^(\*|\d{6}(\d{6})?)$")] = "*",
        within_days: Annotated[int, Query(ge=1, le=366)] = 90,
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 200,
    ) -> Response:
        today = civil_day(runtime.clock.now())
        async with runtime.pool.acquire() as connection:
            found = await store.expiring_credentials(
                connection, today, today + timedelta(days=within_days),
                commands.prefixes_of(principal, area_code), limit,
            )  # fmt: skip
        return json_answer({"items": [{**item, "days_left": (item["expires_on"] - today).days} for item in found]})
