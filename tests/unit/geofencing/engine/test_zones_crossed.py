"""Which zones members enter and leave: the same as holding every position against every zone."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from services.cli.bench.geofence.cases import hard_cases
from services.geofencing.engine import Crossings, ZoneIndex
from services.geofencing.engine.grid import lay_out
from tests.support.properties import examples

KINDS = 11
EAST, BOTH, FAR = shapely.box(0, 0, 2, 2), shapely.box(1, 1, 5, 5), shapely.box(20, 20, 21, 21)


def told(crossings: Crossings) -> list[tuple[int, int, bool]]:
    columns = (crossings.member, crossings.zone, crossings.entered)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def test_entering_leaving_and_standing_still() -> None:
    index = ZoneIndex({7: EAST, 8: BOTH})
    assert told(index.update([3], [(0.5, 0.5)])) == [(3, 7, True)]
    assert told(index.update([3, 3, 1], [(2.0, 2.0), (5.0, 5.0), (9.0, 9.0)])) == [(3, 8, True), (3, 7, False)]
    assert told(index.update([3], [(4.0, 4.0)])) == []
    assert (index.zones_of(3), index.zones_of(1), index.zones_of(999)) == ([8], [], [])
    assert told(index.forget([3, 3, 1, 50_000])) == [(3, 8, False)]
    assert told(index.update([3], [(4.0, 4.0)])) == [(3, 8, True)]


def test_more_crossings_at_once_than_there_is_room_for_are_all_told() -> None:
    index = ZoneIndex({zone: shapely.box(0, 0, 2 + zone, 2) for zone in range(5)})
    members = np.arange(100)
    wanted = {(member, zone, True) for member in range(100) for zone in range(5)}
    entered = told(index.update(members, np.full((100, 2), 1.0)))
    assert (len(entered), set(entered)) == (500, wanted)


def test_positions_of_nobody_in_particular() -> None:
    places, zones = ZoneIndex({7: EAST, 8: BOTH}).holding([(0.5, 0.5), (9.0, 9.0), (1.5, 1.5)])
    assert list(zip(places.tolist(), zones.tolist(), strict=True)) == [(0, 7), (2, 7), (2, 8)]
    assert [len(column) for column in ZoneIndex({}).holding(np.empty((0, 2)))] == [0, 0]


def test_redrawn_zones_tell_only_what_changed() -> None:
    index = ZoneIndex({7: EAST, 8: BOTH, 9: FAR})
    index.update([0, 1, 2], [(0.5, 0.5), (1.5, 1.5), (20.5, 20.5)])
    assert told(index.redraw({8: EAST, 10: shapely.box(1, 1, 2, 2), 9: FAR})) == [
        (0, 7, False), (1, 7, False), (0, 8, True), (1, 10, True),
    ]  # fmt: skip
    assert told(index.redraw({})) == [(0, 8, False), (1, 8, False), (1, 10, False), (2, 9, False)]
    assert told(index.update([0], [(0.5, 0.5)])) == []


@pytest.mark.parametrize("case", list(hard_cases(seed=5, count=2 * KINDS)), ids=lambda case: case.name)
def test_hard_cases_equal_shapely(case) -> None:
    index = ZoneIndex({0: case.shape})
    members = np.arange(len(case.lon_lat))
    entered = index.update(members, case.lon_lat)
    assert entered.entered.all()
    assert np.isin(members, entered.member).tolist() == shapely.intersects_xy(case.shape, *case.lon_lat.T).tolist()


DEGREES = st.floats(-30, 30).map(lambda degrees: round(degrees, 9))
CENTRES = st.tuples(DEGREES, DEGREES, st.floats(0.01, 20), st.integers(3, 40))


@settings(max_examples=examples(40))
@given(blobs=st.lists(CENTRES, min_size=1, max_size=70), seed=st.integers(0, 2**32 - 1))
def test_many_zones_over_one_another_equal_every_zone_by_itself(blobs, seed: int) -> None:
    zones = {}
    for number, (lon, lat, radius, corners) in enumerate(blobs):
        angles = np.linspace(0, 2 * np.pi, corners, endpoint=False)
        zones[3 * number] = shapely.Polygon(
            np.column_stack((lon + radius * np.cos(angles), lat + radius * np.sin(angles)))
        )
    index, rng = ZoneIndex(zones), np.random.default_rng(seed)
    held: set[tuple[int, int]] = set()
    for _ in range(3):
        members, lon_lat = rng.integers(0, 50, 80), rng.uniform(-50, 50, (80, 2))
        for member, zone, entered in told(index.update(members, lon_lat)):
            assert ((member, zone) in held) != entered
            held ^= {(member, zone)}
        last = dict(zip(members.tolist(), lon_lat.tolist(), strict=True))
        for member, (lon, lat) in last.items():
            inside = [zone for zone, shape in zones.items() if shapely.intersects_xy(shape, lon, lat)]
            assert index.zones_of(member) == inside
            assert sorted(zone for who, zone in held if who == member) == inside


def test_positions_on_the_lines_of_the_grid() -> None:
    angles = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    ring = np.column_stack((np.cos(angles), np.sin(angles)))
    zones = {number: shapely.Polygon(100 + 3.3 * number + 2.1 * ring) for number in range(5)}
    grid = lay_out(list(zones.values()))
    rng = np.random.default_rng(6)
    column, row = rng.integers(0, grid.columns + 1, 3_000), rng.integers(0, grid.rows + 1, 3_000)
    lon_lat = grid.origin + np.column_stack((column, row)) / grid.per_degree
    lon_lat += rng.integers(-2, 3, lon_lat.shape) * np.spacing(lon_lat)
    places, held = ZoneIndex(zones).holding(lon_lat)
    expected = [np.flatnonzero(shapely.intersects_xy(zone, *lon_lat.T)) for zone in zones.values()]
    assert [np.sort(places[held == number]).tolist() for number in zones] == [found.tolist() for found in expected]
    assert min(map(len, expected)) > 50


def test_bad_members_and_zones_are_refused() -> None:
    index = ZoneIndex({})
    assert told(index.update([0], [(1.0, 1.0)])) == []
    with pytest.raises(ValueError, match="from 0 on"):
        index.update([-1], [(1.0, 1.0)])
    with pytest.raises(TypeError, match="Point"):
        index.redraw({1: shapely.Point(0, 0)})
