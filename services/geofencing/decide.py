"""Decisions: which zones an incident has, and which stations are in reach of them. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import numpy as np
import shapely
from pydantic import TypeAdapter
from shapely import MultiPolygon

from schemas.events.zone import StationInReach, Zone
from schemas.ids import derived_id
from schemas.values import MultiPolygonGeometry, Position
from schemas.vocabulary import IncidentKind, ZoneKind
from services.geofencing import geometry, intensity, words
from services.geofencing.attenuation import relation_at
from services.geofencing.model import GRAVEST_FIRST, Circumstances, Drawn, Fence, Rules, StationTable

THRESHOLDS: Final = {ZoneKind.CORE: 8.5, ZoneKind.AFFECTED: 6.5, ZoneKind.RIPPLE: 5.5}
"""Lowest intensity of each zone: half a degree below IX, VII and VI."""
_KM: Final = 1000.0
_TOLERANCE_M: Final = 100.0
_TOLERANCE_SHARE: Final = 0.0005
_STATIONS: Final = TypeAdapter(tuple[StationInReach, ...])
_Planar = list[tuple[ZoneKind, shapely.Geometry, Any]]


def decide_fence(incident_id: UUID, circumstances: Circumstances, stations: StationTable, rules: Rules) -> Fence:
    """The zones and the stations in reach. There is always at least one zone."""
    drawn = draw(circumstances, rules)
    return Fence(
        zones=tuple(_zone(incident_id, one) for one in drawn), stations=stations_in_reach(drawn, stations, rules)
    )


def draw(circumstances: Circumstances, rules: Rules) -> list[Drawn]:
    """The zones, gravest first. They share no ground."""
    place = geometry.place_shape(circumstances.place)
    frame = geometry.frame_around(place)
    nested: _Planar = _observed(circumstances, frame) if circumstances.observations else []
    if not nested:
        nested = _around(circumstances, frame, place, rules)
    areas = geometry.disjoint([_outline(area) for _, area, _ in nested])
    globes: list[shapely.Geometry] = [frame.shape_to_globe(area) for area in areas]
    if circumstances.observations:  # outlines that were simplified may cross; edges that bent may too
        globes = geometry.disjoint(globes)
    drawn = [
        Drawn(kind, geometry.rounded(geometry.multi(globe)), explanation)
        for (kind, _, explanation), globe in zip(nested, globes, strict=True)
    ]
    return [zone for zone in drawn if not zone.globe.is_empty]


def _outline(area: shapely.Geometry) -> MultiPolygon:
    shape = geometry.multi(area)
    extent = max(shapely.box(*shape.bounds).length, 1.0)
    return geometry.simplified(shape, max(_TOLERANCE_M, _TOLERANCE_SHARE * extent))


def _observed(circumstances: Circumstances, frame: geometry.Frame) -> _Planar:
    """Zones by observed intensity; empty when none reaches VI."""
    given = circumstances.observations
    plane_km = frame.to_plane(np.array([(o.lon_deg, o.lat_deg) for o in given], dtype=np.float64)) / _KM
    observed = intensity.Observations(
        plane_km[:, 0], plane_km[:, 1], np.array([o.intensity for o in given], dtype=np.float64)
    )
    field = intensity.fit(observed, relation_at(frame.lat_deg, frame.lon_deg), circumstances.magnitude)
    nested: _Planar = []
    inner: shapely.Geometry = MultiPolygon()
    for kind in GRAVEST_FIRST:
        here = intensity.region(field, THRESHOLDS[kind])
        if here.is_empty:
            continue
        inner = shapely.union(inner, shapely.transform(here, lambda km: km * _KM))
        nested.append((kind, inner, words.observed(kind, field, len(given), THRESHOLDS[kind])))
    return nested


def _around(circumstances: Circumstances, frame: geometry.Frame, place: shapely.Geometry, rules: Rules) -> _Planar:
    """The declared place, and what lies around it by magnitude or by level."""
    plane = frame.shape_to_plane(place)
    has_extent = circumstances.radius_m > 0 or plane.area > 0
    radius_m = circumstances.radius_m if has_extent else rules.core_radius_min_m
    core = geometry.buffered(plane, radius_m) if radius_m > 0 else plane
    why_core = words.stated(radius_m, assumed=not has_extent)
    if circumstances.observations:
        why_core = words.below(why_core)
    if circumstances.kind is IncidentKind.EARTHQUAKE and circumstances.magnitude is not None:
        return _by_magnitude(circumstances.magnitude, frame, plane, (ZoneKind.CORE, core, why_core))
    rings = rules.rings[circumstances.level]
    nested: _Planar = [(ZoneKind.CORE, core, why_core)]
    for kind, radius_km in ((ZoneKind.AFFECTED, rings.affected_km), (ZoneKind.RIPPLE, rings.ripple_km)):
        area = geometry.buffered(core, min(radius_km * _KM, geometry.FARTHEST_M))
        nested.append((kind, area, words.ringed(kind, circumstances.level.value, radius_km)))
    return nested


def _by_magnitude(
    magnitude: float, frame: geometry.Frame, plane: shapely.Geometry, core: tuple[ZoneKind, shapely.Geometry, Any]
) -> _Planar:
    """Isoseismals around the place where they reach beyond the declared core."""
    relation = relation_at(frame.lat_deg, frame.lon_deg)
    nested: _Planar = [core]
    for kind in GRAVEST_FIRST:
        level = np.array([THRESHOLDS[kind]])
        axes = [relation.semi_axis_km(axis, magnitude, level)[0] for axis in (relation.long, relation.short)]
        radius_km = float(np.sqrt(axes[0] * axes[1]))
        area = geometry.buffered(plane, min(radius_km * _KM, geometry.FARTHEST_M))
        innermost = nested[-1][1]
        if area.is_empty or shapely.contains(innermost, area):
            continue
        wider = (kind, shapely.union(innermost, area), words.attenuated(kind, relation, magnitude, radius_km))
        if kind is ZoneKind.CORE:
            nested[0] = wider
        else:
            nested.append(wider)
    return nested


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


def stations_in_reach(drawn: Sequence[Drawn], stations: StationTable, rules: Rules) -> tuple[StationInReach, ...]:
    """Stations within reach of the gravest zone, nearest first, then by id; at most `stations_max`."""
    if not stations.ids or not drawn:
        return ()
    gravest, *others = [geometry.Target(zone.globe) for zone in drawn]
    distance_m, bearing_deg = gravest.distances(stations.lon_lat)
    inside = np.where(distance_m == 0.0, 0, -1)
    for number, other in enumerate(others, start=1):
        inside = np.where((inside < 0) & other.contains(stations.lon_lat), number, inside)
    nearest = np.argsort(distance_m, kind="stable")  # the table is in the order of ids, which settles ties
    order = nearest[distance_m[nearest] <= rules.reach_km * _KM][: rules.stations_max].tolist()
    kinds = [None, *(zone.kind for zone in drawn)]
    distance_km, bearing = np.round(distance_m / _KM, 3).tolist(), np.round(bearing_deg, 1).tolist()
    return _STATIONS.validate_python(
        [
            {
                "station_id": stations.ids[index],
                "inside": kinds[inside[index] + 1],
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
