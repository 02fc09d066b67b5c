"""Outlines of areas: checked and brought into one form. Pure.

An outline is refused rather than repaired here; whoever brings a pack in repairs it, and says so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import shapely
from shapely.geometry import shape

from schemas.events.area import GEOMETRY_BYTES_MAX
from schemas.values import Position

DECIMALS: Final = 6
"""Of degrees: 0.1 m."""


class OutlineRefused(Exception):
    """The outline cannot be taken; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A valid MultiPolygon as JSON text, and a point inside its largest part."""

    text: str
    inner: Position


def read_outline(geometry: Mapping[str, Any]) -> Outline:
    """The outline of a GeoJSON Polygon or MultiPolygon in WGS-84, or `OutlineRefused`."""
    if geometry.get("type") not in ("Polygon", "MultiPolygon"):
        raise OutlineRefused("must be a GeoJSON Polygon or MultiPolygon")
    try:
        area = shape(geometry)
    except (shapely.errors.ShapelyError, ValueError, TypeError, AttributeError, KeyError, IndexError) as error:
        raise OutlineRefused("its coordinates cannot be read") from error
    if area.is_empty:
        raise OutlineRefused("is empty")
    west, south, east, north = area.bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        swapped = -90 <= west <= east <= 90 and -180 <= south <= north <= 180
        hint = "; are lon and lat swapped? GeoJSON has [lon, lat]" if swapped else "; it must be WGS-84, [lon, lat]"
        raise OutlineRefused(f"reaches beyond the globe{hint}")
    if not area.is_valid:
        raise OutlineRefused(f"is not valid: {shapely.is_valid_reason(area)}")
    return _outline(area)


def _outline(area: Any) -> Outline:
    polygons = [area] if area.geom_type == "Polygon" else list(area.geoms)
    coordinates = [[_ring(ring) for ring in (part.exterior, *part.interiors)] for part in polygons]
    text = json.dumps({"type": "MultiPolygon", "coordinates": coordinates}, separators=(",", ":"))
    if len(text) > GEOMETRY_BYTES_MAX:
        raise OutlineRefused(f"has {len(text)} bytes as JSON; at most {GEOMETRY_BYTES_MAX} are taken: simplify it")
    largest = max(polygons, key=lambda part: part.area)
    point = largest.centroid if largest.contains(largest.centroid) else largest.representative_point()
    return Outline(text=text, inner=Position(lat_deg=round(point.y, DECIMALS), lon_deg=round(point.x, DECIMALS)))


def _ring(ring: Any) -> list[tuple[float, float]]:
    return [(round(position[0], DECIMALS), round(position[1], DECIMALS)) for position in ring.coords]
