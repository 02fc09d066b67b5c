"""Which zones an incident gets."""

from __future__ import annotations

import json
import math
import os
import time
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.values import IntensityObservation
from schemas.vocabulary import IncidentKind, Level, ZoneKind
from services.geofencing.decide import decide_fence, feature_collection, stations_in_reach
from services.geofencing.drawing import draw
from services.geofencing.geometry import OUTLINE_VERTICES_MAX, area_km2
from services.geofencing.model import Circumstances
from tests.support.properties import examples
from tests.unit.geofencing.builders import RULES, at_point, measured, observed, overlap, polygon, station_table, zones

SCENARIO = Path(__file__).parents[3] / "scenarios" / "wenchuan-2008" / "scenario.json"
DATA = Path(os.environ.get("THIRDRESCUE_DATA", Path(__file__).parents[4] / "shared" / "data"))
POINTS = DATA / "alerts" / "usgs" / "shakemap" / "wenchuan" / "DERIVED_intensity_points.geojson"


@pytest.fixture(scope="module")
def wenchuan() -> Circumstances:
    """The Wenchuan earthquake as the scenario declares it."""
    scenario = json.loads(SCENARIO.read_text())
    origin = scenario["origin"]
    seen = tuple(
        IntensityObservation(lat_deg=p["lat_deg"], lon_deg=p["lon_deg"], intensity=p["intensity"])
        for p in scenario["intensity_observations"]
    )
    return at_point(
        origin["lon_deg"],
        origin["lat_deg"],
        kind=IncidentKind.EARTHQUAKE,
        level=Level.I,
        magnitude=origin["magnitude"],
        observations=seen,
    )


@pytest.fixture(scope="module")
def wenchuan_zones(wenchuan: Circumstances) -> dict[str, shapely.MultiPolygon]:
    """Its zones."""
    return zones(wenchuan)


@pytest.mark.parametrize(
    ("place", "lon", "lat", "kinds"),
    [
        ("Beichuan", 104.45, 31.83, {"core"}),
        ("Yingxiu", 103.48, 31.07, {"core"}),
        ("Hanwang", 104.17, 31.45, {"core"}),
        ("Mianzhu", 104.20, 31.33, {"core"}),
        ("Dujiangyan", 103.63, 31.02, {"core"}),
        ("Wenchuan", 103.58, 31.47, {"core"}),
        ("Qingchuan", 105.23, 32.58, {"affected"}),
        ("Mianyang", 104.77, 31.47, {"affected"}),
        ("Chengdu", 104.07, 30.67, {"affected", "ripple"}),
        ("Xi'an", 108.94, 34.26, {"ripple"}),
        ("Beijing", 116.4, 39.9, set()),
    ],
)
def test_wenchuan_towns_lie_in_their_zones(
    wenchuan_zones: dict[str, shapely.MultiPolygon], place: str, lon: float, lat: float, kinds: set[str]
) -> None:
    here = {kind for kind, shape in wenchuan_zones.items() if shapely.intersects_xy(shape, lon, lat)}
    assert here <= kinds, place
    assert bool(here) == bool(kinds), place


def test_wenchuan_zones_are_disjoint_small_enough_to_send_and_quick(wenchuan: Circumstances) -> None:
    draw(wenchuan, RULES)
    began = time.process_time()
    drawn = draw(wenchuan, RULES)
    assert time.process_time() - began < 0.6  # 0.08 s on a quiet machine
    assert overlap(drawn) < 1e-6
    assert all(shapely.get_num_coordinates(zone.globe) <= 2 * OUTLINE_VERTICES_MAX + 20 for zone in drawn)
    assert all(zone.globe.is_valid for zone in drawn)


@pytest.mark.skipif(not POINTS.exists(), reason="the public ShakeMap data is not here (THIRDRESCUE_DATA)")
def test_all_published_points_of_wenchuan_give_all_zones() -> None:
    features = json.loads(POINTS.read_text())["features"]
    seen = [(*f["geometry"]["coordinates"][:2], f["properties"]["intensity"]) for f in features]
    found = zones(observed(((lon, lat, value) for lon, lat, value in seen if value >= 1), magnitude=7.9))
    assert set(found) == {"core", "affected", "ripple"}
    assert shapely.intersects_xy(found["core"], 104.3, 31.9)


near = st.tuples(st.floats(101, 106), st.floats(29, 33), st.floats(1, 12))


@given(points=st.lists(near, min_size=1, max_size=40), magnitude=st.one_of(st.none(), st.floats(-2, 10)))
@settings(max_examples=examples(12))
def test_any_observations_give_disjoint_valid_zones(
    points: list[tuple[float, float, float]], magnitude: float | None
) -> None:
    drawn = draw(observed(points, magnitude=magnitude), RULES)
    assert drawn
    assert overlap(drawn) < 1e-5
    for zone in drawn:
        assert zone.globe.is_valid
        assert area_km2(zone.globe) > 0


@pytest.mark.parametrize(
    "points",
    [
        [(103.5, 31.2, 9.0)],
        [(103.5, 31.2, 9.0)] * 30,
        [(103.0 + i / 10, 31.0 + i / 10, 9.0) for i in range(12)],
        [(103.0 + i / 10, 31.0, 7.0) for i in range(12)],
    ],
    ids=["one", "all at one place", "on a line", "on a parallel"],
)
def test_few_or_degenerate_observations(points: list[tuple[float, float, float]]) -> None:
    lon, lat, value = points[-1]
    found = zones(observed(points, magnitude=6.5))
    kind = "core" if value >= 8.5 else "affected"
    assert shapely.intersects_xy(found[kind], lon, lat)


