"""Which positions a polygon holds: the same as exact arithmetic and shapely say, however they came into the index."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from services.cli.bench.geofence.cases import exactly_inside, hard_cases
from services.geofencing.engine import PointIndex, ZoneIndex, chains, loops, moving, points, warm_up
from tests.support.properties import examples

KINDS = 11
SQUARE = shapely.box(0, 0, 4, 4)


def found(index: PointIndex, shape: shapely.Geometry) -> list[int]:
    return sorted(index.query(shape).tolist())


def index_of(lon_lat: np.ndarray) -> PointIndex:
    return PointIndex(np.arange(len(lon_lat)), lon_lat)


@pytest.mark.parametrize("case", list(hard_cases(seed=1, count=4 * KINDS)), ids=lambda case: case.name)
def test_hard_cases_equal_shapely_and_a_sample_exact_arithmetic(case) -> None:
    answer = np.isin(np.arange(len(case.lon_lat)), index_of(case.lon_lat).query(case.shape))
    assert answer.tolist() == shapely.intersects_xy(case.shape, *case.lon_lat.T).tolist()
    for place in range(0, len(case.lon_lat), 20):
        assert answer[place] == exactly_inside(case.shape, *case.lon_lat[place].tolist())


def test_many_positions_with_ties_in_both_coordinates() -> None:
    rng = np.random.default_rng(2)
    lon_lat = np.round(rng.normal(0, 2, (20_000, 2)), 1)  # rows that begin and end at one latitude, places shared
    index = index_of(lon_lat)
    angles = np.linspace(0, 2 * np.pi, 3_000, endpoint=False)
    radius = 2 + rng.uniform(-1, 1, len(angles))
    star = shapely.Polygon(np.round(np.column_stack((radius * np.cos(angles), radius * np.sin(angles))), 3))
    for shape in (shapely.box(-1.5, -0.7, 0.3, 3.1), star, shapely.box(50, 50, 51, 51), shapely.Polygon()):
        assert found(index, shape) == np.flatnonzero(shapely.intersects_xy(shape, *lon_lat.T)).tolist()


SMALL = st.integers(0, 8).map(float)
STEPS = st.lists(
    st.tuples(st.sampled_from(["move", "remove", "resort"]), st.integers(0, 12), SMALL, SMALL), max_size=30
)


@settings(max_examples=examples(60))
@given(steps=STEPS)
def test_moves_and_removals_in_any_order_equal_a_plain_table(steps: list[tuple[str, int, float, float]]) -> None:
    table = {number: (float(number), 1.0) for number in range(6)}
    index = index_of(np.array(list(table.values())))
    for step, number, lon, lat in steps:
        if step == "move":
            index.move([number, number], [(9.0, 9.0), (lon, lat)])
            table[number] = (lon, lat)
        elif step == "remove":
            index.remove([number])
            table.pop(number, None)
        else:
            index.resort()
        assert found(index, SQUARE) == sorted(key for key, (lon, lat) in table.items() if lon <= 4 and lat <= 4)
        assert len(index) == len(table)


def test_what_moves_and_goes_while_a_resort_works_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    index = index_of(np.array([(1.0, 1.0), (2.0, 2.0), (3.0, 3.0), (9.0, 9.0)]))
    index.move([0], [(8.0, 8.0)])

    def sort_slowly(*columns):
        index.move([1, 3, 7], [(8.0, 8.0), (1.5, 1.5), (0.0, 0.0)])
        index.remove([2, 5])
        return sort(*columns)

    sort = points.sort_into_rows
    monkeypatch.setattr(points, "sort_into_rows", sort_slowly)
    index.resort()
    assert found(index, SQUARE) == [3, 7]
    assert (len(index), index.unsorted) == (4, 3)


def test_an_empty_index_holds_nothing_and_can_be_filled() -> None:
    index = PointIndex([], np.empty((0, 2)))
    assert found(index, SQUARE) == []
    index.move([3], [(1, 1)])
    assert found(index, SQUARE) == [3]


@pytest.mark.parametrize(
    ("ids", "lon_lat", "words"),
    [
        ([0], [(np.nan, 1.0)], "position 0"),
        ([0, 1], [(1.0, 1.0), (1.0, np.inf)], "position 1"),
        ([0], [(1e-200, 1.0)], "too near to"),
        ([0, 1], [(1.0, 1.0)], "shape"),
        ([-1], [(1.0, 1.0)], "from 0 on"),
        ([0.5], [(1.0, 1.0)], "integers"),
        ([4, 4], [(1.0, 1.0), (2.0, 2.0)], "twice"),
    ],
)
def test_bad_positions_are_refused(ids, lon_lat, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        PointIndex(ids, lon_lat)


def test_as_near_to_and_far_from_0_as_sides_are_exact_and_no_farther() -> None:
    near, far = 2.0**-400, 2.0**400
    assert found(index_of(np.array([(near, -far), (-near, far)])), SQUARE) == []
    for beyond in (near / 2, far * 2):
        with pytest.raises(ValueError, match="position 1 is not"):
            index_of(np.array([(near, far), (1.0, -beyond)]))


def test_bad_shapes_are_refused() -> None:
    index = PointIndex([0], [(1.0, 1.0)])
    with pytest.raises(TypeError, match="LineString"):
        index.query(shapely.LineString([(0, 0), (1, 1)]))
    with pytest.raises(ValueError, match="corner 2"):
        index.query(shapely.Polygon([(0, 0), (1, 0), (1, np.inf), (0, 1)]))


def variants() -> dict[str, int]:
    """For how many kinds of arguments each loop is compiled."""
    return {
        name: len(loop.signatures)
        for module in (chains, loops, moving)
        for name, loop in vars(module).items()
        if hasattr(loop, "signatures")
    }


def test_after_warming_up_nothing_is_compiled_however_arrays_are_laid_out() -> None:
    warm_up()
    before = variants()
    lon_lat = np.asfortranarray([(1.0, 1.0), (9.0, 9.0)])
    lon_lat.flags.writeable = False
    index = PointIndex(np.array([1, 2], dtype=np.uint8), lon_lat)
    index.move(np.arange(4)[::2], lon_lat)
    index.query(shapely.MultiPolygon([SQUARE]))
    ZoneIndex({1: SQUARE, 2: shapely.Polygon()}).update([1, 2], lon_lat)
    assert variants() == before


def test_importing_the_engine_does_not_load_numba() -> None:
    program = "import sys, services.geofencing.engine; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
