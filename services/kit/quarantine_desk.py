"""What an operator can do with a held record: release it (try again) or discard it (go on without it).

Either lets the events parked behind it follow. Deciding on an event whose predecessors never came means to go on
without them; that is allowed only for the first one that waits, so that the order of a key stays.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from schemas.topics import Topic
from services.kit import metrics, quarantine
from services.kit.db import is_transient
from services.kit.delivery import Delivery
from services.kit.inbox import Inbox
from services.kit.log import describe_error, get_logger
from services.kit.sql import statement
from services.kit.unit import UnitBatch

log = get_logger(__name__)


class UnknownEntry(Exception):
    """There is no such entry."""


class NotPossible(Exception):
    """The decision does not fit the state of things; says why, in a sentence. Nothing was changed."""


class QuarantineDesk:
    """Decisions about one service's quarantine."""

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery
        self._units = delivery.units

    async def release(self, entry_id: UUID, actor: str) -> None:
        """Try a held record again now. Raises UnknownEntry, or NotPossible if it cannot be handled still."""
        try:
            row = await self._decide(entry_id, actor, "released", "released by an operator")
        except (UnknownEntry, NotPossible):
            raise
        except Exception as error:
            if is_transient(error):
                raise
            await self._note_failure(entry_id, error)
            raise NotPossible(f"It failed again: {describe_error(error)}") from error
        await self._follow(row, "released")

    async def discard(self, entry_id: UUID, actor: str, why: str) -> None:
        """Go on without a held record. Raises UnknownEntry or NotPossible."""
        row = await self._decide(entry_id, actor, "discarded", why)
        await self._follow(row, "discarded")

    async def _decide(self, entry_id: UUID, actor: str, state: quarantine.State, why: str) -> Any:
        async with self._units.batch() as batch:
            row = await batch.connection.fetchrow(statement("entry"), entry_id)
            if row is None:
                raise UnknownEntry
            if row["state"] not in quarantine.OPEN_STATES:
                raise NotPossible(f"It is already {row['state']}.")
            topic = self._topic_of(row)
            if row["key_text"] is not None and row["sequence"] is not None:
                await self._take_turn(batch, topic, row, handle=state == "released")
            elif state == "released":
                raise NotPossible("Its key or sequence cannot be read, so it has no turn; it can only be discarded.")
            await quarantine.resolve(batch.connection, entry_id, state, batch.now, actor, why)
        return row

    def _topic_of(self, row: Any) -> Topic:
        subscription = self._delivery.subscriptions.get(row["topic"])
        if subscription is None:
            raise NotPossible(f"This service does not consume {row['topic']} any more.")
        return subscription.topic

    async def _take_turn(self, batch: UnitBatch, topic: Topic, row: Any, *, handle: bool) -> None:
        """Move the key's position to this record, handling it if asked. One whose turn has passed needs nothing."""
        key, sequence = row["key_text"], row["sequence"]
        inbox = await Inbox.open(batch.connection, topic, [key])
        if sequence <= inbox.last(key):
            return
        lowest = await batch.connection.fetchval(statement("lowest_held"), topic.name, key)
        if sequence > inbox.last(key) + 1 and sequence != lowest and topic.cleanup == "delete":
            raise NotPossible(f"Sequence {lowest} of the same key comes first.")
        if handle:
            item = quarantine.read(topic, quarantine.stored_record(row))
            if item.envelope is None:
                raise NotPossible(f"It still cannot be read: {item.error}")
            await self._delivery.handle(batch, self._delivery.subscriptions[topic.name], item.envelope)
        inbox.handled(key, sequence)
        batch.positions += inbox.moved()

    async def _note_failure(self, entry_id: UUID, error: Exception) -> None:
        async with self._units.batch() as batch:
            reason, detail = "handler-error", describe_error(error)[: quarantine.DETAIL_MAX]
            await batch.connection.execute(statement("fail_again"), entry_id, reason, detail)

    async def _follow(self, row: Any, outcome: str) -> None:
        metrics.EVENTS.labels(service=self._units.service, topic=row["topic"], outcome=outcome).inc()
        log.info("quarantine.decided", topic=row["topic"], sequence=row["sequence"], outcome=outcome)
        if row["key_text"] is not None:
            await self._delivery.drain(row["topic"], row["key_text"])
