"""What a revision of the area changes: the same fence as drawn anew, and the difference to the one before."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.events.zone import ZoneFenced
from schemas.values import (
    IncidentClock,
    IntensityContour,
    IntensityObservation,
    PolygonGeometry,
    Position,
    Venue,
)
from schemas.vocabulary import IncidentKind, Level, VenueKind, ZoneKind
from services.geofencing.decide import decide_fence, difference, feature_collection, stations_in_reach
from services.geofencing.drawing import draw
from services.geofencing.geometry import circle
from services.geofencing.model import Circumstances, Difference, Fence
from tests.support.properties import examples
from tests.unit.geofencing.builders import RULES, at_point, measured, observed, overlap, station_table, zones

INCIDENT = UUID("2f0b3c1a-9d51-5c1e-8a56-0c5a7e1f2b10")
STATIONS = station_table((103.4, 31.0), (103.6, 31.1), (104.4, 31.2), (106.0, 30.0), (116.4, 39.9))


def square(west: float, south: float, east: float, north: float) -> PolygonGeometry:
    """A box as a contour's ground."""
    return PolygonGeometry(coordinates=(((west, south), (east, south), (east, north), (west, north), (west, south)),))


def contours(*given_contours: tuple[float, float]) -> tuple[IntensityContour, ...]:
    """Boxes around the place: (intensity, half a side in degrees)."""
    return tuple(
        IntensityContour(intensity=value, geometry=square(103.4 - half, 31.0 - half, 103.4 + half, 31.0 + half))
        for value, half in given_contours
    )


def venue(lon: float, lat: float, kind: ZoneKind = ZoneKind.AFFECTED, radius_m: float = 500) -> Venue:
    """A hospital."""
    return Venue(
        kind=VenueKind.HOSPITAL, zone_kind=kind, position=Position(lat_deg=lat, lon_deg=lon), radius_m=radius_m,
        name_zh="医院", name_en="Hospital",
    )  # fmt: skip


quake = {"kind": IncidentKind.EARTHQUAKE, "level": Level.I}
areas = st.builds(
    lambda lon, lat, radius_m, magnitude, value, half, seen, far: at_point(
        lon,
        lat,
        **quake,
        radius_m=radius_m,
        magnitude=magnitude,
        contours=contours((value, half)) if half else (),
        observations=(IntensityObservation(lon_deg=lon, lat_deg=lat, intensity=seen),) if seen else (),
        venues=(venue(*far),) if far else (),
    ),
    lon=st.sampled_from([103.4, 104.0]),
    lat=st.sampled_from([31.0, 31.5]),
    radius_m=st.sampled_from([0.0, 5000.0]),
    magnitude=st.sampled_from([None, 6.0, 7.9]),
    value=st.sampled_from([4.0, 6.0, 9.0]),
    half=st.sampled_from([0.0, 0.4]),
    seen=st.sampled_from([None, 7.0]),
    far=st.sampled_from([None, (113.3, 23.1)]),
)


@given(revisions=st.lists(areas, min_size=2, max_size=4))
@settings(max_examples=examples(25))
def test_revisions_lead_to_the_fence_drawn_anew_and_their_differences_add_up(revisions: list[Circumstances]) -> None:
    kept = told = decide_fence(INCIDENT, revisions[0], STATIONS, RULES)
    zone_ids = {zone.zone_id for zone in told.zones}
    station_ids = {station.station_id for station in told.stations}
    for circumstances in revisions[1:]:
        fence = decide_fence(INCIDENT, circumstances, STATIONS, RULES)
        changes = difference(kept, fence)
        assert bool(changes) == (fence != kept)
        zone_ids = (zone_ids - set(changes.zones_lifted)) | set(changes.zones_new)
        station_ids = (station_ids - set(changes.stations_left)) | set(changes.stations_entered)
        if changes:
            kept = fence
    anew = decide_fence(INCIDENT, revisions[-1], STATIONS, RULES)
    assert kept == anew
    assert zone_ids == {zone.zone_id for zone in anew.zones}
    assert station_ids == {station.station_id for station in anew.stations}


def test_the_same_fence_read_back_from_its_json_is_no_difference() -> None:
    fence = decide_fence(INCIDENT, at_point(103.4, 31.0, **quake, magnitude=7.0), STATIONS, RULES)
    clock = IncidentClock(anchor_real_at="2008-05-12T06:28:01Z", anchor_incident_at="2008-05-12T06:28:01Z")
    published = ZoneFenced.model_construct(
        incident_id=INCIDENT,
        area_codes=("510000",),
        zones=fence.zones,
        stations=fence.stations,
        reach_km=1.0,
        clock=clock,
    )
    read = ZoneFenced.model_validate_json(published.model_dump_json())
    assert difference(Fence(zones=read.zones, stations=read.stations), fence) == Difference()


