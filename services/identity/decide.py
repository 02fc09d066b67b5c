"""Decisions of the identity service: how long to wait after failures, and what a refresh token is worth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

ACCOUNT_FREE_FAILURES: Final = 5
ADDRESS_FREE_FAILURES: Final = 20
"""Many people may share one address (a command post, a hospital); it is slowed down later than one account."""
LOCK_MAX: Final = timedelta(minutes=15)
"""Long enough to stop guessing, short enough that nobody can keep a duty officer out for a shift."""
QUIET: Final = timedelta(hours=1)
"""Failures older than this are forgotten."""


def lock_after(failures: int, free_failures: int) -> timedelta:
    """How long the next try is refused: nothing at first, then 2, 4, 8 ... seconds, at most `LOCK_MAX`."""
    over = failures - free_failures + 1
    if over <= 0:
        return timedelta(0)
    return min(timedelta(seconds=2 ** min(over, 20)), LOCK_MAX)


class RefreshVerdict(StrEnum):
    """What to do with a refresh token that was presented."""

    ROTATE = "rotate"
    REFUSE = "refuse"
    STOLEN = "stolen"
    """It was used before: two holders exist, and nobody can tell which is the thief. The whole family ends."""


@dataclass(frozen=True, kw_only=True)
class RefreshState:
    """A stored refresh token and its account's standing."""

    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None
    account_disabled_at: datetime | None


def decide_refresh(state: RefreshState | None, now: datetime) -> RefreshVerdict:
    """Judge a presented token; None stands for one that was never issued (or forgotten after its end)."""
    if state is None:
        return RefreshVerdict.REFUSE
    if state.used_at is not None:
        return RefreshVerdict.STOLEN
    if state.revoked_at is not None or state.account_disabled_at is not None or state.expires_at <= now:
        return RefreshVerdict.REFUSE
    return RefreshVerdict.ROTATE
