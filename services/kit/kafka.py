"""The bus on Apache Kafka, by aiokafka: one producer per process for ever, readers in consumer groups.

The producer waits for all replicas and is not idempotent: aiokafka's idempotent producer stops for good after an
oversize record or a long outage, and doubles are absorbed by the inbox anyway. After any failed send the producer is
closed and made anew, so that nothing of a lost batch can arrive behind later ones from this process.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, RecordTooLargeError

from services.kit import metrics
from services.kit.bus import (
    AssignmentListener,
    BusError,
    Outgoing,
    Partition,
    Record,
    RecordTooLarge,
    SendFailed,
)
from services.kit.log import describe_error, get_logger

log = get_logger(__name__)

BATCH_BYTES: Final = 256 * 1024
"""Size of a produce batch: well below the broker's limit for a batch (1 MiB)."""
BROKER_BATCH_BYTES: Final = 1_048_576
IDLE_FETCH_MS: Final = 500
"""A fetch that finds nothing returns after this; one that finds something, at once."""
GATHERED_BYTES: Final = 64 * 1024
"""So much that is gathered comes before its time is up."""
_CLOSE_TIMEOUT_S: Final = 5.0


class KafkaBus:
    """A process's connection to Kafka."""

    def __init__(self, bootstrap: str, *, client_id: str, request_timeout_s: float = 10.0) -> None:
        self._bootstrap = bootstrap
        self._client_id = client_id
        self._request_timeout_s = request_timeout_s
        self._producer: AIOKafkaProducer | None = None
        self._making = asyncio.Lock()
        self._stopped = False
        self._made = 0
        self._partition_counts: dict[str, int] = {}

    @property
    def producers_made(self) -> int:
        """How many producers this process has made; stays 1 while no send fails."""
        return self._made

    async def start(self) -> None:
        """Nothing to do yet: the producer is made with the first send, when Kafka may be up already."""

    async def stop(self) -> None:
        """Close the producer; what it still holds is sent if the broker answers soon."""
        self._stopped = True
        async with self._making:
            await self._drop_producer()

    async def partition_of(self, topic: str, key: bytes | None) -> Partition:
        """By CRC-32 of the key, as librdkafka and so kcat do. The number of partitions is asked once: it never changes.

        The Java client's murmur2 would cost more than all else together: it takes 17 us in Python, CRC-32 takes 0.1.
        """
        count = self._partition_counts.get(topic)
        if count is None:
            count = self._partition_counts[topic] = await self._count_partitions(topic)
        return Partition(topic, zlib.crc32(key or b"") % count)

    async def send(self, partition: Partition, records: Sequence[Outgoing]) -> None:
        """Append in order, in as few batches as they fit in, one after the other."""
        producer = await self._get_producer()
        sent, limit = 0, len(records)
        try:
            while sent < len(records):
                batch, count = _fill(producer, records, sent, limit)
                try:
                    async with asyncio.timeout(self._request_timeout_s * 2):
                        await (await producer.send_batch(batch, partition.topic, partition=partition.number))
                except (MessageSizeTooLargeError, RecordTooLargeError) as error:
                    if count == 1:
                        raise RecordTooLarge(partition.topic, sent) from error
                    limit = 1  # the batch as a whole, or one in it: find out which
                else:
                    sent += count
        except (KafkaError, TimeoutError, OSError) as error:
            await self._renew(producer)
            raise SendFailed(describe_error(error)) from error

    def reader(
        self, topics: Sequence[str], *, group: str, member: str | None = None, gather_s: float = 0.0
    ) -> KafkaReader:
        """A reader; `member` becomes the static group member id. The broker does the gathering."""
        return KafkaReader(self._bootstrap, topics, group, member, self._client_id, gather_s)

    async def reachable(self) -> bool:
        """Whether a broker answers a metadata request now."""
        try:
            producer = await self._get_producer()
            async with asyncio.timeout(2.0):
                await producer.client.fetch_all_metadata()
        except (BusError, KafkaError, TimeoutError, OSError):
            return False
        return True

    async def _count_partitions(self, topic: str) -> int:
        producer = await self._get_producer()
        try:
            async with asyncio.timeout(self._request_timeout_s):
                partitions = await producer.partitions_for(topic)
        except (KafkaError, TimeoutError, OSError) as error:
            raise SendFailed(f"{topic}: {describe_error(error)}") from error
        if not partitions:
            raise SendFailed(f"the topic {topic} does not exist")
        return len(partitions)

    async def _get_producer(self) -> AIOKafkaProducer:
        if self._producer is not None:
            return self._producer
        async with self._making:
            if self._stopped:
                raise SendFailed("the bus is stopped")
            if self._producer is None:
                self._producer = await self._make_producer()
            return self._producer

    async def _make_producer(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            client_id=self._client_id,
            acks="all",
            enable_idempotence=False,
            linger_ms=0,
            max_batch_size=BATCH_BYTES,
            max_request_size=BROKER_BATCH_BYTES,
            request_timeout_ms=int(self._request_timeout_s * 1000),
            retry_backoff_ms=100,
        )
        try:
            async with asyncio.timeout(self._request_timeout_s):
                await producer.start()
        except (KafkaError, TimeoutError, OSError) as error:
            await _close(producer)
            raise SendFailed(describe_error(error)) from error
        metrics.PRODUCERS_CREATED.labels(reason="failed-send" if self._made else "start").inc()
        metrics.PRODUCERS_OPEN.set(1)
        self._made += 1
        return producer

    async def _renew(self, failed: AIOKafkaProducer) -> None:
        """Drop a producer after a failed send, unless somebody else already did."""
        async with self._making:
            if self._producer is failed:
                log.warning("bus.producer-dropped", count=self._made)
                await self._drop_producer()

    async def _drop_producer(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await _close(producer)
            metrics.PRODUCERS_OPEN.set(0)


async def _close(producer: AIOKafkaProducer) -> None:
    try:
        async with asyncio.timeout(_CLOSE_TIMEOUT_S):
            await producer.stop()
    except (KafkaError, TimeoutError, OSError) as error:
        log.warning("bus.producer-close-failed", error=describe_error(error))


def _fill(producer: AIOKafkaProducer, records: Sequence[Outgoing], start: int, limit: int) -> tuple[Any, int]:
    """A batch with as many of the records as fit, at least one (a large one gets a batch of its own)."""
    batch = producer.create_batch()
    count = 0
    for index in range(start, min(len(records), start + limit)):
        key, value, headers = records[index]
        if key is None and value is None:
            value = b""  # aiokafka refuses a record that has neither
        listed = headers if isinstance(headers, list) else list(headers)  # aiokafka takes nothing else
        if batch.append(timestamp=None, key=key, value=value, headers=listed) is None:
            break
        count += 1
    batch.close()
    return batch, count


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka is untyped
    """Hands aiokafka's rebalance calls on."""

    def __init__(self, listener: AssignmentListener) -> None:
        self._listener = listener

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        await self._listener.revoked(frozenset(Partition(tp.topic, tp.partition) for tp in revoked))

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        await self._listener.assigned(frozenset(Partition(tp.topic, tp.partition) for tp in assigned))


class KafkaReader:
    """A member of a consumer group that commits by hand."""

    def __init__(
        self,
        bootstrap: str,
        topics: Sequence[str],
        group: str,
        member: str | None,
        client_id: str,
        gather_s: float = 0.0,
    ) -> None:
        self._topics = tuple(topics)
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=bootstrap,
            client_id=client_id,
            group_id=group,
            group_instance_id=member,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=10_000,
            heartbeat_interval_ms=2_500,
            rebalance_timeout_ms=20_000,
            max_poll_interval_ms=2_000_000_000,  # a partition may wait for a fault to pass for as long as it takes
            request_timeout_ms=15_000,
            retry_backoff_ms=100,
            fetch_min_bytes=GATHERED_BYTES if gather_s else 1,
            fetch_max_wait_ms=int(gather_s * 1000) if gather_s else IDLE_FETCH_MS,
            metadata_max_age_ms=60_000,
        )

    async def start(self, listener: AssignmentListener | None = None) -> None:
        """Join the group; the partitions come later, through the listener."""
        self._consumer.subscribe(list(self._topics), listener=None if listener is None else _Listener(listener))
        try:
            await self._consumer.start()
        except (KafkaError, TimeoutError, OSError) as error:
            await self.stop()
            raise BusError(describe_error(error)) from error

    async def fetch(self, *, max_records: int, timeout_s: float) -> Mapping[Partition, Sequence[Record]]:
        """Records per partition as soon as there are any."""
        try:
            found = await self._consumer.getmany(timeout_ms=int(timeout_s * 1000), max_records=max_records)
        except (KafkaError, TimeoutError, OSError) as error:
            raise BusError(describe_error(error)) from error
        return {Partition(tp.topic, tp.partition): records for tp, records in found.items()}

    def pause(self, partition: Partition) -> None:
        """Fetch nothing of it until `resume`; one that is no longer ours is left alone."""
        if self._tp(partition) in self._consumer.assignment():
            self._consumer.pause(self._tp(partition))

    def resume(self, partition: Partition) -> None:
        """Fetch it again."""
        if self._tp(partition) in self._consumer.assignment():
            self._consumer.resume(self._tp(partition))

    def lag(self) -> Mapping[Partition, int]:
        """From the high watermarks that came with the last fetches."""
        lags = {}
        for tp in self._consumer.assignment():
            highwater = self._consumer.highwater(tp)
            state = self._consumer._subscription.subscription.assignment.state_value(tp)
            if highwater is not None and state is not None and state.has_valid_position:
                lags[Partition(tp.topic, tp.partition)] = max(highwater - state.position, 0)
        return lags

    async def commit(self, offsets: Mapping[Partition, int]) -> None:
        """Commit those offsets whose partitions are still ours."""
        ours = self._consumer.assignment()
        mine = {self._tp(p): offset for p, offset in offsets.items() if self._tp(p) in ours}
        if not mine:
            return
        try:
            await self._consumer.commit(mine)
        except (KafkaError, TimeoutError, OSError) as error:
            raise BusError(describe_error(error)) from error

    async def stop(self) -> None:
        """Close the connections. A static member keeps its partitions for the session timeout."""
        try:
            async with asyncio.timeout(_CLOSE_TIMEOUT_S):
                await self._consumer.stop()
        except (KafkaError, TimeoutError, OSError) as error:
            log.warning("bus.reader-close-failed", error=describe_error(error))

    @staticmethod
    def _tp(partition: Partition) -> TopicPartition:
        return TopicPartition(partition.topic, partition.number)