def test_zones_keep_their_ids_and_the_difference_names_each() -> None:
    before = decide_fence(INCIDENT, at_point(103.4, 31.0, level=Level.IV), STATIONS, RULES)
    after = decide_fence(INCIDENT, observed([(103.4, 31.0, 7.0)], magnitude=5.0), STATIONS, RULES)
    changes = difference(before, after)
    core, affected, ripple = (zone.zone_id for zone in before.zones)
    assert changes.zones_lifted == (core,)
    assert changes.zones_changed == (affected, ripple)
    assert changes.zones_new == ()
    assert difference(after, before).zones_new == (core,)


def test_contours_beat_attenuation_and_observations_where_they_reach() -> None:
    seen = (IntensityObservation(lon_deg=103.4, lat_deg=31.0, intensity=10),)
    found = zones(
        at_point(
            103.4, 31.0, **quake, magnitude=7.9, observations=seen, contours=contours((6, 0.5), (7, 0.3), (9, 0.1))
        )
    )
    assert {kind: round(shape.bounds[2] - 103.4, 2) for kind, shape in found.items()} == {
        "core": 0.1, "affected": 0.3, "ripple": 0.5,
    }  # fmt: skip


def test_a_kind_below_the_lowest_contour_comes_from_what_is_known_next() -> None:
    higher = contours((9, 0.1), (7, 0.3))
    by_magnitude = zones(at_point(103.4, 31.0, **quake, magnitude=7.9, contours=higher))
    assert set(by_magnitude) == {"core", "affected", "ripple"}
    assert by_magnitude["ripple"].bounds[2] > 104.4
    assert set(zones(at_point(103.4, 31.0, **quake, contours=higher))) == {"core", "affected"}
    weak = draw(at_point(103.4, 31.0, **quake, contours=contours((4, 0.5))), RULES)
    assert "below VI" in weak[0].explanation.en


def test_a_venue_far_away_is_part_of_the_zone_of_its_kind_and_stations_there_are_near() -> None:
    circumstances = at_point(103.4, 31.0, venues=(venue(113.3, 23.1, ZoneKind.CORE), venue(104.0, 30.6)))
    drawn = draw(circumstances, RULES)
    assert overlap(drawn) < 1e-9
    core = drawn[0]
    assert shapely.intersects_xy(core.globe, [103.4, 113.3], [31.0, 23.1]).all()
    assert "hospitals: 1" in core.explanation.en
    found = stations_in_reach(measured(drawn), station_table((113.3, 23.1), (113.6, 23.1), (103.7, 31.0)), RULES)
    assert [(s.station_id.int, s.inside) for s in found] == [(1, ZoneKind.CORE), (3, None), (2, None)]
    assert found[2].distance_km == pytest.approx(30.2, abs=0.2)
    assert found[1].distance_km == pytest.approx(27.7, abs=0.3)


def test_a_venue_of_a_kind_that_nothing_else_gives_makes_that_zone() -> None:
    weak = at_point(103.4, 31.0, **quake, magnitude=3.0)
    drawn = draw(replace(weak, venues=(venue(113.3, 23.1),)), RULES)
    assert [zone.kind for zone in drawn] == [ZoneKind.CORE, ZoneKind.AFFECTED]
    assert drawn[1].globe.symmetric_difference(circle(23.1, 113.3, 500)).area < 1e-6
    assert drawn[1].explanation.en.startswith("Affected: places where affected people are")


def test_the_reach_itself_is_in_reach_and_distances_are_told_in_metres() -> None:
    zones = measured(draw(at_point(103.4, 31.0, radius_m=2000), RULES))
    table = station_table((104.0, 31.2))
    exact_m = float(zones.measure(table.lon_lat).distance_m[0])
    (found,) = stations_in_reach(zones, table, replace(RULES, reach_km=exact_m / 1000))
    assert (found.distance_km, found.inside) == (round(exact_m / 1000, 3), None)
    assert stations_in_reach(zones, table, replace(RULES, reach_km=exact_m / 1000 - 1e-6)) == ()
    assert stations_in_reach(zones, station_table(), RULES) == ()


def test_the_zones_as_geojson_have_their_ground_apart_from_what_is_said_of_them() -> None:
    fence = decide_fence(INCIDENT, at_point(103.4, 31.0, level=Level.IV), STATIONS, RULES)
    found = feature_collection(fence.zones, revision=3)
    assert (found["type"], found["revision"]) == ("FeatureCollection", 3)
    assert [feature["id"] for feature in found["features"]] == [str(zone.zone_id) for zone in fence.zones]
    for feature, zone in zip(found["features"], fence.zones, strict=True):
        assert (feature["type"], feature["geometry"]["type"]) == ("Feature", "MultiPolygon")
        assert (feature["properties"]["kind"], "geometry" in feature["properties"]) == (zone.kind, False)


def test_invalid_rings_are_repaired_and_the_zone_says_so() -> None:
    bow_tie = {"type": "Polygon", "coordinates": [[(103, 31), (104, 32), (104, 31), (103, 32), (103, 31)]]}
    drawn = draw(Circumstances(kind=IncidentKind.FLOOD, level=Level.II, place=bow_tie), RULES)
    assert drawn[0].globe.is_valid
    assert drawn[0].explanation.en.endswith("The given rings were invalid and were repaired.")
