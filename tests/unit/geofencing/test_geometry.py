"""Shapes between the plane and the globe, at ordinary and at awkward places."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from geopy.distance import geodesic
from hypothesis import given, settings
from hypothesis import strategies as st

from services.geofencing import geometry
from tests.support.properties import examples
from tests.unit.geofencing.builders import polygon

CIRCLE_SHARE = 0.9971
"""A regular polygon of 48 corners has this share of its circle's area."""

lons = st.floats(-180, 180)
lats = st.floats(-90, 90)


@given(lon=lons, lat=lats, radius_km=st.floats(0.1, 500))
@settings(max_examples=examples(60))
def test_a_circle_anywhere_is_valid_and_has_its_area(lon: float, lat: float, radius_km: float) -> None:
    frame = geometry.Frame(lat, lon)
    globe = frame.shape_to_globe(geometry.buffered(shapely.Point(0, 0), radius_km * 1000))
    assert globe.is_valid
    west, south, east, north = globe.bounds
    assert west >= -180
    assert east <= 180
    assert south >= -90
    assert north <= 90
    assert geometry.area_km2(globe) == pytest.approx(CIRCLE_SHARE * math.pi * radius_km**2, rel=0.006)


@given(lon=lons, lat=st.floats(-80, 80), radius_km=st.floats(1, 500), azimuth=st.floats(0, 359))
@settings(max_examples=examples(60))
def test_a_circle_contains_what_is_near_and_nothing_far(
    lon: float, lat: float, radius_km: float, azimuth: float
) -> None:
    frame = geometry.Frame(lat, lon)
    target = geometry.Target(frame.shape_to_globe(geometry.buffered(shapely.Point(0, 0), radius_km * 1000)))
    near = geodesic(kilometers=radius_km * 0.95).destination((lat, lon), azimuth)
    far = geodesic(kilometers=radius_km * 1.05).destination((lat, lon), azimuth)
    inside = target.contains(np.array([[near.longitude, near.latitude], [far.longitude, far.latitude]]))
    assert list(inside) == [True, False]


@given(lon=st.floats(70, 140), lat=st.floats(15, 55), away=st.floats(1, 3000), azimuth=st.floats(0, 359))
@settings(max_examples=examples(60))
def test_distance_from_a_circle_is_geodesic(lon: float, lat: float, away: float, azimuth: float) -> None:
    """Against geopy, which implements the same geodesics independently."""
    radius_km = 20.0
    frame = geometry.Frame(lat, lon)
    target = geometry.Target(frame.shape_to_globe(geometry.buffered(shapely.Point(0, 0), radius_km * 1000)))
    there = geodesic(kilometers=radius_km + away).destination((lat, lon), azimuth)
    distance_m, bearing = target.distances(np.array([[there.longitude, there.latitude]]))
    assert distance_m[0] / 1000 == pytest.approx(away, rel=0.002, abs=0.1)
    if away > 200:
        assert abs((bearing[0] - azimuth + 180) % 360 - 180) < 12


def test_a_distance_across_the_antimeridian_is_the_short_one() -> None:
    frame = geometry.Frame(0.0, 179.9)
    target = geometry.Target(frame.shape_to_globe(geometry.buffered(shapely.Point(0, 0), 1000)))
    distance_m, bearing = target.distances(np.array([[-179.9, 0.0]]))
    expected = geodesic((0, 179.9), (0, -179.9)).meters - 1000
    assert distance_m[0] == pytest.approx(expected, rel=0.001)
    assert bearing[0] == pytest.approx(90, abs=1)


def test_halves_that_were_cut_at_the_antimeridian_join_in_the_plane() -> None:
    cut = {
        "type": "MultiPolygon",
        "coordinates": [
            [[[179, 10], [180, 10], [180, 11], [179, 11], [179, 10]]],
            [[[-180, 10], [-179, 10], [-179, 11], [-180, 11], [-180, 10]]],
        ],
    }
    place, was_repaired = geometry.place_shape(cut)
    assert not was_repaired
    frame = geometry.frame_around(place)
    assert frame.lon_deg == pytest.approx(180, abs=0.2)
    plane = frame.shape_to_plane(place)
    assert len(geometry.polygons(plane)) == 1
    back = frame.shape_to_globe(plane)
    assert len(back.geoms) == 2
    assert back.is_valid
    assert geometry.area_km2(back) == pytest.approx(geometry.area_km2(geometry.multi(place)), rel=1e-3)


@pytest.mark.parametrize("pole", [90.0, -90.0])
def test_a_ring_around_a_pole_keeps_its_hole(pole: float) -> None:
    frame = geometry.Frame(pole * 0.999, 25.0)
    inner, outer = (geometry.buffered(shapely.Point(0, 0), km * 1000) for km in (200, 500))
    core, ring = (frame.shape_to_globe(shape) for shape in geometry.disjoint([inner, outer]))
    assert shapely.intersection(core, ring).area < 1e-6
    both = geometry.area_km2(core) + geometry.area_km2(ring)
    assert both == pytest.approx(CIRCLE_SHARE * math.pi * 500**2, rel=0.01)
    assert geometry.Target(core).contains(np.array([[0.0, pole]]))[0]


def test_a_circle_around_a_pole_is_one_piece_on_the_globe() -> None:
    assert len(geometry.circle(90.0, 0.0, 300_000).geoms) == 1


def test_simplified_keeps_to_the_limit_and_the_area() -> None:
    angles = np.linspace(0, 2 * np.pi, 5000, endpoint=False)
    radius = 50_000 + 3_000 * np.sin(40 * angles)
    rough = geometry.multi(shapely.Polygon(np.column_stack((radius * np.cos(angles), radius * np.sin(angles)))))
    smooth = geometry.simplified(rough, 50)
    assert shapely.get_num_coordinates(smooth) <= geometry.OUTLINE_VERTICES_MAX
    assert smooth.area == pytest.approx(rough.area, rel=0.05)


def test_a_self_crossing_place_is_repaired() -> None:
    bow_tie, was_repaired = geometry.place_shape(polygon((0, 0), (1, 1), (1, 0), (0, 1)))
    assert was_repaired
    assert bow_tie.is_valid
    assert bow_tie.area == pytest.approx(0.5)
