"""The one clock of the volunteers: slots that begin and end, notices, and what a crash in between changes (nothing)."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from schemas.events.volunteer import VolunteerCredentialExpiring
from schemas.policy import AccountRole
from services.kit.clock import ManualClock
from services.kit.timers import Timer, TimerLoop
from services.registry.stations.decide import station_id_of
from services.registry.volunteers.clock import CLOCK, tick
from services.registry.volunteers.decide import volunteer_id_of
from tests.integration.registry.calls import VOLUNTEERS, fill, last_state, send, types
from tests.support.service_rig import ServiceRig
from tests.unit.registry.volunteers.builders import credential_item, volunteer_item

pytestmark = pytest.mark.integration
HER = f"/registry/volunteers/{volunteer_id_of('V-001')}"
TUESDAYS = {"weekly": [{"days": ["TU"], "begins": "14:00", "ends": "16:00"}], "activation_minutes": 15}
HOUR = timedelta(hours=1)


async def post(rig: ServiceRig, path: str, body: Any) -> dict[str, Any]:
    async with rig.client() as client:
        response = await client.post(f"{HER}{path}", json=body)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def due_at(rig: ServiceRig) -> Any:
    return await rig.runtime.pool.fetchval("SELECT due_at FROM timers WHERE kind = $1", CLOCK)


async def test_slots_begin_and_end_by_one_timer_and_nobody_is_looked_at_before(
    rig: ServiceRig, clock: ManualClock
) -> None:
    """It is noon of a Tuesday."""
    await fill(rig, volunteer_item(), volunteer_item(ref="V-002"))
    answer = await post(rig, "/calendar", TUESDAYS)
    assert (answer["reasons"], answer["activation_minutes"]) == (["off-duty"], 15)
    timers = TimerLoop(rig.runtime.units, {CLOCK: tick})
    await timers.fire_due()
    assert await due_at(rig) == clock.now() + 2 * HOUR
    assert await rig.runtime.pool.fetchval("SELECT count(*) FROM timers WHERE kind = $1", CLOCK) == 1
    await rig.forget_emitted()
    for hours, told in ((1, []), (2, ["volunteer.became-available", "volunteer.state"]), (3, []),
                        (4, ["volunteer.became-unavailable", "volunteer.state"])):  # fmt: skip
        clock.advance(HOUR)
        await timers.fire_due()
        assert await types(rig) == told, hours
        await rig.forget_emitted()
    assert await due_at(rig) == clock.now() + timedelta(days=7) - 2 * HOUR


async def test_extra_duty_is_told_as_it_begins_and_ends_also_without_a_calendar(
    rig: ServiceRig, clock: ManualClock
) -> None:
    await fill(rig, volunteer_item())
    begins_at, ends_at = clock.now() + HOUR, clock.now() + 3 * HOUR
    extra = {"kind": "extra-duty", "begins_at": begins_at.isoformat(), "ends_at": ends_at.isoformat()}
    answer = await post(rig, "/calendar/exceptions", extra)
    assert (answer["deployable"], answer["on_duty_until"]) == (True, None)
    timers = TimerLoop(rig.runtime.units, {CLOCK: tick})
    await timers.fire_due()
    await rig.forget_emitted()
    for hours, on_duty_until in ((1, ends_at), (3, None)):
        clock.advance(begins_at + (hours - 1) * HOUR - clock.now())
        await timers.fire_due()
        assert await types(rig) == ["volunteer.state"]
        assert (await last_state(rig)).on_duty_until == on_duty_until
        await rig.forget_emitted()


async def test_the_empty_hours_of_a_station_are_told(rig: ServiceRig, clock: ManualClock) -> None:
    await fill(rig, volunteer_item(), volunteer_item(ref="V-002", is_retired=True))
    await post(rig, "/calendar", TUESDAYS)
    path = f"/registry/stations/{station_id_of('S-001')}/duty-gaps"
    async with rig.client(AccountRole.STATION_LEAD, areas=["510000"]) as client:
        told = (await client.get(path, params={"days": 1})).json()
        none_has_it = (await client.get(path, params={"days": 1, "role": "psychiatrist"})).json()
    assert (told["volunteers"], told["hours"], none_has_it["hours"]) == (1, 22, 24)
    assert [(gap["begins_at"], gap["ends_at"]) for gap in told["items"]] == [
        ("2026-05-12T04:00:00+00:00", "2026-05-12T14:00:00+08:00"),
        ("2026-05-12T16:00:00+08:00", "2026-05-13T04:00:00+00:00"),
    ]
    async with rig.client(areas=["610000"]) as client:
        assert (await client.get(path)).status_code == 403


async def test_leave_beats_the_slot_and_lasts_as_long_as_it_was_given_for(rig: ServiceRig, clock: ManualClock) -> None:
    await fill(rig, volunteer_item())
    leave = {"kind": "leave", "begins_at": "2026-05-12T12:00+08:00", "ends_at": "2026-05-13T12:00+08:00"}
    answer = await post(rig, "/calendar/exceptions", {**leave, "reason": "家人住院"})
    assert answer["reasons"] == ["on-leave"]
    assert "家人" not in str(answer)
    clock.advance(timedelta(days=1))
    await TimerLoop(rig.runtime.units, {CLOCK: tick}).fire_due()
    assert (await last_state(rig)).deployable


async def test_a_notice_is_told_once_though_the_process_dies_and_everybody_looks_at_once(
    rig: ServiceRig, clock: ManualClock
) -> None:
    items = [volunteer_item(ref=f"V-{n:03}", credentials=[credential_item(expires_on="2026-08-20")]) for n in range(9)]
    await fill(rig, *items)
    clock.advance(timedelta(days=10))
    with pytest.raises(ConnectionError):
        await die_before_the_commit(rig, clock)
    assert await rig.emitted() == []
    loops = [TimerLoop(rig.runtime.units, {CLOCK: tick}) for _ in range(4)]
    for _ in range(3):
        await asyncio.gather(*(loop.fire_due() for loop in loops))
        clock.advance(timedelta(seconds=1))
    told = [e.data for e in await rig.emitted() if isinstance(e.data, VolunteerCredentialExpiring)]
    assert Counter((event.volunteer_id, event.notice_days, event.days_left) for event in told) == {
        (volunteer_id_of(item["ref"]), 90, 90): 1 for item in items
    }


async def die_before_the_commit(rig: ServiceRig, clock: ManualClock) -> None:
    """The clock has told everything, and nothing of it is kept."""
    timer = Timer(
        kind=CLOCK, key="next", id=UUID(int=1), due_at=clock.now(), payload={}, attempts=0, origin=rig.runtime.origin()
    )
    async with rig.runtime.units.batch() as batch:
        await batch.connection.execute("DELETE FROM timers WHERE kind = $1", CLOCK)
        unit = batch.unit(rig.runtime.origin())
        await tick(unit, timer)
        assert len(unit.rows) == 9
        raise ConnectionError("the process dies")


async def test_the_timer_stands_at_the_earliest_of_all_however_many_change_at_once(
    rig: ServiceRig, clock: ManualClock
) -> None:
    """Each change wakes the clock; only it sees all that was committed, so nobody's time is lost."""
    await fill(rig, *(volunteer_item(ref=f"V-{n}", credentials=[]) for n in range(12)))
    timers = TimerLoop(rig.runtime.units, {CLOCK: tick})
    async with rig.client() as client:
        calls = [
            client.post(
                f"/registry/volunteers/{volunteer_id_of(f'V-{n}')}/opt-out",
                json={"until": (clock.now() + (n + 1) * HOUR).isoformat()},
            )
            for n in range(12)
        ]
        answers = await asyncio.gather(*calls, *(timers.fire_due() for _ in range(3)))
    assert {answer.status_code for answer in answers[:12]} == {200}
    await timers.fire_due()
    assert await due_at(rig) == clock.now() + HOUR
    clock.advance(12 * HOUR)
    await timers.fire_due()
    assert Counter(await types(rig))["volunteer.opted-in"] == 12


async def test_a_register_of_an_older_version_is_looked_at_once_and_told_with_the_new_fields(
    rig: ServiceRig, clock: ManualClock
) -> None:
    await fill(rig, volunteer_item())
    await rig.runtime.pool.execute(
        "UPDATE volunteers SET told_state = NULL, next_change_at = now() - interval '1 year'"
    )
    await TimerLoop(rig.runtime.units, {CLOCK: tick}).fire_due()
    assert await types(rig) == ["volunteer.state"]
    assert outcome_of(await send(rig, VOLUNTEERS, volunteer_item())) == "unchanged"


def outcome_of(answer: dict[str, Any]) -> str:
    return str(answer["items"][0]["outcome"])
