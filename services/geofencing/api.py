"""The HTTP side of geofencing: zones as GeoJSON, and resolved to areas, stations and people."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from services.geofencing import store
from services.geofencing.areas.geometry import AreaIndex
from services.geofencing.areas.resolve import resolved
from services.geofencing.areas.store import Areas
from services.geofencing.audience.decide import members_here
from services.geofencing.audience.model import Somebody
from services.geofencing.audience.store import crowd
from services.geofencing.decide import feature_collection
from services.geofencing.geo_json import geo_json, globe_of
from services.geofencing.measure import MeasuredZones
from services.geofencing.model import Rules
from services.geofencing.preview import add_preview
from services.geofencing.store import StoredFence
from services.geofencing.whereabouts.api import add_positions
from services.kit.auth import Principal, require_jurisdiction
from services.kit.http import CurrentPrincipal
from services.kit.idempotency import Answer
from services.kit.problems import not_found
from services.kit.runtime import Runtime


def router(runtime: Runtime, rules: Rules) -> APIRouter:
    """The routes, under /geofencing."""
    routes = APIRouter(prefix="/geofencing", tags=["geofencing"])
    _add_zones(routes, runtime)
    _add_resolved(routes, runtime, rules)
    add_preview(routes, runtime, rules)
    add_positions(routes, runtime)
    return routes


def _add_zones(routes: APIRouter, runtime: Runtime) -> None:
    @routes.get("/incidents/{incident_id}/zones")
    async def zones(incident_id: UUID, principal: CurrentPrincipal) -> Response:
        """The incident's zones, gravest first; `lifted_at` says when they ceased to stand."""
        async with runtime.pool.acquire() as connection:
            stored = await _fence(connection, incident_id, principal)
        fenced = stored.fenced
        return geo_json(
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


def _add_resolved(routes: APIRouter, runtime: Runtime, rules: Rules) -> None:
    areas = Areas()

    @routes.get("/incidents/{incident_id}/resolved")
    async def resolved_zones(incident_id: UUID, principal: CurrentPrincipal) -> Response:
        """Each zone's areas, people living there, stations and volunteers; who is how far away, and where."""
        async with runtime.pool.acquire() as connection:
            stored = await _fence(connection, incident_id, principal)
            index = await areas.index(connection)
            people = await crowd(connection)
        now = runtime.clock.now()
        return Answer.of(200, await asyncio.to_thread(_resolved, stored, index, people, rules, now)).response()


async def _fence(connection: Any, incident_id: UUID, principal: Principal) -> StoredFence:
    stored = await store.fence_of(connection, incident_id)
    if stored is None:
        raise not_found("fenced incident")
    require_jurisdiction(principal, stored.area_codes)
    return stored


def _resolved(
    stored: StoredFence, index: AreaIndex, people: list[Somebody], rules: Rules, now: datetime
) -> dict[str, Any]:
    """Areas are those of the incident's own day: a drill of 2008 speaks of the districts of 2008."""
    fenced = stored.fenced
    on = fenced.clock.incident_time(stored.fenced_at).date()
    globes = {zone.zone_id: globe_of(zone) for zone in fenced.zones}
    measured = MeasuredZones.of((zone.kind, globes[zone.zone_id]) for zone in fenced.zones)
    return {
        "incident_id": fenced.incident_id,
        "exercise": stored.exercise,
        "revision": stored.revision,
        "lifted_at": stored.lifted_at,
        "areas_on": on,
        "zones": [
            {
                "zone_id": zone.zone_id,
                "kind": zone.kind,
                "area_km2": zone.area_km2,
                "stations_inside": sum(station.inside is zone.kind for station in fenced.stations),
                **resolved(index, globes[zone.zone_id], zone.area_km2, on),
            }
            for zone in fenced.zones
        ],
        "stations": [station.model_dump(mode="json") for station in fenced.stations],
        "volunteers": members_here(measured, people, rules.members_near_km, now),
    }
