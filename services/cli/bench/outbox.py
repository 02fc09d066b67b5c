"""`bench outbox`: how fast committed events reach Kafka, and how soon a consumer has handled them.

Relay throughput is compared, on the same events in the same run, with row-by-row relaying (read one, send and wait,
delete) and with bare aiokafka producers that read no database: one with `send()` and a future per record, one with
`create_batch`/`send_batch` as the relay itself sends. Rounds are interleaved; the median counts.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID, uuid4

from aiokafka import AIOKafkaProducer

from schemas.events.volunteer import VolunteerBecameAvailable
from schemas.topics import BY_NAME, MAX_RECORD_BYTES
from services.cli.bench.latency import measure_latency
from services.cli.bench.parts import Parts
from services.cli.bench.report import Report
from services.kit import db
from services.kit.bus import Outgoing, Partition
from services.kit.clock import SystemClock
from services.kit.kafka import BATCH_BYTES, KafkaBus
from services.kit.migrate import migrate
from services.kit.outbox import SEQUENCE_HEADER, unpack_headers
from services.kit.relay import Relay
from services.kit.settings import KitSettings
from services.kit.unit import Units

TOPIC = BY_NAME["volunteer-events"]
EVENTS_PER_KEY = 5
EVENTS_PER_UNIT = 500
ROW_BY_ROW_EVENTS = 500
SEND_WINDOW = 2_000
PRODUCER = "registry"
CONSUMER = "alerts"


def run_outbox_bench(parts: Parts, *, events: int, rounds: int, seconds: int) -> Report:
    """Measure everything; takes about a minute."""
    import uvloop

    return uvloop.run(_run(parts, events, rounds, seconds))


async def _run(parts: Parts, events: int, rounds: int, seconds: int) -> Report:
    report = Report("outbox")
    settings = KitSettings()
    pools = {}
    for name in (PRODUCER, CONSUMER):
        pools[name] = await db.create_pool(parts.dsn(name), name, settings)
        async with pools[name].acquire() as connection:
            await migrate(connection, name, Path("/nonexistent"))
    try:
        await measure_latency(report, parts, pools[PRODUCER], pools[CONSUMER], seconds)
        await _throughput(report, parts, pools[PRODUCER], events, rounds)
    finally:
        for pool in pools.values():
            await pool.close()
    report.left_out += [
        "Debezium and other log-based relays; replication (one broker, so acks=all waits for one)",
        "the producing handlers' own work: the outbox is filled before the clock starts",
    ]
    return report


async def _throughput(report: Report, parts: Parts, pool: Any, events: int, rounds: int) -> None:
    """Events per second of each way, median of the rounds."""
    units = Units(PRODUCER, pool, SystemClock())
    await _fill(units, ROW_BY_ROW_EVENTS)
    async with pool.acquire() as connection:
        records = await _records(connection, events)
    ways: dict[str, Callable[[], Awaitable[float]]] = {
        "relay": lambda: _relay(parts, pool, units, events),
        "row by row": lambda: _row_by_row(parts, pool, units),
        "bare send(), one future per record": lambda: _bare_send(parts.kafka, records),
        "bare create_batch/send_batch": lambda: _bare_batches(parts.kafka, records),
    }
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds + 1):
        for name, way in ways.items():
            rates[name].append(await way())
    middle = {name: median(found[1:]) for name, found in rates.items()}  # the first round warms up
    for name, rate in middle.items():
        report.add(name, rate, "events/s")
    relay = middle["relay"]
    report.aim("relay over row by row", relay / middle["row by row"], "at least", 50, "times")
    report.aim("relay over bare send()", relay / middle["bare send(), one future per record"], "at least", 0.8, "times")
    report.aim(
        "relay over bare create_batch/send_batch",
        relay / middle["bare create_batch/send_batch"],
        "at least",
        0.8,
        "times",
    )


async def _fill(units: Units, events: int) -> None:
    """Commit events to the outbox; nobody relays yet."""
    keys: list[UUID] = []
    done = 0
    while done < events:
        async with units.open() as unit:
            for _ in range(min(EVENTS_PER_UNIT, events - done)):
                if done % EVENTS_PER_KEY == 0:
                    keys.append(uuid4())
                unit.emit(VolunteerBecameAvailable(volunteer_id=keys[-1]), key=keys[-1], exercise=True)
                done += 1


async def _relay(parts: Parts, pool: Any, units: Units, events: int) -> float:
    """From the start of a relay (its connection and producer included) to the empty outbox."""
    await _fill(units, events)
    await pool.execute("VACUUM ANALYZE outbox")
    bus = KafkaBus(parts.kafka, client_id="bench")
    relay = Relay(PRODUCER, lambda: db.connect(parts.dsn(PRODUCER), PRODUCER, KitSettings()), bus,
                  max_record_bytes=MAX_RECORD_BYTES)  # fmt: skip
    relay.stop()  # so that it ends when the outbox is empty
    started = time.perf_counter()
    await relay.run()
    took_s = time.perf_counter() - started
    left = await pool.fetchval("SELECT count(*) FROM outbox")
    if left:
        raise RuntimeError(f"{left} events were not relayed")
    await bus.stop()
    return events / took_s


async def _row_by_row(parts: Parts, pool: Any, units: Units) -> float:
    """The simple relay: read one, send and wait for the acknowledgement, delete it, commit."""
    await pool.execute("TRUNCATE outbox")
    await _fill(units, ROW_BY_ROW_EVENTS)
    producer = _producer(parts.kafka)
    await producer.start()
    done = 0
    started = time.perf_counter()
    async with pool.acquire() as connection:
        while True:
            async with connection.transaction():
                row = await connection.fetchrow("SELECT * FROM outbox ORDER BY id LIMIT 1 FOR UPDATE")
                if row is None:
                    break
                headers = [*unpack_headers(row["headers"]), (SEQUENCE_HEADER, str(row["sequence"]).encode())]
                await producer.send_and_wait(row["topic"], key=row["key"], value=row["value"], headers=headers)
                await connection.execute("DELETE FROM outbox WHERE id = $1", row["id"])
                done += 1
    took_s = time.perf_counter() - started
    await producer.stop()
    return done / took_s


async def _records(connection: Any, events: int) -> list[Outgoing]:
    """Records as the relay sends them, already in memory, with as many keys as the relay meets."""
    row = await connection.fetchrow("SELECT * FROM outbox LIMIT 1")
    headers = [*unpack_headers(row["headers"]), (SEQUENCE_HEADER, b"1")]
    keys = [str(uuid4()).encode() for _ in range(events // EVENTS_PER_KEY + 1)]
    return [Outgoing(keys[n // EVENTS_PER_KEY], row["value"], headers) for n in range(events)]


async def _bare_send(kafka: str, records: list[Outgoing]) -> float:
    """aiokafka's usual way, with a bound on what is in the air."""
    producer = _producer(kafka)
    started = time.perf_counter()
    await producer.start()
    for start in range(0, len(records), SEND_WINDOW):
        sent = [
            await producer.send(TOPIC.name, key=record.key, value=record.value, headers=record.headers)
            for record in records[start : start + SEND_WINDOW]
        ]
        await asyncio.gather(*sent)
    took_s = time.perf_counter() - started
    await producer.stop()
    return len(records) / took_s


async def _bare_batches(kafka: str, records: list[Outgoing]) -> float:
    """Prepared batches, one in the air per partition: the floor of anything built on aiokafka."""
    producer = _producer(kafka)
    started = time.perf_counter()
    await producer.start()
    partitioner = KafkaBus(kafka, client_id="bench-floor")
    partitioner._producer = producer
    lanes: dict[Partition, list[Outgoing]] = {}
    for record in records:
        lanes.setdefault(await partitioner.partition_of(TOPIC.name, record.key), []).append(record)
    await asyncio.gather(*(partitioner.send(partition, lane) for partition, lane in lanes.items()))
    took_s = time.perf_counter() - started
    await producer.stop()
    return len(records) / took_s


def _producer(kafka: str) -> AIOKafkaProducer:
    return AIOKafkaProducer(
        bootstrap_servers=kafka, acks="all", enable_idempotence=False, linger_ms=0, max_batch_size=BATCH_BYTES,
        max_request_size=1_048_576,
    )  # fmt: skip
