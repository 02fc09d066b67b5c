"""The routes of stations: bring them in, look, walk the tree."""

from __future__ import annotations

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Response

from schemas.policy import prefix_of
from schemas.vocabulary import StationKind, StationService, Tier
from services.kit.auth import require_jurisdiction
from services.kit.http import CurrentPrincipal
from services.kit.idempotency import Answer, RequestKey
from services.kit.problems import not_found
from services.kit.runtime import Runtime
from services.registry.answers import json_answer
from services.registry.entries import read_items
from services.registry.stations import commands, store
from services.registry.stations.changes.verifiers import load_verifiers
from services.registry.stations.documents import detailed_document, station_document
from services.registry.stations.model import Station, StationBatch, StationEntry
from services.registry.stations.reference import load_vocabulary
from services.registry.stations.store import Filter

PAGE_MAX: Final = 1_000
AreaQuery = Annotated[str, Query(pattern=r"^(\*|\d{6}(\d{6})?)$")]
AfterRef = Annotated[str, Query(max_length=120)]
Limit = Annotated[int, Query(ge=1, le=PAGE_MAX)]


def add_routes(router: APIRouter, runtime: Runtime) -> None:
    """Add the routes of stations."""
    _add_register(router, runtime)
    _add_tree(router, runtime)
    _add_history(router, runtime)


def _add_register(router: APIRouter, runtime: Runtime) -> None:
    @router.post("/stations:batch")
    async def upsert_stations(request: StationBatch, key: RequestKey, principal: CurrentPrincipal) -> Response:
        items = read_items(StationEntry, request.items)
        async with runtime.unit(command_id=key.command_id, actor=principal.subject) as unit:
            if (replay := await key.claim(unit.connection)) is not None:
                return replay
            report = await commands.upsert_stations(unit, items, request.reason, principal)
            return await key.complete(unit.connection, Answer.of(200, report))

    @router.get("/stations")
    async def stations(
        area_code: AreaQuery = "*",
        kind: StationKind | None = None,
        tier: Tier | None = None,
        service: StationService | None = None,
        language: Annotated[str | None, Query(pattern=r"^[a-z]{3}$")] = None,
        stale: bool | None = None,
        after_ref: AfterRef = "",
        limit: Limit = 200,
    ) -> Response:
        wanted = Filter(
            prefix=prefix_of(area_code), kind=kind, tier=tier, service=service, language=language, is_stale=stale
        )
        return await _page(runtime, wanted, after_ref, limit)

    @router.get("/station-vocabulary")
    async def vocabulary() -> Response:
        verifiers = load_verifiers()
        return json_answer(
            {**load_vocabulary().model_dump(mode="json"), "verifiers": verifiers.model_dump(mode="json")}
        )

    @router.get("/stations/{station_id}")
    async def station(station_id: UUID) -> Response:
        async with runtime.pool.acquire() as connection:
            found = await load_station(connection, station_id)
        return json_answer(detailed_document(found, runtime.clock.now()))


def _add_tree(router: APIRouter, runtime: Runtime) -> None:
    @router.get("/stations/{station_id}/children")
    async def children(station_id: UUID, after_ref: AfterRef = "", limit: Limit = 200) -> Response:
        async with runtime.pool.acquire() as connection:
            await load_station(connection, station_id)
        return await _page(runtime, Filter(parent_id=station_id), after_ref, limit)

    @router.get("/stations/{station_id}/ancestors")
    async def ancestors(station_id: UUID) -> Response:
        async with runtime.pool.acquire() as connection:
            await load_station(connection, station_id)
            found = await store.load_ancestors(connection, station_id)
        return json_answer({"items": [station_document(ancestor) for ancestor in found]})

    @router.get("/stations/{station_id}/subtree")
    async def subtree(station_id: UUID) -> Response:
        async with runtime.pool.acquire() as connection:
            await load_station(connection, station_id)
            counts = await store.count_subtree(connection, station_id)
        return json_answer({"station_id": station_id, **counts})


def _add_history(router: APIRouter, runtime: Runtime) -> None:
    @router.get("/stations/{station_id}/history")
    async def history(
        station_id: UUID,
        principal: CurrentPrincipal,
        before_entry: Annotated[int | None, Query(ge=1, le=2**62)] = None,
        limit: Limit = 50,
    ) -> Response:
        async with runtime.pool.acquire() as connection:
            found = await load_station(connection, station_id)
            require_jurisdiction(principal, [found.area_code])
            rows = await store.load_history(connection, station_id, before_entry, limit)
        next_before = rows[-1]["entry_id"] if len(rows) == limit else None
        return json_answer({"items": [dict(row) for row in rows], "next_before_entry": next_before})


async def load_station(connection: Any, station_id: UUID) -> Station:
    """The station, or 404."""
    found = (await store.load_stations(connection, [station_id])).get(station_id)
    if found is None:
        raise not_found("station")
    return found


async def _page(runtime: Runtime, wanted: Filter, after_ref: str, limit: int) -> Response:
    async with runtime.pool.acquire() as connection:
        found = await store.list_stations(connection, wanted, after_ref=after_ref, limit=limit)
    next_after_ref = found[-1].ref if len(found) == limit else None
    return json_answer({"items": [station_document(s) for s in found], "next_after_ref": next_after_ref})
