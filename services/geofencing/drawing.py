"""Which ground each zone has. Pure.

What is known best draws a zone, kind by kind: intensity contours; where those do not reach down to a kind,
observations; then a magnitude; then the declared place and rings by level. Venues are added to the zone of their kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import shapely
from shapely import MultiPolygon

from schemas.values import Explanation, IntensityContour, Venue
from schemas.vocabulary import IncidentKind, ZoneKind
from services.geofencing import geometry, intensity, words
from services.geofencing.attenuation import relation_at
from services.geofencing.model import GRAVEST_FIRST, Circumstances, Drawn, Rules

THRESHOLDS: Final = {ZoneKind.CORE: 8.5, ZoneKind.AFFECTED: 6.5, ZoneKind.RIPPLE: 5.5}
"""Lowest intensity of each zone: half a degree below IX, VII and VI."""
HALF_DEGREE: Final = 0.5
_KM: Final = 1000.0
_TOLERANCE_M: Final = 100.0
_TOLERANCE_SHARE: Final = 0.0005


@dataclass(frozen=True)
class _Layer:
    """A zone's ground in the plane; that of graver zones, which is taken out later, may be part of it."""

    kind: ZoneKind
    area: shapely.Geometry
    why: Explanation


def draw(circumstances: Circumstances, rules: Rules) -> list[Drawn]:
    """The zones, gravest first. They share no ground."""
    place, was_repaired = geometry.place_shape(circumstances.place)
    frame = geometry.frame_around(place)
    layers = _by_intensity(circumstances, frame)
    is_shaken = bool(layers)
    if not layers:
        layers = _around(circumstances, frame, place, rules)
        if was_repaired:
            layers[0] = replace(layers[0], why=words.repaired(layers[0].why))
    areas = geometry.disjoint([_outline(layer.area) for layer in layers])
    globes: list[shapely.Geometry] = [frame.shape_to_globe(area) for area in areas]
    if is_shaken and not circumstances.venues:  # outlines that were simplified may cross; edges that bent may too
        globes = geometry.disjoint(globes)
    drawn = [(layer.kind, globe, layer.why) for layer, globe in zip(layers, globes, strict=True)]
    if circumstances.venues:
        drawn = _with_venues(drawn, circumstances.venues)
    zones = [Drawn(kind, geometry.rounded(geometry.multi(globe)), why) for kind, globe, why in drawn]
    return [zone for zone in zones if not zone.globe.is_empty]


def _outline(area: shapely.Geometry) -> MultiPolygon:
    shape = geometry.multi(area)
    extent = max(shapely.box(*shape.bounds).length, 1.0)
    return geometry.simplified(shape, max(_TOLERANCE_M, _TOLERANCE_SHARE * extent))


def _by_intensity(circumstances: Circumstances, frame: geometry.Frame) -> list[_Layer]:
    """Zones by contours and observations; none if neither was given or nothing of them reaches VI."""
    contoured = _contoured(circumstances.contours, frame)
    lowest = min((contour.intensity for contour in circumstances.contours), default=np.inf) if contoured else np.inf
    silent = {kind for kind in GRAVEST_FIRST if lowest > THRESHOLDS[kind] + HALF_DEGREE}
    others: Iterable[_Layer] = ()
    if circumstances.observations and silent:
        others = _observed(circumstances, frame)
    elif contoured and silent and circumstances.magnitude is not None:
        others = _isoseismals(circumstances.magnitude, frame)
    found = {layer.kind: layer for layer in others if layer.kind in silent}
    return [
        _joined([source[kind] for source in (found, contoured) if kind in source])
        for kind in GRAVEST_FIRST
        if kind in found or kind in contoured
    ]


def _joined(layers: Sequence[_Layer]) -> _Layer:
    """Contours that end above a kind's least intensity still lie inside its ground."""
    first = layers[0]
    return replace(first, area=shapely.union_all([layer.area for layer in layers])) if len(layers) > 1 else first


def _contoured(contours: Sequence[IntensityContour], frame: geometry.Frame) -> dict[ZoneKind, _Layer]:
    """The ground on which contours say that the least intensity of a zone was reached. Invalid rings are repaired."""
    found: dict[ZoneKind, _Layer] = {}
    shapes: list[tuple[float, shapely.Geometry, bool]] = []
    for contour in contours:
        if contour.intensity >= min(THRESHOLDS.values()):
            globe, was_repaired = geometry.place_shape(contour.geometry.model_dump())
            shapes.append((contour.intensity, frame.shape_to_plane(globe), was_repaired))
    for kind in GRAVEST_FIRST:
        reached = [shape for shape in shapes if shape[0] >= THRESHOLDS[kind]]
        area = shapely.union_all([plane for _, plane, _ in reached])
        if area.area > 0:
            why = words.contoured(kind, min(value for value, _, _ in reached))
            found[kind] = _Layer(kind, area, words.repaired(why) if any(r for _, _, r in reached) else why)
    return found


