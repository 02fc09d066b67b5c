"""Who would be asked and why not the others; who is near, how far, and how exactly that is shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.events.zone import StationInReach
from schemas.vocabulary import ContactChannel, ZoneKind
from services.geofencing.audience import decide
from services.geofencing.audience.decide import audience, by_ring, members_here
from services.geofencing.audience.model import Somebody
from services.geofencing.drawing import draw
from services.geofencing.whereabouts.freshness import Source
from tests.unit.geofencing.builders import RULES, at_point, measured

NOW = datetime(2026, 5, 12, 7, 0, tzinfo=UTC)
RINGS = (150.0, 400.0, 1000.0)


def somebody(number: int, station: int = 1, lon: float = 103.5, **more: object) -> Somebody:
    """A counsellor at a station."""
    person = Somebody(
        volunteer_id=UUID(int=number), home_station_id=UUID(int=station), roles=("counsellor",), languages=("cmn",),
        deployable=True, reasons=(), channels=None, lat_deg=31.0, lon_deg=lon, source=Source.HOME_STATION, known_at=NOW,
        accuracy_m=None, is_exact=False,
    )  # fmt: skip
    return replace(person, **more)  # type: ignore[arg-type]


def in_reach(number: int, km: float, inside: ZoneKind | None = None) -> StationInReach:
    """A station."""
    return StationInReach(station_id=UUID(int=number), inside=inside, distance_km=km, bearing_deg=0)


def test_counts_by_ring_role_language_and_channel_and_why_not_the_others() -> None:
    stations = [in_reach(1, 0, ZoneKind.CORE), in_reach(2, 20, ZoneKind.RIPPLE), in_reach(3, 900)]
    people = [
        somebody(1, station=1),
        somebody(2, station=2, roles=("counsellor", "team-lead"), languages=("cmn", "khg"), channels=("sms", "chat")),
        somebody(3, station=3),
        somebody(4, station=3, deployable=False, reasons=("on-leave", "not-vetted")),
        somebody(5, station=9, channels=()),
        somebody(6, station=2, channels=()),
    ]
    found = audience(stations, people, RINGS)
    assert found["stations"]["by_ring"] == [
        {"within_km": 150, "count": 2}, {"within_km": 400, "count": 0}, {"within_km": 1000, "count": 1},
    ]  # fmt: skip
    assert found["volunteers"] == {
        "reachable": 2,
        "by_ring": [{"within_km": 150, "count": 1}, {"within_km": 400, "count": 0}, {"within_km": 1000, "count": 1}],
        "by_role": {"counsellor": 2, "team-lead": 1},
        "by_language": {"cmn": 2, "khg": 1},
        "by_channel": {"chat": 1, "not-stated": 1, "sms": 1},
        "not_reachable": {"in-core-zone": 1, "no-channel": 1, "on-leave": 1, "out-of-reach": 1},
    }


CHANNELS = st.none() | st.lists(st.sampled_from(ContactChannel), unique=True).map(tuple)


@given(people=st.lists(st.tuples(st.integers(1, 4), st.booleans(), CHANNELS), max_size=30))
def test_everybody_is_counted_once_and_under_each_of_their_channels(
    people: list[tuple[int, bool, tuple[str, ...] | None]],
) -> None:
    stations = [in_reach(1, 0, ZoneKind.CORE), in_reach(2, 100), in_reach(3, 400)]
    crowd = [somebody(n, station=home, deployable=able, channels=by) for n, (home, able, by) in enumerate(people)]
    found = audience(stations, crowd, RINGS)["volunteers"]
    near = [by for home, able, by in people if able and home in (2, 3)]
    assert found["not_reachable"].get("no-channel", 0) == near.count(())
    assert found["by_channel"].get("not-stated", 0) == near.count(None)
    for channel in ContactChannel:
        assert found["by_channel"].get(channel, 0) == sum(channel in (by or ()) for by in near)
    assert found["reachable"] + sum(found["not_reachable"].values()) == len(people)
    assert sum(ring["count"] for ring in found["by_ring"]) == found["reachable"]


@given(distances=st.lists(st.floats(0, 1500), max_size=30))
def test_rings_count_as_one_by_one(distances: list[float]) -> None:
    wanted = []
    for number, km in enumerate(RINGS):
        floor = RINGS[number - 1] if number else -1.0
        wanted.append({"within_km": km, "count": sum(floor < one <= km for one in distances)})
    assert by_ring(distances, RINGS) == wanted


def test_who_is_here_nearest_first_with_the_age_of_the_place_and_no_exact_distance() -> None:
    zones = measured(draw(at_point(103.4, 31.0, radius_m=2000), RULES))
    live = somebody(
        2, lon=103.4, source=Source.LIVE, known_at=NOW - timedelta(minutes=3), accuracy_m=9.0, is_exact=True
    )
    people = [somebody(1, lon=104.4, channels=()), live, somebody(3, lon=110), somebody(4, deployable=False)]
    found = members_here(zones, people, 150, NOW)
    assert found["inside"] == {"core": 1, "affected": 0, "ripple": 0}
    assert (found["near"], found["is_cut"]) == (1, False)
    assert found["by_channel"] == {"no-channel": 1, "not-stated": 1}
    first, second = found["members"]
    assert (first["channels"], second["channels"]) == (None, [])
    assert first["position"] == {"source": "live", "age_s": 180, "accuracy_m": 9.0, "is_exact": True}
    assert (first["inside"], first["distance_km"]) == ("core", 0)
    assert (second["volunteer_id"], second["distance_km"], second["bearing_deg"]) == (str(UUID(int=1)), 94, 90)
    assert second["position"]["source"] == "home-station"


def test_the_first_zone_counts_as_inside_however_far_and_the_limit_itself_is_near(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    zones = measured(draw(at_point(103.4, 31.0, radius_m=2000), RULES))
    people = [somebody(1, lon=103.4), somebody(2, lon=104.4), somebody(3, lon=104.5)]
    far = members_here(zones, people, -1.0, NOW)
    assert [one["volunteer_id"] for one in far["members"]] == [str(UUID(int=1))]
    at_limit = float(zones.measure(np.array([(104.4, 31.0)])).distance_m[0] / 1000.0)
    assert members_here(zones, people, at_limit, NOW)["near"] == 1
    monkeypatch.setattr(decide, "MEMBERS_MAX", 2)
    assert [members_here(zones, people[:n], 150, NOW)["is_cut"] for n in (2, 3)] == [False, True]
    assert len(members_here(zones, people, 150, NOW)["members"]) == 2
