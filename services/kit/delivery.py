"""Handles records: inbox check, handlers, parking and quarantine, each in one transaction with the handlers' work.

A batch of one partition shares a transaction; if that fails, its records are done one by one, so that the one at fault
is found. Passing faults (see `is_passing`) are raised to the caller, who tries the same records again later.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import asyncpg

from schemas.codec import DecodeError
from schemas.envelope import Envelope
from services.kit import metrics, quarantine
from services.kit.bus import BusError, Record
from services.kit.db import is_transient
from services.kit.errors import Poison
from services.kit.inbox import Inbox, Verdict
from services.kit.log import CORRELATION, describe_error, get_logger
from services.kit.quarantine import Failure, Item
from services.kit.service import Subscription
from services.kit.sql import statement
from services.kit.unit import Origin, UnitBatch, Units

log = get_logger(__name__)

TRIES: Final = 3
RETRY_S: Final = 0.05
HALT_AFTER: Final = 20
"""Handler errors in a row that look like a fault of this service and not of the events: it stops putting more into
quarantine and waits, trying again."""


class Halted(Exception):
    """Too many events in a row failed in their handlers; nothing more is put into quarantine until one succeeds."""


def is_passing(error: BaseException) -> bool:
    """Whether the same records may be handled later without anybody changing anything."""
    taken = isinstance(error, asyncpg.UniqueViolationError) and error.constraint_name == "inbox_position_pkey"
    return taken or isinstance(error, Halted | BusError) or is_transient(error)


class Delivery:
    """Delivers the records of a service's topics to its handlers."""

    def __init__(
        self, units: Units, subscriptions: Sequence[Subscription], *, tries: int = TRIES, halt_after: int = HALT_AFTER
    ) -> None:
        self.units = units
        self.subscriptions: Mapping[str, Subscription] = {s.topic.name: s for s in subscriptions}
        self._tries = tries
        self._halt_after = halt_after
        self._failures_in_a_row = 0
        self._timings = {
            topic: (
                metrics.EVENT_HANDLER_SECONDS.labels(service=units.service, topic=topic),
                metrics.EVENT_DELAY_SECONDS.labels(service=units.service, topic=topic),
            )
            for topic in self.subscriptions
        }

    @property
    def is_halted(self) -> bool:
        """Whether too many handler errors in a row have stopped the flow into quarantine."""
        return self._failures_in_a_row >= self._halt_after

    async def deliver(self, topic: str, records: Sequence[Record]) -> None:
        """Handle records of one partition in order; afterwards each is handled, parked, held or was a duplicate."""
        subscription = self.subscriptions[topic]
        items = [quarantine.read(subscription.topic, record) for record in records]
        try:
            unblocked = await self._attempt(subscription, items)
        except Exception as error:
            if is_passing(error):
                raise
            for item in items:
                await self._deliver_one(subscription, item)
            return
        for key in unblocked:
            await self.drain(topic, key)

    async def drain_ready(self) -> None:
        """Handle parked events whose turn has come (after a crash in between, or an operator's decision)."""
        async with self.units.pool.acquire() as connection:
            rows = await connection.fetch(statement("ready_turns"), list(self.subscriptions))
        for row in rows:
            await self.drain(row["topic"], row["key"])

    async def drain(self, topic: str, key: str) -> None:
        """Handle the parked events of a key, in order, as far as there is no gap."""
        subscription = self.subscriptions[topic]
        while True:
            row, failure = await self._try(lambda: self._attempt_parked(subscription, key))
            if failure is not None:
                row = await self._fail_parked(subscription, key, failure)
            if row is None or failure is not None:
                return

    async def handle(self, batch: UnitBatch, subscription: Subscription, envelope: Envelope) -> None:
        """Run the handler of one event as a unit of the batch; an ignored one needs none."""
        handler = subscription.handlers.get(type(envelope.data))
        if handler is None:
            return
        token = CORRELATION.set(envelope.correlation_id)
        started = time.perf_counter()
        try:
            await handler(batch.unit(Origin.of_event(envelope)), envelope)
        finally:
            CORRELATION.reset(token)
        handler_s, delay_s = self._timings[subscription.topic.name]
        handler_s.observe(time.perf_counter() - started)
        delay_s.observe(max((batch.now - envelope.recorded_at).total_seconds(), 0.0))

    async def _attempt(self, subscription: Subscription, items: Sequence[Item]) -> Sequence[str]:
        """All items in one transaction; returns the keys whose parked events may follow."""
        outcomes: Counter[str] = Counter()
        keys = {item.key for item in items if item.key is not None and item.envelope is not None}
        async with self.units.batch() as batch:
            inbox = await Inbox.open(batch.connection, subscription.topic, keys)
            for item in items:
                outcomes[await self._step(batch, inbox, subscription, item)] += 1
            batch.positions += inbox.moved()
        self._count(subscription, outcomes)
        if outcomes["handled"]:
            self._failures_in_a_row = 0
        return inbox.unblocked()

    async def _step(self, batch: UnitBatch, inbox: Inbox, subscription: Subscription, item: Item) -> str:
        if item.error is not None:
            return await self._hold(batch, item, _of_decode_error(item.error))
        assert item.envelope is not None
        key, sequence = item.envelope.key, item.envelope.sequence
        match inbox.judge(item.envelope):
            case Verdict.DUPLICATE:
                return "duplicate"
            case Verdict.PARK:
                gap = Failure("sequence-gap", f"sequence {sequence} came before an earlier one of its key was handled")
                inbox.held(item.envelope)
                kept = await quarantine.hold(batch, self.units.service, item, gap, state="parked")
                return "parked" if kept else "duplicate"
            case Verdict.HANDLE:
                await self.handle(batch, subscription, item.envelope)
                inbox.handled(key, sequence)
                return "handled"

    async def _deliver_one(self, subscription: Subscription, item: Item) -> None:
        unblocked, failure = await self._try(lambda: self._attempt(subscription, [item]))
        if failure is None:
            for key in unblocked or ():
                await self.drain(subscription.topic.name, key)
            return
        async with self.units.batch() as batch:
            outcome = await self._hold(batch, item, failure, attempts=self._tries)
        self._count(subscription, Counter([outcome]))

    async def _hold(self, batch: UnitBatch, item: Item, failure: Failure, *, attempts: int = 0) -> str:
        kept = await quarantine.hold(batch, self.units.service, item, failure, attempts=attempts)
        if not kept:
            return "duplicate"
        record = item.record
        log.error("event.quarantined", topic=record.topic, partition=record.partition, offset=record.offset,
                  sequence=item.sequence, reason=failure.reason, error=failure.detail,
                  service=self.units.service)  # fmt: skip
        return "quarantined"

    async def _try(self, attempt: Callable[[], Awaitable[Any]]) -> tuple[Any, Failure | None]:
        """The attempt's result, or why it failed for good. Raises passing faults and `Halted`."""
        failure: Failure | None = None
        for number in range(self._tries):
            if number:
                await asyncio.sleep(RETRY_S * 2**number)
            try:
                return await attempt(), None
            except Poison as error:
                return None, Failure("poison", str(error) or type(error).__name__)
            except DecodeError as error:
                return None, _of_decode_error(error)
            except Exception as error:
                if is_passing(error):
                    raise
                log.warning("event.failed", error=describe_error(error), attempt=number + 1, exc_info=True)
                failure = Failure("handler-error", describe_error(error))
        self._failures_in_a_row += 1
        if self.is_halted:
            raise Halted(f"{self._failures_in_a_row} events in a row failed; the last: {failure and failure.detail}")
        return None, failure

    async def _attempt_parked(self, subscription: Subscription, key: str) -> Any:
        """Handle the parked event whose turn it is; returns its row, or None if there is none."""
        topic = subscription.topic
        async with self.units.batch() as batch:
            inbox = await Inbox.open(batch.connection, topic, [key])
            row = await batch.connection.fetchrow(statement("parked_turn"), topic.name, key, inbox.last(key) + 1)
            if row is None:
                return None
            item = quarantine.read(topic, quarantine.stored_record(row))
            if item.envelope is None:
                raise item.error or AssertionError("neither envelope nor error")
            await self.handle(batch, subscription, item.envelope)
            inbox.handled(key, item.envelope.sequence)
            batch.positions += inbox.moved()
            await quarantine.resolve(batch.connection, row["id"], "released", batch.now, "system", "its turn came")
        self._count(subscription, Counter(["released"]))
        return row

    async def _fail_parked(self, subscription: Subscription, key: str, failure: Failure) -> Any:
        """A parked event failed in its turn: it is now quarantined itself."""
        async with self.units.batch() as batch:
            inbox = await Inbox.open(batch.connection, subscription.topic, [key])
            row = await batch.connection.fetchrow(
                statement("parked_turn"), subscription.topic.name, key, inbox.last(key) + 1
            )
            if row is not None:
                await batch.connection.execute(statement("fail_again"), row["id"], failure.reason, failure.detail)
                record = quarantine.stored_record(row)
                quarantine.add_dead_letter(batch, self.units.service, record, failure, row["attempts"] + 1)
        self._count(subscription, Counter(["quarantined"]))
        return row

    def _count(self, subscription: Subscription, outcomes: Mapping[str, int]) -> None:
        for outcome, n in outcomes.items():
            metrics.EVENTS.labels(service=self.units.service, topic=subscription.topic.name, outcome=outcome).inc(n)


def _of_decode_error(error: DecodeError) -> Failure:
    return Failure(error.reason, f"{error.where}: {error.detail}")