def test_only_kinds_that_exist() -> None:
    assert set(zones(observed([(103.4, 31.0, 7.0)], magnitude=5.0))) == {"affected", "ripple"}


def test_observations_below_vi_fence_the_place_itself() -> None:
    drawn = draw(observed([(103.4, 31.0, 3.0)], magnitude=3.0), RULES)
    assert drawn[0].kind is ZoneKind.CORE
    assert "below VI" in drawn[0].explanation.en


@given(order=st.permutations(range(12)))
@settings(max_examples=examples(5))
def test_the_order_of_observations_does_not_matter(order: list[int]) -> None:
    points = [(103 + i / 7, 31 + (i % 3) / 5, 6 + i % 4) for i in range(12)]
    one = zones(observed(points, magnitude=7.0))
    other = zones(observed([points[i] for i in order], magnitude=7.0))
    assert {kind: round(area_km2(shape)) for kind, shape in one.items()} == {
        kind: round(area_km2(shape)) for kind, shape in other.items()
    }


@pytest.mark.parametrize("level", list(Level))
def test_rings_by_level(level: Level) -> None:
    found = zones(at_point(103.4, 31.0, level=level, radius_m=2000))
    rings = RULES.rings[level]
    radii = (2, 2 + rings.affected_km, 2 + rings.ripple_km)
    total = 0.0
    for kind, radius_km in zip(("core", "affected", "ripple"), radii, strict=True):
        total += area_km2(found[kind])
        assert total == pytest.approx(math.pi * radius_km**2, rel=0.01)


def test_a_magnitude_alone_gives_isoseismals() -> None:
    found = zones(at_point(103.4, 31.0, kind=IncidentKind.EARTHQUAKE, level=Level.I, magnitude=7.9, radius_m=1000))
    assert 25 < math.sqrt(area_km2(found["core"]) / math.pi) < 35
    weak = draw(at_point(103.4, 31.0, kind=IncidentKind.EARTHQUAKE, level=Level.IV, magnitude=3.0), RULES)
    assert [zone.kind for zone in weak] == [ZoneKind.CORE]


def test_a_polygon_is_its_own_core() -> None:
    place = polygon((103, 30), (104, 30), (104, 31), (103, 31))
    found = zones(Circumstances(kind=IncidentKind.FLOOD, level=Level.II, place=place))
    assert found["core"].symmetric_difference(shapely.box(103, 30, 104, 31)).area < 1e-4


@pytest.mark.parametrize(("lon", "lat"), [(180.0, 0.0), (-179.99, 60.0), (0.0, 89.99), (77.0, -90.0)])
def test_zones_at_the_edges_of_the_map(lon: float, lat: float) -> None:
    drawn = draw(at_point(lon, lat, level=Level.I, radius_m=20_000), RULES)
    assert [zone.kind.value for zone in drawn] == ["core", "affected", "ripple"]
    assert overlap(drawn) < 1e-5
    assert area_km2(drawn[0].globe) == pytest.approx(math.pi * 20**2, rel=0.01)


def test_stations_are_sorted_bounded_and_told_their_zone() -> None:
    drawn = draw(at_point(103.4, 31.0, radius_m=2000), RULES)
    table = station_table((103.4, 31.0), (103.4, 31.05), (103.4, 31.15), (103.4, 35.0), (-70.0, -33.0))
    found = stations_in_reach(measured(drawn), table, RULES)
    assert [station.station_id.int for station in found] == [1, 2, 3, 4]
    assert [station.inside for station in found] == [ZoneKind.CORE, ZoneKind.AFFECTED, ZoneKind.RIPPLE, None]
    assert found[0].distance_km == 0
    assert found[3].distance_km == pytest.approx(441.7, abs=0.5)
    assert found[3].bearing_deg == pytest.approx(0, abs=0.5) or found[3].bearing_deg == pytest.approx(360, abs=0.5)


def test_distance_is_to_the_gravest_zone_for_brute_force_too() -> None:
    drawn = draw(at_point(103.4, 31.0, level=Level.I, radius_m=30_000), RULES)
    rng = np.random.default_rng(7)
    positions = [(float(lon), float(lat)) for lon, lat in rng.uniform((98, 26), (110, 36), (60, 2))]
    found = {s.station_id.int: s for s in stations_in_reach(measured(drawn), station_table(*positions), RULES)}
    assert len(found) == len(positions)
    for number, (lon, lat) in enumerate(positions, start=1):
        inside = [zone.kind for zone in drawn if shapely.intersects_xy(zone.globe, lon, lat)]
        assert found[number].inside == (inside[0] if inside else None)


def test_zone_ids_and_geojson() -> None:
    incident_id = uuid4()
    fence = decide_fence(incident_id, at_point(103.4, 31.0), station_table(), RULES)
    again = decide_fence(incident_id, at_point(103.4, 31.0), station_table(), RULES)
    assert fence == again
    document = feature_collection(fence.zones, reach_km=1)
    assert document["type"] == "FeatureCollection"
    assert [feature["properties"]["kind"] for feature in document["features"]] == ["core", "affected", "ripple"]
    assert all(shapely.geometry.shape(feature["geometry"]).is_valid for feature in document["features"])
    assert "assumed" in fence.zones[0].explanation.en


@pytest.mark.parametrize(("radius_m", "zh", "en"), [(800, "800米", "800 m"), (20_000, "20公里", "20 km")])
def test_a_radius_is_told_in_a_unit_that_can_be_read(radius_m: float, zh: str, en: str) -> None:
    core = decide_fence(uuid4(), at_point(103.4, 31.0, radius_m=radius_m), station_table(), RULES).zones[0]
    assert core.explanation.en == f"Core: the declared place and {en} around it."
    assert core.explanation.zh == f"核心区：宣布的地点及其周围{zh}。"
