"""The routes of stations: bring them in, look."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Response

from schemas.policy import prefix_of
from schemas.vocabulary import StationKind
from services.kit.http import CurrentPrincipal
from services.kit.idempotency import Answer, RequestKey
from services.kit.runtime import Runtime
from services.registry.answers import json_answer
from services.registry.entries import read_items
from services.registry.model import Batch
from services.registry.stations import commands, store
from services.registry.stations.model import Station, StationEntry

PAGE_MAX: Final = 1_000


def add_routes(router: APIRouter, runtime: Runtime) -> None:
    """Add the routes of stations."""

    @router.post("/stations:batch")
    async def upsert_stations(request: Batch, key: RequestKey, principal: CurrentPrincipal) -> Response:
        items = read_items(StationEntry, request.items)
        async with runtime.unit(command_id=key.command_id, actor=principal.subject) as unit:
            if (replay := await key.claim(unit.connection)) is not None:
                return replay
            report = await commands.upsert_stations(unit, items, principal)
            return await key.complete(unit.connection, Answer.of(200, report))

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
        return json_answer({"items": [station_document(s) for s in found], "next_after_ref": next_after_ref})


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
