"""How crowded a set of shapes is, estimated from a sample: overlay takes time with the number of crossings.

A file of 20 MB can hold shapes with a thousand million crossings. They are found out before anything is overlaid.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy
import shapely

CROSSINGS_MAX: Final = 200_000
NEIGHBOURS_MAX: Final = 20.0
_SAMPLE: Final = 200
_NEIGHBOURS: Final = 3
"""A segment of a simple line meets itself and the two beside it."""


def is_tangled(shapes: Sequence[Any], *, crossings_max: float = CROSSINGS_MAX) -> bool:
    """Whether overlaying the outlines would have more than about so many crossings to find."""
    corners = int(shapely.get_num_coordinates(shapes).sum())
    if corners * corners / 2 <= crossings_max:
        return False  # every piece could cross every other
    segments = _segments(shapes)
    if len(segments) < _SAMPLE:
        return False
    tree = shapely.STRtree(segments)
    sample = segments[:: max(1, len(segments) // _SAMPLE)]
    hits = tree.query(sample, predicate="intersects").shape[1]
    crossings = max(0.0, hits / len(sample) - _NEIGHBOURS) * len(segments) / 2
    return bool(crossings > crossings_max)


def union(parts: Any) -> Any:
    """All parts as one.

    Those that lie apart are joined a cluster at a time, which is many times faster; where each meets many, finding
    the clusters would take longer than joining all.
    """
    if len(parts) > 1 and _neighbours(parts) <= NEIGHBOURS_MAX:
        return shapely.disjoint_subset_union_all(parts)
    return shapely.union_all(parts)


def _neighbours(parts: Any) -> float:
    """How many boxes of others the box of one meets, on average over a sample."""
    sample = parts[:: max(1, len(parts) // _SAMPLE)]
    return float(shapely.STRtree(parts).query(sample).shape[1] / len(sample)) - 1


def _segments(shapes: Sequence[Any]) -> Any:
    """All straight pieces of all outlines."""
    outlines = shapely.get_parts(shapely.boundary([shape for shape in shapes if shape.area > 0]))
    lines = [*outlines, *(shape for shape in shapes if shape.area == 0)]
    if not lines:
        return numpy.empty(0, dtype=object)
    points, line = shapely.get_coordinates(lines, return_index=True)
    together = line[1:] == line[:-1]
    return shapely.linestrings(numpy.stack([points[:-1][together], points[1:][together]], axis=1))
