"""Durable timers: what a unit scheduled is handled at its time or soon after, once, whatever crashes in between.

A due timer is deleted in the same transaction in which its handler works, so it fires once; if that transaction fails,
the timer is still there. A handler that fails is tried again with growing waits and never blocks other timers. Several
processes of one service may run this loop: rows are claimed with SKIP LOCKED, for order between timers is not promised.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from services.kit import metrics
from services.kit.db import is_transient
from services.kit.log import CORRELATION, describe_error, get_logger
from services.kit.sql import statement
from services.kit.unit import Origin, Unit, Units

log = get_logger(__name__)

CLAIM_LIMIT: Final = 50
LOOK_AGAIN_S: Final = 1.0
"""Longest time without a look at the table: timers that another process scheduled are at most this late."""
CLAIMED_ELSEWHERE_S: Final = 0.05
RETRY_S: Final = 1.0
RETRY_S_MAX: Final = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """A timer that is due. `due_at` is when it should have fired, which may be long ago after an outage."""

    kind: str
    key: str
    id: UUID
    due_at: datetime
    payload: Mapping[str, Any]
    attempts: int
    origin: Origin


Handlers = Mapping[str, Callable[[Unit, Timer], Awaitable[None]]]


class TimerFailed(Exception):
    """A handler failed for a reason of its own; says which timer it was."""

    def __init__(self, timer: Timer, cause: Exception) -> None:
        super().__init__(f"{timer.kind}: {type(cause).__name__}")
        self.timer = timer
        self.cause = cause


class TimerLoop:
    """Fires the timers of one service."""

    def __init__(self, units: Units, handlers: Handlers, *, look_again_s: float = LOOK_AGAIN_S) -> None:
        self._units = units
        self._handlers = handlers
        self._kinds = list(handlers)
        self._look_again_s = look_again_s
        self._wake = asyncio.Event()
        self._stopping = False
        self._looks_at: datetime | None = None

    def wake(self, due_at: datetime) -> None:
        """A timer was scheduled for then: look at the table now, unless the next look comes in time anyway."""
        if self._looks_at is None or due_at < self._looks_at:
            self._wake.set()

    def stop(self) -> None:
        """Let `run` return after the timers in hand."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Fire timers until stopped. Without handlers it only waits for that."""
        failures = 0
        while not self._stopping:
            self._wake.clear()
            self._looks_at = None
            try:
                wait_s = await self._round() if self._kinds else 3600.0
                failures = 0
            except Exception as error:
                if not is_transient(error):
                    raise
                failures += 1
                wait_s = min(0.1 * 2**failures, 5.0)
                log.warning("timers.waiting", error=describe_error(error), attempts=failures)
            if wait_s > 0 and not self._wake.is_set():
                self._looks_at = self._units.clock.now() + timedelta(seconds=wait_s)
                await _wait(self._wake, wait_s)

    async def fire_due(self) -> int:
        """Handle what is due now, at most `CLAIM_LIMIT`; says how many were taken out or postponed."""
        try:
            return await self._fire(CLAIM_LIMIT)
        except TimerFailed:
            pass
        done = 0  # one by one, so that the one that fails holds nobody up
        for _ in range(CLAIM_LIMIT):
            try:
                if not await self._fire(1):
                    break
            except TimerFailed as failure:
                await self._postpone(failure)
            done += 1
        return done

    async def _round(self) -> float:
        async with self._units.pool.acquire() as connection:
            next_at: datetime | None = await connection.fetchval(statement("next_timer"), self._kinds)
        if next_at is None:
            return self._look_again_s
        wait_s = (next_at - self._units.clock.now()).total_seconds()
        if wait_s > 0:
            return min(max(wait_s, 0.001), self._look_again_s)
        # Another process may hold what is due; then there is nothing to do but to look again a little later.
        return 0.0 if await self.fire_due() > 0 else CLAIMED_ELSEWHERE_S

    async def _fire(self, limit: int) -> int:
        async with self._units.batch() as batch:
            rows = await batch.connection.fetch(statement("claim_timers"), batch.now, self._kinds, limit)
            timers = sorted((_read(row) for row in rows), key=lambda timer: timer.due_at)
            for timer in timers:
                await self._handle(batch.unit(timer.origin), timer)
        self._count(timers)
        return len(timers)

    async def _handle(self, unit: Unit, timer: Timer) -> None:
        token = CORRELATION.set(timer.origin.correlation_id)
        try:
            await self._handlers[timer.kind](unit, timer)
        except Exception as error:
            if is_transient(error):
                raise
            raise TimerFailed(timer, error) from error
        finally:
            CORRELATION.reset(token)

    async def _postpone(self, failure: TimerFailed) -> None:
        timer = failure.timer
        wait_s = min(RETRY_S * 2.0**timer.attempts, RETRY_S_MAX)
        retry_at = self._units.clock.now() + timedelta(seconds=wait_s)
        error = describe_error(failure.cause)
        async with self._units.pool.acquire() as connection:
            await connection.execute(
                statement("postpone_timer"), timer.kind, timer.key, timer.id, retry_at, error[:500]
            )
        metrics.TIMERS_FIRED.labels(service=self._units.service, kind=timer.kind, outcome="failed").inc()
        log.error("timers.failed", kind=timer.kind, attempts=timer.attempts + 1, error=error)

    def _count(self, timers: Sequence[Timer]) -> None:
        now = self._units.clock.now()
        for timer in timers:
            metrics.TIMERS_FIRED.labels(service=self._units.service, kind=timer.kind, outcome="handled").inc()
            late_s = max((now - timer.due_at).total_seconds(), 0.0)
            metrics.TIMER_DELAY_SECONDS.labels(service=self._units.service).observe(late_s)


def _read(row: Any) -> Timer:
    context = row["context"]
    causation = context["causation_id"]
    return Timer(
        kind=row["kind"],
        key=row["key"],
        id=row["id"],
        due_at=row["due_at"],
        payload=row["payload"],
        attempts=row["attempts"],
        origin=Origin(
            id=row["id"],
            correlation_id=UUID(context["correlation_id"]),
            causation_id=None if causation is None else UUID(causation),
            exercise=context["exercise"],
            jurisdiction=tuple(context["jurisdiction"]),
            traceparent=context["traceparent"],
        ),
    )


async def _wait(event: asyncio.Event, timeout_s: float) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            await event.wait()
    except TimeoutError:
        pass
