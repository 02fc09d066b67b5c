"""The loops that find out what lies in a shape. All in one file: Numba keeps compiled loops on disk, and notices a
change only of the file that a loop itself is in, not of those that it calls.

Sides are exact: the sign of a 2x2 determinant by floating-point arithmetic with an error bound and, where that does
not settle it, by expansions, whose sum is exact (J. R. Shewchuk, Adaptive precision floating-point arithmetic and fast
robust geometric predicates, Discrete & Computational Geometry 18, 1997). The products must neither overflow nor
underflow, which `shapes.check_domain` sees to, and multiply-add must not be fused, which Numba does not do.

Positions are sorted into rows: stretches of about equal latitude, each sorted by longitude. In a row, the chains of the
outline that touch its latitudes cover a few intervals of longitude. Positions within an interval are tested one by
one; all positions between two intervals lie on the same side of every edge, so that the first decides for all.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from services.geofencing.engine.compiled import compiled
from services.geofencing.engine.shapes import Booleans, Floats, Integers

_EPSILON: Final = 2.0**-53
_BOUND: Final = (3.0 + 16.0 * _EPSILON) * _EPSILON
"""Shewchuk's ccwerrboundA."""
_SPLITTER: Final = 2.0**27 + 1.0
_PARTS: Final = 16
_SLACK: Final = 2.0**-48
"""Where an edge meets a latitude is known to a few roundings; intervals are made wider by more than that."""


