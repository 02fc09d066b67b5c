"""A zone in terms of areas, and how many people live in it as far as anybody knows."""

from __future__ import annotations

from datetime import date

import pytest
from shapely import MultiPolygon, box

from schemas.vocabulary import Tier
from services.geofencing.areas.geometry import AreaIndex
from services.geofencing.areas.model import OutlinedArea
from services.geofencing.areas.resolve import people_living, resolved
from services.geofencing.geometry import area_km2

DAY = date(2008, 5, 12)


def area(
    code: str, tier: Tier, west: float, east: float, population: int | None, year: int | None = 2010
) -> OutlinedArea:
    """A box between two meridians."""
    return OutlinedArea(
        code=code, name_zh=code, name_en=None, tier=tier, parent_code=None, valid_from=None, valid_to=None,
        successor_codes=(), simplified_m=0, outline=MultiPolygon([box(west, 31, east, 32)]), population=population,
        population_year=year,
    )  # fmt: skip


def test_people_are_counted_by_the_finest_tier_that_is_known_nearly_everywhere() -> None:
    zone = MultiPolygon([box(103.5, 31, 104.5, 32)])
    areas = [
        area("510000", Tier.PROVINCE, 100, 110, 10_000_000),
        area("510700", Tier.COUNTY, 103, 104, 1000, 2000),
        area("510800", Tier.DISTRICT, 104, 105, 3000),
        area("510701", Tier.TOWNSHIP, 103.5, 103.6, 50),
    ]
    found = resolved(AreaIndex(areas), zone, area_km2(zone), DAY)
    assert [one["code"] for one in found["areas"]] == ["510000", "510700", "510701", "510800"]
    assert found["areas"][1]["share"] == pytest.approx(0.5, rel=1e-4)
    assert found["people"] == {
        "estimate": 2000, "by": "county/district", "share_of_zone_known": 1.0, "oldest_year": 2000,
        "assumed": "people live evenly spread over each area",
    }  # fmt: skip


def test_of_what_is_known_too_little_the_widest_knowledge_counts_and_a_year_may_be_unknown() -> None:
    zone = MultiPolygon([box(103.5, 31, 104.5, 32)])
    areas = [area("510700", Tier.COUNTY, 103.6, 104.2, 600, None), area("510701", Tier.TOWNSHIP, 103.6, 103.7, 50)]
    found = resolved(AreaIndex(areas), zone, area_km2(zone), DAY)["people"]
    assert (found["estimate"], found["by"], found["oldest_year"]) == (600, "county/district", None)
    doubled = [*areas, area("510800", Tier.COUNTY, 103, 105, 2000)]
    assert resolved(AreaIndex(doubled), zone, area_km2(zone), DAY)["people"]["share_of_zone_known"] == 1.0


def test_where_little_is_known_it_says_how_little_and_where_nothing_is_none() -> None:
    zone = MultiPolygon([box(103.5, 31, 104.5, 32)])
    known = [area("510700", Tier.COUNTY, 103, 104, 1000), area("510800", Tier.COUNTY, 104, 105, None)]
    found = resolved(AreaIndex(known), zone, area_km2(zone), DAY)["people"]
    assert (found["estimate"], found["share_of_zone_known"]) == (500, pytest.approx(0.5, rel=1e-3))
    assert people_living((), 1.0) is None
    assert resolved(AreaIndex(known[1:]), zone, area_km2(zone), DAY)["people"] is None
