"""Positions sorted into rows: by latitude into stretches of equal length, each by longitude."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from services.geofencing.engine.shapes import Floats, Integers

ROW_SHARE: Final = 1.0
"""Positions in a row, in square roots of their number. Measured."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Sorted positions. Row r has those from `start[r]` to `start[r + 1]`, between latitudes `low[r]` and `high[r]`."""

    ids: Integers
    x: Floats
    y: Floats
    start: Integers
    low: Floats
    high: Floats


def sort_into_rows(ids: Integers, x: Floats, y: Floats) -> Rows:
    """Sort; about a fifth of a second for a million. Takes no notice of the order given."""
    count = len(ids)
    width = max(1, math.ceil(ROW_SHARE * math.sqrt(count)))
    rows = -(-count // width)
    order = np.argsort(y)
    start = np.minimum(np.arange(rows + 1, dtype=np.int64) * width, count)
    low, high = y[order[start[:-1]]], y[order[start[1:] - 1]]
    by_x = np.full(rows * width, np.inf)
    by_x[:count] = x[order]
    in_row = np.argsort(by_x.reshape(rows, width), axis=1)  # what fills the last row up stays at its end
    order = order[(in_row + start[:-1, None]).ravel()[:count]]
    return Rows(ids[order], x[order], y[order], start, low, high)
