"""Live streams (SSE): one tail of the log per process, handed out to many readers.

Each event's id is the vector of the next offsets of the topic's partitions (`12.5.0.9`), so a reader that comes back
with `Last-Event-ID` goes on exactly there: what it missed is read from memory or from the log, then it joins the tail
without a gap and without a double. A reader sees what its areas cover. One that falls `stream_buffer_events` behind is
cut and loses nothing: it comes back with its id. Without an id a stream begins now, or at the beginning of the log with
`?from=start`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, Literal

from schemas.policy import covers
from services.kit import metrics
from services.kit.auth import Principal
from services.kit.bus import BusError, Partition
from services.kit.clock import Clock
from services.kit.log import describe_error, get_logger
from services.kit.problems import Finding, ProblemError, unavailable
from services.kit.settings import KitSettings
from services.kit.stream_frame import Entry, entry_of
from services.kit.stream_log import Batch, EventLog, Positions

_log = get_logger(__name__)
Vector = tuple[int, ...]
Cut = Literal["slow", "expired", "stopping"]

REMEMBERED_EVENTS: Final = 2_000
"""Per topic; a short cut is made good from memory, without asking Kafka."""
CATCH_UPS_AT_ONCE: Final = 4
CATCH_UP_EVENTS: Final = 2_000
"""Per partition; what is read from the log at once for one reader."""
_RETRY_S: Final = 1.0
_ID_PARTS_MAX: Final = 1_000


def parse_id(text: str, partitions: int) -> Vector:
    """The vector of a Last-Event-ID. Raises `ProblemError` 400."""
    parts = text.strip().split(".", _ID_PARTS_MAX)
    fits = len(parts) == partitions and all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts)
    if not fits:
        raise bad_id("is not an id of this stream")
    return tuple(int(part) for part in parts)


def bad_id(what: str) -> ProblemError:
    """400 for an id that this stream never gave out."""
    finding = Finding(where="header:Last-Event-ID", what=what)
    return ProblemError(400, "bad-last-event-id", "The stream cannot go on from there.", findings=[finding])


@dataclass(eq=False)
class StreamReader:
    """One connected reader: its place, what waits for it, and what it may see."""

    topic: str
    principal: Principal
    position: list[int]
    waiting: asyncio.Queue[Entry]
    cut: asyncio.Event = field(default_factory=asyncio.Event)
    cut_reason: Cut | None = None
    _seen: dict[tuple[str, ...], bool] = field(default_factory=dict)

    @property
    def is_cut(self) -> bool:
        """Whether it was told to go."""
        return self.cut_reason is not None

    @property
    def id(self) -> str:
        """The id to come back with."""
        return ".".join(map(str, self.position))

    def take(self, entry: Entry) -> bool:
        """Move on past an entry; says whether it is new to this reader and may be seen."""
        if entry.offset < self.position[entry.partition]:
            return False
        self.position[entry.partition] = entry.offset + 1
        if entry.data is None:
            return False
        may = self._seen.get(entry.jurisdiction)
        if may is None:
            areas = self.principal.areas
            may = "*" in areas or any(covers(areas, code) for code in entry.jurisdiction)
            self._seen[entry.jurisdiction] = may
        return may

    def end(self, reason: Cut) -> None:
        """Cut this reader; it keeps its place and may come back."""
        if self.cut_reason is None:
            self.cut_reason = reason
            metrics.STREAM_CUTS.labels(topic=self.topic, reason=reason).inc()
            self.cut.set()


class Channel:
    """One topic: how far the tail is, what it remembers, who listens."""

    def __init__(self, topic: str, ends: Positions) -> None:
        self.topic = topic
        numbers = sorted(partition.number for partition in ends if partition.topic == topic)
        self.position = [ends[Partition(topic, number)] for number in numbers]
        self.remembered: deque[Entry] = deque()
        self.floor = list(self.position)
        self.readers: set[StreamReader] = set()

    def dispatch(self, entry: Entry) -> None:
        """Hand an entry to every reader; one whose buffer is full is cut."""
        self.position[entry.partition] = entry.offset + 1
        self.remembered.append(entry)
        if len(self.remembered) > REMEMBERED_EVENTS:
            oldest = self.remembered.popleft()
            self.floor[oldest.partition] = oldest.offset + 1
        for reader in self.readers:
            try:
                reader.waiting.put_nowait(entry)
            except asyncio.QueueFull:
                reader.end("slow")
        self.readers = {reader for reader in self.readers if not reader.is_cut}

    def remembers(self, start: Sequence[int]) -> bool:
        """Whether everything from these offsets on is in memory."""
        return all(wanted >= floor for wanted, floor in zip(start, self.floor, strict=True))

    def positions(self, vector: Sequence[int]) -> dict[Partition, int]:
        """A vector as positions of the log."""
        return {Partition(self.topic, number): offset for number, offset in enumerate(vector)}


class StreamHub:
    """All streams of one service, a part of its process. The tail begins with the first reader."""

    def __init__(self, log: EventLog, topics: Sequence[str], settings: KitSettings, clock: Clock) -> None:
        self._log = log
        self._topics = tuple(topics)
        self._settings = settings
        self._clock = clock
        self._channels: dict[str, Channel] = {}
        self._opening = asyncio.Lock()
        self._wanted = asyncio.Event()
        self._catch_ups = asyncio.Semaphore(CATCH_UPS_AT_ONCE)
        self._stopping = asyncio.Event()
        self._readers: set[StreamReader] = set()
        self._is_closed = False

    @asynccontextmanager
    async def open(
        self, topic: str, principal: Principal, *, last_id: str | None, from_start: bool
    ) -> AsyncIterator[StreamReader]:
        """A reader at its place, caught up to the tail when it is iterated. 400 for a wrong id, 503 without Kafka."""
        if self._is_closed or len(self._readers) >= self._settings.stream_readers_max:
            raise unavailable("Too many readers are connected; try again.", retry_after_s=5)
        channel = await self._channel(topic)
        start = await self._start(channel, last_id, from_start=from_start)
        waiting: asyncio.Queue[Entry] = asyncio.Queue(self._settings.stream_buffer_events)
        reader = StreamReader(topic, principal, list(start), waiting)
        expiry = self._expire_later(reader)
        gauge = metrics.STREAM_READERS.labels(topic=topic)
        self._readers.add(reader)
        gauge.inc()
        try:
            yield reader
        finally:
            self._readers.discard(reader)
            gauge.dec()
            channel.readers.discard(reader)
            if expiry is not None:
                expiry.cancel()

    async def entries(self, reader: StreamReader) -> AsyncIterator[Entry]:
        """What the reader may see, from its place on; ends when it is cut."""
        channel = self._channels[reader.topic]
        async for entry in self._until_near(reader, channel):
            yield entry
        cut = asyncio.ensure_future(reader.cut.wait())
        try:
            while not reader.is_cut:
                if reader.waiting.empty():
                    got = asyncio.ensure_future(reader.waiting.get())
                    await asyncio.wait({got, cut}, return_when=asyncio.FIRST_COMPLETED)
                    if not got.done():
                        got.cancel()
                        return
                    entry = got.result()
                else:
                    entry = reader.waiting.get_nowait()
                if reader.take(entry):
                    yield entry
        finally:
            cut.cancel()

    async def run(self) -> None:
        """Follow the log from the first reader on, until stopped."""
        await self._wanted.wait()
        if self._stopping.is_set():
            return
        tail = asyncio.ensure_future(self._follow())
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait({tail, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if tail.done():
                tail.result()
        finally:
            stopping.cancel()
            tail.cancel()
            await asyncio.gather(tail, return_exceptions=True)

    def cut(self) -> None:
        """Cut all readers and let no more in; first in a stop: streams never end by themselves."""
        self._is_closed = True
        for reader in list(self._readers):
            reader.end("stopping")

    def stop(self) -> None:
        """Let `run` return."""
        self.cut()
        self._stopping.set()
        self._wanted.set()

    def _expire_later(self, reader: StreamReader) -> asyncio.TimerHandle | None:
        expires_at = reader.principal.expires_at
        if expires_at is None:
            return None
        left_s = max((expires_at - self._clock.now()).total_seconds(), 0)
        return asyncio.get_running_loop().call_later(left_s, reader.end, "expired")

    async def _channel(self, topic: str) -> Channel:
        async with self._opening:
            if not self._channels:
                try:
                    ends = await self._log.ends(self._topics)
                except BusError as error:
                    _log.warning("stream.log-away", error=describe_error(error))
                    raise unavailable("The event log does not answer; try again.") from error
                self._channels = {name: Channel(name, ends) for name in self._topics}
                self._wanted.set()
        return self._channels[topic]

    async def _start(self, channel: Channel, last_id: str | None, *, from_start: bool) -> Vector:
        if last_id is None:
            return (0,) * len(channel.position) if from_start else tuple(channel.position)
        start = parse_id(last_id, len(channel.position))
        if any(wanted > reached for wanted, reached in zip(start, channel.position, strict=True)):
            # Another process may be ahead of this tail; only the log knows whether the id is of this log at all.
            try:
                ends = await self._log.ends([channel.topic])
            except BusError as error:
                raise unavailable("The event log does not answer; try again.") from error
            if any(offset > ends[partition] for partition, offset in channel.positions(start).items()):
                raise bad_id("lies beyond the end of the log")
        return start

    async def _until_near(self, reader: StreamReader, channel: Channel) -> AsyncIterator[Entry]:
        """Read the log until the tail's memory reaches, then join the tail in the same step of the event loop."""
        while not reader.is_cut and not channel.remembers(reader.position):
            pairs = zip(reader.position, channel.position, strict=True)
            goal = [min(reached, here + CATCH_UP_EVENTS) for here, reached in pairs]
            async with self._catch_ups:  # not held while a slow reader takes what was read
                chunk = await self._read(channel, reader.position, goal)
            for entry in chunk:
                if reader.take(entry):
                    yield entry
            # What compaction took away leaves no record to move on by.
            reader.position = [max(here, there) for here, there in zip(reader.position, goal, strict=True)]
        missed = [entry for entry in channel.remembered if entry.offset >= reader.position[entry.partition]]
        channel.readers.add(reader)
        for entry in missed:
            if reader.take(entry):
                yield entry

    async def _read(self, channel: Channel, start: Sequence[int], stop: Sequence[int]) -> list[Entry]:
        log = self._log.read(channel.positions(start), channel.positions(stop))
        return [entry async for batch in log for entry in _entries(batch)]

    async def _follow(self) -> None:
        """The tail. After a fault it goes on from where it was: readers see a pause, not a gap."""
        while True:
            start: dict[Partition, int] = {}
            for channel in self._channels.values():
                start |= channel.positions(channel.position)
            try:
                async for batch in self._log.tail(start):
                    for entry in _entries(batch):
                        self._channels[entry.topic].dispatch(entry)
            except BusError as error:
                _log.warning("stream.tail-waiting", error=describe_error(error))
                await asyncio.sleep(_RETRY_S)


def _entries(batch: Batch) -> list[Entry]:
    return [entry_of(record) for records in batch.values() for record in records]
