"""Live streams over a log in memory: places, filters, catching up, cuts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.kit.auth import Principal
from services.kit.bus import BusError, Partition
from services.kit.clock import ManualClock
from services.kit.memory import MemoryRecord
from services.kit.problems import ProblemError
from services.kit.settings import KitSettings
from services.kit.stream import REMEMBERED_EVENTS, StreamHub, StreamReader, parse_id
from services.kit.stream_frame import Entry, entry_of
from services.kit.stream_log import Batch, Positions

TOPIC = "things"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def record(partition: int, offset: int, areas: str = "510722", *, kind: str = "thing.made") -> Any:
    headers = [
        ("ce_specversion", b"1.0"), ("ce_id", b"x"), ("ce_type", kind.encode()), ("ce_sequence", b"1"),
        ("ce_exercise", b"false"), ("ce_jurisdiction", areas.encode()),
    ]  # fmt: skip
    return MemoryRecord(
        topic=TOPIC, partition=partition, offset=offset, timestamp=0, key=b"k", value=b'{"n": %d}' % offset,
        headers=headers,
    )  # fmt: skip


class Log:
    """Two partitions in memory; `extend` is what a producer does."""

    def __init__(self) -> None:
        self.records: list[list[Any]] = [[], []]
        self.changed = asyncio.Event()
        self.reads = 0
        self.away = False

    def extend(self, partition: int, count: int, areas: str = "510722") -> None:
        log = self.records[partition]
        log += [record(partition, len(log) + n, areas) for n in range(count)]
        self.changed.set()

    async def ends(self, topics: Sequence[str]) -> Positions:
        if self.away:
            raise BusError("away")
        return {Partition(TOPIC, n): len(log) for n, log in enumerate(self.records)}

    async def read(self, start: Positions, stop: Positions) -> AsyncIterator[Batch]:
        self.reads += 1
        for partition, offset in start.items():
            await asyncio.sleep(0)
            yield {partition: self.records[partition.number][offset : stop[partition]]}

    async def tail(self, start: Positions) -> AsyncIterator[Batch]:
        reached = dict(start)
        while True:
            if self.away:
                raise BusError("away")
            batch = {p: self.records[p.number][at:] for p, at in reached.items() if self.records[p.number][at:]}
            for partition, records in batch.items():
                reached[partition] += len(records)
            yield batch
            self.changed.clear()
            await self.changed.wait()


class Rig:
    def __init__(self, **settings: Any) -> None:
        self.log = Log()
        self.clock = ManualClock(NOW)
        self.hub = StreamHub(self.log, [TOPIC], KitSettings(**settings), self.clock)
        self.task = asyncio.create_task(self.hub.run())

    async def stop(self) -> None:
        self.hub.stop()
        await asyncio.wait_for(self.task, 30)


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    made = Rig()
    yield made
    await made.stop()


def someone(*areas: str, expires_at: datetime | None = None) -> Principal:
    return Principal(subject="s", roles=frozenset(), areas=areas, issuer="identity", expires_at=expires_at)


async def take(rig: Rig, reader: StreamReader, count: int) -> list[Entry]:
    found: list[Entry] = []
    if count:
        async with asyncio.timeout(30):
            async for entry in rig.hub.entries(reader):
                found.append(entry)
                if len(found) == count:
                    break
    return found


def places(entries: Sequence[Entry]) -> list[tuple[int, int]]:
    return [(entry.partition, entry.offset) for entry in entries]


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_stream_begins_now_and_its_id_says_where(rig: Rig) -> None:
    rig.log.extend(0, 3)
    async with rig.hub.open(TOPIC, someone("*"), last_id=None, from_start=False) as reader:
        assert reader.id == "3.0"
        rig.log.extend(0, 1)
        rig.log.extend(1, 2)
        assert sorted(places(await take(rig, reader, 3))) == [(0, 3), (1, 0), (1, 1)]
        assert reader.id == "4.2"


async def test_a_stream_can_begin_at_the_start_of_the_log(rig: Rig) -> None:
    rig.log.extend(0, 3)
    rig.log.extend(1, 1)
    async with rig.hub.open(TOPIC, someone("*"), last_id=None, from_start=True) as reader:
        assert reader.id == "0.0"
        assert places(await take(rig, reader, 4)) == [(0, 0), (0, 1), (0, 2), (1, 0)]


async def test_after_a_cut_a_reader_goes_on_without_gap_or_double(rig: Rig) -> None:
    async with rig.hub.open(TOPIC, someone("*"), last_id=None, from_start=False) as reader:
        rig.log.extend(0, 5)
        await take(rig, reader, 2)
        place = reader.id
    rig.log.extend(0, 5)
    rig.log.extend(1, 5)
    await settle()
    async with rig.hub.open(TOPIC, someone("*"), last_id=place, from_start=False) as reader:
        rig.log.extend(0, 1)
        found = places(await take(rig, reader, 14))
    assert sorted(found) == [(0, n) for n in range(2, 11)] + [(1, n) for n in range(5)]
    assert rig.log.reads == 0  # it was all in memory


async def test_what_memory_lost_is_read_from_the_log_while_the_tail_runs_on(rig: Rig) -> None:
    async with rig.hub.open(TOPIC, someone("*"), last_id=None, from_start=False) as reader:
        place = reader.id
    for _ in range(3):
        rig.log.extend(0, REMEMBERED_EVENTS)
        await settle()
    found: list[Entry] = []
    async with rig.hub.open(TOPIC, someone("*"), last_id=place, from_start=False) as reader:
        async with asyncio.timeout(30):
            async for entry in rig.hub.entries(reader):
                found.append(entry)
                if len(found) % 1000 == 0 and len(found) <= 5000:
                    rig.log.extend(0, 10)
                if len(found) == 3 * REMEMBERED_EVENTS + 50:
                    break
    assert places(found) == [(0, n) for n in range(3 * REMEMBERED_EVENTS + 50)]
    assert rig.log.reads > 0


async def test_a_reader_sees_its_areas_only_and_its_place_moves_on_all_the_same(rig: Rig) -> None:
    async with rig.hub.open(TOPIC, someone("510000"), last_id=None, from_start=False) as reader:
        rig.log.extend(0, 1, areas="620000")
        rig.log.extend(0, 1, areas="620000,510722")
        rig.log.extend(0, 1, areas="")
        rig.log.extend(0, 1, areas="510700")
        assert places(await take(rig, reader, 2)) == [(0, 1), (0, 3)]
        assert reader.id == "4.0"
    async with rig.hub.open(TOPIC, someone("*"), last_id="0.0", from_start=False) as reader:
        assert len(await take(rig, reader, 4)) == 4


async def test_a_slow_reader_is_cut_and_delays_nobody() -> None:
    rig = Rig(stream_buffer_events=10)
    slow_cm = rig.hub.open(TOPIC, someone("*"), last_id=None, from_start=False)
    async with slow_cm as slow, rig.hub.open(TOPIC, someone("*"), last_id=None, from_start=False) as quick:
        slow_entries = rig.hub.entries(slow)
        rig.log.extend(0, 1)
        await anext(slow_entries)
        await take(rig, quick, 1)
        got: list[Entry] = []
        quick_entries = rig.hub.entries(quick)
        for _ in range(5):
            rig.log.extend(0, 5)
            got += [await anext(quick_entries) for _ in range(5)]
        assert len(got) == 25
        assert slow.cut_reason == "slow"
        left = [entry async for entry in slow_entries]
        assert places(left) == []  # it is told to come back, with the place it had reached
        assert slow.id == "1.0"
    await rig.stop()


async def test_a_stream_ends_with_its_token(rig: Rig) -> None:
    reader_of = someone("*", expires_at=NOW + timedelta(milliseconds=20))
    async with rig.hub.open(TOPIC, reader_of, last_id=None, from_start=False) as reader:
        async with asyncio.timeout(30):
            assert [entry async for entry in rig.hub.entries(reader)] == []
        assert reader.cut_reason == "expired"


async def test_a_stop_cuts_all_and_lets_nobody_in(rig: Rig) -> None:
    async with rig.hub.open(TOPIC, someone("*"), last_id=None, from_start=False) as reader:
        rig.hub.cut()
        assert [entry async for entry in rig.hub.entries(reader)] == []
        assert reader.cut_reason == "stopping"
    with pytest.raises(ProblemError):
        await rig.hub.open(TOPIC, someone("*"), last_id=None, from_start=False).__aenter__()


async def test_without_the_log_a_stream_is_refused_for_now(rig: Rig) -> None:
    rig.log.away = True
    with pytest.raises(ProblemError) as refused:
        await rig.hub.open(TOPIC, someone("*"), last_id=None, from_start=False).__aenter__()
    assert refused.value.problem.status == 503


async def test_a_fault_of_the_log_is_a_pause_and_not_a_gap(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.kit.stream._RETRY_S", 0.01)
    async with rig.hub.open(TOPIC, someone("*"), last_id=None, from_start=False) as reader:
        rig.log.extend(0, 1)
        await take(rig, reader, 1)
        rig.log.away = True
        rig.log.extend(0, 1)
        await asyncio.sleep(0.03)
        rig.log.extend(0, 1)
        rig.log.away = False
        assert places(await take(rig, reader, 2)) == [(0, 1), (0, 2)]


async def test_records_that_nobody_can_read_are_passed_over(rig: Rig) -> None:
    rig.log.records[0].append(bad())
    rig.log.extend(0, 1)
    async with rig.hub.open(TOPIC, someone("*"), last_id=None, from_start=True) as reader:
        assert places(await take(rig, reader, 1)) == [(0, 1)]


def bad() -> Any:
    return MemoryRecord(topic=TOPIC, partition=0, offset=0, timestamp=0, key=None, value=b"\xff", headers=[])


@pytest.mark.parametrize("text", ["", "1", "1.2.3", "1.x", "-1.2", "１.２", "9" * 30 + ".1", "1.2\n3"])
def test_an_id_of_another_form_is_a_400(text: str) -> None:
    with pytest.raises(ProblemError) as refused:
        parse_id(text, 2)
    assert refused.value.problem.status == 400


async def test_an_id_beyond_the_end_of_the_log_is_a_400(rig: Rig) -> None:
    with pytest.raises(ProblemError) as refused:
        await rig.hub.open(TOPIC, someone("*"), last_id="5.0", from_start=False).__aenter__()
    assert refused.value.problem.status == 400


def test_a_record_becomes_a_cloud_event_on_one_line() -> None:
    entry = entry_of(record(1, 7, "510722,620000"))
    assert entry.jurisdiction == ("510722", "620000")
    assert entry.data is not None
    assert "\n" not in entry.data
    assert '"data":{"n":7}' in entry.data
