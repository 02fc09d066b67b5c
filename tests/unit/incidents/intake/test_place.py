"""Places: lat,lon against lon,lat, circles on the ellipsoid, the antimeridian, the poles, mending."""

from __future__ import annotations

import math
from typing import Any

import pytest
from geopy.distance import geodesic
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, shape

from schemas.values import PointGeometry
from services.incidents.intake.model import Area, Circle
from services.incidents.intake.place import VERTICES_MAX, circle_polygons, geometry_of
from services.incidents.intake.propose import propose
from tests.support.properties import examples
from tests.unit.incidents.intake.samples import cap, info, only, read_json, read_text

LATS = st.floats(-89, 89).map(lambda value: round(value, 4))
LONS = st.floats(-179, 179).map(lambda value: round(value, 4))


def drawn(*areas: Area) -> tuple[Any, tuple[str, ...]]:
    """The shape of areas as shapely has it, and what was mended."""
    geometry, _, notes = geometry_of(areas)
    assert geometry is not None
    return shape(geometry.model_dump()), notes


def area(*pairs: tuple[float, float]) -> Area:
    """An area of one ring of (lat, lon)."""
    return Area(polygons=(((*pairs, pairs[0]),),))


@settings(max_examples=examples(60))
@given(st.lists(st.tuples(LATS, LONS), min_size=3, max_size=12, unique=True))
def test_cap_is_lat_lon_and_geojson_is_lon_lat(pairs: list[tuple[float, float]]) -> None:
    text = " ".join(f"{lat!r},{lon!r}" for lat, lon in [*pairs, pairs[0]])
    from_cap = only(read_text(cap(info(f"<area><areaDesc>x</areaDesc><polygon>{text}</polygon></area>"))))
    feature = {
        "type": "Feature",
        "properties": {
            "id": "1", "sender": "s", "sent": "2020-01-18T13:55:00Z", "status": "Actual", "messageType": "Alert",
            "category": "Met", "severity": "Minor", "certainty": "Likely", "urgency": "Past", "event": "x",
        },
        "geometry": {"type": "Polygon", "coordinates": [[[lon, lat] for lat, lon in [*pairs, pairs[0]]]]},
    }  # fmt: skip
    from_geojson = only(read_json(feature))
    assert from_cap.infos[0].areas[0].polygons == from_geojson.infos[0].areas[0].polygons
    assert from_cap.infos[0].areas[0].polygons == (((*pairs, pairs[0]),),)


@settings(max_examples=examples(40))
@given(LATS, LONS, st.floats(0.1, 800))
def test_a_circle_alone_is_a_point_with_its_radius_in_metres(lat: float, lon: float, radius_km: float) -> None:
    body = info(f"<area><areaDesc>x</areaDesc><circle>{lat!r},{lon!r} {radius_km!r}</circle></area>")
    (proposal,) = propose(read_text(cap(body)))
    assert proposal.place == PointGeometry(coordinates=(lon, lat))
    assert proposal.radius_m == pytest.approx(radius_km * 1000)


@settings(max_examples=examples(40))
@given(st.floats(-90, 90), st.floats(-180, 180), st.floats(1, 3000), st.floats(0, 359))
def test_a_drawn_circle_holds_what_is_within_and_nothing_without(
    lat: float, lon: float, radius: float, way: float
) -> None:
    parts = circle_polygons(Circle(lat, lon, radius))
    assert all(part.is_valid for part in parts)
    for share, expected in ((0.9, True), (1.1, False)):
        there = geodesic(kilometers=radius * share).destination((lat, lon), way)
        point = Point(there.longitude, there.latitude)
        assert any(part.buffer(1e-7).contains(point) for part in parts) is expected


def test_a_ring_over_the_antimeridian_is_cut() -> None:
    whole, notes = drawn(area((-20, 178), (-20, -178), (-16, -178), (-16, 178)))
    assert (whole.geom_type, notes) == ("MultiPolygon", ())
    assert whole.area == pytest.approx(16)
    assert whole.contains(Point(179.9, -18))
    assert not whole.contains(Point(0, -18))


def test_a_ring_round_a_pole_holds_the_pole() -> None:
    whole, _ = drawn(area(*((-80, lon) for lon in range(-170, 180, 20))))
    assert whole.contains(Point(33, -85))
    assert not whole.contains(Point(33, -70))
    assert whole.area == pytest.approx(3600)


def test_a_ring_that_crosses_itself_is_mended_and_that_is_noted() -> None:
    whole, notes = drawn(area((30, 100), (31, 101), (31, 100), (30, 101)))
    assert whole.is_valid
    assert whole.area == pytest.approx(0.5)
    assert "mended" in notes[0]


def test_the_same_area_in_two_languages_is_one_place() -> None:
    (proposal,) = propose(read_text(cap(info() + info(language="zh-CN", event="洪水"))))
    assert shape(proposal.place.model_dump() if proposal.place else None).area == pytest.approx(1.0)
    assert (proposal.title_en, proposal.title_zh) == ("Flood", "洪水")


def test_an_outline_with_too_many_corners_is_simplified_and_that_is_noted() -> None:
    turns = [2 * math.pi * n / 40_000 for n in range(40_000)]
    whole, notes = drawn(area(*((30 + math.sin(t), 100 + math.cos(t)) for t in turns)))
    assert len(whole.exterior.coords) <= VERTICES_MAX
    assert whole.area == pytest.approx(math.pi, rel=0.01)
    assert any("simplified" in note for note in notes)


def rectangle(south: int, west: int, height: int, width: int) -> Area:
    """Whole degrees, so that some touch along an edge, some overlap and some lie apart."""
    north, east = south + height, west + width
    return area((south, west), (south, east), (north, east), (north, west))


WHOLE = st.builds(rectangle, st.integers(20, 40), st.integers(90, 110), st.integers(1, 4), st.integers(1, 4))


@settings(max_examples=examples(60))
@given(st.lists(WHOLE, min_size=1, max_size=25))
def test_what_lies_apart_touches_or_overlaps_is_joined_to_the_ground_that_any_of_it_covers(areas: list[Area]) -> None:
    joined, notes = drawn(*areas)
    squares = {
        (south, west)
        for south in range(18, 46)
        for west in range(88, 116)
        if any(_holds(one, south + 0.5, west + 0.5) for one in areas)
    }
    assert joined.is_valid
    assert joined.area == pytest.approx(len(squares))
    assert all(joined.covers(Point(west + 0.5, south + 0.5)) for south, west in squares)
    assert notes == ()


def _holds(one: Area, lat: float, lon: float) -> bool:
    ((ring,),) = one.polygons
    lats, lons = zip(*ring, strict=True)
    return min(lats) < lat < max(lats) and min(lons) < lon < max(lons)


def test_minus_nought_degrees_are_nought() -> None:
    geometry, _, _ = geometry_of([area((10.0, -0.0), (11.0, -0.0), (11.0, 1.0))])
    assert "-0.0" not in repr(geometry)


def test_no_place_is_none() -> None:
    assert geometry_of([Area(description="somewhere")]) == (None, 0, ())
