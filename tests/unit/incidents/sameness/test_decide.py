"""Which open incidents may be the same."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from geopy.distance import great_circle
from hypothesis import given
from hypothesis import strategies as st

from schemas.vocabulary import IncidentKind
from services.incidents.geometry import Box
from services.incidents.sameness.decide import ALIKE_MAX, Happening, Thresholds, alike, apart_km, around
from tests.unit.incidents.builders import NOW, REFERENCE

RULE = Thresholds(apart=timedelta(minutes=30), apart_km=100)


def happening(number: int, *, minutes: float = 0, lon_deg: float = 103, lat_deg: float = 31) -> Happening:
    box = Box(lon_deg, lat_deg, lon_deg, lat_deg)
    return Happening(incident_id=UUID(int=number), occurred_at=NOW + timedelta(minutes=minutes), box=box)


@pytest.mark.parametrize(
    ("other", "is_alike"),
    [
        (happening(2, minutes=29), True),
        (happening(2, minutes=-31), False),
        (happening(2, lat_deg=31.8), True),
        (happening(2, lat_deg=32), False),
        (happening(1), False),
    ],
)
def test_near_in_time_and_place_is_alike_and_nothing_else(other: Happening, is_alike: bool) -> None:
    assert bool(alike(happening(1), [other], RULE)) is is_alike


def test_the_nearest_comes_first() -> None:
    found = alike(happening(1), [happening(2, lat_deg=31.5), happening(3, lat_deg=31.1), happening(4)], RULE)
    assert [one.incident_id.int for one in found] == [4, 3, 2]
    assert [one.apart_km for one in found] == [0, 11.1, 55.6]


def test_the_antimeridian_is_no_wall() -> None:
    assert apart_km(Box(179.9, 0, 179.9, 0), Box(-179.9, 0, -179.9, 0)) == pytest.approx(22.2, abs=0.1)


def test_the_limits_themselves_are_alike_and_one_incident_is_not_like_itself() -> None:
    assert alike(happening(1), [happening(2, minutes=30)], RULE)
    assert alike(happening(1), [happening(2, minutes=-30)], RULE)
    rule = Thresholds(apart=RULE.apart, apart_km=apart_km(happening(1).box, happening(2, lat_deg=31.5).box))
    assert alike(happening(1), [happening(2, lat_deg=31.5)], rule)


def test_the_box_that_is_searched_goes_round_the_globe_only_where_it_must() -> None:
    small = around(Box(103, 31, 103, 31), 100)
    assert small.east_deg - small.west_deg < 3
    assert small.north_deg - small.south_deg < 2
    for edge in (Box(179.9, 0, 179.9, 0), Box(-179.9, 0, -179.9, 0), Box(10, 89.99, 10, 89.99)):
        wide = around(edge, 100)
        assert (wide.west_deg, wide.east_deg) == (-180, 180)


def test_every_kind_has_thresholds() -> None:
    assert set(REFERENCE.alike) == set(IncidentKind)


DEGREES = st.tuples(st.floats(-179, 179), st.floats(-85, 85))


@given(DEGREES, st.floats(-1, 1), st.floats(-1, 1))
def test_points_within_a_degree_are_as_far_apart_as_the_ellipse_says(
    at: tuple[float, float], east: float, north: float
) -> None:
    lon, lat = at
    other = (lon + east, lat + north)
    found = apart_km(Box(lon, lat, lon, lat), Box(*other, *other))
    assert found <= great_circle((lat, lon), (other[1], other[0])).km * 1.02 + 0.1


@given(DEGREES, DEGREES)
def test_being_alike_goes_both_ways(one: tuple[float, float], other: tuple[float, float]) -> None:
    here, there = Box(*one, *one), Box(*other, *other)
    assert apart_km(here, there) == pytest.approx(apart_km(there, here))


@given(
    st.tuples(st.floats(-180, 180), st.floats(-90, 90)), st.floats(0, 360), st.floats(0.5, 1.0),
    st.sampled_from([3.0, 100.0, 500.0]),
)  # fmt: skip
def test_whatever_is_near_enough_meets_the_box_that_is_searched(
    at: tuple[float, float], bearing_deg: float, share: float, reach_km: float
) -> None:
    there = great_circle(kilometers=reach_km * share).destination((at[1], at[0]), bearing_deg)
    here, other = Box(at[0], at[1], at[0], at[1]), Box(there.longitude, there.latitude, there.longitude, there.latitude)
    if apart_km(here, other) <= reach_km:
        assert around(here, reach_km).meets(other)


def test_only_the_nearest_are_asked_about() -> None:
    crowd = [happening(number, lat_deg=31 + number / 1000) for number in range(2, 200)]
    assert [one.incident_id.int for one in alike(happening(1), crowd, RULE)] == list(range(2, 2 + ALIKE_MAX))
