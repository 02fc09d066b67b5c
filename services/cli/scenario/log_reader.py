"""Reads the topics with a plain consumer that belongs to no group and commits nothing: it only watches."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from services.cli.scenario.records import RawRecord

BATCH_RECORDS: Final = 2_000
RETRY_S: Final = 0.5
Offsets = dict[TopicPartition, int]


class LogReader:
    """Reads some topics, from their ends or their beginnings. While the broker is away it waits and goes on."""

    def __init__(self, bootstrap: str, topics: Sequence[str]) -> None:
        self._bootstrap = bootstrap
        self._topics = topics
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=bootstrap,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=100,
            max_partition_fetch_bytes=4 * 2**20,
            metadata_max_age_ms=30_000,
        )
        self._partitions: list[TopicPartition] = []
        self.started_at: Offsets = {}

    async def start(self, *, from_beginning: bool) -> None:
        """Connect and take up the positions; `started_at` then holds the ends as they were."""
        self._partitions = await partitions_of(self._bootstrap, self._topics)
        await self._consumer.start()
        self._consumer.assign(self._partitions)
        self.started_at = dict(await self._consumer.end_offsets(self._partitions))
        for partition in self._partitions:
            if from_beginning:
                await self._consumer.seek_to_beginning(partition)
            else:
                self._consumer.seek(partition, self.started_at[partition])

    async def stop(self) -> None:
        """Let go of the connection."""
        await self._consumer.stop()

    async def read(self, wait_s: float) -> list[RawRecord]:
        """What has come, in order per partition; nothing after `wait_s`."""
        try:
            got = await self._consumer.getmany(timeout_ms=int(wait_s * 1000), max_records=BATCH_RECORDS)
        except (KafkaError, OSError):
            await asyncio.sleep(RETRY_S)
            return []
        return [
            RawRecord(
                topic=message.topic,
                partition=message.partition,
                offset=message.offset,
                at=datetime.fromtimestamp(message.timestamp / 1000, UTC),
                key=message.key,
                value=message.value,
                headers=message.headers,
            )
            for messages in got.values()
            for message in messages
        ]

    async def read_to(self, ends: Offsets, timeout_s: float) -> AsyncIterator[list[RawRecord]]:
        """Everything before `ends`. Raises TimeoutError if it does not come."""
        deadline = time.monotonic() + timeout_s
        left = {partition for partition in self._partitions if ends.get(partition, 0) > 0}
        while left:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the log could not be read to its end within {timeout_s:.0f} s")
            yield await self.read(0.2)
            positions = {partition: await self._consumer.position(partition) for partition in left}
            left = {partition for partition in left if positions[partition] < ends[partition]}

    async def ends(self) -> Offsets:
        """Where the log ends now. Raises KafkaError while the broker is away."""
        return dict(await self._consumer.end_offsets(self._partitions))


async def topics_of(bootstrap: str) -> set[str]:
    """The names of all topics of the broker, without its own."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        return {name for name in await admin.list_topics() if not name.startswith("__")}
    finally:
        await admin.close()


async def partitions_of(bootstrap: str, topics: Sequence[str]) -> list[TopicPartition]:
    """All partitions of these topics. (A consumer knows a topic's partitions only once it has read it.)"""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        described = await admin.describe_topics(list(topics))
    finally:
        await admin.close()
    return [
        TopicPartition(topic["topic"], partition["partition"])
        for topic in described
        for partition in sorted(topic["partitions"], key=lambda one: int(one["partition"]))
    ]


async def wait_until_consumed(bootstrap: str, wanted: Mapping[str, Sequence[str]], timeout_s: float) -> dict[str, int]:
    """Wait until each consumer group has committed all that its topics hold now; how many records are still owed."""
    reader = LogReader(bootstrap, sorted({topic for topics in wanted.values() for topic in topics}))
    await reader.start(from_beginning=False)
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    deadline = time.monotonic() + timeout_s
    try:
        while True:
            owed = {
                group: await _owed(admin, group, {p: n for p, n in reader.started_at.items() if p.topic in topics})
                for group, topics in wanted.items()
            }
            if not any(owed.values()) or time.monotonic() > deadline:
                return {group: count for group, count in owed.items() if count}
            await asyncio.sleep(0.1)
    finally:
        await admin.close()
        await reader.stop()


async def _owed(admin: AIOKafkaAdminClient, group: str, ends: Offsets) -> int:
    committed = await admin.list_consumer_group_offsets(group)
    return sum(
        max(0, end - max(0, committed[partition].offset if partition in committed else 0))
        for partition, end in ends.items()
    )
