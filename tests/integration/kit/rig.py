"""A producing and a consuming service for tests of the kit, on real Kafka and PostgreSQL, without the process around.

The producer is "registry" (it owns volunteer-events), the consumer "alerts". Every rig has a database of its own and a
consumer group of its own; topics are shared by the run, so everything goes by the rig's own keys.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from schemas.envelope import Envelope
from schemas.events.volunteer import VolunteerBecameAvailable
from schemas.topics import BY_NAME, MAX_RECORD_BYTES
from services.kit import db
from services.kit.bus import Bus, Headers, Outgoing, Record
from services.kit.clock import SystemClock
from services.kit.consume import BatchConsumer, ConsumeLimits
from services.kit.delivery import Delivery
from services.kit.kafka import KafkaBus
from services.kit.migrate import migrate
from services.kit.quarantine_desk import QuarantineDesk
from services.kit.relay import Relay
from services.kit.service import EventHandler, Subscription
from services.kit.settings import KitSettings
from services.kit.unit import Unit, Units

TOPIC = BY_NAME["volunteer-events"]
SETTINGS = KitSettings()
NO_FOLDER = Path("/nonexistent")


@dataclass
class Side:
    """One service: its pool and units."""

    name: str
    dsn: str
    pool: Any
    units: Units

    async def connect(self) -> Any:
        """A connection of its own."""
        return await db.connect(self.dsn, self.name, SETTINGS)

    async def rows(self, sql: str, *args: object) -> list[Any]:
        """Rows of the service's own schema."""
        return list(await self.pool.fetch(sql, *args))

    async def value(self, sql: str, *args: object) -> Any:
        """One value of the service's own schema."""
        return await self.pool.fetchval(sql, *args)