def _observed(circumstances: Circumstances, frame: geometry.Frame) -> list[_Layer]:
    """Zones by observed intensity; none when no observation reaches VI."""
    given = circumstances.observations
    plane_km = frame.to_plane(np.array([(o.lon_deg, o.lat_deg) for o in given], dtype=np.float64)) / _KM
    observed = intensity.Observations(
        plane_km[:, 0], plane_km[:, 1], np.array([o.intensity for o in given], dtype=np.float64)
    )
    field = intensity.fit(observed, relation_at(frame.lat_deg, frame.lon_deg), circumstances.magnitude)
    layers: list[_Layer] = []
    inner: shapely.Geometry = MultiPolygon()
    for kind in GRAVEST_FIRST:
        here = intensity.region(field, THRESHOLDS[kind])
        if here.is_empty:
            continue
        inner = shapely.union(inner, shapely.transform(here, lambda km: km * _KM))
        layers.append(_Layer(kind, inner, words.observed(kind, field, len(given), THRESHOLDS[kind])))
    return layers


def _around(circumstances: Circumstances, frame: geometry.Frame, place: shapely.Geometry, rules: Rules) -> list[_Layer]:
    """The declared place, and what lies around it by magnitude or by level."""
    plane = frame.shape_to_plane(place)
    has_extent = circumstances.radius_m > 0 or plane.area > 0
    radius_m = circumstances.radius_m if has_extent else rules.core_radius_min_m
    core = geometry.buffered(plane, radius_m) if radius_m > 0 else plane
    why_core = words.stated(radius_m, assumed=not has_extent)
    if circumstances.observations or circumstances.contours:
        why_core = words.below(why_core)
    declared = _Layer(ZoneKind.CORE, core, why_core)
    if circumstances.kind is IncidentKind.EARTHQUAKE and circumstances.magnitude is not None:
        return _by_magnitude(circumstances.magnitude, frame, plane, declared)
    rings = rules.rings[circumstances.level]
    layers = [declared]
    for kind, radius_km in ((ZoneKind.AFFECTED, rings.affected_km), (ZoneKind.RIPPLE, rings.ripple_km)):
        area = geometry.buffered(core, min(radius_km * _KM, geometry.FARTHEST_M))
        layers.append(_Layer(kind, area, words.ringed(kind, circumstances.level.value, radius_km)))
    return layers


def _by_magnitude(magnitude: float, frame: geometry.Frame, plane: shapely.Geometry, declared: _Layer) -> list[_Layer]:
    """Isoseismals around the place where they reach beyond the declared core."""
    layers = [declared]
    for wider in _isoseismals(magnitude, frame, plane):
        innermost = layers[-1].area
        if shapely.contains(innermost, wider.area):
            continue
        layer = replace(wider, area=shapely.union(innermost, wider.area))
        if wider.kind is ZoneKind.CORE:
            layers[0] = layer
        else:
            layers.append(layer)
    return layers


def _isoseismals(magnitude: float, frame: geometry.Frame, plane: shapely.Geometry | None = None) -> Iterable[_Layer]:
    """Ground within the distance of each zone's least intensity, by attenuation, around a shape or the origin."""
    relation = relation_at(frame.lat_deg, frame.lon_deg)
    around = shapely.Point(0, 0) if plane is None else plane
    for kind in GRAVEST_FIRST:
        level = np.array([THRESHOLDS[kind]])
        axes = [relation.semi_axis_km(axis, magnitude, level)[0] for axis in (relation.long, relation.short)]
        radius_km = float(np.sqrt(axes[0] * axes[1]))
        area = geometry.buffered(around, min(radius_km * _KM, geometry.FARTHEST_M))
        if not area.is_empty:
            yield _Layer(kind, area, words.attenuated(kind, relation, magnitude, radius_km))


def _with_venues(
    drawn: Sequence[tuple[ZoneKind, shapely.Geometry, Explanation]], venues: Sequence[Venue]
) -> list[tuple[ZoneKind, shapely.Geometry, Explanation]]:
    """The zones with the circles of venues, each in a frame of its own: they may be far from the place."""
    by_kind = {kind: (globe, why) for kind, globe, why in drawn}
    joined = []
    for kind in GRAVEST_FIRST:
        here = [venue for venue in venues if venue.zone_kind is kind]
        circles = [geometry.circle(v.position.lat_deg, v.position.lon_deg, v.radius_m) for v in here]
        globe, why = by_kind.get(kind, (None, None))
        if here:
            why = words.with_venues(kind, why, here)
        if why is not None:
            shapes = [*circles, *([globe] if globe is not None else [])]
            joined.append((kind, shapely.union_all(shapes), why))
    shapes = geometry.disjoint([globe for _, globe, _ in joined])
    return [(kind, globe, why) for (kind, _, why), globe in zip(joined, shapes, strict=True)]
