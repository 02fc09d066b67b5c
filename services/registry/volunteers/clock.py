"""The clock of the volunteers: one durable timer for whatever time alone changes next, of anybody.

A slot of a calendar begins or ends, leave is over, a credential is about to run out, a check lapses, a declared place
or an opt-out ends: `next_change_at` of a volunteer is the first of all that. The timer stands at the earliest of all
volunteers. What was told is kept in the transaction that tells it, so a timer that fires twice, late, or after a clock
has jumped tells nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from services.kit.timers import Timer
from services.kit.unit import Unit
from services.registry.commands import tell
from services.registry.stations.store import load_stations
from services.registry.volunteers import store
from services.registry.volunteers.decide import settle
from services.registry.volunteers.model import Settled

CLOCK: Final = "volunteer-clock"
"""Kind of the timer."""
_KEY: Final = "next"
ROUND_MAX: Final = 500
"""Volunteers per round, so that no transaction holds many rows for long."""
_AGAIN: Final = timedelta(seconds=1)


def wake(unit: Unit, settled: Iterable[Settled]) -> None:
    """Let the clock look again, because what it waits for may have changed.

    It looks at once: only it sees what everybody else has committed, so nobody's earlier time is lost.
    """
    if any(one.next_change_at is not None for one in settled):
        unit.schedule(CLOCK, _KEY, unit.now, {})


async def tick(unit: Unit, timer: Timer) -> None:
    """Tell what has come due, and set the timer to what comes next."""
    due = await store.lock_due(unit.connection, unit.now, ROUND_MAX)
    homes = await load_stations(unit.connection, (volunteer.home_station_id for volunteer in due.values()))
    settled = [settle(one, one, homes[one.home_station_id], unit.now) for one in due.values()]
    if settled:
        await store.save_volunteers(unit.connection, settled, unit.now)
        tell(unit, (fact for one in settled for fact in one.facts))
    next_at = await store.next_due(unit.connection)
    if next_at is not None and next_at <= unit.now and len(due) < ROUND_MAX:
        next_at = unit.now + _AGAIN  # somebody else holds those that are left
    if next_at is not None:
        unit.schedule(timer.kind, timer.key, next_at, {})