@dataclass
class Rig:
    """Both services and the bus."""

    producer: Side
    consumer: Side
    bus: Bus
    handler: EventHandler
    keys: set[bytes] = field(default_factory=set)
    group: str = field(default_factory=lambda: f"rig-{uuid4()}")
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    delivery: Delivery = field(init=False)

    def __post_init__(self) -> None:
        ignored = frozenset(TOPIC.events) - {VolunteerBecameAvailable}
        subscription = Subscription(topic=TOPIC, handlers={VolunteerBecameAvailable: self.handler}, ignored=ignored)
        self.delivery = Delivery(self.consumer.units, [subscription])
        self.desk = QuarantineDesk(self.delivery)

    def relay(self, **options: Any) -> Relay:
        """A relay of the producer, not running yet; commits wake it."""
        relay = Relay(self.producer.name, self.producer.connect, self.bus, max_record_bytes=MAX_RECORD_BYTES, **options)
        self.producer.units.on_events = relay.wake
        return relay

    def consumer_loop(self, limits: ConsumeLimits | None = None, member: str | None = None) -> BatchConsumer:
        """A consumer of the rig's group, not running yet."""
        return BatchConsumer(
            self.bus, [TOPIC.name], self.group, self._deliver_mine, service=self.consumer.name, member=member,
            limits=limits or ConsumeLimits(backoff_s_max=0.5), housekeeping=self.delivery.drain_ready,
        )  # fmt: skip

    async def _deliver_mine(self, topic: str, records: Sequence[Record]) -> None:
        """The topic is shared by the whole run: what other tests left in it is none of this rig's business."""
        mine = [record for record in records if record.key in self.keys]
        if mine:
            await self.delivery.deliver(topic, mine)

    async def inject(self, key: bytes, value: bytes | None, headers: Headers) -> None:
        """Put any record into the topic, as a broken or foreign program might."""
        self.keys.add(key)
        partition = await self.bus.partition_of(TOPIC.name, key)
        await self.bus.send(partition, [Outgoing(key, value, headers)])

    def start(self, *parts: Any) -> list[asyncio.Task[None]]:
        """Run relays and consumers until the rig closes."""
        started = [asyncio.create_task(part.run()) for part in parts]
        self.tasks.extend(started)
        return started

    async def emit(self, key: UUID, count: int = 1) -> None:
        """Units of one event each."""
        self.keys.add(str(key).encode())
        for _ in range(count):
            async with self.producer.units.open() as unit:
                unit.emit(VolunteerBecameAvailable(volunteer_id=key), key=key, exercise=True)

    async def emit_together(self, keys: list[UUID], per_key: int = 1) -> None:
        """One unit with all the events, key by key in turn."""
        self.keys.update(str(key).encode() for key in keys)
        async with self.producer.units.open() as unit:
            for _ in range(per_key):
                for key in keys:
                    unit.emit(VolunteerBecameAvailable(volunteer_id=key), key=key, exercise=True)

    async def effects(self) -> dict[str, list[int]]:
        """What the consumer committed: sequences per key, in the order of their effects."""
        found: dict[str, list[int]] = {}
        for row in await self.consumer.rows("SELECT key, sequence FROM effects ORDER BY id"):
            found.setdefault(row["key"], []).append(row["sequence"])
        return found

    async def close(self) -> None:
        """Stop everything at once."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.bus.stop()
        await self.producer.pool.close()
        await self.consumer.pool.close()


async def record_effect(unit: Unit, envelope: Envelope) -> None:
    """A handler whose effect is one row per event; it would double if an event were handled twice."""
    await unit.connection.execute(
        "INSERT INTO effects (key, sequence) VALUES ($1, $2)", envelope.key, envelope.sequence
    )


@asynccontextmanager
async def open_rig(
    dsns: dict[str, str], bootstrap: str, *, handler: EventHandler = record_effect, request_timeout_s: float = 10.0
) -> AsyncIterator[Rig]:
    """A migrated pair of services; nothing runs yet."""
    sides = {}
    for name in ("registry", "alerts"):
        pool = await db.create_pool(dsns[name], name, SETTINGS)
        async with pool.acquire() as connection:
            await migrate(connection, name, NO_FOLDER)
        sides[name] = Side(name, dsns[name], pool, Units(name, pool, SystemClock()))
    await sides["alerts"].pool.execute(
        "CREATE TABLE effects (id bigserial PRIMARY KEY, key text NOT NULL, sequence bigint NOT NULL)"
    )
    bus = KafkaBus(bootstrap, client_id="rig", request_timeout_s=request_timeout_s)
    rig = Rig(sides["registry"], sides["alerts"], bus, handler)
    try:
        yield rig
    finally:
        await rig.close()


async def open_consumer_only(addresses: dict[str, Any], handler: EventHandler) -> None:
    """The consuming side of a rig that lives in another process; runs until it is killed."""
    pool = await db.create_pool(addresses["dsn"], "alerts", SETTINGS)
    consumer = Side("alerts", addresses["dsn"], pool, Units("alerts", pool, SystemClock()))
    bus = KafkaBus(addresses["kafka"], client_id="rig-consumer")
    keys = {key.encode() for key in addresses["keys"]}
    rig = Rig(consumer, consumer, bus, handler, keys=keys, group=addresses["group"])
    await rig.consumer_loop(member="rig").run()


async def until(condition: Callable[[], Awaitable[bool]], *, timeout_s: float = 40.0) -> None:
    """Wait for a condition, or fail."""
    deadline = time.monotonic() + timeout_s
    while not await condition():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        await asyncio.sleep(0.02)


async def until_effects(rig: Rig, expected: dict[str, list[int]], *, timeout_s: float = 40.0) -> None:
    """Wait until the consumer did exactly this for these keys, in this order."""
    deadline = time.monotonic() + timeout_s
    while True:
        mine = {key: seen for key, seen in (await rig.effects()).items() if key in expected}
        if mine == expected:
            return
        for task in rig.tasks:
            if task.done() and not task.cancelled() and task.exception() is not None:
                raise AssertionError("a relay or a consumer has died") from task.exception()
        assert time.monotonic() < deadline, _difference(expected, mine)
        await asyncio.sleep(0.05)


def _difference(expected: dict[str, list[int]], found: dict[str, list[int]]) -> str:
    """Where the first key differs: how many were expected and found, and from which place on they part."""
    for key, wanted in expected.items():
        seen = found.get(key, [])
        if seen != wanted:
            same = next((n for n, pair in enumerate(zip(wanted, seen, strict=False)) if pair[0] != pair[1]), None)
            place = min(len(wanted), len(seen)) if same is None else same
            parts = f"{wanted[place : place + 5]} but {seen[place : place + 5]}"
            return f"{key}: {len(seen)} of {len(wanted)}; from {place} on {parts}"
    return "other keys than expected"
