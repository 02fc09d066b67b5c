"""Places: what is read, and that every fault is told with its place."""

from __future__ import annotations

import math
from typing import Any

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from schemas.values import MultiPolygonGeometry, PointGeometry, PolygonGeometry
from services.incidents.geometry import VERTICES_MAX, PlaceRefused, box_of, read_place

SQUARE = [[103.0, 31.0], [104.0, 31.0], [104.0, 32.0], [103.0, 32.0], [103.0, 31.0]]
HOLE = [[103.4, 31.4], [103.6, 31.4], [103.6, 31.6], [103.4, 31.6], [103.4, 31.4]]


def polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def many(*polygons: Any) -> dict[str, Any]:
    return {"type": "MultiPolygon", "coordinates": list(polygons)}


def circle(vertices: int) -> list[list[float]]:
    turns = [2 * math.pi * number / vertices for number in range(vertices)]
    ring = [[103 + math.cos(turn), 31 + math.sin(turn)] for turn in turns]
    return [*ring, ring[0]]


def shift(ring: list[list[float]], lon: float) -> list[list[float]]:
    return [[x + lon, y] for x, y in ring]


def refusal(place: Any) -> dict[str, str]:
    """What is said about a place that is refused, by where."""
    with pytest.raises(PlaceRefused) as caught:
        read_place(place)
    return {finding.where: finding.what for finding in caught.value.findings}


def test_a_geojson_point_and_a_plain_position_mean_the_same() -> None:
    point = read_place({"type": "Point", "coordinates": [103.36, 30.99]})
    assert point == read_place({"lat_deg": 30.99, "lon_deg": 103.36})
    assert isinstance(point, PointGeometry)
    assert point.coordinates == (103.36, 30.99)


def test_the_height_of_a_position_is_left_out() -> None:
    point = read_place({"type": "Point", "coordinates": [103, 31, 2500]})
    assert point.coordinates == (103.0, 31.0)


def test_polygons_with_holes_and_multipolygons_are_read_as_given() -> None:
    one = read_place(polygon(SQUARE, HOLE))
    assert isinstance(one, PolygonGeometry)
    assert len(one.coordinates) == 2
    two = read_place(many([SQUARE, HOLE], [shift(SQUARE, 5)]))
    assert isinstance(two, MultiPolygonGeometry)
    assert box_of(two).east_deg == 109.0


def test_what_was_read_passes_the_models_own_validation() -> None:
    for place in ({"type": "Point", "coordinates": [1, 2]}, polygon(SQUARE, HOLE), many([SQUARE])):
        read = read_place(place)
        assert type(read).model_validate(read.model_dump()) == read


def test_a_shape_cut_at_the_antimeridian_is_taken() -> None:
    east = [[179, -18], [180, -18], [180, -17], [179, -17], [179, -18]]
    west = [[-180, -18], [-179, -18], [-179, -17], [-180, -17], [-180, -18]]
    assert isinstance(read_place(many([east], [west])), MultiPolygonGeometry)


def test_a_cap_round_the_pole_cut_as_advised_is_taken() -> None:
    outline = [[lon, 80] for lon in range(-180, 181, 90)] + [[180, 90], [0, 90], [-180, 90], [-180, 80]]
    assert isinstance(read_place(polygon(outline)), PolygonGeometry)


