"""Decisions: what a fence is made of, which stations are in reach, what is different between two fences. Pure.

Which ground the zones have is drawn in `drawing.py`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import numpy as np
import shapely
from pydantic import TypeAdapter

from schemas.events.zone import StationInReach, Zone
from schemas.ids import derived_id
from schemas.values import MultiPolygonGeometry, Position
from services.geofencing import geometry
from services.geofencing.drawing import draw
from services.geofencing.measure import MeasuredZones
from services.geofencing.model import Circumstances, Difference, Drawn, Fence, Rules, StationTable

_KM: Final = 1000.0
_STATIONS: Final = TypeAdapter(tuple[StationInReach, ...])


def decide_fence(incident_id: UUID, circumstances: Circumstances, stations: StationTable, rules: Rules) -> Fence:
    """The zones and the stations in reach. There is always at least one zone."""
    drawn = draw(circumstances, rules)
    measured = MeasuredZones.of((one.kind, one.globe) for one in drawn)
    return Fence(
        zones=tuple(_zone(incident_id, one) for one in drawn), stations=stations_in_reach(measured, stations, rules)
    )


def difference(before: Fence, after: Fence) -> Difference:
    """What became different. False if nothing did."""
    zones_before = {zone.zone_id: zone for zone in before.zones}
    zones_after = {zone.zone_id for zone in after.zones}
    stations_before = {station.station_id for station in before.stations}
    stations_after = {station.station_id for station in after.stations}
    both = [zone for zone in after.zones if zone.zone_id in zones_before]
    return Difference(
        zones_new=tuple(zone.zone_id for zone in after.zones if zone.zone_id not in zones_before),
        zones_changed=tuple(zone.zone_id for zone in both if zone != zones_before[zone.zone_id]),
        zones_lifted=tuple(zone_id for zone_id in zones_before if zone_id not in zones_after),
        stations_entered=tuple(s.station_id for s in after.stations if s.station_id not in stations_before),
        stations_left=tuple(s.station_id for s in before.stations if s.station_id not in stations_after),
        stations_moved=before.stations != after.stations,
    )


def _zone(incident_id: UUID, drawn: Drawn) -> Zone:
    lon, lat = geometry.inner_point(drawn.globe)
    coordinates = tuple(
        tuple(tuple(map(tuple, shapely.get_coordinates(ring).tolist())) for ring in (part.exterior, *part.interiors))
        for part in drawn.globe.geoms
    )
    return Zone.model_construct(
        zone_id=derived_id(incident_id, "zone", drawn.kind.value),
        kind=drawn.kind,
        geometry=MultiPolygonGeometry.model_construct(type="MultiPolygon", coordinates=coordinates),
        area_km2=round(geometry.area_km2(drawn.globe), 3),
        centre=Position(lat_deg=lat, lon_deg=lon),
        explanation=drawn.explanation,
    )


def stations_in_reach(zones: MeasuredZones, stations: StationTable, rules: Rules) -> tuple[StationInReach, ...]:
    """Stations within reach of the gravest zone, nearest first, then by id; at most `stations_max`."""
    if not stations.ids:
        return ()
    measures = zones.measure(stations.lon_lat)
    distance_m = measures.distance_m
    nearest = np.argsort(distance_m, kind="stable")  # the table is in the order of ids, which settles ties
    order = nearest[distance_m[nearest] <= rules.reach_km * _KM][: rules.stations_max].tolist()
    distance_km, bearing = np.round(distance_m / _KM, 3).tolist(), np.round(measures.bearing_deg, 1).tolist()
    inside = measures.inside.tolist()
    return _STATIONS.validate_python(
        [
            {
                "station_id": stations.ids[index],
                "inside": zones.kind_at(inside[index]),
                "distance_km": distance_km[index],
                "bearing_deg": bearing[index],
            }
            for index in order
        ]
    )


def feature_collection(zones: Sequence[Zone], **members: Any) -> dict[str, Any]:
    """The zones as GeoJSON (RFC 7946); other members stand beside the features."""
    features = []
    for zone in zones:
        document = json.loads(zone.model_dump_json())
        features.append(
            {
                "type": "Feature",
                "id": document["zone_id"],
                "geometry": document.pop("geometry"),
                "properties": document,
            }
        )
    return {"type": "FeatureCollection", "features": features, **members}
