"""The daily timer that tells which entries of stations nobody has verified for too long."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from services.kit.timers import Timer
from services.kit.unit import Unit
from services.registry.commands import tell
from services.registry.decide import civil_day, next_civil_day_begins
from services.registry.stations import store
from services.registry.stations.facts import went_stale

CHASE_STALE: Final = "chase-stale-stations"
"""Kind of the timer, which the migration starts: once a day, and again soon while there is more to do."""
STALE_MAX: Final = 500
"""Stations per round, so that no transaction is long."""
_AGAIN: Final = timedelta(seconds=30)
_AFTER_MIDNIGHT: Final = timedelta(minutes=2)


class StaleChaser:
    """Tells of each stale entry once; verifying it ends that."""

    def __init__(self, stale_after_days: int) -> None:
        self._stale_after = timedelta(days=stale_after_days)

    async def __call__(self, unit: Unit, timer: Timer) -> None:
        """One round. While somebody changes stations it does not wait for them, for they may wait for its timer."""
        if not await store.try_lock_register(unit.connection):
            unit.schedule(timer.kind, timer.key, unit.now + _AGAIN, {})
            return
        last_day = civil_day(unit.now) - self._stale_after - timedelta(days=1)
        gone_stale = [went_stale(s) for s in await store.load_to_verify(unit.connection, last_day, STALE_MAX)]
        if gone_stale:
            await store.save_stations(unit.connection, [station for station, _ in gone_stale], unit.now)
            tell(unit, (fact for _, facts in gone_stale for fact in facts))
        more = len(gone_stale) == STALE_MAX
        due_at = unit.now + _AGAIN if more else next_civil_day_begins(unit.now) + _AFTER_MIDNIGHT
        unit.schedule(timer.kind, timer.key, due_at, {})
