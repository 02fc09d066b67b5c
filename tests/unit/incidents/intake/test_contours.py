"""Contour lines become areas: closed ones, such as run off the map, holes, and maps over the antimeridian."""

from __future__ import annotations

import math
from typing import Any

import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, shape

from services.incidents.intake.crowding import is_tangled
from services.incidents.intake.propose import propose
from tests.support.properties import examples
from tests.unit.incidents.intake.samples import only, read_json, where

Line = list[tuple[float, float]]


def feature(value: float, *lines: Line) -> dict[str, Any]:
    """One level as ShakeMap writes it."""
    return {
        "type": "Feature",
        "properties": {"value": value, "units": "mmi", "color": "#fff", "weight": 2},
        "geometry": {"type": "MultiLineString", "coordinates": lines},
    }


def document(*features: dict[str, Any]) -> dict[str, Any]:
    """cont_mmi.json"""
    return {"type": "FeatureCollection", "features": list(features)}


def ring(lon: float, lat: float, radius: float) -> Line:
    """A closed round contour."""
    turns = [2 * math.pi * n / 48 for n in range(48)]
    line = [(lon + radius * math.cos(t), lat + radius * math.sin(t)) for t in turns]
    return [*line, line[0]]


def levels(found: dict[str, Any]) -> dict[float, Any]:
    """Shapes by intensity, (lon, lat)."""
    (proposal,) = propose(read_json(found, "us2000ar20/us/1536172579675/download/cont_mmi.json"))
    return {contour.intensity: shape(contour.shape.model_dump()) for contour in proposal.contours}


def test_closed_lines_nest() -> None:
    found = levels(document(feature(6, ring(103, 31, 2)), feature(8, ring(103, 31, 1))))
    assert list(found) == [8, 6]
    assert abs(found[8].area - math.pi) < 0.05
    assert found[6].contains(found[8])


def test_a_line_that_runs_off_the_map_is_closed_along_its_edge() -> None:
    # The map's east edge is at lon 104: the second contour is the west half of a circle around (104, 31).
    half = [(104 + math.cos(t), 31 + math.sin(t)) for t in (math.pi / 2 + math.pi * n / 40 for n in range(41))]
    found = levels(document(feature(5, ring(102, 31, 2)), feature(6, half), feature(7, ring(103.6, 31, 0.3))))
    assert abs(found[6].area - math.pi / 2) < 0.1
    assert found[6].contains(Point(103.9, 31.2))
    assert not found[6].contains(Point(101, 31))


def test_a_low_inside_a_high_is_a_hole() -> None:
    found = levels(
        document(
            feature(6, ring(103, 31, 3), ring(103, 31, 1)),
            feature(5, ring(103, 31, 0.5)),
            feature(7, ring(101.2, 31, 0.3)),
        )
    )
    assert not found[6].contains(Point(103, 31))
    assert found[6].contains(Point(101.2, 31))


def test_a_map_over_the_antimeridian_is_cut_there() -> None:
    for lines in ([ring(180, -17, 2)], [[((lon + 180) % 360 - 180, lat) for lon, lat in ring(180, -17, 2)]]):
        found = levels(document(feature(6, *lines)))
        assert found[6].geom_type == "MultiPolygon"
        assert abs(found[6].area - 4 * math.pi) < 0.2
        assert found[6].contains(Point(179.5, -17))
        assert found[6].contains(Point(-179.5, -17))


def test_the_event_comes_from_the_address() -> None:
    reading = read_json(document(feature(6, ring(103, 31, 2))), "us2000ar20/us/1536172579675/download/cont_mmi.json")
    assert (reading.format, only(reading).identifier) == ("usgs-shakemap-contours", "us2000ar20")


def test_faults_are_refused_by_their_field() -> None:
    good = feature(6, ring(103, 31, 2))
    assert (
        where(read_json(document({**good, "properties": {"value": 6, "units": "pctg"}})))
        == "features[0].properties.units"
    )
    assert where(read_json(document({**good, "properties": {"value": "high"}}))) == "features[0].properties.value"
    assert where(read_json(document({**good, "properties": {"value": 60}}))) == "features[0].properties.value"
    swapped = feature(6, [(31, 103), (32, 103), (31, 104)])
    assert where(read_json(document(swapped))) == "features[0].geometry.coordinates[0][0]"
    tangle = feature(6, [(103 + n * 37 % 10, 31 + n * 53 % 10) for n in range(600)])
    assert where(read_json(document(tangle))) == "contour 6"


@settings(max_examples=examples(30))
@given(st.floats(-178, 178), st.floats(-80, 80), st.floats(0.5, 1.5))
def test_what_is_inside_a_stronger_contour_is_inside_the_weaker(lon: float, lat: float, radius: float) -> None:
    found = levels(document(feature(5, ring(lon, lat, radius)), feature(7, ring(lon, lat, radius / 2))))
    center = Point((lon + 180) % 360 - 180, lat)
    assert found[7].buffer(1e-9).contains(center)
    assert found[5].buffer(1e-9).contains(found[7])


def test_many_points_are_no_tangle() -> None:
    assert not is_tangled([shapely.Point(number / 1000, 0) for number in range(1_000)])
