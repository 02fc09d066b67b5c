"""Which areas a zone touches, and how much of each."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import MultiPolygon, box

from schemas.vocabulary import Tier
from services.geofencing.areas.geometry import AreaIndex
from services.geofencing.areas.model import OutlinedArea
from services.geofencing.geometry import area_km2

TODAY = date(2026, 5, 12)


def area(
    code: str, outline: MultiPolygon, *, valid_from: date | None = None, valid_to: date | None = None
) -> OutlinedArea:
    return OutlinedArea(
        code=code, name_zh=code, name_en=None, tier=Tier.COUNTY, parent_code=None, valid_from=valid_from,
        valid_to=valid_to, successor_codes=(), simplified_m=0.0, outline=outline,
    )  # fmt: skip


def grid(columns: int = 4, rows: int = 4) -> list[OutlinedArea]:
    """Counties of one degree side by side."""
    return [
        area(f"51{column}{row}00", MultiPolygon([box(100 + column, 30 + row, 101 + column, 31 + row)]))
        for column in range(columns)
        for row in range(rows)
    ]


def test_an_area_inside_is_covered_whole_and_a_neighbour_with_a_common_edge_is_not_touched() -> None:
    index = AreaIndex(grid())
    touched = index.touched(MultiPolygon([box(100, 30, 101, 31)]), TODAY)
    assert [one.code for one in touched] == ["510000"]
    assert touched[0].share == pytest.approx(1)
    assert touched[0].covered_km2 == pytest.approx(area_km2(MultiPolygon([box(100, 30, 101, 31)])))


def test_only_what_stands_on_the_day_counts() -> None:
    merged = date(2016, 3, 20)
    ground = MultiPolygon([box(104, 31, 105, 32)])
    index = AreaIndex([area("510724", ground, valid_to=merged), area("510705", ground, valid_from=merged)])
    zone = MultiPolygon([box(104.2, 31.2, 104.4, 31.4)])
    assert [one.code for one in index.touched(zone, date(2008, 5, 12))] == ["510724"]
    assert [one.code for one in index.touched(zone, TODAY)] == ["510705"]
    assert index.touched(zone, TODAY, tier=Tier.PROVINCE) == ()


def test_without_boundaries_nothing_is_touched() -> None:
    assert AreaIndex().touched(MultiPolygon([box(100, 30, 101, 31)]), TODAY) == ()


@given(st.floats(99, 104), st.floats(29, 34), st.floats(0.01, 3), st.floats(0.01, 3))
def test_the_parts_of_a_zone_add_up_to_what_of_it_lies_in_the_grid(
    west: float, south: float, width: float, height: float
) -> None:
    zone = MultiPolygon([box(west, south, west + width, south + height)])
    inside = zone.intersection(box(100, 30, 104, 34))
    parts = AreaIndex(grid()).touched(zone, TODAY)
    expected = area_km2(MultiPolygon([inside])) if inside.geom_type == "Polygon" and not inside.is_empty else 0.0
    # Geodesic edges of a cut rectangle bulge differently from those of its parts: less than a thousandth here.
    assert sum(part.covered_km2 for part in parts) == pytest.approx(expected, rel=2e-3, abs=1e-3)
    assert all(0 < part.share <= 1 for part in parts)
