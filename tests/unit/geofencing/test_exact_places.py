"""Who is inside, by brute force; how far planar edges are off, as the documentation says; places that are swapped."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
import shapely
from geopy.distance import geodesic
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from schemas.vocabulary import IncidentKind, Level
from services.geofencing.drawing import draw
from services.geofencing.geometry import Target, circle, directions
from services.geofencing.model import Circumstances, StationTable
from tests.support.properties import examples
from tests.unit.geofencing.builders import RULES, at_point, measured

DOCUMENT = Path(__file__).parents[3] / "docs" / "geofencing.md"
GLOBE = Geod(ellps="WGS84")
lons, lats = st.floats(101.0, 107.0), st.floats(28.0, 34.0)
boxes = st.tuples(lons, lats, st.floats(0.05, 1.5), st.floats(0.05, 1.5))


def holds(rings: list[np.ndarray], lon: float, lat: float) -> bool:
    """Even-odd rule over all rings, edge by edge."""
    inside = False
    for ring in rings:
        for (x0, y0), (x1, y1) in pairwise(ring):
            if (y0 > lat) != (y1 > lat) and lon < x0 + (lat - y0) * (x1 - x0) / (y1 - y0):
                inside = not inside
    return inside


@given(outer=boxes, island=boxes, points=st.lists(st.tuples(lons, lats), min_size=1, max_size=40))
@settings(max_examples=examples(25))
def test_inside_equals_brute_force_with_holes_and_islands(
    outer: tuple[float, float, float, float], island: tuple[float, ...], points: list[tuple[float, float]]
) -> None:
    lon, lat, half_lon, half_lat = outer
    frame = shapely.box(lon - half_lon, lat - half_lat, lon + half_lon, lat + half_lat)
    hole = shapely.box(lon - half_lon / 2, lat - half_lat / 2, lon + half_lon / 3, lat + half_lat / 3)
    apart = shapely.box(island[0], island[1], island[0] + island[2], island[1] + island[3])
    place = shapely.union(shapely.difference(frame, hole), apart)
    circumstances = Circumstances(kind=IncidentKind.FLOOD, level=Level.II, place=shapely.geometry.mapping(place))
    drawn = draw(circumstances, RULES)
    found = measured(drawn).measure(np.array(points))
    for number, point in enumerate(points):
        kinds = [
            place_in_order
            for place_in_order, zone in enumerate(drawn)
            if holds(
                [shapely.get_coordinates(r) for part in zone.globe.geoms for r in (part.exterior, *part.interiors)],
                *point,
            )
        ]
        assert found.inside[number] == (kinds[0] if kinds else -1)


@given(lon=st.floats(-180, 180), lat=st.floats(-90, 90), radius_km=st.floats(1, 400), near_km=st.floats(0, 300),
       azimuth=st.floats(0, 360), share=st.floats(0, 1))  # fmt: skip
@settings(max_examples=examples(100))
def test_who_is_within_a_distance_is_never_left_out(
    lon: float, lat: float, radius_km: float, near_km: float, azimuth: float, share: float
) -> None:
    target = Target(circle(lat, lon, radius_km * 1000))
    there = geodesic(kilometers=(radius_km * 0.99 + near_km) * share).destination((lat, lon), azimuth)
    towards = directions(np.array([[there.longitude, there.latitude]]))
    assert target.may_lie_within(towards, near_km * 1000)[0]


def test_the_documented_error_of_planar_edges() -> None:
    found = re.findall(r"^\| (\d+) \| (\d+) km \| ([\d.]+) km \|", DOCUMENT.read_text("utf-8"), re.M)
    assert len(found) == 9
    for lat, km, told in found:
        lon1, lat1, _ = GLOBE.fwd(104.0, float(lat), 90.0, float(km) * 1000)
        lon, middle = GLOBE.npts(104.0, float(lat), lon1, lat1, 1)[0]
        straight = float(lat) + (lat1 - float(lat)) / 2
        assert GLOBE.inv(lon, middle, lon, straight)[2] / 1000 == pytest.approx(float(told), rel=0.02, abs=0.01)


def test_swapped_positions_are_nowhere_near() -> None:
    """Longitude and latitude of China swapped lie beyond the pole or in other seas: nobody is taken for inside."""
    zones = measured(draw(at_point(103.4, 31.0, radius_m=200_000), RULES))
    right = StationTable.of([(UUID(int=1), 103.5, 31.1)])
    swapped = StationTable.of([(UUID(int=1), 31.1, 103.5 - 90)])
    assert zones.measure(right.lon_lat).inside.tolist() == [0]
    assert zones.measure(swapped.lon_lat).inside.tolist() == [-1]
    assert zones.measure(swapped.lon_lat).distance_m[0] > 5_000_000


@given(far=st.tuples(st.floats(110, 125), st.floats(20, 45)), radius_km=st.floats(1, 60), at=st.tuples(lons, lats))
@settings(max_examples=examples(30))
def test_the_distance_to_a_shape_of_parts_far_apart_is_the_geodesic_to_the_nearest(
    far: tuple[float, float], radius_km: float, at: tuple[float, float]
) -> None:
    shape = shapely.MultiPolygon([*circle(30.5, 104.0, radius_km * 1000).geoms, *circle(far[1], far[0], 5000).geoms])
    found = Target(shape).distances(np.array([at]))[0][0]
    if shapely.intersects_xy(shape, *at):
        assert found == 0
        return
    corners = shapely.get_coordinates(shapely.segmentize(shape, 0.002))
    wanted = GLOBE.inv(np.full(len(corners), at[0]), np.full(len(corners), at[1]), corners[:, 0], corners[:, 1])[
        2
    ].min()
    assert found == pytest.approx(wanted, rel=0.002, abs=150)
