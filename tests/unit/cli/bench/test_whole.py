"""What `bench path` declares and to whom, how it loads, and how it adds up."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from itertools import combinations
from typing import Any

import pytest
from geopy.distance import geodesic

from services.alerts.settings import AlertsSettings
from services.cli.bench.report import Report
from services.cli.bench.whole import floor
from services.cli.bench.whole.load import LoadError, Target, paced
from services.cli.bench.whole.network import ASKED_PER_INCIDENT, GROUPS, NOBODY_NEAR, declaration, network_for
from services.cli.bench.whole.trace import HOPS, Trace, report_hops
from services.geofencing.settings import GeofencingSettings
from services.incidents.model import DeclareRequest
from services.registry.stations.model import StationEntry
from services.registry.volunteers.model import VolunteerEntry

CHINA_CORNERS = ((53.6, 123.3), (48.4, 134.8), (39.5, 73.5), (3.4, 112.3), (21.1, 99.2), (27.3, 85.0))


def test_the_network_is_one_that_the_register_takes() -> None:
    network = network_for(100)
    stations = {StationEntry.model_validate(item).ref for item in network.stations}
    homes = {VolunteerEntry.model_validate(item).home_station_ref for item in network.volunteers}
    assert homes == stations
    assert len({item["ref"] for item in network.volunteers}) == len(network.volunteers)


@pytest.mark.parametrize("incidents", [1, 40, 1_000])
def test_so_many_incidents_can_be_open_at_once(incidents: int) -> None:
    members = Counter(item["home_station_ref"].rpartition("-")[0] for item in network_for(incidents).volunteers)
    needed = Counter(number % len(GROUPS) for number in range(incidents))
    assert len(members) == len(GROUPS)
    assert min(members.values()) >= ASKED_PER_INCIDENT * max(needed.values())


def test_an_incident_is_near_its_own_group_and_nobody_else() -> None:
    ring_km, reach_km = AlertsSettings().alerts_rings_km[0], GeofencingSettings().geofencing_reach_km
    assert min(geodesic(one, other).km for one, other in combinations(GROUPS, 2)) > 2 * ring_km
    away = [geodesic(group, corner).km for group in (*GROUPS, NOBODY_NEAR) for corner in CHINA_CORNERS]
    assert min(away) > reach_km
    places = [(item["lat_deg"], item["lon_deg"]) for item in network_for(1).stations]
    assert min(geodesic(NOBODY_NEAR, place).km for place in places) > reach_km
    assert all(min(geodesic(group, place).km for group in GROUPS) < ring_km / 2 for place in places)


def test_declarations_are_drills_that_the_service_takes() -> None:
    for body in (declaration(0), declaration(7, somebody_near=False)):
        request = DeclareRequest.model_validate(body)
        assert request.exercise
        assert request.drill_factor == 1


def test_the_floor_has_the_hops_and_commits_of_the_path() -> None:
    assert (floor.HOPS, floor.COMMITS) == (2, 4)
    assert floor.STEPS[0] == "commit"


async def test_a_pace_is_kept_without_waiting_for_the_one_before() -> None:
    started: list[float] = []

    async def act(_: int) -> None:
        started.append(time.monotonic())
        await asyncio.sleep(0.2)

    began = time.monotonic()
    await paced(10, 50, act)
    assert 0.15 <= started[-1] - began < 1.5, "one after another takes 2 s"
    assert len(started) == 10


async def test_what_fails_at_a_pace_is_raised() -> None:
    async def act(number: int) -> None:
        if number == 2:
            raise LoadError("refused")

    with pytest.raises(LoadError, match="refused"):
        await paced(5, 500, act)


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """An HTTP server that answers 201 with a number, and 409 when asked for it."""
    while head := await reader.readuntil(b"\r\n\r\n") if not reader.at_eof() else b"":
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        body = await reader.readexactly(length)
        status = b"409 Conflict" if b"conflict" in body else b"201 Created"
        # In two pieces, as a network may deliver them.
        writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: " + str(length).encode() + b"\r\n\r\n" + body[:3])
        await writer.drain()
        await asyncio.sleep(0.001)
        writer.write(body[3:])


async def test_every_request_of_a_flood_is_answered_on_its_few_connections() -> None:
    connected = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connected
        connected += 1
        try:
            await _answer(reader, writer)
        except asyncio.IncompleteReadError:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port: Any = server.sockets[0].getsockname()[1]
    async with server, Target(f"http://127.0.0.1:{port}", 3) as target:
        requests = [target.post("/x", {"number": number}, {"A": "b"}) for number in range(20)]
        done, took_s = await target.flood(requests)
        assert sorted(one.document["number"] for one in done) == list(range(20))
        assert (connected, took_s > 0) == (3, True)
        with pytest.raises(LoadError, match="409"):
            await target.one(target.post("/x", {"conflict": 1}, {}))


def test_hops_are_reported_with_median_and_tail() -> None:
    milestones = ("sent", "declared", "fenced", "wave decided", "first page")
    traces = [
        Trace({milestone: 10.0 + place * 0.001 * number for place, milestone in enumerate(milestones)})
        for number in range(1, 101)
    ]
    report = Report("path")
    report_hops(report, "steady", traces)
    told = {result.what: result.value for result in report.results}
    assert len(told) == 2 * len(HOPS)
    assert told["steady: declared -> fenced, p50"] == pytest.approx(50)
    assert told["steady: sent -> first page, p99"] == pytest.approx(4 * 99)
