"""The network at its real size comes in quickly, and a second time without a trace."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from services.kit.clock import ManualClock
from services.kit.timers import TimerLoop
from services.registry.volunteers.clock import CLOCK, tick
from tests.support.service_rig import ServiceRig
from tests.unit.registry.stations.builders import station_item
from tests.unit.registry.volunteers.builders import credential_item, volunteer_item

pytestmark = pytest.mark.integration
STATIONS = 456
MEMBERS = 5
GOAL_S = 15.0


def network() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    detachments = [
        station_item(ref=f"D-{number:02}", kind="provincial-detachment", tier="province") for number in range(21)
    ]
    stations = [
        station_item(ref=f"S-{number:03}", lat_deg=20 + number / 20, detachment_ref=f"D-{number % 21:02}")
        for number in range(STATIONS)
    ]
    volunteers = [
        volunteer_item(
            ref=f"V-{number:04}", home_station_ref=f"S-{number // MEMBERS:03}",
            credentials=[credential_item(number=f"P-{number}"), credential_item(kind="lead", roles=["team-lead"])],
        )
        for number in range(STATIONS * MEMBERS)
    ]  # fmt: skip
    return [*detachments, *stations], volunteers


async def register(rig: ServiceRig) -> dict[str, int]:
    stations, volunteers = network()
    counts: dict[str, int] = {}
    async with rig.client() as client:
        for path, items in (("stations", stations), ("volunteers", volunteers)):
            for start in range(0, len(items), 1000):
                chunk = {"items": items[start : start + 1000]}
                response = await client.post(f"/registry/{path}:batch", json=chunk)
                assert response.status_code == 200, response.text
                for outcome, count in response.json()["counts"].items():
                    counts[outcome] = counts.get(outcome, 0) + count
    return counts


async def test_the_real_network_registers_in_time_and_again_without_a_trace(rig: ServiceRig) -> None:
    everything = 21 + STATIONS + STATIONS * MEMBERS
    began = time.perf_counter()
    counts = await register(rig)
    took_s = time.perf_counter() - began
    assert counts == {"created": everything, "unchanged": 0, "changed": 0, "refused": 0}
    assert took_s < GOAL_S
    print(f"registered {everything} in {took_s:.2f} s")
    await rig.forget_emitted()
    again = await register(rig)
    assert again["unchanged"] == everything
    assert await rig.emitted() == []


async def test_the_slots_of_the_whole_network_begin_at_once_and_are_told_in_time(
    rig: ServiceRig, clock: ManualClock
) -> None:
    """Every volunteer comes on duty at eight in the morning of a Wednesday."""
    await register(rig)
    slot = {"begins_at": "2026-05-06T08:00:00", "minutes": 540, "rrule": "FREQ=WEEKLY;BYDAY=WE", "excluded": []}
    await rig.runtime.pool.execute(
        "UPDATE volunteers SET calendar = $1, next_change_at = '2026-05-13T08:00+08:00', "
        'told_state = told_state || \'{"deployable": false, "reasons": ["off-duty"]}\'',
        {"duties": [slot], "exceptions": []},
    )
    clock.set(datetime(2026, 5, 13, 0, 0, tzinfo=UTC))
    await rig.forget_emitted()
    timers = TimerLoop(rig.runtime.units, {CLOCK: tick})
    began = time.perf_counter()
    while await timers.fire_due():
        pass
    took_s = time.perf_counter() - began
    told = Counter(envelope.type for envelope in await rig.emitted())
    assert told == {"volunteer.became-available": STATIONS * MEMBERS, "volunteer.state": STATIONS * MEMBERS}
    assert took_s < GOAL_S
    print(f"told {STATIONS * MEMBERS} slots that began in {took_s:.2f} s")
