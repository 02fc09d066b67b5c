"""Ground from areas, and areas from ground. Pure; straight in lon/lat, which is good enough to name areas."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
import shapely
from shapely import affinity
from shapely.geometry import shape

from schemas.policy import prefix_of
from services.incidents.locating.model import ASSUMED_RADIUS_M, Ground, Outlined
from services.incidents.model import AREA_CODES_MAX

DEGREE_M: Final = 111_195.0
"""A degree of latitude on the mean sphere."""
VERTICES_MAX: Final = 5_000
_FINEST_M: Final = 50.0
_DECIMALS: Final = 6
_COVERED_SHARE: Final = 0.99
"""An area gives way to those inside it when they cover this much of what it shares with the place: outlines of two
tiers from different packs never fit exactly."""


def ground_of(areas: Sequence[Outlined]) -> Ground:
    """The union of boundaries; where one is not known, a circle around the centre. One area without a boundary is a
    point with a radius. Every area has one or the other."""
    by_centre = tuple(one.area.code for one in areas if one.outline is None)
    if len(areas) == 1 and areas[0].outline is None:
        return Ground(
            place=_geo_json(_centre(areas[0])),
            radius_m=ASSUMED_RADIUS_M[areas[0].area.tier],
            simplified_m=0.0,
            by_centre=by_centre,
        )
    parts = [
        widened(_centre(one), ASSUMED_RADIUS_M[one.area.tier]) if one.outline is None else one.outline for one in areas
    ]
    whole, simplified_m = _simplified(shapely.union_all(parts))
    return Ground(place=_geo_json(whole), radius_m=0.0, simplified_m=simplified_m, by_centre=by_centre)


def widened(place: Any, radius_m: float) -> Any:
    """Everything within a distance, on a plane that fits the place's middle latitude."""
    if radius_m <= 0:
        return place
    middle = math.radians(shapely.get_coordinates(place)[:, 1].mean())
    narrow = max(math.cos(middle), 0.01)
    plane = affinity.scale(place, xfact=narrow, yfact=1.0, origin=(0, 0))
    wide = affinity.scale(shapely.buffer(plane, radius_m / DEGREE_M), xfact=1 / narrow, yfact=1.0, origin=(0, 0))
    return shapely.intersection(wide, shapely.box(-180, -90, 180, 90))


def codes_of(place: Any, areas: Iterable[Outlined]) -> tuple[str, ...]:
    """The codes of the finest areas that the place lies in. An area stays beside those inside it where they do not
    cover what it shares with the place, because a boundary there is not known. Too many are named by those above."""
    met = [one for one in areas if one.outline is not None and shapely.intersects(one.outline, place)]
    kept = [one.area.code for one in met if not _is_told_finer(one, met, place)]
    for digits in (6, 4, 2):
        if len(kept) <= AREA_CODES_MAX:
            break
        kept = list(dict.fromkeys(code[:digits].ljust(6, "0") for code in kept))
    return tuple(sorted(kept))


def read(place: Any) -> Any:
    """A place that was read before, as a shape."""
    return shape(place)


def _geo_json(geometry: Any) -> Any:
    return json.loads(shapely.to_geojson(geometry))


def _is_told_finer(one: Outlined, met: Sequence[Outlined], place: Any) -> bool:
    prefix = prefix_of(one.area.code)
    inner = [
        other.outline
        for other in met
        if other.area.code.startswith(prefix) and prefix_of(other.area.code) != prefix
    ]  # fmt: skip
    if not inner:
        return False
    shared = shapely.intersection(one.outline, place)
    told = shapely.intersection(shared, shapely.union_all(inner))
    if shared.area == 0:  # a point
        return bool(shapely.covers(shapely.union_all(inner), shared))
    return bool(told.area >= _COVERED_SHARE * shared.area)


def _centre(one: Outlined) -> shapely.Point:
    assert one.area.centre is not None
    return shapely.Point(one.area.centre.lon_deg, one.area.centre.lat_deg)


def _simplified(whole: Any) -> tuple[Any, float]:
    """With at most `VERTICES_MAX` corners and six decimals, valid; and by how many metres it was simplified."""
    outline, tolerance_m, used_m = whole, _FINEST_M, 0.0
    while shapely.get_num_coordinates(outline) > VERTICES_MAX:
        outline, used_m = shapely.simplify(whole, tolerance_m / DEGREE_M), tolerance_m
        tolerance_m *= 2
    return _areas_of(
        shapely.make_valid(shapely.transform(outline, lambda positions: np.round(positions, _DECIMALS)))
    ), used_m


def _areas_of(geometry: Any) -> Any:
    """The areas of what may hold lines and points too, as a Polygon or MultiPolygon."""
    polygons = [part for part in shapely.get_parts(geometry) if part.geom_type == "Polygon"]
    polygons += [p for part in shapely.get_parts(geometry) if part.geom_type == "MultiPolygon" for p in part.geoms]
    return polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)
