"""Volunteers from request to outbox, on a real database."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from schemas.policy import AccountRole
from schemas.vocabulary import Role
from services.kit.clock import ManualClock
from services.kit.timers import TimerLoop
from services.registry.volunteers.clock import CLOCK, tick
from services.registry.volunteers.decide import volunteer_id_of
from tests.integration.registry.calls import STATIONS, VOLUNTEERS, fill, last_state, outcomes, send, types
from tests.support.service_rig import ServiceRig
from tests.unit.registry.stations.builders import station_item
from tests.unit.registry.volunteers.builders import credential_item, volunteer_item

pytestmark = pytest.mark.integration


async def test_good_items_are_stored_and_wrong_ones_told_by_pointer(rig: ServiceRig) -> None:
    await send(rig, STATIONS, station_item())
    answer = await send(
        rig, VOLUNTEERS, volunteer_item(ref="V-1"), volunteer_item(ref="V-2", roles=["wizard"]),
        volunteer_item(ref="V-3", home_station_ref="S-404"), volunteer_item(ref="V-1"), "nobody",
    )  # fmt: skip
    assert outcomes(answer) == ["created", "refused", "refused", "refused", "refused"]
    assert [item["problems"][0]["where"] for item in answer["items"][1:]] == [
        "/items/1/roles/0", "/items/2/home_station_ref", "/items/3/ref", "/items/4",
    ]  # fmt: skip
    assert await rig.count("volunteers") == 1


async def test_who_a_volunteer_is_stays_in_the_vault(rig: ServiceRig) -> None:
    await send(rig, STATIONS, station_item())
    await send(rig, VOLUNTEERS, volunteer_item())
    async with rig.client(AccountRole.STATION_LEAD) as client:
        shown = await client.get(f"/registry/volunteers/{volunteer_id_of('V-001')}")
    vault = await rig.runtime.pool.fetchrow("SELECT name, phone FROM identities")
    assert vault is not None
    assert tuple(vault) == ("模拟队员0001", "+999 100 0001")
    said = shown.text + "".join(envelope.data.model_dump_json() for envelope in await rig.emitted())
    assert not any(word in said for word in ("模拟队员", "100 0001", "P-1"))
    assert (shown.json()["deployable"], shown.json()["reasons"]) == (True, [])


async def test_a_new_phone_is_a_change_that_nobody_else_hears_of(rig: ServiceRig) -> None:
    await fill(rig, volunteer_item())
    answer = await send(rig, VOLUNTEERS, volunteer_item(phone="+999 100 0002"))
    assert outcomes(answer) == ["changed"]
    assert await rig.emitted() == []
    assert await rig.runtime.pool.fetchval("SELECT phone FROM identities") == "+999 100 0002"


async def test_availability_is_told_once_and_the_reason_stays(rig: ServiceRig) -> None:
    await fill(rig, volunteer_item())
    url = f"/registry/volunteers/{volunteer_id_of('V-001')}/availability"
    async with rig.client(AccountRole.STATION_LEAD, areas=["510000"]) as client:
        first = await client.post(url, json={"available": False, "reason": "家人住院"})
        again = await client.post(url, json={"available": False})
    assert (first.json()["changed"], again.json()["changed"]) == (True, False)
    assert await types(rig) == ["volunteer.became-unavailable", "volunteer.state"]
    state = await last_state(rig)
    assert (state.deployable, state.reasons) == (False, ("unavailable",))
    assert "家人" not in first.text


async def test_availability_needs_the_right_area_and_a_volunteer_who_is_there(rig: ServiceRig) -> None:
    await fill(rig, volunteer_item(), volunteer_item(ref="V-002", is_retired=True))
    async with rig.client(areas=["610000"]) as client:
        path = "/registry/volunteers/{}/availability"
        elsewhere = await client.post(path.format(volunteer_id_of("V-001")), json={"available": False})
        unknown = await client.post(path.format(volunteer_id_of("V-404")), json={"available": False})
    async with rig.client() as client:
        retired = await client.post(path.format(volunteer_id_of("V-002")), json={"available": True})
    assert [call.status_code for call in (elsewhere, unknown, retired)] == [403, 404, 409]
    assert await rig.emitted() == []


async def test_the_summary_counts_who_can_be_asked(rig: ServiceRig) -> None:
    away = volunteer_item(ref="V-003", available=False)
    await fill(rig, volunteer_item(), volunteer_item(ref="V-002", roles=["interpreter"], languages=["khg"]), away)
    async with rig.client(AccountRole.VIEWER) as client:
        volunteers = (await client.get("/registry/summary")).json()["volunteers"]
    assert (volunteers["total"], volunteers["deployable"], volunteers["by_vetting"]) == (3, 2, {"assumed": 3})
    assert volunteers["deployable_by_role"] == {"pfa-trained": 1, "support": 1, "interpreter": 1}
    assert volunteers["deployable_by_language"] == {"cmn": 1, "khg": 1}


async def test_the_daily_timer_tells_of_credentials_that_ran_out(rig: ServiceRig, clock: ManualClock) -> None:
    last_day = credential_item(expires_on="2026-05-12")
    await fill(rig, volunteer_item(credentials=[last_day]), volunteer_item(ref="V-002"))
    timers = TimerLoop(rig.runtime.units, {CLOCK: tick})
    assert await timers.fire_due() == 1  # the import wakes it; today everything holds
    assert await rig.emitted() == []
    clock.advance(timedelta(hours=12, seconds=-1))
    assert await timers.fire_due() == 0
    clock.advance(timedelta(seconds=1))
    assert await timers.fire_due() == 1
    assert await types(rig) == ["volunteer.credential-expired", "volunteer.state"]
    assert (await last_state(rig)).roles == (Role.SUPPORT,)
    clock.advance(timedelta(days=1))
    assert await timers.fire_due() == 0  # the other credential is told of in autumn
    assert len(await rig.emitted()) == 2


async def test_many_expiries_are_told_in_rounds(
    rig: ServiceRig, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.registry.volunteers.clock.ROUND_MAX", 2)
    items = [volunteer_item(ref=f"V-{n}", credentials=[credential_item(expires_on="2026-05-12")]) for n in range(5)]
    await fill(rig, *items)
    clock.advance(timedelta(days=1))
    timers = TimerLoop(rig.runtime.units, {CLOCK: tick})
    for _ in range(3):
        assert await timers.fire_due() == 1
    assert await timers.fire_due() == 0
    assert Counter(await types(rig)) == {"volunteer.credential-expired": 5, "volunteer.state": 5}


async def test_batches_at_the_same_time_create_everything_once(rig: ServiceRig) -> None:
    await send(rig, STATIONS, station_item())
    items = [volunteer_item(ref=f"V-{number}") for number in range(40)]
    answers = await asyncio.gather(*(send(rig, VOLUNTEERS, *items) for _ in range(4)))
    assert sorted(answer["counts"]["created"] for answer in answers) == [0, 0, 0, 40]
    keys = [envelope.key for envelope in await rig.emitted("volunteer-state")]
    assert len(keys) == len(set(keys)) == 40
