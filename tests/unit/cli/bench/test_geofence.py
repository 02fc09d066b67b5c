"""What `bench geofence` compares with, and that it notices a different answer."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from services.cli.bench.geofence import data
from services.cli.bench.geofence.cases import exactly_inside, hard_cases
from services.cli.bench.geofence.standing import CORNERS_MAX, standing_zones
from services.cli.bench.geofence.table import same_ids


def test_an_engine_that_finds_others_stops_the_benchmark() -> None:
    right, wrong = (lambda: np.array([2, 1])), (lambda: np.array([1, 3]))
    assert same_ids("a cell", {"one": right, "other": lambda: np.array([1, 2])}) == 2
    with pytest.raises(RuntimeError, match="a cell: other"):
        same_ids("a cell", {"one": right, "other": wrong})


def test_the_exact_answer_counts_edges_and_holes() -> None:
    shape = shapely.Polygon([(0, 0), (4, 0), (4, 4), (0, 4)], [[(1, 1), (3, 1), (3, 3), (1, 3)]])
    inside = [(0.5, 2.0), (0.0, 4.0), (4.0, 2.0), (1.0, 2.0), (3.0, 3.0)]
    outside = [(2.0, 2.0), (5.0, 0.0), (-1.0, 4.0), (4.000000001, 2.0)]
    assert [exactly_inside(shape, *position) for position in inside + outside] == [True] * 5 + [False] * 4


def test_polygons_have_the_corners_and_sizes_they_say() -> None:
    rng = np.random.default_rng(0)
    for make in (data.coast, data.star):
        shape = make(rng, 3.0, 1_000)
        assert shapely.get_num_coordinates(shape) == 1_001
        assert 4.0 < shape.bounds[2] - shape.bounds[0] < 8.0
    assert set(data.wenchuan_zones()) == {"core", "affected", "ripple"}
    assert max(shapely.get_num_coordinates(zone) for zone in standing_zones().values()) <= CORNERS_MAX


def test_positions_and_hard_cases_are_the_same_in_every_run() -> None:
    assert np.array_equal(data.positions(100), data.positions(100))
    first, again = (list(hard_cases(seed=9, count=12)) for _ in range(2))
    assert all(one.shape.equals(other.shape) and np.array_equal(one.lon_lat, other.lon_lat)
               for one, other in zip(first, again, strict=True))  # fmt: skip