REFUSED = [
    pytest.param({}, "/place", "GeoJSON", id="empty object"),
    pytest.param({"type": "LineString", "coordinates": []}, "/place/type", "Polygon", id="another type"),
    pytest.param({"type": ["Point"], "coordinates": [1, 2]}, "/place/type", "Polygon", id="a type that is a list"),
    pytest.param({"type": "Point"}, "/place/coordinates", "missing", id="no coordinates"),
    pytest.param({"type": "Point", "coordinates": {}}, "/place/coordinates", "array", id="coordinates not an array"),
    pytest.param({"type": "Point", "coordinates": []}, "/place/coordinates", "position", id="no numbers"),
    pytest.param({"type": "Point", "coordinates": ["103", 31]}, "/place/coordinates/0", "number", id="text"),
    pytest.param({"type": "Point", "coordinates": [True, 31]}, "/place/coordinates/0", "number", id="a boolean"),
    pytest.param({"type": "Point", "coordinates": [1, math.nan]}, "/place/coordinates/1", "finite", id="not a number"),
    pytest.param({"type": "Point", "coordinates": [math.inf, 1]}, "/place/coordinates/0", "finite", id="infinite"),
    pytest.param({"type": "Point", "coordinates": [31, 103]}, "/place/coordinates/1", "swapped", id="swapped"),
    pytest.param({"type": "Point", "coordinates": [181, 31]}, "/place/coordinates/0", "-180 and 180", id="lon"),
    pytest.param({"lat_deg": 91, "lon_deg": 10}, "/place/lat_deg", "-90 and 90", id="position lat"),
    pytest.param({"lat_deg": 31}, "/place/lon_deg", "missing", id="position without lon"),
    pytest.param({"lat_deg": 31, "lon_deg": 1, "alt": 2}, "/place/alt", "not known", id="unknown field"),
    pytest.param(polygon(), "/place/coordinates", "empty", id="no rings"),
    pytest.param(polygon([]), "/place/coordinates/0", "empty", id="an empty ring"),
    pytest.param(polygon(7), "/place/coordinates/0", "ring", id="a ring that is a number"),
    pytest.param(polygon(SQUARE[:-1]), "/place/coordinates/0", "not closed", id="unclosed ring"),
    pytest.param(polygon([[1, 1], [2, 2], [1, 1]]), "/place/coordinates/0", "at least 4", id="three positions"),
    pytest.param(polygon([[1, 1], [2, 2], [3, 3], [1, 1]]), "/place/coordinates/0", "", id="no area"),
    pytest.param(
        polygon([[103, 31], [104, 32], [104, 31], [103, 32], [103, 31]]), "/place/coordinates/0",
        "lon 103.5, lat 31.5", id="self-crossing",
    ),
    pytest.param(polygon(SQUARE, shift(HOLE, 5)), "/place/coordinates", "hole lies outside", id="a hole outside"),
    pytest.param(many([SQUARE], [shift(SQUARE, 0.5)]), "/place/coordinates", "lon", id="overlapping parts"),
    pytest.param(many([SQUARE], []), "/place/coordinates/1", "empty", id="an empty part"),
    pytest.param(many([SQUARE], [SQUARE[:-1]]), "/place/coordinates/1/0", "not closed", id="unclosed part"),
    pytest.param(polygon(circle(VERTICES_MAX + 1)), "/place/coordinates", "too many vertices", id="too many vertices"),
    pytest.param(many(*[[shift(circle(3400), 3 * n)] for n in range(3)]), "/place/coordinates/2", "too many", id="sum"),
    pytest.param(
        polygon([[179, -18], [-179, -18], [-179, -17], [179, -17], [179, -18]]), "/place/coordinates/0",
        "RFC 7946 section 3.1.9", id="antimeridian uncut",
    ),
    pytest.param(
        polygon([[179, -18], [181, -18], [181, -17], [179, -17], [179, -18]]), "/place/coordinates/0/1/0",
        "antimeridian", id="antimeridian beyond 180",
    ),
    pytest.param(
        polygon([[-135, 80], [-45, 80], [45, 80], [135, 80], [-135, 80]]), "/place/coordinates/0", "round a pole",
        id="over the north pole",
    ),
    pytest.param(
        polygon([[135, -80], [45, -80], [-45, -80], [-135, -80], [135, -80]]), "/place/coordinates/0", "round a pole",
        id="over the south pole",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("place", "where", "what"), REFUSED)
def test_a_place_that_cannot_be_meant_is_refused_with_where_and_what(place: Any, where: str, what: str) -> None:
    found = refusal(place)
    assert where in found
    assert what in found[where]


def test_every_wrong_number_is_told_up_to_a_limit() -> None:
    found = refusal(polygon([[103, 31], ["x", 31], [104, None], [103, 31]]))
    assert set(found) == {"/place/coordinates/0/1/0", "/place/coordinates/0/2/1"}
    assert len(refusal(polygon([["x", 0]] * 9000))) == 20


def test_a_point_needs_no_shapely(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(shapely, "Polygon")
    assert isinstance(read_place({"lat_deg": 1, "lon_deg": 2}), PointGeometry)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=3) | st.integers(),
                    lambda inner: st.lists(inner, max_size=5), max_leaves=30),
       st.sampled_from(["Point", "Polygon", "MultiPolygon"]))  # fmt: skip
def test_whatever_comes_is_read_or_refused_and_never_crashes(coordinates: Any, form: str) -> None:
    try:
        read = read_place({"type": form, "coordinates": coordinates})
    except PlaceRefused:
        return
    assert type(read).model_validate(read.model_dump()) == read


@given(st.lists(st.tuples(st.integers(-180, 180), st.integers(-90, 90)), min_size=3, max_size=8))
def test_a_polygon_that_is_taken_is_valid(corners: list[tuple[int, int]]) -> None:
    ring = [list(corner) for corner in [*corners, corners[0]]]
    try:
        read = read_place(polygon(ring))
    except PlaceRefused:
        return
    assert isinstance(read, PolygonGeometry)
    shape = shapely.Polygon(read.coordinates[0])
    assert shape.is_valid
    assert shape.area > 0
