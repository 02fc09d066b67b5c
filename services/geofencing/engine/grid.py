"""Zones laid out on a grid: which zones a position may be in is one look into its cell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import shapely

from services.geofencing.engine.shapes import Floats, Integers, Outline, outline

CELLS_MAX: Final = 2**20
ENTRIES_MAX: Final = 2**22
"""About: zones that lie over one another make the cells larger."""
CELLS_PER_CORNER: Final = 64
EDGES_PER_CHAIN: Final = 4
_SLACK: Final = 2.0**-40
"""Of the coordinates' size: rows reach further by more than rounding may move a position into the next."""


class Grid(NamedTuple):
    """Zones, by their place in a sequence, in cells. Cell c has the entries `cell_start[c]` to `cell_start[c + 1]` of
    `codes`: -1 - zone where the zone holds it whole, else a strip: the chains of one zone in one row of the grid.
    The fields stand in the order in which the loop takes them."""

    x: Floats
    y: Floats
    first: Integers
    last: Integers
    chain: Integers
    west: Floats
    east: Floats
    strip_start: Integers
    strip_zone: Integers
    cell_start: Integers
    codes: Integers
    origin: Floats
    per_degree: Floats
    columns: int
    rows: int


def lay_out(shapes: Sequence[shapely.Geometry]) -> Grid:
    """Polygons and MultiPolygons on a grid. Raises as `outline` does."""
    from services.geofencing.engine import loops

    outlines = [outline(shape, EDGES_PER_CHAIN) for shape in (*shapes, shapely.Polygon())]  # never without any
    origin, size = _frame(outlines)
    columns, rows = _fineness(outlines, size)
    per_degree = np.divide((columns, rows), size, out=np.zeros(2), where=size > 0)
    low, high = _latitudes(float(origin[1]), float(size[1]), rows)
    laid = []
    corners = chains = entries = strips = 0
    for zone, lines in enumerate(outlines):
        edges = (lines.x, lines.y, lines.first, lines.last)
        bottom, starts, chain, west, east = loops.spread(*edges, lines.box, low, high)
        here = len(starts) - 1
        cells, codes = np.empty(here * columns, np.int64), np.empty(here * columns, np.int64)
        touched = loops.cover(
            *edges, bottom, starts, chain, west, east, origin, per_degree, columns, strips, zone, cells, codes
        )
        laid.append(
            (lines.x, lines.y, lines.first + corners, lines.last + corners, chain + chains, west, east,
             starts[:-1] + entries, np.full(here, zone), cells[:touched].copy(), codes[:touched].copy())
        )  # fmt: skip
        corners, chains = corners + len(lines.x), chains + len(lines.first)
        entries, strips = entries + len(chain), strips + here
    x, y, first, last, chain, west, east, strip_start, strip_zone, cells, codes = map(
        np.concatenate, zip(*laid, strict=True)
    )
    order = np.argsort(cells, kind="stable")
    cell_start = np.concatenate(([0], np.cumsum(np.bincount(cells, minlength=columns * rows))))
    return Grid(x, y, first, last, chain, west, east, np.append(strip_start, entries), strip_zone,
                cell_start, codes[order], origin, per_degree, columns, rows)  # fmt: skip


def _frame(outlines: Sequence[Outline]) -> tuple[Floats, Floats]:
    """The south-western corner of all zones, and how far they reach from there."""
    x, y = (np.concatenate([*(getattr(lines, axis) for lines in outlines)]) for axis in "xy")
    if not len(x):
        return np.zeros(2), np.zeros(2)
    return np.array((x.min(), y.min())), np.array((np.ptp(x), np.ptp(y)))


def _fineness(outlines: Sequence[Outline], size: Floats) -> tuple[int, int]:
    """How many columns and rows: by how many corners there are and how much lies over one another."""
    corners = sum(len(lines.x) for lines in outlines)
    if not corners or not size.all():
        return 1, 1
    spans = np.array([(np.ptp(lines.x), np.ptp(lines.y)) for lines in outlines if len(lines.x)]) / size
    cells = min(CELLS_MAX, CELLS_PER_CORNER * corners, ENTRIES_MAX / max(float(spans.prod(axis=1).sum()), 1e-9))
    columns = min(max(int(math.sqrt(cells) * math.sqrt(size[0] / size[1])), 1), int(cells) + 1)
    return columns, max(int(cells / columns), 1)


def _latitudes(origin: float, size: float, rows: int) -> tuple[Floats, Floats]:
    """Where the rows of the grid begin and end, never too narrow for a position that falls in one."""
    slack = _SLACK * (abs(origin) + size)
    low = origin + np.arange(rows, dtype=np.float64) * (size / rows)
    return low - slack, low + size / rows + slack
