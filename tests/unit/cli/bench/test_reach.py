"""Whom `bench reach` moves, what it takes from the log, and how its floor is made."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from geopy.distance import geodesic

from services.cli.bench.reach import network
from services.cli.bench.reach.run import BY_POSITION, BY_REGISTER, MOVED, QUICK
from services.cli.bench.reach.watch import Watch
from services.cli.bench.whole.network import GROUPS
from services.cli.scenario.records import Record
from services.geofencing.settings import GeofencingSettings
from services.geofencing.whereabouts.api import PositionsRequest
from services.incidents.model import DeclareRequest
from services.registry.stations.model import StationEntry
from services.registry.volunteers.calendar.model import CalendarRequest
from services.registry.volunteers.model import VolunteerEntry

NOW = datetime(2026, 5, 12, 4, 0, tzinfo=UTC)
INCIDENT = "3f0d7a34-8a5e-4b5e-9a0c-0d5f5f3c2b11"


def test_everything_that_is_sent_is_what_the_services_take() -> None:
    known = network.network_for(3, 30)
    stations = {StationEntry.model_validate(item).ref for item in known.stations}
    volunteers = [VolunteerEntry.model_validate(item) for item in (*known.volunteers, network.volunteer("x"))]
    assert {one.home_station_ref for one in volunteers} == stations
    assert len({one.ref for one in volunteers}) == len(volunteers)
    declared = DeclareRequest.model_validate(network.declaration(NOW))
    assert declared.exercise
    assert declared.needs is not None
    assert not {need.role for need in declared.needs} & {role for one in volunteers for role in one.roles}
    PositionsRequest.model_validate({"positions": [network.position("x", network.PLACE)]})
    assert CalendarRequest.model_validate(network.duty(NOW, timedelta(seconds=9))).exceptions
    assert QUICK.people >= MOVED


def test_who_is_near_far_and_beside() -> None:
    settings = GeofencingSettings()
    away = {name: geodesic(network.PLACE, getattr(network, name)).km for name in ("NEAR", "FAR", "BESIDE")}
    outermost_km = settings.geofencing_affected_km_level_4 + settings.geofencing_ripple_km_level_4
    grown_km = [radius_m / 1000 for radius_m in network.GROWN_M]
    assert outermost_km + 1 < away["BESIDE"] < grown_km[0]
    assert grown_km[1] + outermost_km < away["NEAR"] < settings.geofencing_members_near_km
    assert away["FAR"] > grown_km[1] + settings.geofencing_members_near_km
    assert min(geodesic(network.PLACE, group).km for group in GROUPS) > 2 * settings.geofencing_members_near_km


def test_the_floors_have_the_hops_and_commits_of_their_ways() -> None:
    assert [steps.count("hop") for steps in (BY_POSITION, BY_REGISTER)] == [1, 2]
    assert [steps.count("commit") for steps in (BY_POSITION, BY_REGISTER)] == [2, 3]


def record(data: dict[str, Any], key: str = INCIDENT) -> Record:
    import orjson

    return Record(
        topic="zone-events", partition=0, offset=0, at=NOW, key=key, id="", type="zone.reach-changed", sequence=1,
        time=NOW, recorded_at=NOW, correlation_id="", exercise=True, jurisdiction=(), value=orjson.dumps(data),
    )  # fmt: skip


async def test_a_change_ends_with_the_record_that_names_the_person_and_the_way() -> None:
    watch = Watch()
    watch.incident_id = INCIDENT
    came, went = watch.expect(("a", True)), watch.expect(("a", False))
    watch.take(record({"volunteers_entered": [{"volunteer_id": "a"}]}, key="another"), 1.0)
    watch.take(record({"volunteers_entered": [{"volunteer_id": "b"}], "volunteers_left": ["c"]}), 2.0)
    assert not came.done()
    watch.take(record({"volunteers_entered": [{"volunteer_id": "a"}]}), 3.0)
    watch.take(record({"volunteers_left": ["a"]}), 4.0)
    assert (await watch.at(came), await watch.at(went)) == (3.0, 4.0)
    assert (watch.people, len(watch.records)) == (["b", "c", "a", "a"], 3)
    watch.forget()
    assert (watch.people, watch.records) == ([], [])


async def test_what_is_never_told_is_an_error_and_not_a_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.cli.bench.reach.watch.TOLD_WITHIN_S", 0.01)
    with pytest.raises(Exception, match="did not tell it"):
        await Watch().told("a", lambda: asyncio.sleep(0))
