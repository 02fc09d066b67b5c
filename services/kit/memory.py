"""The bus in memory, for tests and simulations of one process: same contract, same suite, nothing outlives it.

`fail_next_sends` makes sends fail as a broker's outage does, before or after the records are in the log.
"""

from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from services.kit.bus import AssignmentListener, Headers, Outgoing, Partition, Record, RecordTooLarge, SendFailed
from services.kit.outbox import record_bytes

PARTITIONS: Final = 4


@dataclass(frozen=True, slots=True)
class MemoryRecord:
    """A record in the log."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers


class MemoryBus:
    """A log in memory. Topics exist as soon as they are named."""

    def __init__(self, *, partitions: int = PARTITIONS, max_record_bytes: int = 1_000_000) -> None:
        self._partitions = partitions
        self._max_record_bytes = max_record_bytes
        self._logs: dict[Partition, list[MemoryRecord]] = {}
        self._groups: dict[str, _Group] = {}
        self._failures: list[bool] = []
        self._changed = asyncio.Event()

    def fail_next_sends(self, count: int, *, after_writing: bool = False) -> None:
        """Make the next sends fail; `after_writing` loses only the acknowledgement."""
        self._failures.extend([after_writing] * count)

    def log_of(self, partition: Partition) -> Sequence[MemoryRecord]:
        """Everything that was sent to a partition."""
        return tuple(self._logs.get(partition, ()))

    async def start(self) -> None:
        """Nothing to do."""

    async def stop(self) -> None:
        """Nothing to do."""

    async def partition_of(self, topic: str, key: bytes | None) -> Partition:
        """By a hash of the key."""
        return Partition(topic, zlib.crc32(key or b"") % self._partitions)

    async def send(self, partition: Partition, records: Sequence[Outgoing]) -> None:
        """Append in order."""
        await asyncio.sleep(0)
        failure = self._failures.pop(0) if self._failures else None
        if failure is False:
            raise SendFailed("as the test asked, nothing was written")
        for sent, record in enumerate(records):
            if record_bytes(record.key, record.value, record.headers) > self._max_record_bytes:
                raise RecordTooLarge(partition.topic, sent)
            self._append(partition, record)
        if failure is True:
            raise SendFailed("as the test asked, the acknowledgement was lost")

    def reader(
        self, topics: Sequence[str], *, group: str, member: str | None = None, gather_s: float = 0.0
    ) -> MemoryReader:
        """A member of a group that lives in this object. It holds nothing back."""
        return MemoryReader(self, topics, self._groups.setdefault(group, _Group()))

    async def reachable(self) -> bool:
        """Always."""
        return True

    def partitions_of(self, topics: Sequence[str]) -> list[Partition]:
        """All partitions of these topics."""
        return [Partition(topic, number) for topic in topics for number in range(self._partitions)]

    async def wait_for_records(self, timeout_s: float) -> None:
        """Until something is sent or a reader may go on, or the time is up."""
        self._changed.clear()
        try:
            async with asyncio.timeout(timeout_s):
                await self._changed.wait()
        except TimeoutError:
            pass

    def wake(self) -> None:
        """Let waiting readers look again."""
        self._changed.set()

    def _append(self, partition: Partition, record: Outgoing) -> None:
        log = self._logs.setdefault(partition, [])
        now_ms = int(time.time() * 1000)
        headers = tuple(record.headers)
        log.append(MemoryRecord(*partition, len(log), now_ms, record.key, record.value, headers))
        self.wake()


class _Group:
    """A consumer group: its members share the partitions evenly; every change moves them."""

    def __init__(self) -> None:
        self.committed: dict[Partition, int] = {}
        self.members: list[MemoryReader] = []
        self.lock = asyncio.Lock()

    async def rebalance(self) -> None:
        """Take all partitions back, then hand them out again."""
        for member in self.members:
            await member.take_back()
        partitions = sorted({p for member in self.members for p in member.wanted()})
        for index, member in enumerate(self.members):
            mine = [p for n, p in enumerate(partitions) if n % len(self.members) == index]
            await member.hand_out({p: self.committed.get(p, 0) for p in mine})


class MemoryReader:
    """Reads the log from the group's committed offsets."""

    def __init__(self, bus: MemoryBus, topics: Sequence[str], group: _Group) -> None:
        self._bus = bus
        self._topics = tuple(topics)
        self._group = group
        self._listener: AssignmentListener | None = None
        self._positions: dict[Partition, int] = {}
        self._paused: set[Partition] = set()

    def wanted(self) -> list[Partition]:
        """The partitions of its topics."""
        return self._bus.partitions_of(self._topics)

    async def start(self, listener: AssignmentListener | None = None) -> None:
        """Join the group."""
        self._listener = listener
        async with self._group.lock:
            self._group.members.append(self)
            await self._group.rebalance()

    async def stop(self) -> None:
        """Leave the group."""
        async with self._group.lock:
            if self in self._group.members:
                await self.take_back()
                self._group.members.remove(self)
                await self._group.rebalance()

    async def take_back(self) -> None:
        """Give the partitions up."""
        if self._positions:
            mine = frozenset(self._positions)
            if self._listener is not None:
                await self._listener.revoked(mine)
            self._positions.clear()
            self._paused.clear()

    async def hand_out(self, positions: Mapping[Partition, int]) -> None:
        """Get partitions, each with the offset to go on from."""
        self._positions = dict(positions)
        if self._listener is not None and positions:
            await self._listener.assigned(frozenset(positions))
        self._bus.wake()

    async def fetch(self, *, max_records: int, timeout_s: float) -> Mapping[Partition, Sequence[Record]]:
        """What is there, or what comes within the time."""
        deadline = time.monotonic() + timeout_s
        while not (found := self._take(max_records)) and time.monotonic() < deadline:
            await self._bus.wait_for_records(deadline - time.monotonic())
        return found

    def pause(self, partition: Partition) -> None:
        """Deliver nothing of it."""
        self._paused.add(partition)

    def resume(self, partition: Partition) -> None:
        """Deliver it again."""
        self._paused.discard(partition)
        self._bus.wake()

    def lag(self) -> Mapping[Partition, int]:
        """Exactly what was not fetched yet."""
        return {p: len(self._bus.log_of(p)) - position for p, position in self._positions.items()}

    async def commit(self, offsets: Mapping[Partition, int]) -> None:
        """Keep the offsets of partitions that are still its own."""
        self._group.committed.update({p: offset for p, offset in offsets.items() if p in self._positions})

    def _take(self, max_records: int) -> dict[Partition, Sequence[Record]]:
        found: dict[Partition, Sequence[Record]] = {}
        room = max_records
        for partition, position in self._positions.items():
            records = () if partition in self._paused else self._bus.log_of(partition)[position : position + room]
            if records:
                found[partition] = records
                self._positions[partition] += len(records)
                room -= len(records)
        return found
