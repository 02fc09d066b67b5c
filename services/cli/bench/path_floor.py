"""The floor of the path: as many Kafka hops by a raw aiokafka producer and consumer, and as many single-row commits.

declared -> fenced -> first page is: commit the declaration, one hop, commit the zones, one hop, commit the wave, commit
the attempt. The floor does just that, one after the other, in one process and without any service around it. The HTTP
request to the page provider is not in it.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

TOPIC: Final = "bench-floor"
PARTITIONS: Final = 4
VALUE: Final = b"x" * 1_000
INSERT: Final = "INSERT INTO bench.floor (id, body) VALUES ($1, $2)"
CONNECTIONS: Final = 4


@dataclass(slots=True)
class FloorTimes:
    """Seconds of whole chains, of single hops and of single commits."""

    chains_s: list[float] = field(default_factory=list)
    hops_s: list[float] = field(default_factory=list)
    commits_s: list[float] = field(default_factory=list)


class Floor:
    """The floor's own topic, connections and table."""

    def __init__(self, kafka: str, dsn: str) -> None:
        self._kafka = kafka
        self._dsn = dsn
        self._waiting: dict[bytes, asyncio.Future[None]] = {}
        self.times = FloorTimes()

    async def __aenter__(self) -> Floor:
        await self._make_topic()
        self._pool: Any = await asyncpg.create_pool(self._dsn, min_size=CONNECTIONS, max_size=CONNECTIONS)
        self._producer = AIOKafkaProducer(bootstrap_servers=self._kafka, acks="all", linger_ms=0)
        await self._producer.start()
        self._consumer = AIOKafkaConsumer(bootstrap_servers=self._kafka, enable_auto_commit=False)
        await self._consumer.start()
        self._consumer.assign([TopicPartition(TOPIC, number) for number in range(PARTITIONS)])
        await self._consumer.seek_to_end()
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        await self._consumer.stop()
        await self._producer.stop()
        await self._pool.close()
        admin = AIOKafkaAdminClient(bootstrap_servers=self._kafka)
        await admin.start()
        await admin.delete_topics([TOPIC])
        await admin.close()

    async def chain(self) -> None:
        """One pass; its times are kept."""
        began_s = time.perf_counter()
        for step in (self._commit, self._hop, self._commit, self._hop, self._commit, self._commit):
            await step()
        self.times.chains_s.append(time.perf_counter() - began_s)

    async def _commit(self) -> None:
        began_s = time.perf_counter()
        await self._pool.execute(INSERT, uuid4(), VALUE.decode())
        self.times.commits_s.append(time.perf_counter() - began_s)

    async def _hop(self) -> None:
        began_s = time.perf_counter()
        key = uuid4().bytes
        arrived = self._waiting[key] = asyncio.get_running_loop().create_future()
        await self._producer.send(TOPIC, VALUE, key=key)
        await arrived
        self.times.hops_s.append(time.perf_counter() - began_s)

    async def _read(self) -> None:
        while True:
            for messages in (await self._consumer.getmany(timeout_ms=1000)).values():
                for message in messages:
                    waiting = self._waiting.pop(message.key, None)
                    if waiting is not None and not waiting.done():
                        waiting.set_result(None)

    async def _make_topic(self) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self._kafka)
        await admin.start()
        if TOPIC not in await admin.list_topics():
            await admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1)])
        while TOPIC not in await admin.list_topics():
            await asyncio.sleep(0.05)
        await admin.close()
