"""First attempts: pages that a wave's own transaction records as being sent, for the sender of this process.

A pending page must be claimed, in a transaction of its own, before it may leave. While this process's sender has
nothing else to do, a wave spares its first pages that: the attempt is recorded with the page, and made once the wave is
committed. If the process dies in between, the attempt's lease runs out, as that of any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from services.alerts.pages import ClaimedPage


class FirstAttempts:
    """On their way from the waves to the sender of one process."""

    def __init__(self, *, most: int, lease: timedelta) -> None:
        self.lease = lease
        self.batches_at_work = 0
        """Kept by the sender; while there are any, pages wait their turn in the table, real ones before drills."""
        self._most = most
        self._granted = 0
        self._committed: list[ClaimedPage] = []

    def grant(self, wanted: int) -> int:
        """How many of so many pages may be recorded as being sent by the transaction that asks."""
        if self.batches_at_work:
            return 0
        granted = min(wanted, self._most - self._granted)
        self._granted += granted
        return granted

    def put(self, pages: Sequence[ClaimedPage]) -> None:
        """These are committed."""
        self._committed += pages

    def take(self) -> Sequence[ClaimedPage]:
        """Those that came since the last time. What was granted to a transaction that failed is free again."""
        pages, self._committed = self._committed, []
        self._granted = 0
        return pages
