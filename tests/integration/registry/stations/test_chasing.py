"""Proposals that wait: whose list they are on, and how they are chased level by level."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from schemas.events.station import StationChangeOverdue
from schemas.policy import AccountRole
from services.kit.clock import ManualClock
from services.kit.timers import TimerLoop
from services.registry.stations.changes.chase import CHASE_CHANGES, chase_changes
from tests.integration.registry.calls import STATIONS, send
from tests.integration.registry.stations.test_changes import CITY, LEAD, PROPOSALS, propose, say
from tests.support.service_rig import ServiceRig
from tests.unit.registry.stations.builders import station_item

pytestmark = pytest.mark.integration
MINE = f"{PROPOSALS}/waiting-for-me"


async def waiting(rig: ServiceRig, subject: str, *areas: str, **query: Any) -> Any:
    async with rig.client(AccountRole.STATION_LEAD, areas=list(areas), subject=subject) as client:
        answer = await client.get(MINE, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def fire(rig: ServiceRig, clock: ManualClock, advance: timedelta = timedelta()) -> None:
    """Move the clock and let the timer work."""
    clock.advance(advance)
    await TimerLoop(rig.runtime.units, {CHASE_CHANGES: chase_changes}).fire_due()


async def overdue(rig: ServiceRig) -> list[tuple[str, int]]:
    told = [envelope.data for envelope in await rig.emitted("station-events")]
    return [(one.waits_for, one.waiting_days) for one in told if isinstance(one, StationChangeOverdue)]


async def test_a_proposal_waits_for_whoever_may_verify_it_with_its_age(rig: ServiceRig, clock: ManualClock) -> None:
    await send(rig, STATIONS, station_item())
    first, second = await propose(rig, room_count=3), await propose(rig, name_en="Other")
    clock.advance(timedelta(days=2, hours=5))
    found = await waiting(rig, CITY, "510100")
    assert [(one["proposal_id"], one["waiting_days"]) for one in found["items"]] == [(first, 2), (second, 2)]
    assert all(one["waits_for"] == one["verifier"] for one in found["items"])
    page = await waiting(rig, CITY, "510100", limit=1)
    rest = await waiting(rig, CITY, "510100", limit=1, after=page["next_after"])
    assert [one["proposal_id"] for one in (*page["items"], *rest["items"])] == [first, second]
    assert (await waiting(rig, CITY, "510181"))["items"] == []  # the level of the station itself
    assert (await waiting(rig, CITY, "610000"))["items"] == []
    assert (await waiting(rig, LEAD, "510000"))["items"] == []  # nobody verifies what they proposed

    assert (await say(rig, first, "accept")).status_code == 200
    assert [one["proposal_id"] for one in (await waiting(rig, CITY, "510100"))["items"]] == [second]


async def test_what_waits_too_long_is_chased_one_level_higher_each_week(rig: ServiceRig, clock: ManualClock) -> None:
    await send(rig, STATIONS, station_item())
    await fire(rig, clock)
    proposal_id = await propose(rig, room_count=3)
    await fire(rig, clock, timedelta(days=6))
    assert await overdue(rig) == []
    for _ in range(9):
        await fire(rig, clock, timedelta(days=1))
    assert await overdue(rig) == [("prefecture", 7), ("province", 14)]
    (shown,) = (await waiting(rig, CITY, "510000"))["items"]
    assert (shown["waits_for"], shown["verifier"]) == ("province", "prefecture")

    assert (await say(rig, proposal_id, "reject", areas=["510100"])).status_code == 200
    await fire(rig, clock, timedelta(days=30))
    assert len(await overdue(rig)) == 2


async def test_weeks_in_which_nobody_looked_are_told_as_one(rig: ServiceRig, clock: ManualClock) -> None:
    await send(rig, STATIONS, station_item())
    await fire(rig, clock)
    await propose(rig, room_count=3)
    await fire(rig, clock, timedelta(days=60))
    assert await overdue(rig) == [("nation", 60)]
