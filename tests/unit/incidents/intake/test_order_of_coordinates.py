"""CAP writes lat,lon and GeoJSON lon,lat. Nothing ever passes from one to the other unswapped, or swapped unnoticed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from schemas.values import Geometry, PointGeometry
from services.incidents.geometry import PlaceRefused, read_place
from services.incidents.intake.propose import propose
from tests.unit.incidents.intake.samples import cap, info, read_json, read_text, where

LATS = st.floats(-84, 84).map(lambda value: round(value, 4))
LONS = st.floats(-174, 174).map(lambda value: round(value, 4))
BEYOND = st.floats(90.001, 174).map(lambda value: round(value, 4))


def place_of(reading: Any) -> Geometry:
    """The place that the one alert proposes."""
    (proposal,) = propose(reading)
    assert proposal.place is not None
    return proposal.place


def triangle(lat: float, lon: float) -> str:
    """A CAP polygon."""
    return f"{lat},{lon} {lat},{lon + 5} {lat + 5},{lon} {lat},{lon}"


def with_area(inside: str) -> str:
    return cap(info(area=f"<area><areaDesc>x</areaDesc>{inside}</area>"))


@given(LATS, LONS)
def test_a_polygon_of_cap_is_lon_lat_in_a_proposal(lat: float, lon: float) -> None:
    place = place_of(read_text(with_area(f"<polygon>{triangle(lat, lon)}</polygon>")))
    assert not isinstance(place, PointGeometry)
    assert set(place.coordinates[0]) == {(lon, lat), (lon + 5, lat), (lon, lat + 5)}


@given(LATS, LONS)
def test_a_circle_of_cap_and_a_point_of_geojson_are_the_same_place(lat: float, lon: float) -> None:
    circle = place_of(read_text(with_area(f"<circle>{lat},{lon} 0</circle>")))
    properties = {"mag": 6, "time": 1725000000000, "type": "earthquake"}
    event = {"type": "Feature", "id": "us1", "properties": properties}
    point = place_of(read_json({**event, "geometry": {"type": "Point", "coordinates": [lon, lat, 10]}}))
    assert circle == point == PointGeometry(coordinates=(lon, lat))


@given(LATS, BEYOND, st.booleans())
def test_a_longitude_in_the_place_of_a_latitude_is_refused_everywhere(lat: float, lon: float, west: bool) -> None:
    lon = -lon if west else lon
    assert where(read_text(with_area(f"<polygon>{lon},{lat} {lon},{lat + 1} {lon + 1},{lat} {lon},{lat}</polygon>")))
    assert where(read_text(with_area(f"<circle>{lon},{lat} 5</circle>")))
    event = {"type": "Feature", "id": "us1", "properties": {"mag": 6, "time": 1725000000000, "type": "earthquake"}}
    assert where(read_json({**event, "geometry": {"type": "Point", "coordinates": [lat, lon, 10]}}))
    with pytest.raises(PlaceRefused, match="swapped"):
        read_place({"type": "Point", "coordinates": [lat, lon]})


@given(LATS, LONS)
def test_what_is_proposed_can_be_declared_as_it_is(lat: float, lon: float) -> None:
    assume(abs(lon) < 170)
    place = place_of(read_text(with_area(f"<polygon>{triangle(lat, lon)}</polygon>")))
    assert read_place(json.loads(place.model_dump_json())) == place


def test_corners_of_two_numbers_and_of_three_are_refused() -> None:
    assert (
        where(read_text(with_area("<polygon>31,5,103 31,104 32,104 31,5,103</polygon>"))) == "alert/info/area/polygon"
    )


def test_a_polygon_without_area_is_told_in_the_proposal() -> None:
    for ring in ("31,103 32,104 33,105 31,103", "-90,-180 90,-180 90,180 -90,180 -90,-180"):
        (proposal,) = propose(read_text(with_area(f"<polygon>{ring}</polygon>")))
        assert (proposal.place, "a polygon encloses no area; it was left out" in proposal.notes) == (None, True)
