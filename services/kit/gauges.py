"""Figures about what waits, taken from the tables every few seconds: outbox, quarantine."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from services.kit import metrics
from services.kit.clock import Clock
from services.kit.db import is_transient
from services.kit.quarantine import OPEN_STATES
from services.kit.sql import statement

EVERY_S: Final = 5.0


async def observe(service: str, pool: Any, clock: Clock) -> None:
    """Take the figures once."""
    async with pool.acquire() as connection:
        waiting = await connection.fetchval(statement("outbox_waiting"))
        oldest_at = await connection.fetchval(statement("outbox_oldest"))
        held = {row["state"]: row["n"] for row in await connection.fetch(statement("held_counts"))}
    age_s = 0.0 if oldest_at is None else max((clock.now() - oldest_at).total_seconds(), 0.0)
    metrics.OUTBOX_WAITING.labels(service=service).set(waiting)
    metrics.OUTBOX_OLDEST_SECONDS.labels(service=service).set(age_s)
    for state in OPEN_STATES:
        metrics.QUARANTINE_OPEN.labels(service=service, state=state).set(held.get(state, 0))


async def observe_for_ever(service: str, pool: Any, clock: Clock) -> None:
    """A loop: take the figures now and then; a database that is away is left to the readiness check."""
    while True:
        try:
            await observe(service, pool, clock)
        except Exception as error:
            if not is_transient(error):
                raise
        await asyncio.sleep(EVERY_S)
