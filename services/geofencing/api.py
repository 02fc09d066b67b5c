"""The HTTP side of geofencing: zones as GeoJSON, and a preview before anything is declared."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Annotated, Any, Final
from uuid import UUID

import orjson
from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field
from shapely.errors import ShapelyError

from schemas.values import Geometry, IntensityObservation
from schemas.vocabulary import IncidentKind, Level
from services.geofencing import store
from services.geofencing.decide import decide_fence, feature_collection
from services.geofencing.model import Circumstances, Rules
from services.geofencing.whereabouts.api import add_positions
from services.kit.auth import require_jurisdiction
from services.kit.http import CurrentPrincipal
from services.kit.problems import Finding, invalid, not_found
from services.kit.runtime import Runtime

GEO_JSON: Final = "application/geo+json"
OBSERVATIONS_MAX: Final = 2000
VERTICES_MAX: Final = 10_000
_PREVIEW_ID: Final = UUID(int=0)


class PreviewRequest(BaseModel):
    """What would be declared, as far as it decides the zones."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    kind: IncidentKind
    level: Level
    place: Geometry
    radius_m: Annotated[float, Field(ge=0, le=2_000_000)] = 0
    magnitude: Annotated[float, Field(ge=-2, le=10)] | None = None
    intensity_observations: Annotated[tuple[IntensityObservation, ...], Field(max_length=OBSERVATIONS_MAX)] = ()


def router(runtime: Runtime, rules: Rules) -> APIRouter:
    """The routes, under /geofencing."""
    routes = APIRouter(prefix="/geofencing", tags=["geofencing"])
    stations = store.Stations()

    @routes.get("/incidents/{incident_id}/zones")
    async def zones(incident_id: UUID, principal: CurrentPrincipal) -> Response:
        """The incident's zones, gravest first; `lifted_at` says when they ceased to stand."""
        async with runtime.pool.acquire() as connection:
            stored = await store.fence_of(connection, incident_id)
        if stored is None:
            raise not_found("fenced incident")
        require_jurisdiction(principal, stored.area_codes)
        fenced = stored.fenced
        return _geo_json(
            feature_collection(
                fenced.zones,
                incident_id=str(incident_id),
                exercise=stored.exercise,
                area_codes=stored.area_codes,
                fenced_at=stored.fenced_at,
                lifted_at=stored.lifted_at,
                revision=stored.revision,
                reach_km=fenced.reach_km,
                stations=[station.model_dump(mode="json") for station in fenced.stations],
            )
        )

    @routes.post("/preview")
    async def preview(request: PreviewRequest) -> Response:
        """The zones and stations that declaring this would give. Nothing is kept."""
        circumstances = _circumstances(request)
        async with runtime.pool.acquire() as connection:
            table = await stations.table(connection)
        try:
            fence = await asyncio.to_thread(decide_fence, _PREVIEW_ID, circumstances, table, rules)
        except (ShapelyError, ValueError) as error:
            raise invalid([Finding(where="/place", what="this shape cannot be fenced")]) from error
        inside = Counter("outside" if s.inside is None else s.inside.value for s in fence.stations)
        return _geo_json(
            feature_collection(
                fence.zones,
                reach_km=rules.reach_km,
                stations_by_zone=dict(inside),
                stations=[station.model_dump(mode="json") for station in fence.stations],
            )
        )

    add_positions(routes, runtime)
    return routes


def _circumstances(request: PreviewRequest) -> Circumstances:
    place = request.place.model_dump()
    if _positions(place["coordinates"]) > VERTICES_MAX:
        raise invalid([Finding(where="/place/coordinates", what=f"more than {VERTICES_MAX} positions")])
    if not _positions(place["coordinates"]):
        raise invalid([Finding(where="/place/coordinates", what="no positions")])
    return Circumstances(
        kind=request.kind,
        level=request.level,
        place=place,
        radius_m=request.radius_m,
        magnitude=request.magnitude,
        observations=request.intensity_observations,
    )


def _positions(coordinates: Any) -> int:
    """How many positions nested GeoJSON coordinates hold."""
    if coordinates and isinstance(coordinates[0], float):
        return 1
    return sum(_positions(inner) for inner in coordinates)


def _geo_json(document: dict[str, Any]) -> Response:
    return Response(orjson.dumps(document), media_type=GEO_JSON)
