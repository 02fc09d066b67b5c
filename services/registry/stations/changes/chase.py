"""The daily timer that tells which proposals wait too long, and of what level they now wait."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from services.kit.timers import Timer
from services.kit.unit import Unit
from services.registry.commands import tell
from services.registry.decide import next_civil_day_begins
from services.registry.stations.changes import decide, store

CHASE_CHANGES: Final = "chase-station-changes"
"""Kind of the timer, which the migration starts: once a day, and again soon while there is more to do."""
ROUND_MAX: Final = 500
_AGAIN: Final = timedelta(seconds=30)
_AFTER_MIDNIGHT: Final = timedelta(minutes=3)


async def chase_changes(unit: Unit, timer: Timer) -> None:
    """One round. What somebody is deciding at this moment is left to the next."""
    overdue = await store.lock_overdue(unit.connection, unit.now, decide.CHASE_EVERY, ROUND_MAX)
    chased = [decide.chased(proposal, unit.now) for proposal in overdue]
    await store.save_chased(unit.connection, [proposal for proposal, _ in chased])
    tell(unit, (fact for _, fact in chased))
    more = len(overdue) == ROUND_MAX
    due_at = unit.now + _AGAIN if more else next_civil_day_begins(unit.now) + _AFTER_MIDNIGHT
    unit.schedule(timer.kind, timer.key, due_at, {})
