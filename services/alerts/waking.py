"""Waking the sender when pages are committed: at once in this process, by a notification of PostgreSQL in others."""

from __future__ import annotations

import asyncio
import secrets
from typing import Final

from services.alerts.store import statement
from services.kit.unit import Unit

CHANNEL: Final = "thirdrescue_alerts_pages"


class Waker:
    """One process's end of it."""

    def __init__(self) -> None:
        self.woken = asyncio.Event()
        self.name = secrets.token_hex(8)
        """What this process's notifications carry, so that it need not hear its own."""

    def wake(self) -> None:
        """There may be pages to send."""
        self.woken.set()

    def heard(self, connection: object, pid: int, channel: str, name: str) -> None:
        """A notification came (the parameters are asyncpg's)."""
        if name != self.name:
            self.wake()

    async def when_committed(self, unit: Unit) -> None:
        """Wake every sender when this unit commits."""
        unit.after_commit(self.wake)
        await unit.connection.execute(statement("notify_senders"), CHANNEL, self.name)