@compiled
def side(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> int:
    """1 if p is left of the line from a to b, -1 if right, 0 if on it."""
    left = (ax - px) * (by - py)
    right = (ay - py) * (bx - px)
    determinant = left - right
    bound = _BOUND * (abs(left) + abs(right))
    if determinant > bound:
        return 1
    if -determinant > bound:
        return -1
    if left == 0.0 and right == 0.0:  # a rounded difference or product is 0 only if the exact one is
        return 0
    return exact_side(ax, ay, bx, by, px, py)


@compiled
def exact_side(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> int:
    """The same without the shortcut: every difference and product with what rounding took from it."""
    parts = np.zeros(_PARTS)
    count = 0
    for one, other, sign in ((ax - px, by - py, 1.0), (ay - py, bx - px, -1.0)):
        if sign > 0.0:
            one_rest, other_rest = _lost(ax, px, one), _lost(by, py, other)
        else:
            one_rest, other_rest = _lost(ay, py, one), _lost(bx, px, other)
        for u in (one, one_rest):
            for v in (other, other_rest):
                product = u * v
                count = _grow(parts, count, sign * _product_rest(u, v, product))
                count = _grow(parts, count, sign * product)
    for index in range(count - 1, -1, -1):  # the last part that is not 0 outweighs all before it
        if parts[index] != 0.0:
            return 1 if parts[index] > 0.0 else -1
    return 0


@compiled
def _lost(a: float, b: float, difference: float) -> float:
    """What rounding took from a - b."""
    b_virtual = a - difference
    a_virtual = difference + b_virtual
    return (a - a_virtual) + (b_virtual - b)


@compiled
def _product_rest(a: float, b: float, product: float) -> float:
    """What rounding took from a * b."""
    big = _SPLITTER * a
    a_high = big - (big - a)
    a_low = a - a_high
    big = _SPLITTER * b
    b_high = big - (big - b)
    b_low = b - b_high
    return a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low)


@compiled
def _grow(parts: Floats, count: int, value: float) -> int:
    """Add a value to an expansion of `count` parts, smallest first."""
    carried = value
    for index in range(count):
        total = carried + parts[index]
        virtual = total - carried
        parts[index] = (carried - (total - virtual)) + (parts[index] - virtual)
        carried = total
    parts[count] = carried
    return count + 1


@compiled
def inside(
    x: Floats, y: Floats, first: Integers, last: Integers,
    chain: Integers, west: Floats, east: Floats, start: int, stop: int, px: float, py: float,
) -> bool:  # fmt: skip
    """Whether a position lies inside or on an edge, by the edges that a ray to the east meets.

    Entries start to stop name the chains that reach the position's latitude and the longitudes (west, east) that they
    keep to there. A chain wholly east counts by its ends alone.
    """
    odd = False
    for entry in range(start, stop):
        if px > east[entry]:
            continue
        begin, end = first[chain[entry]], last[chain[entry]]
        if px < west[entry]:
            odd = odd != ((y[begin] > py) != (y[end] > py))
            continue
        for edge in range(begin, end):
            ax, ay, bx, by = x[edge], y[edge], x[edge + 1], y[edge + 1]
            if (ay > py) != (by > py):
                if px < min(ax, bx):
                    odd = not odd
                elif px <= max(ax, bx):
                    upward = side(ax, ay, bx, by, px, py) if ay < by else side(bx, by, ax, ay, px, py)
                    if upward == 0:
                        return True
                    odd = odd != (upward > 0)
            elif ay == py and (ax == px or (by == py and min(ax, bx) <= px <= max(ax, bx))):
                return True
    return odd


@compiled
def at_least(ascending: Floats, start: int, stop: int, wanted: float) -> int:
    """The first place from start to stop with a value of at least the one wanted."""
    while start < stop:
        middle = (start + stop) // 2
        if ascending[middle] < wanted:
            start = middle + 1
        else:
            stop = middle
    return start


@compiled
def above(ascending: Floats, start: int, stop: int, wanted: float) -> int:
    """The first place from start to stop with a value above the one wanted."""
    while start < stop:
        middle = (start + stop) // 2
        if ascending[middle] <= wanted:
            start = middle + 1
        else:
            stop = middle
    return start


@compiled
def reach(x: Floats, y: Floats, begin: int, end: int, low: float, high: float) -> tuple[float, float]:
    """The longitudes that a chain keeps to between two latitudes, never too narrow."""
    west, east = np.inf, -np.inf
    for edge in range(begin, end):
        ax, ay, bx, by = x[edge], y[edge], x[edge + 1], y[edge + 1]
        if ay > by:
            ax, ay, bx, by = bx, by, ax, ay
        if by < low or ay > high:
            continue
        at_low, at_high = ax, bx
        slack = _SLACK * max(abs(ax), abs(bx))
        if ay < low:
            at_low = ax + (low - ay) / (by - ay) * (bx - ax)
        if by > high:
            at_high = ax + (high - ay) / (by - ay) * (bx - ax)
        west = min(west, min(at_low, at_high) - slack)
        east = max(east, max(at_low, at_high) + slack)
    return west, east


@compiled
def spread(
    x: Floats, y: Floats, first: Integers, last: Integers, box: Floats, low: Floats, high: Floats
) -> tuple[int, Integers, Integers, Floats, Floats]:  # fmt: skip
    """Which chains each row has: the first row that has any, the start of each row's entries, and the entries sorted
    by their western end. `low` and `high` are the rows' latitudes."""
    chains = len(first)
    from_row, to_row = np.empty(chains, np.int64), np.empty(chains, np.int64)
    top, bottom = -1, len(low)
    for number in range(chains):
        from_row[number] = at_least(high, 0, len(high), box[number, 2])
        to_row[number] = above(low, 0, len(low), box[number, 3])
        if from_row[number] < to_row[number]:
            bottom = min(bottom, from_row[number])
            top = max(top, to_row[number])
    starts = np.zeros(max(top - bottom, 0) + 1, np.int64)
    for number in range(chains):
        for row in range(from_row[number], to_row[number]):
            starts[row - bottom + 1] += 1
    for row in range(1, len(starts)):
        starts[row] += starts[row - 1]
    entries, free = starts[-1], starts.copy()
    chain, west, east = np.empty(entries, np.int64), np.empty(entries), np.empty(entries)
    for number in range(chains):
        for row in range(from_row[number], to_row[number]):
            from_x, to_x = box[number, 0], box[number, 1]
            if box[number, 2] < low[row] or box[number, 3] > high[row]:
                from_x, to_x = reach(x, y, first[number], last[number], low[row], high[row])
            begin, entry = starts[row - bottom], free[row - bottom]
            free[row - bottom] += 1
            while entry > begin and west[entry - 1] > from_x:
                chain[entry], west[entry], east[entry] = chain[entry - 1], west[entry - 1], east[entry - 1]
                entry -= 1
            chain[entry], west[entry], east[entry] = number, from_x, to_x
    return bottom, starts, chain, west, east


@compiled
def runs(
    x: Floats, y: Floats, first: Integers, last: Integers,
    bottom: int, starts: Integers, chain: Integers, west: Floats, east: Floats,
    at_x: Floats, at_y: Floats, row_start: Integers, ends: Integers,
) -> int:  # fmt: skip
    """Write where stretches of positions that are inside start and stop, by turns, into `ends`; return how many there
    are. `ends` has room for one more than the rows hold."""
    count = 0
    for row in range(len(starts) - 1):
        entry, stop = starts[row], starts[row + 1]
        at, end = row_start[bottom + row], row_start[bottom + row + 1]
        if entry < stop:
            at = at_least(at_x, at, end, west[entry])
        while entry < stop and at < end:
            group, until, gap = entry, at, at_x[at] < west[entry]
            if not gap:
                eastmost = east[entry]
                while entry < stop and west[entry] <= eastmost:
                    eastmost = max(eastmost, east[entry])
                    entry += 1
                until = above(at_x, at, end, eastmost)
            else:
                until = at_least(at_x, at, end, west[entry])
            while at < until:
                taken = until if gap else at + 1
                if inside(x, y, first, last, chain, west, east, group, stop, at_x[at], at_y[at]):
                    if count > 0 and ends[count - 1] == at:
                        ends[count - 1] = taken
                    else:
                        ends[count], ends[count + 1] = at, taken
                        count += 2
                at = taken
    return count


@compiled
def singles(
    x: Floats, y: Floats, first: Integers, last: Integers, box: Floats, lon_lat: Floats, found: Integers
) -> int:
    """Write which of some unsorted positions are inside, as places in their array; return how many."""
    chains = len(first)
    chain, west, east = np.empty(chains, np.int64), np.empty(chains), np.empty(chains)
    from_x, to_x, from_y, to_y = np.inf, -np.inf, np.inf, -np.inf
    for number in range(chains):
        chain[number], west[number], east[number] = number, box[number, 0], box[number, 1]
        from_x, to_x = min(from_x, box[number, 0]), max(to_x, box[number, 1])
        from_y, to_y = min(from_y, box[number, 2]), max(to_y, box[number, 3])
    count = 0
    for place in range(len(lon_lat)):
        px, py = lon_lat[place, 0], lon_lat[place, 1]
        if px < from_x or px > to_x or py < from_y or py > to_y:
            continue
        if inside(x, y, first, last, chain, west, east, 0, chains, px, py):
            found[count] = place
            count += 1
    return count


@compiled
def gather(ends: Integers, runs: int, ids: Integers, gone: Booleans, some_gone: bool, found: Integers) -> int:
    """Write the ids of stretches of sorted positions, without those that are gone; return how many."""
    count = 0
    for run in range(0, runs, 2):
        if some_gone:
            for place in range(ends[run], ends[run + 1]):
                found[count] = ids[place]
                count += not gone[place]
        else:
            for place in range(ends[run], ends[run + 1]):
                found[count] = ids[place]
                count += 1
    return count


@compiled
def cell_of(value: float, origin: float, per_degree: float, cells: int) -> int:
    """The column or row of a grid that a coordinate falls in; what lies outside falls in the nearest."""
    return int(min(max((value - origin) * per_degree, 0.0), cells - 1.0))


@compiled
def cover(
    x: Floats, y: Floats, first: Integers, last: Integers,
    bottom: int, starts: Integers, chain: Integers, west: Floats, east: Floats,
    origin: Floats, per_degree: Floats, columns: int, strip: int, zone: int, cells: Integers, codes: Integers,
) -> int:  # fmt: skip
    """Write which cells of a grid a zone touches and how: with its edges, as the number of the strip (this zone's
    chains in this row of the grid, counted from `strip` on), or whole, as -1 - zone. Returns how many."""
    count = 0
    for row in range(len(starts) - 1):
        entry, stop = starts[row], starts[row + 1]
        column, py = -1, origin[1] + (bottom + row + 0.5) / per_degree[1]
        while entry < stop:
            from_column = cell_of(west[entry], origin[0], per_degree[0], columns)
            if 0 <= column < from_column:
                px = origin[0] + (column + 0.5) / per_degree[0]
                if inside(x, y, first, last, chain, west, east, entry, stop, px, py):
                    for whole in range(column, from_column):
                        cells[count], codes[count] = (bottom + row) * columns + whole, -1 - zone
                        count += 1
            column = max(column, from_column)
            for touched in range(column, cell_of(east[entry], origin[0], per_degree[0], columns) + 1):
                cells[count], codes[count] = (bottom + row) * columns + touched, strip + row
                count += 1
                column = touched + 1
            entry += 1
    return count


@compiled
def cross(
    x: Floats, y: Floats, first: Integers, last: Integers, chain: Integers, west: Floats, east: Floats,
    strip_start: Integers, strip_zone: Integers, cell_start: Integers, codes: Integers,
    origin: Floats, per_degree: Floats, columns: int, rows: int,
    held: Integers, begin: int, members: Integers, lon_lat: Floats,
    crossed: Integers,
) -> tuple[int, int]:  # fmt: skip
    """Write what zones members from `begin` on enter and leave with their positions: member, zone, 1 or 0.

    `held` has a bit per zone for each member. Returns how far it came, as `crossed` may be too short, and how many
    rows it wrote."""
    words, count = held.shape[1], 0
    now = np.empty(words, np.int64)
    for number in range(begin, len(members)):
        if count + 64 * words > len(crossed):
            return number, count
        member, px, py = members[number], lon_lat[number, 0], lon_lat[number, 1]
        for word in range(words):
            now[word] = 0
        cell = cell_of(py, origin[1], per_degree[1], rows) * columns + cell_of(px, origin[0], per_degree[0], columns)
        for entry in range(cell_start[cell], cell_start[cell + 1]):
            code = codes[entry]
            zone = -1 - code
            if code >= 0:
                zone = strip_zone[code]
                if not inside(
                    x, y, first, last, chain, west, east, strip_start[code], strip_start[code + 1], px, py
                ):  # fmt: skip
                    continue
            now[zone >> 6] |= 1 << (zone & 63)
        for word in range(words):
            changed = now[word] ^ held[member, word]
            for bit in range(64 if changed != 0 else 0):
                if (changed >> bit) & 1:
                    crossed[count, 0], crossed[count, 1] = member, 64 * word + bit
                    crossed[count, 2] = (now[word] >> bit) & 1
                    count += 1
            held[member, word] = now[word]
    return len(members), count
