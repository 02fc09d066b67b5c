"""Stations from request to outbox, on a real database."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schemas.policy import AccountRole
from services.kit.clock import ManualClock
from services.kit.timers import TimerLoop
from services.registry.stations.decide import station_id_of
from services.registry.stations.stale import CHASE_STALE
from services.registry.store import lock_register
from tests.integration.registry.calls import STATIONS, outcomes, send, types
from tests.support.service_rig import ServiceRig
from tests.unit.registry.stations.builders import station_item

pytestmark = pytest.mark.integration


async def test_a_batch_registers_stations_and_tells_each_fact_and_state(rig: ServiceRig) -> None:
    answer = await send(
        rig, STATIONS, station_item(detachment_ref="D-51"),
        station_item(ref="D-51", kind="provincial-detachment", tier="province", area_code="510000"),
    )  # fmt: skip
    assert outcomes(answer) == ["created", "created"]
    assert Counter(await types(rig)) == {"station.registered": 2, "station.state": 2}
    async with rig.client(AccountRole.VIEWER) as client:
        listed = (await client.get("/registry/stations")).json()["items"]
        detachments = (await client.get("/registry/stations", params={"kind": "provincial-detachment"})).json()["items"]
    assert [station["ref"] for station in listed] == ["D-51", "S-001"]
    assert listed[1]["detachment_id"] == detachments[0]["station_id"] == answer["items"][1]["id"]


@pytest.mark.parametrize(
    "items",
    [pytest.param([], id="none"), pytest.param([{}] * 1001, id="more than 1,000"), pytest.param({}, id="no list")],
)
async def test_a_batch_of_the_wrong_size_is_refused(rig: ServiceRig, items: Any) -> None:
    async with rig.client() as client:
        response = await client.post(STATIONS, json={"items": items})
    assert response.status_code == 422
    assert response.json()["problems"][0]["where"] == "/items"


async def test_stale_entries_are_chased_once_and_verifying_ends_it(rig: ServiceRig, clock: ManualClock) -> None:
    await send(
        rig, STATIONS, station_item(), station_item(ref="S-OLD", verified_on="2026-02-01"),
        station_item(ref="S-SHUT", is_open=False, verified_on="2020-01-01"),
    )  # fmt: skip
    await rig.forget_emitted()
    timers = TimerLoop(rig.runtime.units, {CHASE_STALE: rig.service.timers[CHASE_STALE]})
    clock.set(datetime(2026, 7, 30, 16, 2, tzinfo=UTC))
    await timers.fire_due()
    assert await types(rig) == []  # verified 180 days ago
    clock.advance(timedelta(days=1))
    await timers.fire_due()
    clock.advance(timedelta(days=1))
    await timers.fire_due()
    assert await types(rig) == ["station.went-stale", "station.state"]
    async with rig.client(AccountRole.VIEWER) as client:
        stale = (await client.get("/registry/stations", params={"stale": True, "area_code": "510000"})).json()["items"]
        summary = (await client.get("/registry/summary")).json()["stations"]
    assert [station["ref"] for station in stale] == ["S-OLD"]
    assert (summary["stale"], summary["open"]) == (1, 2)
    await rig.forget_emitted()
    await send(rig, STATIONS, station_item(ref="S-OLD", verified_on="2026-08-01"))
    assert await types(rig) == ["station.verified", "station.state"]
    clock.set(datetime(2026, 11, 9, 16, 2, tzinfo=UTC))  # one that was never verified counts from its registration
    await timers.fire_due()
    assert [envelope.key for envelope in await rig.emitted("station-events")] == [
        str(station_id_of("S-OLD")), str(station_id_of("S-001")),
    ]  # fmt: skip


async def test_many_stale_entries_are_told_in_rounds_and_nobody_is_waited_for(
    rig: ServiceRig, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.registry.stations.stale.STALE_MAX", 2)
    await send(rig, STATIONS, *(station_item(ref=f"S-{n}", verified_on="2020-01-01") for n in range(3)))
    await rig.forget_emitted()
    timers = TimerLoop(rig.runtime.units, {CHASE_STALE: rig.service.timers[CHASE_STALE]})
    async with rig.runtime.pool.acquire() as connection, connection.transaction():
        await lock_register(connection)
        assert await timers.fire_due() == 1
        assert await types(rig) == []
    for told in (2, 3):
        clock.advance(timedelta(seconds=30))
        assert await timers.fire_due() == 1
        assert Counter(await types(rig)) == {"station.went-stale": told, "station.state": told}
