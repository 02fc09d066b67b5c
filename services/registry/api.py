"""The registry API: the routes of its rooms, and the counts of stations and volunteers."""

from __future__ import annotations

from fastapi import APIRouter, Response

from services.kit.runtime import Runtime
from services.registry.answers import json_answer
from services.registry.areas import api as areas_api
from services.registry.imports import api as imports_api
from services.registry.imports.runner import Importer
from services.registry.stations import api as stations_api
from services.registry.stations import store as stations
from services.registry.stations.changes import api as changes_api
from services.registry.stations.norms import api as norms_api
from services.registry.volunteers import api as volunteers_api
from services.registry.volunteers import store as volunteers


def create_router(runtime: Runtime, importer: Importer) -> APIRouter:
    """The routes of the service."""
    router = APIRouter(prefix="/registry")
    stations_api.add_routes(router, runtime)
    changes_api.add_routes(router, runtime)
    norms_api.add_routes(router, runtime)
    volunteers_api.add_routes(router, runtime)
    areas_api.add_routes(router, runtime)
    imports_api.add_routes(router, runtime, importer)
    _add_summary(router, runtime)
    return router


def _add_summary(router: APIRouter, runtime: Runtime) -> None:
    @router.get("/summary")
    async def summary() -> Response:
        async with runtime.pool.acquire() as connection:
            counts = {
                "stations": await stations.count(connection),
                "volunteers": await volunteers.count(connection),
            }
        return json_answer(counts)
