"""How exactly a position may be kept, and for how long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from geopy.distance import geodesic
from hypothesis import given
from hypothesis import strategies as st

from services.geofencing.whereabouts.freshness import AHEAD_MAX, CELL_DEG, KEPT, Fix, coarse, out_of_time, to_keep

NOW = datetime(2026, 5, 12, 7, 0, tzinfo=UTC)


def fix(lat: float, lon: float, accuracy_m: float = 8.0) -> Fix:
    """A phone's position."""
    return Fix(volunteer_id=UUID(int=1), lat_deg=lat, lon_deg=lon, accuracy_m=accuracy_m, fixed_at=NOW)


@given(lat=st.floats(-90, 90), lon=st.floats(-180, 180))
def test_a_coarse_position_is_its_cells_middle_and_says_nothing_more(lat: float, lon: float) -> None:
    kept = coarse(fix(lat, lon))
    assert abs(kept.lat_deg) < 90
    assert abs(kept.lon_deg) < 180
    assert abs(kept.lat_deg - lat) <= CELL_DEG / 2 + 1e-6
    assert abs(kept.lon_deg - lon) <= CELL_DEG / 2 + 1e-6
    assert geodesic((lat, lon), (kept.lat_deg, kept.lon_deg)).km < 4
    assert (kept.is_exact, kept.accuracy_m > 2000, coarse(kept)) == (False, True, kept)


@given(dlat=st.floats(0, 0.0499), dlon=st.floats(0, 0.0499))
def test_everybody_of_a_cell_is_kept_at_the_same_place(dlat: float, dlon: float) -> None:
    one, other = coarse(fix(31.0001, 103.4001)), coarse(fix(31.00005 + dlat, 103.40005 + dlon))
    assert (one.lat_deg, one.lon_deg) == (other.lat_deg, other.lon_deg)


def test_exact_on_duty_only() -> None:
    assert to_keep(fix(31.01, 103.41), on_duty=True) == fix(31.01, 103.41)
    assert to_keep(fix(31.01, 103.41), on_duty=False).is_exact is False


@pytest.mark.parametrize(
    ("age", "word"),
    [
        (timedelta(0), None),
        (KEPT, None),
        (KEPT + timedelta(seconds=1), "is older than 24 hours"),
        (-AHEAD_MAX, None),
        (-AHEAD_MAX - timedelta(seconds=1), "lies in the future"),
    ],
)
def test_what_is_out_of_time(age: timedelta, word: str | None) -> None:
    assert out_of_time(NOW - age, NOW) == word
