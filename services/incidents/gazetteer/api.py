"""The routes of the gazetteer: places by name, and what is at a position."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Annotated, Any, Final

import orjson
import shapely
from fastapi import APIRouter, Query, Response
from shapely.geometry import shape

from services.incidents.areas import store
from services.incidents.gazetteer.desk import Desk
from services.incidents.gazetteer.model import CANDIDATES_MAX, QUERY_CHARS_MAX, Candidate, Entry
from services.incidents.gazetteer.outside import Outside, OutsideFailed
from services.incidents.locating.finder import civil_day
from services.kit.problems import Finding, invalid, unavailable
from services.kit.runtime import Runtime

_FINEST_FIRST: Final = ("community", "village", "street", "township", "district", "county", "prefecture", "province")


def add_routes(router: APIRouter, runtime: Runtime, desk: Desk, outside: Outside | None) -> None:
    """Add the routes of the gazetteer."""

    @router.get("/geocode")
    async def geocode(
        q: Annotated[str, Query(min_length=1, max_length=QUERY_CHARS_MAX)],
        on: date | None = None,
        limit: Annotated[int, Query(ge=1, le=50)] = CANDIDATES_MAX,
        online: bool = False,
    ) -> Response:
        if not q.strip():
            raise invalid([Finding(where="?q", what="must not be blank")])
        index = await desk.index()
        found = index.find(q, on or civil_day(runtime.clock.now()), limit=limit)
        items = [*found.candidates, *(await _ask_outside(outside, q) if online else ())]
        certain = found.certain.entry.key if found.certain else None
        return _json({"certain": certain, "items": [candidate_document(one) for one in items]})

    @router.get("/reverse")
    async def reverse(
        lat_deg: Annotated[float, Query(ge=-90, le=90)],
        lon_deg: Annotated[float, Query(ge=-180, le=180)],
        on: date | None = None,
        limit: Annotated[int, Query(ge=1, le=50)] = 5,
    ) -> Response:
        day = on or civil_day(runtime.clock.now())
        async with runtime.pool.acquire() as connection:
            meeting = await store.load_meeting(connection, (lon_deg, lat_deg, lon_deg, lat_deg), day)
        point = shapely.Point(lon_deg, lat_deg)
        inside = [area for area, outline in meeting if shapely.intersects(shape(outline), point)]
        inside.sort(key=lambda area: _FINEST_FIRST.index(area.tier))
        gazetteer = await desk.gazetteer(day)
        near = gazetteer.nearest(lat_deg, lon_deg, limit=limit)
        index = await desk.index()
        areas = [entry_document(index.entries[area.code]) for area in inside if area.code in index.entries]
        nearest = [{**entry_document(entry), "distance_km": round(meters / 1000, 3)} for entry, meters in near]
        return _json({"areas": areas, "nearest": nearest})


async def _ask_outside(outside: Outside | None, query: str) -> list[Candidate]:
    if outside is None:
        raise invalid([Finding(where="?online", what="no online geocoder is turned on here")])
    try:
        return await asyncio.to_thread(outside.find, query)
    except OutsideFailed as error:
        raise unavailable(f"The online geocoder does not answer: {error}") from None


def candidate_document(candidate: Candidate) -> dict[str, Any]:
    """A candidate as it is shown."""
    return {
        **entry_document(candidate.entry),
        "score": candidate.score,
        "is_guess": candidate.is_guess,
        "not_understood": candidate.rest or None,
        "replaces_codes": candidate.replaced,
        "parents": [
            {"code": parent.code, "name_zh": parent.name_zh, "name_en": parent.name_en} for parent in candidate.parents
        ],
    }


def entry_document(entry: Entry) -> dict[str, Any]:
    """A place as it is shown."""
    return {
        "key": entry.key,
        "code": entry.code,
        "within": entry.within,
        "name_zh": entry.name_zh,
        "name_en": entry.name_en,
        "tier": entry.tier,
        "position": entry.position and entry.position.model_dump(),
        "source": entry.source,
    }


def _json(document: Any) -> Response:
    return Response(orjson.dumps(document), media_type="application/json")
