"""Zones as standing queries: what was told adds up to what is, whatever happened in whatever order."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np
import pytest
import shapely
from geopy.distance import geodesic
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.events.zone import StationInReach, VolunteerInReach
from schemas.vocabulary import ZoneKind
from services.geofencing.decide import stations_in_reach
from services.geofencing.geometry import circle
from services.geofencing.measure import MeasuredZones
from services.geofencing.model import People
from services.geofencing.standing import index
from services.geofencing.standing.decide import (
    BATCH,
    ReachChange,
    events_of,
    first_look,
    members_changed,
    reached_by,
    stations_changed,
)
from services.geofencing.standing.index import ZoneIndex
from tests.support.properties import examples
from tests.unit.geofencing.builders import RULES, station_table

PLACES = [(103.4, 31.0), (103.6, 31.0), (104.6, 31.2), (106.0, 29.0), (179.9, 65.0), (-179.9, 65.0), (116.4, 39.9)]
INCIDENTS = [UUID(int=1), UUID(int=2)]
ids = st.integers(10, 15).map(lambda number: UUID(int=number))
places = st.sampled_from(PLACES)
steps = st.one_of(
    st.tuples(st.just("comes"), ids, places),
    st.tuples(st.just("goes"), ids, places),
    st.tuples(st.just("fenced"), st.sampled_from(INCIDENTS), places),
    st.tuples(st.just("lifted"), st.sampled_from(INCIDENTS), places),
    st.tuples(st.just("look"), st.just(UUID(int=0)), st.just(PLACES[0])),
)


def zones_at(lon: float, lat: float) -> MeasuredZones:
    """A core of 5 km and a ring of 20 km around it."""
    core, wide = circle(lat, lon, 5_000), circle(lat, lon, 20_000)
    return MeasuredZones.of([(ZoneKind.CORE, core), (ZoneKind.AFFECTED, shapely.difference(wide, core))])


@dataclass
class World:
    """What a service with these standing queries keeps."""

    zones: dict[UUID, MeasuredZones] = field(default_factory=dict)
    people: dict[UUID, tuple[float, float]] = field(default_factory=dict)
    told: dict[UUID, dict[UUID, ZoneKind | None]] = field(default_factory=lambda: defaultdict(dict))
    moved: set[UUID] = field(default_factory=set)
    anew: set[UUID] = field(default_factory=set)

    def here(self, only: set[UUID] | None = None) -> People:
        """Those who may be asked, of some or of all."""
        return People.of((i, *at) for i, at in self.people.items() if only is None or i in only)

    def look(self) -> None:
        """Look at everybody who moved, and at everybody for zones that are new."""
        index = ZoneIndex(self.zones)
        anew = self.anew & self.zones.keys()
        now = reached_by(index, self.here(self.moved), RULES, self.zones.keys() - anew)
        now |= reached_by(index, self.here(), RULES, anew)
        for incident_id in self.zones:
            kept = self.told[incident_id]
            told = {i: kind for i, kind in kept.items() if incident_id in anew or i in self.moved}
            change = members_changed(told, now.get(incident_id, {}))
            for one in change.volunteers_entered:
                kept[one.volunteer_id] = one.inside
            for volunteer_id in change.volunteers_left:
                del kept[volunteer_id]
        self.moved.clear()
        self.anew.clear()


def brute(zones: MeasuredZones, at: tuple[float, float]) -> tuple[bool, ZoneKind | None]:
    """Whether somebody is in reach, and in which zone, without an index and one by one."""
    lon, lat = at
    kinds = [k for k, t in zip(zones.kinds, zones.targets, strict=True) if shapely.intersects_xy(t.globe, lon, lat)]
    if kinds:
        return True, kinds[0]
    corners = shapely.get_coordinates(zones.targets[0].globe)
    return min(geodesic((lat, lon), (y, x)).km for x, y in corners) <= RULES.members_near_km, None


@given(story=st.lists(steps, max_size=30))
@settings(max_examples=examples(40))
def test_what_was_told_equals_looking_at_everybody_after_any_story(
    story: list[tuple[str, UUID, tuple[float, float]]],
) -> None:
    world = World()
    for what, who, place in story:
        if what == "comes":
            world.people[who] = place
            world.moved.add(who)
        elif what == "goes":
            world.people.pop(who, None)
            world.moved.add(who)
        elif what == "fenced":
            world.zones[who] = zones_at(*place)
            world.anew.add(who)
        elif what == "lifted":
            world.zones.pop(who, None)
            world.told.pop(who, None)
        else:
            world.look()
    world.look()
    wanted = {}
    for incident_id, zones in world.zones.items():
        found = {i: brute(zones, at) for i, at in world.people.items()}
        wanted[incident_id] = {i: kind for i, (is_reached, kind) in found.items() if is_reached}
    assert {incident_id: world.told[incident_id] for incident_id in world.zones} == wanted


def test_candidates_leave_out_nobody_and_most_of_those_far_away() -> None:
    rng = np.random.default_rng(5)
    positions = rng.uniform((70, 15), (140, 55), (3000, 2))
    tree = ZoneIndex({UUID(int=1): zones_at(103.4, 31.0), UUID(int=2): zones_at(116.4, 39.9)})
    found = tree.candidates(positions, RULES.members_near_km, set(tree.zones))
    for incident_id, zones in tree.zones.items():
        distance_m = zones.measure(positions).distance_m
        near = set(np.flatnonzero(distance_m <= RULES.members_near_km * 1000).tolist())
        assert near <= set(found[incident_id].tolist())
        assert len(found[incident_id]) < len(near) * 1.5 + 5


def test_the_engine_finds_the_same_candidates_as_the_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    positions = np.random.default_rng(6).uniform((100, 28), (120, 42), (4000, 2))
    zones = {UUID(int=1): zones_at(103.4, 31.0), UUID(int=2): zones_at(116.4, 39.9)}
    by_tree = ZoneIndex(zones).candidates(positions, RULES.members_near_km, set(zones))
    monkeypatch.setattr(index, "MANY", 1)
    by_engine = ZoneIndex(zones).candidates(positions, RULES.members_near_km, set(zones))
    assert {i: found.tolist() for i, found in by_engine.items()} == {i: f.tolist() for i, f in by_tree.items()}
    assert all(len(found) for found in by_tree.values())


def reached(number: int, inside: ZoneKind | None = None) -> VolunteerInReach:
    """Somebody in reach."""
    return VolunteerInReach(volunteer_id=UUID(int=number), inside=inside, distance_km=5)


def test_who_comes_changes_zone_or_leaves_is_told_and_nobody_else() -> None:
    told = {UUID(int=1): ZoneKind.CORE, UUID(int=2): None, UUID(int=3): ZoneKind.AFFECTED}
    now = {one.volunteer_id: one for one in (reached(1, ZoneKind.CORE), reached(2, ZoneKind.CORE), reached(4))}
    change = members_changed(told, now)
    assert [one.volunteer_id.int for one in change.volunteers_entered] == [2, 4]
    assert [one.int for one in change.volunteers_left] == [3]
    assert not members_changed({UUID(int=1): ZoneKind.CORE}, {UUID(int=1): reached(1, ZoneKind.CORE)})


def test_a_first_look_tells_of_those_who_moved_and_of_all_who_left() -> None:
    change = ReachChange(volunteers_entered=(reached(1), reached(2)), volunteers_left=(UUID(int=3),))
    first = first_look(change, {UUID(int=2)})
    assert [one.volunteer_id.int for one in first.volunteers_entered] == [2]
    assert first.volunteers_left == (UUID(int=3),)


def in_reach(number: int, km: float) -> StationInReach:
    """A station."""
    return StationInReach(station_id=UUID(int=number), inside=None, distance_km=km, bearing_deg=0)


def test_a_station_whose_distance_changed_is_told_again_and_one_that_left_by_id() -> None:
    change = stations_changed([in_reach(1, 10), in_reach(2, 20), in_reach(3, 30)], [in_reach(1, 10), in_reach(3, 31)])
    assert [one.station_id.int for one in change.stations_entered] == [3]
    assert [one.int for one in change.stations_left] == [2]
    assert not stations_changed([in_reach(1, 10)], [in_reach(1, 10)])


def test_with_a_full_list_the_farthest_leaves_for_a_nearer_one() -> None:
    rules = RULES.__class__(**{**vars(RULES), "stations_max": 2})
    zones = zones_at(103.4, 31.0)
    before = stations_in_reach(zones, station_table((104.0, 31.0), (105.0, 31.0)), rules)
    after = stations_in_reach(zones, station_table((104.0, 31.0), (105.0, 31.0), (103.8, 31.0)), rules)
    change = stations_changed(before, after)
    assert ([one.station_id.int for one in change.stations_entered], [one.int for one in change.stations_left]) == (
        [3],
        [2],
    )


@pytest.mark.parametrize("count", [0, 1, BATCH, BATCH + 1, 3 * BATCH])
def test_a_change_is_told_in_bounded_events_each_of_its_parts_once(count: int) -> None:
    people = tuple(VolunteerInReach(volunteer_id=UUID(int=n), inside=None, distance_km=5) for n in range(count))
    gone = tuple(UUID(int=10_000 + n) for n in range(2 * count))
    change = ReachChange(
        volunteers_entered=people, volunteers_left=gone, stations_left=(UUID(int=9),) if count else (),
        stations_entered=(in_reach(8, 1),) if count else (),
    )  # fmt: skip
    events = list(events_of(INCIDENTS[0], change))
    assert len(events) == -(-2 * count // BATCH)
    assert tuple(one for event in events for one in event.volunteers_entered) == people
    assert tuple(one for event in events for one in event.volunteers_left) == gone
    assert sum(len(event.stations_left) for event in events) == min(count, 1)
    assert sum(len(event.stations_entered) for event in events) == min(count, 1)
    assert all(max(len(event.volunteers_entered), len(event.volunteers_left)) <= BATCH for event in events)


def test_a_change_of_stations_alone_is_one_event() -> None:
    (event,) = events_of(INCIDENTS[0], ReachChange(stations_left=(UUID(int=9),)))
    assert (event.stations_left, event.volunteers_left) == ((UUID(int=9),), ())


def test_distances_of_volunteers_are_told_in_steps_of_five_km() -> None:
    found = reached_by(
        ZoneIndex({INCIDENTS[0]: zones_at(103.4, 31.0)}), People.of([(UUID(int=7), 103.83, 31.0)]), RULES, INCIDENTS
    )
    assert found[INCIDENTS[0]][UUID(int=7)].distance_km == 35
