"""The preview: what declaring something would reach, before anybody declares it. Keeps nothing."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field
from shapely.errors import ShapelyError

from schemas.values import Geometry, IntensityContour, IntensityObservation, Venue
from schemas.vocabulary import IncidentKind, Level
from services.geofencing import store
from services.geofencing.areas.geometry import AreaIndex
from services.geofencing.areas.resolve import resolved
from services.geofencing.areas.store import Areas
from services.geofencing.audience.decide import audience
from services.geofencing.audience.model import Somebody
from services.geofencing.audience.store import crowd
from services.geofencing.decide import decide_fence, feature_collection
from services.geofencing.geo_json import geo_json, globe_of
from services.geofencing.model import Circumstances, Rules, StationTable
from services.kit.problems import Finding, invalid
from services.kit.runtime import Runtime

OBSERVATIONS_MAX: Final = 2000
CONTOURS_MAX: Final = 100
VENUES_MAX: Final = 200
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
    intensity_contours: Annotated[tuple[IntensityContour, ...], Field(max_length=CONTOURS_MAX)] = ()
    venues: Annotated[tuple[Venue, ...], Field(max_length=VENUES_MAX)] = ()


def add_preview(routes: APIRouter, runtime: Runtime, rules: Rules) -> None:
    """The route of the preview."""
    stations, areas = store.Stations(), Areas()

    @routes.post("/preview")
    async def preview(request: PreviewRequest) -> Response:
        """The zones, the areas and people in them, and who could be asked. Nothing is kept."""
        circumstances = _circumstances(request)
        async with runtime.pool.acquire() as connection:
            table = await stations.table(connection)
            index = await areas.index(connection)
            people = await crowd(connection)
        today = runtime.clock.now().date()
        try:
            return geo_json(await asyncio.to_thread(_previewed, circumstances, table, index, people, rules, today))
        except (ShapelyError, ValueError) as error:
            raise invalid([Finding(where="/place", what="this shape cannot be fenced")]) from error


def _previewed(
    circumstances: Circumstances, table: StationTable, index: AreaIndex, people: list[Somebody], rules: Rules, on: date
) -> dict[str, Any]:
    fence = decide_fence(_PREVIEW_ID, circumstances, table, rules)
    inside = Counter("outside" if s.inside is None else s.inside.value for s in fence.stations)
    return feature_collection(
        fence.zones,
        reach_km=rules.reach_km,
        stations_by_zone=dict(inside),
        stations=[station.model_dump(mode="json") for station in fence.stations],
        audience=audience(fence.stations, people, rules.rings_km),
        resolved={zone.kind.value: resolved(index, globe_of(zone), zone.area_km2, on) for zone in fence.zones},
    )


def _circumstances(request: PreviewRequest) -> Circumstances:
    shapes = [("/place", request.place)]
    shapes += [(f"/intensity_contours/{i}/geometry", one.geometry) for i, one in enumerate(request.intensity_contours)]
    left = VERTICES_MAX
    for where, shape in shapes:
        positions = list(_positions(shape.model_dump()["coordinates"]))
        left -= len(positions)
        if (what := _problem(positions, left)) is not None:
            raise invalid([Finding(where=f"{where}/coordinates", what=what)])
    return Circumstances(
        kind=request.kind,
        level=request.level,
        place=request.place.model_dump(),
        radius_m=request.radius_m,
        magnitude=request.magnitude,
        observations=request.intensity_observations,
        contours=request.intensity_contours,
        venues=request.venues,
    )


def _problem(positions: list[tuple[float, float]], left: int) -> str | None:
    """What is wrong with the positions of a shape; `left` of all that may come is below 0 if they are too many."""
    if not positions:
        return "no positions"
    if left < 0:
        return f"more than {VERTICES_MAX} positions in all"
    if not all(abs(lon) <= 180 and abs(lat) <= 90 for lon, lat in positions):
        return "positions are longitude, then latitude, in degrees; are they swapped?"
    return None


def _positions(coordinates: Any) -> Iterator[tuple[float, float]]:
    """The positions that nested GeoJSON coordinates hold."""
    if coordinates and isinstance(coordinates[0], float):
        yield coordinates
    else:
        for inner in coordinates:
            yield from _positions(inner)
