"""Polygons as arrays that loops can walk: corners, and chains of consecutive edges with their boxes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

FARTHEST_DEG: Final = 2.0**400
NEAREST_DEG: Final = 2.0**-400
"""Within these magnitudes (or 0) no product of differences overflows or loses digits to underflow."""


@dataclass(frozen=True, slots=True)
class Outline:
    """The rings of a shape. Edge i runs from corner i to corner i + 1; chain k has the edges from `first[k]` on and
    ends at corner `last[k]`; a chain never leaves its ring. Degrees."""

    x: Floats
    y: Floats
    first: Integers
    last: Integers
    box: Floats
    """(chains, 4): x from, x to, y from, y to of each chain."""


def check_domain(values: Floats, what: str) -> None:
    """Raise ValueError unless all of (n, 2) values are finite and 0 or of a magnitude in which sides are exact."""
    from services.geofencing.engine import chains

    wrong = chains.first_outside(values.ravel(), NEAREST_DEG, FARTHEST_DEG)
    if wrong >= 0:
        place = wrong // values.shape[1]
        raise ValueError(f"{what} {place} is not a finite position, or too near to or far from 0 to be exact")


def outline(shape: shapely.Geometry, edges_per_chain: int | None = None) -> Outline:
    """The rings of a Polygon or MultiPolygon; an empty one has none.

    The shape must be valid: its parts share no ground and its holes lie in their shells. In one that is not, what an
    odd number of rings encloses counts as inside.
    """
    from services.geofencing.engine import chains

    if not isinstance(shape, shapely.Polygon | shapely.MultiPolygon):
        raise TypeError(f"zones are polygons, not {type(shape).__name__}")
    rings = shapely.get_rings(shapely.get_parts(shape))
    corners = shapely.get_coordinates(rings)
    check_domain(corners, "corner")
    counts = shapely.get_num_coordinates(rings).astype(np.int64)
    size = edges_per_chain or chain_size(len(corners))
    return Outline(*chains.cut(corners, counts, size))


def chain_size(corners: int) -> int:
    """Edges per chain: few enough to walk one, many enough to skip most. Measured."""
    return int(min(16, max(1, corners // 128)))
