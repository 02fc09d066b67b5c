"""The consume loop on the bus in memory: order, backpressure, faults that pass, faults that do not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

import pytest

from services.kit.bus import Outgoing, Partition, Record
from services.kit.consume import BatchConsumer, ConsumeLimits
from services.kit.memory import MemoryBus

TOPIC = "volunteer-events"
QUICK = ConsumeLimits(
    batch_records=10, fetch_records=20, lane_records=40, fetch_wait_s=0.05, commit_every_s=0.02, backoff_s=0.01,
    backoff_s_max=0.05, stop_s=1.0,
)  # fmt: skip


class Passing(Exception):
    """A fault that passes."""


class Handled:
    """A `process` that notes what it got and fails as it is told."""

    def __init__(self) -> None:
        self.seen: dict[int, list[int]] = {}
        self.batches: list[int] = []
        self.failures_left: dict[int, int] = {}
        self.error: Exception = Passing()
        self.delay_s = 0.0

    async def __call__(self, topic: str, records: Sequence[Record]) -> None:
        await asyncio.sleep(self.delay_s)
        partition = records[0].partition
        if self.failures_left.get(partition, 0) > 0:
            self.failures_left[partition] -= 1
            raise self.error
        self.batches.append(len(records))
        self.seen.setdefault(partition, []).extend(record.offset for record in records)


@pytest.fixture
async def bus() -> MemoryBus:
    return MemoryBus(partitions=3)


async def fill(bus: MemoryBus, count: int) -> None:
    for number in range(3):
        await bus.send(Partition(TOPIC, number), [Outgoing(b"k", str(n).encode()) for n in range(count)])


def consumer_of(bus: MemoryBus, process: Handled, group: str = "g") -> BatchConsumer:
    return BatchConsumer(
        bus, [TOPIC], group, process, service="alerts", limits=QUICK, passing=lambda e: isinstance(e, Passing)
    )


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        await asyncio.sleep(0.005)


async def stopped(consumer: BatchConsumer, running: Awaitable[None]) -> None:
    consumer.stop()
    await asyncio.wait_for(running, 30)


async def test_everything_comes_once_in_order_in_bounded_batches(bus: MemoryBus) -> None:
    await fill(bus, 500)
    handled = Handled()
    consumer = consumer_of(bus, handled)
    running = asyncio.create_task(consumer.run())
    await until(lambda: sum(map(len, handled.seen.values())) == 1500)
    await stopped(consumer, running)
    assert handled.seen == {number: list(range(500)) for number in range(3)}
    assert max(handled.batches) <= QUICK.batch_records


async def test_a_partition_that_waits_holds_nobody_back_and_then_goes_on_in_order(bus: MemoryBus) -> None:
    await fill(bus, 100)
    handled = Handled()
    handled.failures_left = {1: 12}
    consumer = consumer_of(bus, handled)
    running = asyncio.create_task(consumer.run())
    await until(lambda: len(handled.seen.get(0, ())) == 100 and len(handled.seen.get(2, ())) == 100)
    assert 1 not in handled.seen
    assert consumer.blocked_s() > 0
    await until(lambda: handled.seen.get(1) == list(range(100)))
    assert consumer.blocked_s() == 0
    await stopped(consumer, running)


async def test_a_stop_commits_and_the_next_member_goes_on_there(bus: MemoryBus) -> None:
    await fill(bus, 50)
    first, second = Handled(), Handled()
    consumer = consumer_of(bus, first)
    running = asyncio.create_task(consumer.run())
    await until(lambda: sum(map(len, first.seen.values())) == 150)
    await stopped(consumer, running)
    await fill(bus, 10)
    consumer = consumer_of(bus, second)
    running = asyncio.create_task(consumer.run())
    await until(lambda: sum(map(len, second.seen.values())) == 30)
    await stopped(consumer, running)
    assert second.seen == {number: list(range(50, 60)) for number in range(3)}


async def test_an_offset_is_not_committed_before_its_work_is_done(bus: MemoryBus) -> None:
    await fill(bus, 5)
    handled = Handled()
    handled.failures_left = {0: 10**6, 1: 10**6, 2: 10**6}
    consumer = consumer_of(bus, handled)
    running = asyncio.create_task(consumer.run())
    await until(lambda: consumer.blocked_s() > 0.1)
    await stopped(consumer, running)
    fresh = Handled()
    consumer = consumer_of(bus, fresh)
    running = asyncio.create_task(consumer.run())
    await until(lambda: sum(map(len, fresh.seen.values())) == 15)
    await stopped(consumer, running)


async def test_a_bug_in_process_ends_the_loop(bus: MemoryBus) -> None:
    await fill(bus, 5)
    handled = Handled()
    handled.failures_left, handled.error = {0: 1}, ZeroDivisionError("a bug")
    with pytest.raises(ZeroDivisionError):
        await asyncio.wait_for(consumer_of(bus, handled).run(), 30)


async def test_a_slow_lane_is_paused_so_that_what_waits_is_bounded(bus: MemoryBus) -> None:
    await fill(bus, 1000)
    handled = Handled()
    handled.failures_left = {0: 10**6, 1: 10**6, 2: 10**6}
    consumer = consumer_of(bus, handled)
    running = asyncio.create_task(consumer.run())
    await until(lambda: len(consumer._lanes) == 3 and all(lane.paused for lane in consumer._lanes.values()))
    await asyncio.sleep(0.2)
    for lane in consumer._lanes.values():
        assert len(lane.waiting) < QUICK.lane_records + QUICK.fetch_records
    handled.failures_left = {}
    await until(lambda: sum(map(len, handled.seen.values())) == 3000)
    await stopped(consumer, running)
    assert all(offsets == list(range(1000)) for offsets in handled.seen.values())


async def test_a_second_member_takes_its_share_without_loss(bus: MemoryBus) -> None:
    """The lanes are full when the partitions move: what they drop then must come again, to whoever has it next."""
    await fill(bus, 400)
    first, second = Handled(), Handled()
    first.delay_s = 0.01
    consumers = [consumer_of(bus, first), consumer_of(bus, second)]
    running = [asyncio.create_task(consumers[0].run())]
    await until(lambda: sum(map(len, first.seen.values())) > 20)
    running.append(asyncio.create_task(consumers[1].run()))
    await until(lambda: consumers[1].is_assigned)
    await fill(bus, 50)
    await until(lambda: bool(second.seen))
    first.delay_s = 0.0

    def all_seen() -> bool:
        return all(set(first.seen.get(n, ())) | set(second.seen.get(n, ())) >= set(range(450)) for n in range(3))

    await until(all_seen)
    for consumer, task in zip(consumers, running, strict=True):
        await stopped(consumer, task)
