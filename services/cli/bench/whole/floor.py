"""The floor of the path: what its hops and commits cost with nothing in between (`python -m` this module).

A chain has as many Kafka hops (produce with acks=all and no linger, consume with getmany) and as many single-row
commits, one after the other, as a first page has on its way:

    commit  the declaration and its event
    hop     incident-events
    commit  the zones and their event
    hop     zone-events
    commit  the wave, its pages and its event
    commit  the sender's claim (the attempt is recorded before it is made)

Not counted, because they are our own choice: the relay's reading of the outbox, the post to the gateway. Runs in a
process of its own with the event loop of our services; prints one JSON array of chain times in seconds when it is done.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import asyncpg
import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from services.cli.bench.whole.load import paced

STEPS: Final = ("commit", "hop", "commit", "hop", "commit", "commit")
HOPS: Final = STEPS.count("hop")
COMMITS: Final = STEPS.count("commit")
DSN_VARIABLE: Final = "THIRDRESCUE_BENCH_DSN"
KAFKA_VARIABLE: Final = "THIRDRESCUE_KAFKA"
TOPIC: Final = "bench-path-floor"
CREATE: Final = (
    "CREATE SCHEMA IF NOT EXISTS floor; "
    "CREATE TABLE IF NOT EXISTS floor.rows (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, value bytea NOT NULL)"
)
VALUE_BYTES: Final = 1_000
"""About what a declaration and a wave are as events; the real zones event is larger."""
WARM_UP: Final = 20
CONNECTIONS: Final = 8
HOP_TIMEOUT_S: Final = 30.0


@dataclass(frozen=True)
class Plan:
    """How many chains to run, how fast, and when the first begins (Unix time)."""

    chains: int
    rate_per_s: float
    begin_at_s: float


class Floor:
    """Runs chains."""

    def __init__(self, pool: Any, producer: AIOKafkaProducer, consumer: AIOKafkaConsumer) -> None:
        self._pool = pool
        self._producer = producer
        self._consumer = consumer
        self._value = os.urandom(VALUE_BYTES)
        self._arriving: dict[bytes, asyncio.Future[None]] = {}
        self._keys = 0
        self.took_s: list[float] = []

    async def consume(self) -> None:
        """The other end of every hop."""
        while True:
            for records in (await self._consumer.getmany(timeout_ms=500, max_records=1_000)).values():
                for record in records:
                    arriving = self._arriving.pop(record.key, None)
                    if arriving is not None:
                        arriving.set_result(None)

    async def chain(self, _: int) -> None:
        """One chain of the path."""
        await self.chain_of(STEPS)

    async def chain_of(self, steps: Sequence[str]) -> None:
        """One chain of these steps."""
        started = time.perf_counter()
        for step in steps:
            await (self._commit() if step == "commit" else self._hop())
        self.took_s.append(time.perf_counter() - started)

    async def _commit(self) -> None:
        async with self._pool.acquire() as connection:
            await connection.execute("INSERT INTO floor.rows (value) VALUES ($1)", self._value)

    async def _hop(self) -> None:
        self._keys += 1
        key = self._keys.to_bytes(8, "big")
        self._arriving[key] = arrived = asyncio.get_running_loop().create_future()
        await self._producer.send(TOPIC, key=key, value=self._value, partition=0)
        async with asyncio.timeout(HOP_TIMEOUT_S):
            await arrived


async def run(plan: Plan, dsn: str, kafka: str) -> list[float]:
    """Run the plan; returns seconds per chain."""
    async with ready_floor(dsn, kafka) as floor:
        await paced(plan.chains, plan.rate_per_s, floor.chain, begin_at_s=plan.begin_at_s)
        return floor.took_s


@asynccontextmanager
async def ready_floor(dsn: str, kafka: str) -> AsyncIterator[Floor]:
    """Something that runs chains, warmed up."""
    pool = await asyncpg.create_pool(dsn, min_size=CONNECTIONS, max_size=CONNECTIONS)
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all", linger_ms=0)
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, group_id=None, auto_offset_reset="latest")
    await producer.start()
    await consumer.start()
    partition = TopicPartition(TOPIC, 0)
    consumer.assign([partition])
    await consumer.seek_to_end(partition)
    floor = Floor(pool, producer, consumer)
    consuming = asyncio.create_task(floor.consume())
    try:
        for number in range(WARM_UP):
            await floor.chain(number)
        floor.took_s.clear()
        yield floor
    finally:
        consuming.cancel()
        await asyncio.gather(consuming, return_exceptions=True)
        await consumer.stop()
        await producer.stop()
        await pool.close()


if __name__ == "__main__":
    import uvloop

    given = Plan(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]))
    found = uvloop.run(run(given, os.environ[DSN_VARIABLE], os.environ[KAFKA_VARIABLE]))
    sys.stdout.buffer.write(orjson.dumps(found))
