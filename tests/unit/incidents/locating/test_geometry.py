"""Ground from areas, and areas from ground."""

from __future__ import annotations

from typing import Any

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from schemas.values import Position
from schemas.vocabulary import Tier
from services.incidents.areas.model import KnownArea
from services.incidents.geometry import read_place
from services.incidents.locating.geometry import VERTICES_MAX, codes_of, ground_of, widened
from services.incidents.locating.model import ASSUMED_RADIUS_M, Outlined

GLOBE = Geod(ellps="WGS84")


def outlined(
    code: str, outline: Any = None, *, tier: Tier = Tier.COUNTY, lat: float = 31, lon: float = 103
) -> Outlined:
    area = KnownArea(
        code=code, name_zh=code, name_en=None, aliases=(), tier=tier, parent_code=None, valid_from=None, valid_to=None,
        successor_codes=(), centre=Position(lat_deg=31, lon_deg=lon), has_outline=outline is not None,
    )  # fmt: skip
    return Outlined(area=area, outline=outline)


COUNTIES = [
    outlined(f"5107{column + 1}{row + 1}", shapely.box(103 + column, 31 + row, 104 + column, 32 + row))
    for column in range(2)
    for row in range(2)
]
PREFECTURE = outlined("510700", shapely.box(103, 31, 105, 33), tier=Tier.PREFECTURE)


def test_neighbours_become_one_polygon_that_can_be_declared() -> None:
    ground = ground_of(COUNTIES)
    assert ground.place["type"] == "Polygon"
    assert read_place(ground.place)
    assert (ground.radius_m, ground.simplified_m, ground.by_centre) == (0, 0, ())


def test_a_boundary_that_is_not_known_becomes_a_circle_of_assumed_radius() -> None:
    alone = ground_of([outlined("513221")])
    assert (alone.place["type"], alone.radius_m) == ("Point", ASSUMED_RADIUS_M[Tier.COUNTY])
    together = ground_of([COUNTIES[0], outlined("513221", lon=110)])
    assert (together.place["type"], together.by_centre) == ("MultiPolygon", ("513221",))
    assert read_place(together.place)


def test_a_long_outline_is_simplified_and_says_by_how_much() -> None:
    round_one = shapely.Point(103.5, 31).buffer(0.4, quad_segs=9_000)
    ground = ground_of([outlined("513221", round_one)])
    assert ground.simplified_m > 0
    assert sum(map(len, ground.place["coordinates"])) <= VERTICES_MAX


def test_the_finest_areas_are_named_and_coarser_ones_only_where_nothing_finer_is_known() -> None:
    assert codes_of(shapely.Point(103.5, 31.5), [*COUNTIES, PREFECTURE]) == (COUNTIES[0].area.code,)
    inside = shapely.box(103.2, 31.2, 103.8, 31.8)
    assert codes_of(inside, [*COUNTIES[1:], COUNTIES[0], PREFECTURE]) == (COUNTIES[0].area.code,)
    assert codes_of(inside, [*COUNTIES[1:], PREFECTURE]) == ("510700",)
    across = shapely.box(103.2, 31.2, 104.8, 31.8)
    assert codes_of(across, [COUNTIES[0], PREFECTURE]) == tuple(sorted((COUNTIES[0].area.code, "510700")))
    assert codes_of(shapely.Point(90, 20), [*COUNTIES, PREFECTURE]) == ()


def test_too_many_areas_are_named_by_those_above() -> None:
    many = [outlined(f"51{n // 30:02}{n % 30:02}", shapely.box(103, 31, 104, 32)) for n in range(30, 900)]
    codes = codes_of(shapely.box(103, 31, 104, 32), many)
    assert 0 < len(codes) <= 500
    assert all(code.endswith("00") for code in codes)


@given(st.floats(-60, 60), st.floats(-170, 170), st.floats(100, 200_000))
def test_a_circle_reaches_as_far_as_it_says(lat: float, lon: float, radius_m: float) -> None:
    corners = shapely.get_coordinates(widened(shapely.Point(lon, lat), radius_m))
    distances = [GLOBE.inv(lon, lat, *corner)[2] for corner in corners]
    # A plane at the middle latitude: at 200 km and 60 degrees the poleward side is 6 % off, near the equator 1 %.
    assert min(distances) == pytest.approx(radius_m, rel=0.07)
    assert max(distances) == pytest.approx(radius_m, rel=0.07)
