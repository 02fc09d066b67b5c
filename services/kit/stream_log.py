"""The event log as the live streams read it: by offsets, without a group, from memory or from Kafka.

Nothing is committed and nobody is assigned anything: a stream's place is the vector its reader brings back.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final, Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from services.kit.bus import BusError, Partition, Record
from services.kit.log import describe_error

Positions = Mapping[Partition, int]
Batch = Mapping[Partition, Sequence[Record]]
_FETCH_RECORDS: Final = 500
_TAIL_WAIT_S: Final = 0.5
_QUIET_S: Final = 3.0
"""No record for so long below the wanted offset: compaction took the rest away, there is nothing more to read."""
_FAULTS: Final = (KafkaError, TimeoutError, OSError)


class EventLog(Protocol):
    """What the hub needs of the log. Every method raises `BusError` when the log does not answer."""

    async def ends(self, topics: Sequence[str]) -> Positions:
        """The next offset of every partition of the topics."""
        ...

    def read(self, start: Positions, stop: Positions) -> AsyncIterator[Batch]:
        """What lies between, in order per partition; ends when all of it was read."""
        ...

    def tail(self, start: Positions) -> AsyncIterator[Batch]:
        """What comes from these offsets on, without end. A batch may be empty."""
        ...


class KafkaLog:
    """The log on Kafka."""

    def __init__(self, bootstrap: str, *, client_id: str) -> None:
        self._bootstrap = bootstrap
        self._client_id = client_id

    async def ends(self, topics: Sequence[str]) -> Positions:
        """The next offset of every partition of the topics."""
        consumer = await self._open(topics=topics)
        try:
            found = await consumer.end_offsets(sorted(consumer.assignment()))
        except _FAULTS as error:
            raise BusError(describe_error(error)) from error
        finally:
            await _close(consumer)
        return {Partition(tp.topic, tp.partition): offset for tp, offset in found.items()}

    async def read(self, start: Positions, stop: Positions) -> AsyncIterator[Batch]:
        """What lies between, in order per partition."""
        left = {partition for partition, offset in start.items() if offset < stop[partition]}
        if not left:
            return
        consumer = await self._open({partition: start[partition] for partition in left})
        try:
            quiet_s = 0.0
            while left and quiet_s < _QUIET_S:
                batch = await _fetch(consumer, _TAIL_WAIT_S)
                quiet_s = 0.0 if batch else quiet_s + _TAIL_WAIT_S
                wanted: dict[Partition, Sequence[Record]] = {}
                for partition, records in batch.items():
                    if records[-1].offset >= stop[partition] - 1:
                        left.discard(partition)
                    wanted[partition] = [record for record in records if record.offset < stop[partition]]
                yield wanted
        finally:
            await _close(consumer)

    async def tail(self, start: Positions) -> AsyncIterator[Batch]:
        """What comes from these offsets on, without end."""
        consumer = await self._open(start)
        try:
            while True:
                yield await _fetch(consumer, _TAIL_WAIT_S)
        finally:
            await _close(consumer)

    async def _open(self, start: Positions | None = None, *, topics: Sequence[str] = ()) -> Any:
        """A consumer of exactly these positions, or of all partitions of the topics (to learn which there are)."""
        consumer = AIOKafkaConsumer(
            *topics,
            bootstrap_servers=self._bootstrap,
            client_id=self._client_id,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="latest" if topics else "earliest",
            request_timeout_ms=10_000,
            fetch_max_wait_ms=500,
            metadata_max_age_ms=60_000,
        )
        try:
            await consumer.start()
            if start is not None:
                consumer.assign([TopicPartition(*partition) for partition in start])
                for partition, offset in start.items():
                    consumer.seek(TopicPartition(*partition), offset)
        except _FAULTS as error:
            await _close(consumer)
            raise BusError(describe_error(error)) from error
        return consumer


async def _fetch(consumer: Any, wait_s: float) -> Batch:
    try:
        found = await consumer.getmany(timeout_ms=int(wait_s * 1000), max_records=_FETCH_RECORDS)
    except _FAULTS as error:
        raise BusError(describe_error(error)) from error
    return {Partition(tp.topic, tp.partition): records for tp, records in found.items()}


async def _close(consumer: Any) -> None:
    """Close it; a consumer that was only read from loses nothing by being left."""
    try:
        async with asyncio.timeout(3):
            await consumer.stop()
    except _FAULTS:
        return
    except asyncio.CancelledError:
        # aiokafka cancels tasks of its own here and lets that out when one of them had not begun yet.
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
