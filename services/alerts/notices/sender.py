"""Sends notices: slowly, beside the pages, and by the same rules (an attempt is committed before it is made)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final

from services.alerts.gateway import Gateway
from services.alerts.notices import store
from services.alerts.notices.model import Notice
from services.alerts.pages import RetryRules, Settled, settle
from services.kit.db import is_transient
from services.kit.log import describe_error, get_logger
from services.kit.runtime import Runtime

log = get_logger(__name__)

LOOK_EVERY_S: Final = 1.0
BATCH: Final = 8
"""Notices at a time: few, so that pages have the provider to themselves."""
_RETRY: Final = RetryRules(attempts_max=1000, wait=timedelta(seconds=1), wait_max=timedelta(minutes=15))
"""In effect until the notice lapses."""


class NoticeSender:
    """Sends the notices of one service process; several processes share the work by SKIP LOCKED."""

    def __init__(self, runtime: Runtime, gateway: Gateway, lease: timedelta) -> None:
        self._runtime = runtime
        self._gateway = gateway
        self._lease = lease

    async def run(self) -> None:
        """Send for ever."""
        while True:
            try:
                sent = await self._round()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("notices.waiting", error=describe_error(error))
                sent = 0
            if sent < BATCH:
                await asyncio.sleep(LOOK_EVERY_S)

    async def _round(self) -> int:
        """Take what is due, make the attempts, and keep what became of them; says how many."""
        async with self._runtime.pool.acquire() as connection:
            notices = await store.claim(connection, self._runtime.clock.now(), self._lease, BATCH)
        if notices:
            settled = await asyncio.gather(*(self._attempt(notice) for notice in notices))
            async with self._runtime.pool.acquire() as connection:
                await store.settle(connection, settled)
            if refused := sum(one.state == "failed" for one in settled):
                log.warning("notices.refused", count=refused)
        return len(notices)

    async def _attempt(self, notice: Notice) -> Settled[Notice]:
        attempt = await self._gateway.send(notice)
        return settle(notice, attempt, self._runtime.clock.now(), _RETRY)
