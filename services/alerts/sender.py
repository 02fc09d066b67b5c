"""The sender: the only place from which a page leaves (notices have one of their own). Claims, sends, settles.

An attempt is written and committed before it is made: with the wave, if this process's sender is free, or else by
claiming the page. If the process dies in between, the attempt's lease runs out and
the page is `in_doubt`: the provider is asked whether it knows the page, and it is sent again, with the same
idempotency key and marked as repeated, only if not. A wave's commit wakes the sender at once, in other processes
by a notification; a look at the table every second covers everything else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from schemas.envelope import Event
from schemas.events.alert import AlertPageFailed, AlertPageSent, PageFailure, PageReceipt
from schemas.vocabulary import PagePurpose
from services.alerts.first_attempts import FirstAttempts
from services.alerts.gateway import Gateway
from services.alerts.pages import START_WITHIN, ClaimedPage, RetryRules, Settled, settle
from services.alerts.store import statement
from services.alerts.waking import CHANNEL, Waker
from services.kit.db import is_transient
from services.kit.log import describe_error, get_logger
from services.kit.runtime import Runtime

log = get_logger(__name__)

LOOK_AGAIN_S: Final = 1.0
BATCHES_IN_FLIGHT: Final = 4
_FAULT_WAIT_S: Final = 0.5
_FIRST_WAIT_S: Final = 0.02
"""First attempts get so much of a start before the table is looked at."""


@dataclass(frozen=True, kw_only=True)
class SenderRules:
    """What an operator may set."""

    channel: str
    concurrency: int
    batch: int
    lease: timedelta
    retry: RetryRules


class Sender:
    """Sends the pages of one service process; several processes share the work by SKIP LOCKED."""

    def __init__(
        self, runtime: Runtime, gateway: Gateway, rules: SenderRules, waker: Waker, first_attempts: FirstAttempts
    ) -> None:
        self._runtime = runtime
        self._gateway = gateway
        self._rules = rules
        self._waker = waker
        self._first_attempts = first_attempts
        self._slots = asyncio.Semaphore(rules.concurrency)
        self._batches = asyncio.Semaphore(BATCHES_IN_FLIGHT)

    async def run(self) -> None:
        """Send for ever. Batches run beside each other, so that a slow one delays nobody."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._waker.woken.clear()
                try:
                    if pages := self._first_attempts.take():
                        await self._batches.acquire()
                        self._start(group, pages)
                        wait_s = _FIRST_WAIT_S
                    else:
                        wait_s = await self._round(group)
                except Exception as error:
                    if not is_transient(error):
                        raise
                    log.warning("pages.waiting", error=describe_error(error))
                    wait_s = _FAULT_WAIT_S
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._waker.woken.wait(), wait_s)

    async def listen(self) -> None:
        """Hear the notifications of committed pages; reconnects for ever. Without it the sender is only slower."""
        while True:
            try:
                async with self._runtime.pool.acquire() as connection:
                    await self._hear(connection)
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("pages.deaf", error=describe_error(error))
            await asyncio.sleep(_FAULT_WAIT_S)

    async def _hear(self, connection: Any) -> None:
        """Listen on this connection until it ends."""
        ended = asyncio.Event()

        def gone(*_: object) -> None:
            ended.set()

        connection.add_termination_listener(gone)
        await connection.add_listener(CHANNEL, self._waker.heard)
        self._waker.wake()  # for what was committed while nobody listened
        try:
            await ended.wait()
        finally:
            if not connection.is_closed():
                connection.remove_termination_listener(gone)
                await connection.remove_listener(CHANNEL, self._waker.heard)

    async def _round(self, group: asyncio.TaskGroup) -> float:
        """Take what is due, batch by batch; says how long to wait for more."""
        while True:
            await self._batches.acquire()
            try:
                pages = await self.claim()
            except BaseException:
                self._batches.release()
                raise
            if not pages:
                self._batches.release()
                return await self._wait_s()
            self._start(group, pages)

    def _start(self, group: asyncio.TaskGroup, pages: Sequence[ClaimedPage]) -> None:
        """Deliver a batch, for which a place is taken, beside the others."""
        self._first_attempts.batches_at_work += 1
        group.create_task(self._work(pages))

    async def _wait_s(self) -> float:
        async with self._runtime.pool.acquire() as connection:
            due_at: datetime | None = await connection.fetchval(statement("next_page_due"))
        if due_at is None:
            return LOOK_AGAIN_S
        return min(max((due_at - self._runtime.clock.now()).total_seconds(), 0.005), LOOK_AGAIN_S)

    async def _work(self, pages: Sequence[ClaimedPage]) -> None:
        try:
            await self.deliver(pages)
        except Exception as error:
            if not is_transient(error):
                raise
            # The attempts stay recorded; when their leases are over, the provider is asked about them.
            log.warning("pages.unsettled", error=describe_error(error), count=len(pages))
        finally:
            self._first_attempts.batches_at_work -= 1
            self._batches.release()

    async def claim(self) -> list[ClaimedPage]:
        """Take pages that are due, and record and commit the attempt."""
        now = self._runtime.clock.now()
        async with self._runtime.pool.acquire() as connection:
            rows = await connection.fetch(statement("claim_pages"), now, now + self._rules.lease, self._rules.batch)
        start_by = now + self._rules.lease / START_WITHIN
        return [_page(row, start_by) for row in rows]

    async def deliver(self, pages: Sequence[ClaimedPage]) -> None:
        """Make the attempts and settle them in one transaction."""
        settled = await asyncio.gather(*(self._attempt(page) for page in pages))
        await self._settle(settled)

    async def _attempt(self, page: ClaimedPage) -> Settled[ClaimedPage]:
        async with self._slots:
            now = self._runtime.clock.now()
            if now > page.start_by:  # waited so long for its turn that the lease might end on the way
                return Settled(page, "pending", now, page.in_doubt, False, "no turn in time")
            attempt = await self._gateway.send(page)
        return settle(page, attempt, self._runtime.clock.now(), self._rules.retry)

    async def _settle(self, settled: Sequence[Settled[ClaimedPage]]) -> None:
        async with self._runtime.unit() as unit:
            rows = await unit.connection.fetch(
                statement("settle_pages"),
                [s.page.page_id for s in settled],
                [s.state for s in settled],
                [s.due_at for s in settled],
                [s.in_doubt for s in settled],
                [s.repeated for s in settled],
                [s.due_at if s.state == "sent" else None for s in settled],
                [s.error for s in settled],
                [s.page.attempts for s in settled],
            )
            ours = {row["page_id"]: row["repeated"] for row in rows}
            for page, event in self._events(s for s in settled if s.page.page_id in ours):
                unit.emit(
                    event,
                    key=page.alert_id,
                    exercise=page.exercise,
                    jurisdiction=page.jurisdiction,
                    correlation_id=page.correlation_id,
                )

    def _events(self, settled: Iterable[Settled[ClaimedPage]]) -> list[tuple[ClaimedPage, Event]]:
        """One event per alert for what was sent and one for what failed."""
        sent: dict[UUID, list[Settled[ClaimedPage]]] = {}
        failed: dict[UUID, list[Settled[ClaimedPage]]] = {}
        for one in settled:
            if one.state != "pending":
                (sent if one.state == "sent" else failed).setdefault(one.page.alert_id, []).append(one)
        events: list[tuple[ClaimedPage, Event]] = []
        for alert_id, group in sorted(sent.items()):
            page = group[0].page
            receipts = tuple(self._receipt(one) for one in group)
            events.append((page, AlertPageSent(alert_id=alert_id, incident_id=page.incident_id, pages=receipts)))
        for alert_id, group in sorted(failed.items()):
            page = group[0].page
            failures = tuple(self._failure(one) for one in group)
            events.append((page, AlertPageFailed(alert_id=alert_id, incident_id=page.incident_id, pages=failures)))
        return events

    def _receipt(self, one: Settled[ClaimedPage]) -> PageReceipt:
        return PageReceipt(
            page_id=one.page.page_id,
            volunteer_id=one.page.volunteer_id,
            purpose=one.page.purpose,
            channel=self._rules.channel,
            sent_at=one.due_at,
            repeated=one.repeated,
        )

    def _failure(self, one: Settled[ClaimedPage]) -> PageFailure:
        return PageFailure(
            page_id=one.page.page_id,
            volunteer_id=one.page.volunteer_id,
            purpose=one.page.purpose,
            channel=self._rules.channel,
            reason=one.error or "refused",
        )


def _page(row: Any, start_by: datetime) -> ClaimedPage:
    return ClaimedPage(
        page_id=row["page_id"],
        alert_id=row["alert_id"],
        incident_id=row["incident_id"],
        volunteer_id=row["volunteer_id"],
        purpose=PagePurpose(row["purpose"]),
        mission_id=row["mission_id"],
        attempts=row["attempts"],
        in_doubt=row["in_doubt"],
        exercise=row["exercise"],
        level=row["level"],
        jurisdiction=tuple(row["jurisdiction"]),
        correlation_id=row["correlation_id"],
        start_by=start_by,
    )
