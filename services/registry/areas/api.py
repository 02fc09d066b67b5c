"""The routes of areas: bring packs in, look, ask what a code means on a day."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Query, Response
from fastapi import Path as PathParameter

from schemas.areas import Resolved, resolve
from schemas.vocabulary import Tier
from services.kit.http import CurrentPrincipal
from services.kit.idempotency import Answer, RequestKey
from services.kit.problems import not_found
from services.kit.runtime import Runtime
from services.registry.answers import json_answer
from services.registry.areas import commands, store
from services.registry.areas.model import Area, AreaBatch, AreaEntry
from services.registry.decide import civil_day
from services.registry.entries import read_items

PAGE_MAX: Final = 1_000
_CODE: Final = r"^\d{6}(\d{6})?$"


def add_routes(router: APIRouter, runtime: Runtime) -> None:
    """Add the routes of areas."""

    @router.post("/areas:batch")
    async def upsert_areas(request: AreaBatch, key: RequestKey, principal: CurrentPrincipal) -> Response:
        items = read_items(AreaEntry, request.items, by="code")
        async with runtime.unit(command_id=key.command_id, actor=principal.subject) as unit:
            if (replay := await key.claim(unit.connection)) is not None:
                return replay
            report = await commands.upsert_areas(unit, items, request.source, principal)
            return await key.complete(unit.connection, Answer.of(200, report))

    @router.get("/areas")
    async def areas(
        parent: Annotated[str | None, Query(pattern=_CODE)] = None,
        q: Annotated[str | None, Query(min_length=1, max_length=100)] = None,
        tier: Tier | None = None,
        on: date | None = None,
        after_code: Annotated[str, Query(max_length=12)] = "",
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 200,
    ) -> Response:
        async with runtime.pool.acquire() as connection:
            found = await store.list_areas(
                connection, parent=parent, name_part=q, tier=tier, on=on, after_code=after_code, limit=limit
            )
        next_after_code = found[-1][0].code if len(found) == limit else None
        items = [{**area_document(area), "has_geometry": has_outline} for area, has_outline in found]
        return json_answer({"items": items, "next_after_code": next_after_code})

    @router.get("/areas/{code}")
    async def area(
        code: Annotated[str, PathParameter(pattern=_CODE)], on: date | None = None, geometry: bool = False
    ) -> Response:
        day = on or civil_day(runtime.clock.now())
        async with runtime.pool.acquire() as connection:
            chain = await store.load_chain(connection, code)
        if code not in chain:
            raise not_found("area")
        return json_answer(meaning_document(code, day, resolve(code, day, chain.get), chain, with_geometry=geometry))


def meaning_document(
    code: str, day: date, resolved: Resolved, chain: dict[str, Area], *, with_geometry: bool
) -> dict[str, Any]:
    """What a code means on a day: the areas that stand for it, and in words what became of it if it does not stand."""
    return {
        "code": code,
        "on": day,
        "areas": [
            {
                **area_document(chain[found]),
                "has_geometry": chain[found].outline is not None,
                **({"geometry": _geometry(chain[found])} if with_geometry else {}),
            }
            for found in resolved.codes
        ],
        "replaced": [area_document(chain[old]) for old in resolved.replaced],
        "unknown_codes": resolved.unknown,
        "notes": _notes(code, day, resolved, chain),
    }


def area_document(area: Area) -> dict[str, Any]:
    """An area as it is shown, without its outline."""
    return {
        "code": area.code,
        "name_zh": area.name_zh,
        "name_en": area.name_en,
        "aliases": area.aliases,
        "tier": area.tier,
        "parent_code": area.parent_code,
        "valid_from": area.valid_from,
        "valid_to": area.valid_to,
        "successor_codes": area.successor_codes,
        "centre": area.centre and area.centre.model_dump(),
        "simplified_m": area.simplified_m,
        "population": area.population,
        "population_year": area.population_year,
        "source": area.source.model_dump(),
        "geometry_source": area.geometry_source and area.geometry_source.model_dump(),
    }


def _geometry(area: Area) -> Any:
    return None if area.outline is None else orjson.Fragment(area.outline)


def _notes(code: str, day: date, resolved: Resolved, chain: dict[str, Area]) -> list[dict[str, str]]:
    asked = chain[code]
    if resolved.is_changed:
        now = ", ".join(resolved.codes) or "nothing that is known"
        now_zh = "、".join(resolved.codes) or "未知"
        what = f"{code} ended on {asked.valid_to}; on {day} it is {now}"
        return [{"what": what, "what_zh": f"{code} 已于 {asked.valid_to} 撤销，{day} 对应 {now_zh}"}]
    if asked.valid_from is not None and day < asked.valid_from:
        what = f"{code} begins on {asked.valid_from} only; what was there on {day} is not known"
        return [{"what": what, "what_zh": f"{code} 自 {asked.valid_from} 起设立，{day} 的归属未知"}]
    return []
