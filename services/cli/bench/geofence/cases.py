"""Hard cases of "is this position in this shape": made to break engines that round. Deterministic by seed.

Random positions never lie on an edge, so every shape here comes with positions on its corners, on its edges as
nearly as numbers allow, one step of the last digit beside them, in line with edges beyond their ends, level with
corners, and twice in one place.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon
from shapely.affinity import affine_transform

Floats = NDArray[np.float64]
POSITIONS_PER_SHAPE: Final = 100


@dataclass(frozen=True, slots=True)
class Case:
    """A shape and positions to hold against it."""

    name: str
    shape: shapely.Geometry
    lon_lat: Floats


def hard_cases(seed: int, count: int) -> Iterator[Case]:
    """As many shapes, by turns of each kind, each with `POSITIONS_PER_SHAPE` positions."""
    rng = np.random.default_rng(seed)
    kinds = list(_KINDS.items())
    for number in range(count):
        name, make = kinds[number % len(kinds)]
        shape = _placed(make(rng), rng, number // len(kinds))
        yield Case(name, shape, _positions(shape, rng))


def exactly_inside(shape: shapely.Geometry, lon: float, lat: float) -> bool:
    """Without rounding: on an edge, or an odd number of edges to the east."""
    odd = False
    for ring in shapely.get_rings(shapely.get_parts(shape)):
        (px, *xs), (py, *ys) = (_whole([at, *of]) for at, of in zip((lon, lat), ring.coords.xy, strict=True))
        for (ax, ay), (bx, by) in pairwise(zip(xs, ys, strict=True)):
            turn = (bx - ax) * (py - ay) - (by - ay) * (px - ax)
            if turn == 0 and min(ax, bx) <= px <= max(ax, bx) and min(ay, by) <= py <= max(ay, by):
                return True
            if (ay > py) != (by > py) and (turn > 0) == (by > ay):
                odd = not odd
    return odd


def _whole(numbers: Sequence[float]) -> list[int]:
    """The same numbers exactly, all times one power of two; whole ones are ten times quicker than fractions."""
    ratios = [number.as_integer_ratio() for number in numbers]
    scale = max(below for _, below in ratios)
    return [above * (scale // below) for above, below in ratios]


def _star(rng: np.random.Generator, corners: int = 12) -> Polygon:
    angle = np.sort(rng.choice(4 * corners, corners, replace=False)) * (math.pi / (2 * corners))
    radius = rng.uniform(0.2, 1.0, corners)
    return Polygon(np.column_stack((radius * np.cos(angle), radius * np.sin(angle))))


def _on_grid(rng: np.random.Generator) -> shapely.Geometry:
    """Corners on a coarse grid: many exact collinearities."""
    shape = shapely.make_valid(Polygon(np.round(shapely.get_coordinates(_star(rng)) * 8) / 8))
    largest = max((part for part in shapely.get_parts(shape) if isinstance(part, Polygon)), key=lambda part: part.area)
    return largest if largest.area > 0 else shapely.box(0, 0, 1, 1)


def _with_holes(_: np.random.Generator) -> Polygon:
    """One hole free, one that touches the shell, one that touches the other at a corner."""
    holes = [[(1, 1), (2, 3), (3, 1)], [(0, 4), (1, 3), (1, 5)], [(3, 1), (4, 2), (4, 1)]]
    return Polygon([(0, 0), (6, 0), (6, 6), (0, 6)], holes)


def _sliver(rng: np.random.Generator) -> Polygon:
    """A triangle a few last digits wide."""
    width = 2.0 ** -float(rng.integers(20, 52))
    return Polygon([(0, 0), (1, 1 / 3), (1, 1 / 3 + width)])


def _spiked(rng: np.random.Generator) -> Polygon:
    """A square with a spike far thinner than long."""
    width = 2.0 ** -float(rng.integers(10, 45))
    return Polygon([(0, 0), (1, 0), (1, 0.5), (9, 0.7), (1, 0.5 + width), (1, 1), (0, 1)])


def _comb(_: np.random.Generator) -> Polygon:
    """Only level and upright edges, many of them in line, and corners where there is no turn."""
    teeth = [(x + dx, y) for x in range(0, 10, 2) for dx, y in ((0, 1), (0, 3), (1, 3), (1, 2), (1, 1))]
    return Polygon([(-1, 0), (4, 0), (10, 0), (10, 1), *reversed(teeth), (-1, 1)])


def _touching(_: np.random.Generator) -> MultiPolygon:
    """A chessboard: parts that share corners only."""
    return MultiPolygon([shapely.box(x, y, x + 1, y + 1) for x in range(5) for y in range(5) if (x + y) % 2 == 0])


def _over_antimeridian(rng: np.random.Generator) -> MultiPolygon:
    """Cut at 180 degrees into two parts."""
    top, bottom = rng.uniform(0.1, 2.0, 2)
    east = Polygon([(178, 0), (180, -bottom), (180, top)])
    return MultiPolygon([east, Polygon([(-180, -bottom), (-177, 0), (-180, top)])])


def _twice(rng: np.random.Generator) -> Polygon:
    """Corners that come twice in a row."""
    return Polygon(np.repeat(shapely.get_coordinates(_star(rng, 8))[:-1], 2, axis=0))


def _through_the_middle(rng: np.random.Generator) -> Polygon:
    """An edge past 0, where positions have more digits than the differences to its ends can hold."""
    east, north = rng.integers(1, 12, 2)
    return Polygon([(-4 * east, -4 * north), (8 * east, 8 * north), (8 * east, -4 * north)])


def _many_corners(rng: np.random.Generator) -> Polygon:
    """Enough for edges to be held in chains."""
    return _star(rng, 2_500)


_KINDS: Final[dict[str, Callable[[np.random.Generator], shapely.Geometry]]] = {
    "star": _star,
    "grid": _on_grid,
    "holes": _with_holes,
    "sliver": _sliver,
    "spike": _spiked,
    "comb": _comb,
    "touching": _touching,
    "antimeridian": _over_antimeridian,
    "repeated corners": _twice,
    "through the middle": _through_the_middle,
    "many corners": _many_corners,
}


def _placed(shape: shapely.Geometry, rng: np.random.Generator, turn: int) -> shapely.Geometry:
    """As it is, at a place on the map, leaning, tiny, or huge, by turns."""
    if shape.bounds[2] > 179:
        return shape
    scale, lean, east, north = [
        (1.0, 0.0, 0.0, 0.0),
        (float(rng.uniform(0.001, 2)), 0.0, float(rng.uniform(75, 130)), float(rng.uniform(20, 50))),
        (1.0, float(rng.uniform(-1, 1)), 103.4, 31.0),
        (2.0**-200, 0.0, 0.0, 0.0),
        (2.0**200, 0.0, 0.0, 0.0),
    ][turn % 5]
    placed = affine_transform(shape, [scale, lean, -lean, scale, east, north])
    return placed if placed.is_valid else shape


def _positions(shape: shapely.Geometry, rng: np.random.Generator) -> Floats:
    rings = [shapely.get_coordinates(ring) for ring in shapely.get_rings(shapely.get_parts(shape))]
    start, end = np.concatenate([ring[:-1] for ring in rings]), np.concatenate([ring[1:] for ring in rings])
    along = np.where((start == end).all(axis=1, keepdims=True), 1.0, end - start)
    west, south, east, north = shape.bounds
    anywhere = rng.uniform((west, south), (east, north), (20, 2))
    level = np.column_stack((anywhere[:, 0], start[rng.integers(len(start), size=20), 1]))
    upright = np.column_stack((start[rng.integers(len(start), size=20), 0], anywhere[:, 1]))
    share = rng.choice([-1.0, 0.25, 0.375, 0.5, 1 / 3, 0.7, 1.5, 2.0], (len(start), 1))
    in_line = start + share * along
    nearest_0 = -(start * along).sum(axis=1, keepdims=True) / (along**2).sum(axis=1, keepdims=True)
    fine = start + (nearest_0 + rng.choice([-1 / 24, 1 / 96, 1 / 48, 1 / 24], (len(start), 1))) * along
    beside = np.concatenate((start, in_line, *[fine] * 4))
    beside = beside + rng.integers(-4, 5, beside.shape) * np.spacing(np.maximum(np.abs(beside), 2.0**-300))
    pool = np.concatenate((start, in_line, beside, anywhere, level, upright, start))
    return pool[rng.integers(len(pool), size=POSITIONS_PER_SHAPE)]
