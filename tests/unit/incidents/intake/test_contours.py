"""Contour lines become areas: closed ones, such as run off the map, holes, and maps over the antimeridian."""

from __future__ import annotations

import math
from typing import Any

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, shape

from services.incidents.intake.contours import areas
from services.incidents.intake.crowding import is_tangled
from services.incidents.intake.model import Notes, Refused
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


NOTHING: Line = [(0.0, 0.0)]
"""A line without length, which is left out."""


@pytest.mark.parametrize(
    ("lines", "more", "what"),
    [
        ({float(n): [] for n in range(100)}, {100.0: []}, "more than 100 levels"),
        ({5.0: [NOTHING] * 20_000}, {6.0: [NOTHING]}, "more than 20000 contour lines"),
        ({5.0: [NOTHING * 300_000]}, {6.0: [NOTHING]}, "more than 300000 contour points"),
    ],
    ids=["levels", "lines", "points"],
)
def test_so_many_are_taken_and_no_more(
    lines: dict[float, list[Line]], more: dict[float, list[Line]], what: str
) -> None:
    assert areas(lines, Notes()) == ()
    with pytest.raises(Refused, match="has " + what):
        areas(lines | more, Notes())


def test_a_map_is_cut_into_so_many_parts_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.incidents.intake.contours.FACES_MAX", 20)
    across = [[(float(n), 0.0), (float(n), 1.0)] for n in range(22)]
    assert len(areas({5.0: across[:-1]}, Notes())) == 1
    with pytest.raises(Refused, match="more than 20 parts"):
        areas({5.0: across}, Notes())


MAP = ring(0, 0, 5)
"""A contour around the map, whose frame is 10 by 10 degrees."""


@pytest.mark.parametrize(
    ("line", "area", "note"),
    [
        pytest.param([(-5, 1), (5, 1)], 40, None, id="from edge to edge"),
        pytest.param([(-5, 1), (4.8, 1)], 40, None, id="nearly"),
        pytest.param([(-5, 1), (4.6, 1)], 40, "it was taken on to the edge", id="one end within the map"),
        pytest.param([(-1, 2), (-1, 4), (1, 4), (1, 2)], 4, "its ends were joined", id="both"),
    ],
)
def test_loose_ends_are_taken_to_the_edge_or_joined(line: Line, area: float, note: str | None) -> None:
    notes = Notes()
    found = {level.intensity: level.shape for level in areas({4: [MAP], 6: [line], 8: [ring(0, 3, 0.5)]}, notes)}
    assert found[6].area == pytest.approx(area)
    assert notes.lines() == (() if note is None else (f"contour 6: ends within the map; {note}",))


def test_a_contour_with_less_on_both_sides_encloses_nothing_and_that_is_said() -> None:
    notes = Notes()
    found = areas({7: [ring(0, 0, 2)], 5: [ring(0, 0, 1), ring(4, 0, 0.5)], 4: [MAP]}, notes)
    assert [level.intensity for level in found] == [5, 4]
    assert notes.lines() == ("contour 7: encloses no area",)


def test_a_single_line_across_the_map_encloses_the_smaller_part() -> None:
    (level,) = areas({6: [[(0, 0), (3, 1), (10, 10)]]}, Notes())
    assert level.shape.area == pytest.approx(40)
