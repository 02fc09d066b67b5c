"""The consume loop: records from the bus to `Delivery`, partition by partition, with backpressure.

Each partition has its own lane: in order within it, independent of the others. A lane that waits for a fault to pass
pauses its partition and holds back nobody else. Offsets are committed after the database, so a crash means doubles,
which the inbox absorbs.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from services.kit import metrics
from services.kit.bus import Bus, BusError, Partition, Reader, Record
from services.kit.delivery import Delivery, Halted, is_passing
from services.kit.log import SERVICE, describe_error, get_logger
from services.kit.quarantine import group_of

log = get_logger(__name__)

Process = Callable[[str, Sequence[Record]], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class ConsumeLimits:
    """Bounds of the loop."""

    batch_records: int = 100
    """Records of one partition that share a transaction."""
    fetch_records: int = 1_000
    lane_records: int = 2_000
    """Records that may wait in one lane before its partition is paused."""
    concurrent_batches: int = 2
    """Transactions at once, so that the rest of the pool is left for requests."""
    fetch_wait_s: float = 0.5
    gather_s: float = 0.0
    """How long records may wait in the log so that more come together."""
    commit_every_s: float = 0.5
    drain_every_s: float = 30.0
    backoff_s: float = 0.1
    backoff_s_max: float = 10.0
    stop_s: float = 5.0


DEFAULT_LIMITS: Final = ConsumeLimits()


@dataclass(slots=True)
class _Lane:
    """One assigned partition."""

    partition: Partition
    waiting: deque[Record] = field(default_factory=deque)
    filled: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None
    done_offset: int | None = None
    committed_offset: int | None = None
    paused: bool = False
    idle: bool = True
    blocked_since: float | None = None


class BatchConsumer:
    """Reads topics in a group and hands batches of one partition to `process`, committing after it returns.

    `process` decides what to do about bad records; an exception that `is_passing` accepts makes the partition wait and
    the same batch come again, any other ends `run`.
    """

    def __init__(
        self,
        bus: Bus,
        topics: Sequence[str],
        group: str,
        process: Process,
        *,
        service: str,
        member: str | None = None,
        limits: ConsumeLimits = DEFAULT_LIMITS,
        passing: Callable[[BaseException], bool] = is_passing,
        housekeeping: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._bus = bus
        self._topics = tuple(topics)
        self._group = group
        self._process = process
        self._service = service
        self._member = member
        self._limits = limits
        self._passing = passing
        self._housekeeping = housekeeping
        self._lanes: dict[Partition, _Lane] = {}
        self._slots = asyncio.Semaphore(limits.concurrent_batches)
        self._reader: Reader | None = None
        self._died: asyncio.Future[None] | None = None
        self._stopping = asyncio.Event()
        self.is_assigned = False

    async def run(self) -> None:
        """Consume until stopped; joins again when the bus was away. Ends with an exception when `process` has a bug."""
        if not self._topics:
            await self._stopping.wait()
            return
        SERVICE.set(self._service)
        failures = 0
        while not self._stopping.is_set():
            try:
                await self._session()
                failures = 0
            except BusError as error:
                failures += 1
                log.warning("consumer.waiting", error=describe_error(error), attempts=failures)
                await _sleep(self._stopping, self._backoff_s(failures))

    def stop(self) -> None:
        """Let `run` return after the batches in hand and a last commit."""
        self._stopping.set()

    def blocked_s(self) -> float:
        """For how long the partition that waits longest has been waiting for a fault to pass; 0 if none does."""
        now = time.monotonic()
        return max((now - lane.blocked_since for lane in self._lanes.values() if lane.blocked_since), default=0.0)

    async def assigned(self, partitions: frozenset[Partition]) -> None:
        """Rebalance listener: open a lane for each."""
        for partition in partitions:
            lane = self._lanes[partition] = _Lane(partition)
            lane.task = asyncio.create_task(self._work(lane))
        self.is_assigned = True

    async def revoked(self, partitions: frozenset[Partition]) -> None:
        """Rebalance listener: finish the batch in hand, forget the rest, commit what is done."""
        self.is_assigned = False
        await self._close_lanes([self._lanes[p] for p in partitions if p in self._lanes])

    async def _session(self) -> None:
        """One membership of the group."""
        self._died = asyncio.get_running_loop().create_future()
        self._reader = self._bus.reader(
            self._topics, group=self._group, member=self._member, gather_s=self._limits.gather_s
        )
        background: list[asyncio.Task[None]] = []
        try:
            await self._reader.start(self)
            background = [asyncio.create_task(self._commit_regularly()), asyncio.create_task(self._keep_house())]
            while not self._stopping.is_set():
                await self._fetch_once(self._reader)
                for task in background:
                    if task.done():
                        task.result()
                if self._died.done():
                    self._died.result()
        finally:
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)
            await self._close_lanes(list(self._lanes.values()))
            await self._reader.stop()
            self.is_assigned = False

    async def _fetch_once(self, reader: Reader) -> None:
        found = await reader.fetch(max_records=self._limits.fetch_records, timeout_s=self._limits.fetch_wait_s)
        for partition, records in found.items():
            lane = self._lanes.get(partition)
            if lane is None:
                continue  # revoked meanwhile: whoever has it now reads them again
            lane.waiting.extend(records)
            lane.filled.set()
            if len(lane.waiting) >= self._limits.lane_records:
                lane.paused = True
                reader.pause(partition)
        in_flight = sum(len(lane.waiting) for lane in self._lanes.values())
        metrics.CONSUMER_IN_FLIGHT.labels(service=self._service).set(in_flight)

    async def _work(self, lane: _Lane) -> None:
        """Process what comes into a lane, for as long as the partition is ours."""
        try:
            while True:
                lane.idle = not lane.waiting
                await lane.filled.wait()
                lane.idle = False
                size = min(len(lane.waiting), self._limits.batch_records)
                batch = [lane.waiting.popleft() for _ in range(size)]
                if not lane.waiting:
                    lane.filled.clear()
                await self._process_until_done(lane, batch)
                lane.done_offset = batch[-1].offset + 1
                if lane.paused and len(lane.waiting) <= self._limits.lane_records // 2 and self._reader is not None:
                    lane.paused = False
                    self._reader.resume(lane.partition)
        except Exception as error:  # whatever it is, the loop that reads must end with it
            if self._died is not None and not self._died.done():
                self._died.set_exception(error)

    async def _process_until_done(self, lane: _Lane, batch: Sequence[Record]) -> None:
        failures = 0
        while True:
            try:
                async with self._slots:
                    await self._process(lane.partition.topic, batch)
                lane.blocked_since = None
                return
            except Exception as error:
                if not self._passing(error):
                    raise
                failures += 1
                lane.blocked_since = lane.blocked_since or time.monotonic()
                metrics.EVENT_RETRIES.labels(service=self._service, topic=lane.partition.topic).inc()
                level = log.error if isinstance(error, Halted) else log.warning
                level("consumer.partition-waits", topic=lane.partition.topic, partition=lane.partition.number,
                      attempts=failures, error=describe_error(error))  # fmt: skip
            await asyncio.sleep(self._backoff_s(failures))

    def _backoff_s(self, failures: int) -> float:
        return min(self._limits.backoff_s * 2.0 ** min(failures - 1, 20), self._limits.backoff_s_max)

    async def _close_lanes(self, lanes: Sequence[_Lane]) -> None:
        """End lanes: a batch in hand may finish within the deadline, else its transaction is rolled back.

        They leave the table first: a fetch that comes meanwhile must not feed them, or a commit would jump over what
        was dropped here.
        """
        for lane in lanes:
            self._lanes.pop(lane.partition, None)
            lane.waiting.clear()
            lane.filled.clear()
        tasks = [lane.task for lane in lanes if lane.task is not None]
        if tasks:
            await self._settle(lanes)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        try:
            await self._commit(lanes)
        except BusError as error:
            log.warning("consumer.commit-failed", error=describe_error(error))

    async def _settle(self, lanes: Sequence[_Lane]) -> None:
        """Wait until no batch is at work, but not for one that waits for a fault to pass, and not for ever."""
        deadline = time.monotonic() + self._limits.stop_s
        while time.monotonic() < deadline:
            if all(lane.idle or lane.blocked_since is not None or _has_died(lane) for lane in lanes):
                return
            await asyncio.sleep(0.005)

    async def _commit_regularly(self) -> None:
        while True:
            await asyncio.sleep(self._limits.commit_every_s)
            try:
                await self._commit(list(self._lanes.values()))
            except BusError as error:
                log.warning("consumer.commit-failed", error=describe_error(error))
            self._measure()

    async def _commit(self, lanes: Sequence[_Lane]) -> None:
        due = [(lane, lane.done_offset) for lane in lanes if lane.done_offset != lane.committed_offset]
        if due and self._reader is not None:
            await self._reader.commit({lane.partition: offset for lane, offset in due if offset is not None})
            for lane, offset in due:
                lane.committed_offset = offset

    async def _keep_house(self) -> None:
        while self._housekeeping is not None:
            try:
                await self._housekeeping()
            except Exception as error:
                if not self._passing(error):
                    raise
                log.warning("consumer.housekeeping-failed", error=describe_error(error))
            await asyncio.sleep(self._limits.drain_every_s)

    def _measure(self) -> None:
        if self._reader is None:
            return
        for partition, behind in self._reader.lag().items():
            lane = self._lanes.get(partition)
            lag = behind + (len(lane.waiting) if lane is not None else 0)
            metrics.CONSUMER_LAG_RECORDS.labels(
                service=self._service, topic=partition.topic, partition=partition.number
            ).set(lag)


def _has_died(lane: _Lane) -> bool:
    return lane.task is not None and lane.task.done()


def consumer_of(
    bus: Bus, delivery: Delivery, *, member: str | None = None, limits: ConsumeLimits = DEFAULT_LIMITS
) -> BatchConsumer:
    """The consumer that feeds a service's handlers."""
    service = delivery.units.service
    return BatchConsumer(
        bus,
        list(delivery.subscriptions),
        group_of(service),
        delivery.deliver,
        service=service,
        member=member,
        limits=limits,
        housekeeping=delivery.drain_ready,
    )


async def _sleep(stopping: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stopping.wait()
    except TimeoutError:
        pass
