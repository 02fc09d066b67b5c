"""The loops that check coordinates and cut rings into chains of edges."""

from __future__ import annotations

import numpy as np

from services.geofencing.engine.compiled import compiled
from services.geofencing.engine.shapes import Floats, Integers


@compiled
def first_outside(values: Floats, nearest: float, farthest: float) -> int:
    """The first place with a value that is not 0 and whose magnitude is not between two others; -1 if there is none."""
    for place in range(len(values)):
        size = abs(values[place])
        if not (size == 0.0 or nearest <= size <= farthest):  # so is what is not a number
            return place
    return -1


@compiled
def cut(corners: Floats, counts: Integers, size: int) -> tuple[Floats, Floats, Integers, Integers, Floats]:
    """Columns of the corners, and the chains of up to `size` edges: first corner, last corner, box. `counts` has the
    corners of each ring."""
    chains = 0
    for ring in range(len(counts)):
        chains += (counts[ring] + size - 2) // size
    x, y = np.empty(len(corners)), np.empty(len(corners))
    first, last, box = np.empty(chains, np.int64), np.empty(chains, np.int64), np.empty((chains, 4))
    chain = start = 0
    for ring in range(len(counts)):
        stop = start + counts[ring]
        for corner in range(start, stop):
            x[corner], y[corner] = corners[corner, 0], corners[corner, 1]
        while start < stop - 1:
            end = min(start + size, stop - 1)
            first[chain], last[chain] = start, end
            west, east, south, north = x[start], x[start], y[start], y[start]
            for corner in range(start + 1, end + 1):
                west, east = min(west, x[corner]), max(east, x[corner])
                south, north = min(south, y[corner]), max(north, y[corner])
            box[chain, 0], box[chain, 1], box[chain, 2], box[chain, 3] = west, east, south, north
            chain += 1
            start = end
        start = stop
    return x, y, first, last, box
