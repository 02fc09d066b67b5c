"""The routes of norms: measure them, and say how many there are in all."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, Query, Response

from services.kit.auth import require_all_jurisdiction
from services.kit.http import CurrentPrincipal
from services.kit.idempotency import Answer, RequestKey
from services.kit.runtime import Runtime
from services.registry.answers import json_answer
from services.registry.decide import civil_day
from services.registry.stations.norms import store
from services.registry.stations.norms.decide import measure
from services.registry.stations.norms.model import Norms, TotalsRequest

FILE: Final = Path(__file__).parent / "norms.json"


def add_routes(router: APIRouter, runtime: Runtime) -> None:
    """Add the routes of norms."""

    @router.get("/norms")
    async def norms(
        area_code: Annotated[str, Query(pattern=r"^(\*|\d{6}(\d{6})?)$")] = "*", on: date | None = None
    ) -> Response:
        table, today = load_norms(), civil_day(runtime.clock.now())
        async with runtime.pool.acquire() as connection:
            counted = await store.count_all(connection, table, area_code)
            totals = await store.load_totals(connection, area_code, today)
        items = measure(table, counted, totals, on or today)
        return json_answer({"area_code": area_code, "counted_on": today, "due_by": on or today, "items": items})

    @router.post("/norm-totals")
    async def add_totals(request: TotalsRequest, key: RequestKey, principal: CurrentPrincipal) -> Response:
        require_all_jurisdiction(principal, [total.area_code for total in request.items])
        async with runtime.unit(command_id=key.command_id, actor=principal.subject) as unit:
            if (replay := await key.claim(unit.connection)) is not None:
                return replay
            await store.add_totals(unit.connection, request.items, principal.subject, unit.now)
            return await key.complete(unit.connection, Answer.of(201, {"stored": len(request.items)}))


@cache
def load_norms() -> Norms:
    """The table that ships with the project."""
    return Norms.model_validate_json(FILE.read_bytes())
