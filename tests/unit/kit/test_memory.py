"""What the bus in memory does beyond the suite that all forms of the bus pass."""

from __future__ import annotations

import pytest

from services.kit.bus import Outgoing, Partition, SendFailed
from services.kit.memory import MemoryBus

FIRST, SECOND = Partition("station-events", 0), Partition("station-events", 1)


def some(count: int) -> list[Outgoing]:
    return [Outgoing(b"k", str(number).encode()) for number in range(count)]


async def test_a_fetch_brings_so_many_of_all_partitions_and_the_lag_is_what_is_left() -> None:
    bus = MemoryBus(partitions=2)
    for partition in (FIRST, SECOND):
        await bus.send(partition, some(4))
    reader = bus.reader([FIRST.topic], group="g")
    await reader.start()
    assert reader.lag() == {FIRST: 4, SECOND: 4}
    found = await reader.fetch(max_records=6, timeout_s=1)
    assert sum(map(len, found.values())) == 6
    assert reader.lag() == {partition: 4 - len(records) for partition, records in found.items()}


async def test_what_a_reader_commits_of_a_partition_that_it_lost_does_not_count() -> None:
    bus = MemoryBus(partitions=2)
    await bus.send(FIRST, some(4))
    first, second = (bus.reader([FIRST.topic], group="g") for _ in range(2))
    await first.start()
    await second.start()
    owner, other = (first, second) if FIRST in first.lag() else (second, first)
    await other.commit({FIRST: 4})
    await owner.stop()
    assert other.lag()[FIRST] == 4


@pytest.mark.parametrize("after_writing", [False, True])
async def test_a_send_fails_as_often_as_was_asked_before_or_after_writing(after_writing: bool) -> None:
    bus = MemoryBus()
    bus.fail_next_sends(2, after_writing=after_writing)
    for _ in range(2):
        with pytest.raises(SendFailed):
            await bus.send(FIRST, some(3))
    await bus.send(FIRST, some(1))
    assert len(bus.log_of(FIRST)) == (7 if after_writing else 1)
