"""Outlines as the register takes them: valid, of areas only, and short enough. What was done to them is told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from shapely.geometry import shape

from schemas.events.area import GEOMETRY_BYTES_MAX

DEGREE_M: Final = 111_195.0
_FINEST_M: Final = 25.0
_DECIMALS: Final = 6
_ROOM: Final = 0.95
"""The register rounds anew; a text that just fits here must fit there."""


class NoOutline(Exception):
    """The geometry encloses nothing; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """An outline with what was done to it: `repaired` says what was wrong, `simplified_m` by how much it may be off."""

    geometry: dict[str, Any]
    centre: tuple[float, float]
    repaired: str | None
    simplified_m: float


def mend(geometry: Mapping[str, Any] | None) -> Mended:
    """The outline of a feature. Raises NoOutline."""
    if geometry is None or geometry.get("type") not in ("Polygon", "MultiPolygon"):
        raise NoOutline("its geometry is no Polygon or MultiPolygon")
    try:
        area = shape(geometry)
        repaired = None if shapely.is_valid(area) else str(shapely.is_valid_reason(area))
    except (shapely.errors.ShapelyError, ValueError, TypeError, AttributeError, IndexError) as error:
        raise NoOutline("its coordinates cannot be read") from error
    whole = _areas(shapely.make_valid(area) if repaired else area)
    if whole.is_empty:
        raise NoOutline("it encloses nothing")
    outline, simplified_m = _fitted(whole)
    largest = max(shapely.get_parts(whole), key=lambda part: part.area)
    centre = largest.centroid if largest.contains(largest.centroid) else largest.representative_point()
    return Mended(
        geometry=outline, centre=(round(centre.x, _DECIMALS), round(centre.y, _DECIMALS)), repaired=repaired,
        simplified_m=simplified_m,
    )  # fmt: skip


def _fitted(whole: Any) -> tuple[dict[str, Any], float]:
    """With as many corners as fit: the tolerance doubles until they do; islands that vanish are left out."""
    simplified, tolerance_m, used_m = whole, _FINEST_M, 0.0
    while True:
        rounded = _areas(shapely.make_valid(shapely.transform(simplified, _rounded)))
        text = shapely.to_geojson(rounded)
        if rounded.is_empty:
            raise NoOutline("what it encloses is too small to tell")
        if len(text) <= _ROOM * GEOMETRY_BYTES_MAX:
            geometry: dict[str, Any] = json.loads(text)
            return geometry, used_m
        simplified, used_m = shapely.simplify(whole, tolerance_m / DEGREE_M), tolerance_m
        tolerance_m *= 2


def _rounded(positions: Any) -> Any:
    return np.round(positions, _DECIMALS)


def _areas(geometry: Any) -> Any:
    """The areas of what may hold lines and points too, as a MultiPolygon."""
    parts = [part for part in shapely.get_parts(geometry) if part.geom_type == "Polygon"]
    parts += [one for part in shapely.get_parts(geometry) if part.geom_type == "MultiPolygon" for one in part.geoms]
    return shapely.MultiPolygon([part for part in parts if not part.is_empty])
