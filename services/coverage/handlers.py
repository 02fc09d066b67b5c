"""The router: events in, batches of changes out to `coverage-inputs`.

It is a subscriber like any other, with the kit's inbox, parking and quarantine: a record that cannot be read holds
back the later events of its key, an operator releases or discards it, and the stream processor gets the events of each
key in order. The changes of a transaction are sent, and acknowledged, just before it commits; if it then fails they are
sent again, and the stream processor ignores what it has seen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import orjson

from schemas.envelope import Envelope
from schemas.topics import consumed_by
from services.coverage.model import Change
from services.coverage.topics import INPUTS
from services.coverage.translate import MEANINGS, translate
from services.kit.bus import Bus, Outgoing, Partition, RecordTooLarge
from services.kit.service import Subscription
from services.kit.unit import Unit

CHANGES_PER_RECORD: Final = 500
_RECORD_BYTES_MAX: Final = 800_000
"""A batch that grows beyond this is closed; one change alone is far below the rest up to the broker's limit."""


class Router:
    """Turns events into changes and sends those of one transaction together."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._sending: dict[Partition, asyncio.Lock] = {}

    async def handle(self, unit: Unit, envelope: Envelope) -> None:
        """Hand the event's change over to be sent with this transaction."""
        change = translate(envelope)
        if change is not None:
            target = await self._bus.partition_of(INPUTS, envelope.key.encode())
            unit.hand_over(self.send, (target, change))

    async def send(self, items: Sequence[Any]) -> None:
        """Send changes, packed by partition. Raises BusError; sending again is harmless."""
        by_target: dict[Partition, list[Change]] = {}
        for target, change in items:
            by_target.setdefault(target, []).append(change)
        for target, changes in by_target.items():
            records = [Outgoing(b"changes", value, []) for value in pack(changes)]
            async with self._sending.setdefault(target, asyncio.Lock()):
                await self._bus.send(target, records)


def pack(changes: Sequence[Change]) -> list[bytes]:
    """JSON arrays of changes, in order, bounded in number and bytes. Raises RecordTooLarge for a single huge change."""
    records: list[bytes] = []
    batch: list[bytes] = []
    size = 0
    for position, change in enumerate(changes):
        item = orjson.dumps(change.to_json())
        if len(item) > _RECORD_BYTES_MAX:
            raise RecordTooLarge(INPUTS, position)
        if batch and (len(batch) == CHANGES_PER_RECORD or size + len(item) > _RECORD_BYTES_MAX):
            records.append(b"[" + b",".join(batch) + b"]")
            batch, size = [], 0
        batch.append(item)
        size += len(item) + 1
    if batch:
        records.append(b"[" + b",".join(batch) + b"]")
    return records


def subscriptions(router: Router) -> tuple[Subscription, ...]:
    """Every topic this service reads. What has no meaning for the live picture is still read and checked."""
    return tuple(
        Subscription(
            topic=topic,
            handlers={event: router.handle for event in topic.events if event in MEANINGS},
            ignored=frozenset(event for event in topic.events if event not in MEANINGS),
        )
        for topic in consumed_by("coverage")
    )
