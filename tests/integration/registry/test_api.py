"""Stations and volunteers together, from request to outbox, on a real database."""

from __future__ import annotations

import asyncio
from collections import defaultdict

import pytest

from schemas.topics import topic_of
from services.registry.volunteers.decide import volunteer_id_of
from tests.integration.registry.calls import STATIONS, VOLUNTEERS, fill, last_state, outcomes, send, types
from tests.support.service_rig import ServiceRig
from tests.unit.registry.stations.builders import station_item
from tests.unit.registry.volunteers.builders import volunteer_item

pytestmark = pytest.mark.integration


async def test_running_a_batch_again_changes_and_tells_nothing(rig: ServiceRig) -> None:
    for _ in range(2):
        first = await send(rig, STATIONS, station_item())
        second = await send(rig, VOLUNTEERS, volunteer_item())
        told = len(await rig.emitted())
    assert outcomes(first) == outcomes(second) == ["unchanged"]
    assert told == 6


async def test_nobody_registers_outside_their_areas(rig: ServiceRig) -> None:
    await send(rig, STATIONS, station_item())
    async with rig.client(areas=["610000"]) as client:
        calls = [
            await client.post(STATIONS, json={"items": [station_item(ref="S-2")]}),
            await client.post(STATIONS, json={"items": [station_item(area_code="610100")]}),  # taking one over
            await client.post(VOLUNTEERS, json={"items": [volunteer_item()]}),
        ]
    assert [call.status_code for call in calls] == [403] * 3
    assert (await rig.count("stations"), await rig.count("volunteers")) == (1, 0)


async def test_a_station_that_moves_or_closes_takes_its_volunteers_along(rig: ServiceRig) -> None:
    await fill(rig, volunteer_item(), volunteer_item(ref="V-002"))
    await send(rig, STATIONS, station_item(lat_deg=31.5))
    assert await types(rig) == ["station.corrected", "station.state", "volunteer.state", "volunteer.state"]
    assert (await last_state(rig)).position.lat_deg == 31.5
    await send(rig, STATIONS, station_item(lat_deg=31.5, is_open=False))
    assert (await last_state(rig)).reasons == ("station-closed",)
    async with rig.client() as client:
        summary = (await client.get("/registry/summary")).json()
    assert summary["stations"]["open"] == 0
    assert summary["volunteers"]["not_deployable_by_reason"] == {"station-closed": 2}


async def test_the_last_state_told_is_how_it_stands_when_everybody_changes_everything(rig: ServiceRig) -> None:
    await send(rig, STATIONS, station_item())
    await send(rig, VOLUNTEERS, volunteer_item())
    url = f"/registry/volunteers/{volunteer_id_of('V-001')}/availability"
    async with rig.client() as client:
        for turn in range(8):
            stations = [{"items": [station_item(lat_deg=turn + number / 10)]} for number in range(3)]
            volunteers = [
                {"items": [volunteer_item(languages=["cmn", code], available=None)]} for code in ("khg", "adx")
            ]
            await asyncio.gather(
                *(client.post(url, json={"available": number % 2 == 0}) for number in range(5)),
                *(client.post(STATIONS, json=batch) for batch in stations),
                *(client.post(VOLUNTEERS, json=batch) for batch in volunteers),
            )
            state = await last_state(rig)
            stored = await rig.runtime.pool.fetchrow(
                "SELECT v.deployable, v.languages, s.lat_deg FROM volunteers v "
                "JOIN stations s ON s.station_id = v.home_station_id"
            )
            assert stored is not None
            assert (state.deployable, list(state.languages), state.position.lat_deg) == tuple(stored)
            told = [type_ for type_ in await types(rig) if type_.startswith("volunteer.became-")]
            assert told[-1] == ("volunteer.became-available" if state.deployable else "volunteer.became-unavailable")
    sequences: dict[tuple[str, str], list[int]] = defaultdict(list)
    for envelope in await rig.emitted():
        sequences[topic_of(envelope.data).name, envelope.key].append(envelope.sequence)
    assert all(found == list(range(1, len(found) + 1)) for found in sequences.values())
