"""How soon a committed event has been handled: idle, and under a steady load.

The clock of an event starts just before its unit commits and stops when the consumer's transaction, in which the
handler wrote a row, has committed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from schemas.envelope import Envelope
from schemas.events.volunteer import VolunteerBecameAvailable
from schemas.topics import BY_NAME, MAX_RECORD_BYTES
from services.cli.bench.parts import Parts
from services.cli.bench.report import Report, percentile
from services.kit import db
from services.kit.bus import Record
from services.kit.clock import SystemClock
from services.kit.consume import BatchConsumer
from services.kit.delivery import Delivery
from services.kit.kafka import KafkaBus
from services.kit.relay import Relay
from services.kit.service import Subscription
from services.kit.settings import KitSettings
from services.kit.unit import Unit, Units

TOPIC = BY_NAME["volunteer-events"]
RATE_PER_S = 1_000
IDLE_EVENTS = 100
IDLE_GAP_S = 0.03
CONCURRENT_UNITS = 6
DRAIN_S = 30.0
FLOOR_TOPIC = BY_NAME["station-events"].name


class _Probe:
    """Start and end times of events by their key."""

    def __init__(self) -> None:
        self.started: dict[bytes, float] = {}
        self.took_s: list[float] = []

    def ended(self, records: Sequence[Record]) -> None:
        now = time.perf_counter()
        for record in records:
            started = self.started.pop(record.key or b"", None)
            if started is not None:
                self.took_s.append(now - started)

    async def all_ended(self) -> None:
        deadline = time.monotonic() + DRAIN_S
        while self.started:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{len(self.started)} events were never consumed")
            await asyncio.sleep(0.01)

    def take(self) -> list[float]:
        taken, self.took_s = self.took_s, []
        return taken


async def measure_latency(report: Report, parts: Parts, producer_pool: Any, consumer_pool: Any, seconds: int) -> None:
    """Commit -> consumed, idle and at 1,000 events a second."""
    probe = _Probe()
    units = Units("registry", producer_pool, SystemClock())
    bus = KafkaBus(parts.kafka, client_id="bench")
    relay = Relay("registry", lambda: db.connect(parts.dsn("registry"), "registry", KitSettings()), bus,
                  max_record_bytes=MAX_RECORD_BYTES)  # fmt: skip
    units.on_events = relay.wake
    consumer = await _consumer(bus, consumer_pool, probe)
    tasks = [asyncio.create_task(relay.run()), asyncio.create_task(consumer.run())]
    try:
        await _floors(report, parts, producer_pool)
        await _catch_up(units, probe)
        idle = await _idle(units, probe)
        report.add("commit -> consumed, idle, p50", percentile(idle, 50) * 1000, "ms")
        report.add("commit -> consumed, idle, p99", percentile(idle, 99) * 1000, "ms")
        rate, steady = await _steady(units, probe, seconds)
        report.add("steady load reached", rate, "events/s")
        report.add("commit -> consumed at 1,000/s, p50", percentile(steady, 50) * 1000, "ms")
        report.add("commit -> consumed at 1,000/s, max", max(steady) * 1000, "ms")
        report.aim("commit -> consumed at 1,000/s, p99", percentile(steady, 99) * 1000, "at most", 100, "ms")
        report.aim("steady load reached", rate, "at least", RATE_PER_S * 0.98, "events/s")
        report.aim("producers in the process", bus.producers_made, "at most", 1)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await bus.stop()


async def _floors(report: Report, parts: Parts, pool: Any) -> None:
    """What one single-row commit and one hop through Kafka cost by themselves, in the same run."""
    await pool.execute("CREATE TABLE IF NOT EXISTS floor (id bigserial PRIMARY KEY)")
    commits = []
    for _ in range(IDLE_EVENTS):
        started = time.perf_counter()
        await pool.execute("INSERT INTO floor DEFAULT VALUES")
        commits.append(time.perf_counter() - started)
    report.add("floor: single-row asyncpg commit, p50", percentile(commits, 50) * 1000, "ms")
    hops = await _raw_hops(parts.kafka)
    report.add("floor: raw aiokafka send -> getmany, p50", percentile(hops, 50) * 1000, "ms")


async def _raw_hops(kafka: str) -> list[float]:
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all", linger_ms=0)
    consumer = AIOKafkaConsumer(FLOOR_TOPIC, bootstrap_servers=kafka, auto_offset_reset="earliest")
    await producer.start()
    await consumer.start()
    try:
        hops = []
        for _ in range(IDLE_EVENTS):
            started = time.perf_counter()
            sending = asyncio.create_task(producer.send_and_wait(FLOOR_TOPIC, b"x", key=b"k"))
            while not await consumer.getmany(timeout_ms=1000):
                pass
            hops.append(time.perf_counter() - started)
            await sending
        return hops
    finally:
        await producer.stop()
        await consumer.stop()


async def _consumer(bus: KafkaBus, pool: Any, probe: _Probe) -> BatchConsumer:
    await pool.execute("CREATE TABLE IF NOT EXISTS effects (event_id uuid PRIMARY KEY)")

    async def effect(unit: Unit, envelope: Envelope) -> None:
        await unit.connection.execute("INSERT INTO effects (event_id) VALUES ($1)", envelope.id)

    subscription = Subscription(
        topic=TOPIC, handlers={VolunteerBecameAvailable: effect},
        ignored=frozenset(TOPIC.events) - {VolunteerBecameAvailable},
    )  # fmt: skip
    delivery = Delivery(Units("alerts", pool, SystemClock()), [subscription])

    async def process(topic: str, records: Sequence[Record]) -> None:
        fresh = [record for record in records if record.key in probe.started]  # not those of the throughput rounds
        if fresh:
            await delivery.deliver(topic, fresh)
            probe.ended(fresh)

    return BatchConsumer(bus, [TOPIC.name], f"bench-{uuid4()}", process, service="alerts")


async def _emit(units: Units, probe: _Probe, key: UUID) -> None:
    async with units.open() as unit:
        unit.emit(VolunteerBecameAvailable(volunteer_id=key), key=key, exercise=True)
        probe.started[str(key).encode()] = time.perf_counter()


async def _catch_up(units: Units, probe: _Probe) -> None:
    """Until the consumer is through what the throughput rounds left in the topic."""
    for _ in range(20):
        await _emit(units, probe, uuid4())
    await probe.all_ended()
    probe.take()


async def _idle(units: Units, probe: _Probe) -> list[float]:
    for _ in range(IDLE_EVENTS):
        await _emit(units, probe, uuid4())
        await asyncio.sleep(IDLE_GAP_S)
    await probe.all_ended()
    return probe.take()


async def _steady(units: Units, probe: _Probe, seconds: int) -> tuple[float, list[float]]:
    """One event per unit at a steady rate; a late start is made up for, so the load is what it says."""
    slots = asyncio.Semaphore(CONCURRENT_UNITS)
    running: set[asyncio.Task[None]] = set()

    async def one() -> None:
        async with slots:
            await _emit(units, probe, uuid4())

    started, total = time.perf_counter(), RATE_PER_S * seconds
    for number in range(total):
        ahead_s = started + number / RATE_PER_S - time.perf_counter()
        if ahead_s > 0.001:
            await asyncio.sleep(ahead_s)
        task = asyncio.create_task(one())
        running.add(task)
        task.add_done_callback(running.discard)
    await asyncio.gather(*running)
    took_s = time.perf_counter() - started
    await probe.all_ended()
    return total / took_s, probe.take()
