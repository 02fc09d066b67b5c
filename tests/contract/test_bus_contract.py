"""What every form of the bus promises: one suite, run over Kafka and over memory."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from uuid import uuid4

import pytest

from schemas.topics import BY_NAME
from services.kit.bus import Bus, Outgoing, Partition, Reader, Record, RecordTooLarge
from services.kit.kafka import KafkaBus
from services.kit.memory import MemoryBus

TOPIC = BY_NAME["station-events"].name


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.integration)])
async def bus(request: pytest.FixtureRequest) -> AsyncIterator[Bus]:
    form: Bus
    if request.param == "kafka":
        form = KafkaBus(request.getfixturevalue("kafka_topics"), client_id="contract")
    else:
        form = MemoryBus()
    await form.start()
    yield form
    await form.stop()


def keys(count: int) -> list[bytes]:
    return [str(uuid4()).encode() for _ in range(count)]


async def read(reader: Reader, wanted: set[bytes], count: int, *, timeout_s: float = 40.0) -> list[Record]:
    """The next records of these keys; others (of other tests) are passed over."""
    found: list[Record] = []
    deadline = time.monotonic() + timeout_s
    while len(found) < count and time.monotonic() < deadline:
        batches = await reader.fetch(max_records=1000, timeout_s=0.2)
        found += [record for records in batches.values() for record in records if record.key in wanted]
    return found


def next_offsets(records: Sequence[Record]) -> Mapping[Partition, int]:
    return {Partition(record.topic, record.partition): record.offset + 1 for record in records}


async def test_equal_keys_go_to_equal_partitions_and_keys_spread(bus: Bus) -> None:
    many = keys(200)
    first = [await bus.partition_of(TOPIC, key) for key in many]
    assert first == [await bus.partition_of(TOPIC, key) for key in many]
    assert len(set(first)) > 1


async def test_a_batch_arrives_unchanged_and_in_order(bus: Bus) -> None:
    (key,) = keys(1)
    sent = [Outgoing(key, f"value {n}".encode(), [("ce_id", str(n).encode()), ("x", b"\xff\x00")]) for n in range(50)]
    await bus.send(await bus.partition_of(TOPIC, key), sent)
    reader = bus.reader([TOPIC], group=f"contract-{uuid4()}")
    await reader.start()
    try:
        found = await read(reader, {key}, 50)
        assert [(r.key, r.value, list(r.headers)) for r in found] == [(o.key, o.value, list(o.headers)) for o in sent]
        assert [r.offset for r in found] == sorted(r.offset for r in found)
    finally:
        await reader.stop()


async def test_a_tombstone_and_empty_headers_arrive_as_such(bus: Bus) -> None:
    (key,) = keys(1)
    await bus.send(await bus.partition_of(TOPIC, key), [Outgoing(key, None, [])])
    reader = bus.reader([TOPIC], group=f"contract-{uuid4()}")
    await reader.start()
    try:
        (found,) = await read(reader, {key}, 1)
        assert (found.value, list(found.headers)) == (None, [])
    finally:
        await reader.stop()


async def test_a_group_goes_on_from_its_committed_offsets(bus: Bus) -> None:
    (key,) = keys(1)
    partition = await bus.partition_of(TOPIC, key)
    group = f"contract-{uuid4()}"
    await bus.send(partition, [Outgoing(key, b"1"), Outgoing(key, b"2")])
    first = bus.reader([TOPIC], group=group, member="m")
    await first.start()
    found = await read(first, {key}, 2)
    await first.commit(next_offsets(found[:1]))
    await first.stop()
    second = bus.reader([TOPIC], group=group, member="m")
    await second.start()
    try:
        assert [record.value for record in await read(second, {key}, 1)] == [b"2"]
    finally:
        await second.stop()


async def test_a_new_record_wakes_a_waiting_reader_at_once(bus: Bus) -> None:
    (key,) = keys(1)
    reader = bus.reader([TOPIC], group=f"contract-{uuid4()}")
    await reader.start()
    try:
        await bus.send(await bus.partition_of(TOPIC, key), [Outgoing(key, b"1")])
        await read(reader, {key}, 1)
        while await reader.fetch(max_records=1000, timeout_s=0.5):
            pass
        waiting = asyncio.create_task(reader.fetch(max_records=10, timeout_s=30))
        await asyncio.sleep(0.2)
        started = time.monotonic()
        await bus.send(await bus.partition_of(TOPIC, key), [Outgoing(key, b"2")])
        await waiting
        assert time.monotonic() - started < 20
    finally:
        await reader.stop()


async def test_a_paused_partition_is_silent_until_it_is_resumed(bus: Bus) -> None:
    (key,) = keys(1)
    partition = await bus.partition_of(TOPIC, key)
    reader = bus.reader([TOPIC], group=f"contract-{uuid4()}")
    await reader.start()
    try:
        await bus.send(partition, [Outgoing(key, b"1")])
        await read(reader, {key}, 1)
        reader.pause(partition)
        await bus.send(partition, [Outgoing(key, b"2")])
        assert await read(reader, {key}, 1, timeout_s=1) == []
        reader.resume(partition)
        assert [record.value for record in await read(reader, {key}, 1)] == [b"2"]
    finally:
        await reader.stop()


async def test_a_record_that_is_too_large_is_named_and_what_was_before_it_went_out(bus: Bus) -> None:
    (key,) = keys(1)
    partition = await bus.partition_of(TOPIC, key)
    records = [Outgoing(key, b"1"), Outgoing(key, b"2"), Outgoing(key, b"x" * 1_100_000), Outgoing(key, b"3")]
    with pytest.raises(RecordTooLarge) as refused:
        await bus.send(partition, records)
    assert refused.value.sent == 2
    await bus.send(partition, records[3:])  # and the bus goes on
    reader = bus.reader([TOPIC], group=f"contract-{uuid4()}")
    await reader.start()
    try:
        assert [record.value for record in await read(reader, {key}, 3)] == [b"1", b"2", b"3"]
    finally:
        await reader.stop()


async def test_two_readers_of_a_group_share_the_partitions_and_the_listener_hears_of_it(bus: Bus) -> None:
    class Heard:
        def __init__(self) -> None:
            self.mine: set[Partition] = set()

        async def assigned(self, partitions: frozenset[Partition]) -> None:
            self.mine |= partitions

        async def revoked(self, partitions: frozenset[Partition]) -> None:
            self.mine -= partitions

    group = f"contract-{uuid4()}"
    readers, heard = [bus.reader([TOPIC], group=group) for _ in range(2)], [Heard(), Heard()]
    tasks: list[asyncio.Task[Any]] = []
    try:
        for reader, listener in zip(readers, heard, strict=True):
            await reader.start(listener)
            tasks.append(asyncio.create_task(_keep_fetching(reader)))
        for _ in range(600):
            if heard[0].mine and heard[1].mine:
                break
            await asyncio.sleep(0.05)
        everything = {Partition(TOPIC, n) for n in range(BY_NAME[TOPIC].partitions)}
        assert heard[0].mine | heard[1].mine == everything
        assert not heard[0].mine & heard[1].mine
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for reader in readers:
            await reader.stop()


async def _keep_fetching(reader: Reader) -> None:
    while True:
        await reader.fetch(max_records=100, timeout_s=0.2)
        await asyncio.sleep(0)
