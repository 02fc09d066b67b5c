"""The relay: moves a service's outbox to the bus, in order per key, at least once.

One relay per schema is at work, held by an advisory lock on the connection that also reads and deletes, so that a lost
lock is a lost relay. It reads by state (what is there and not yet in hand), keeps at most one unacknowledged batch per
partition, deletes only what was acknowledged, and reads on while batches are in the air. Killed between an
acknowledgement and the deletion it sends again; the inbox of every consumer absorbs that.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, overload

from services.kit import metrics
from services.kit.bus import Bus, BusError, Outgoing, Partition, RecordTooLarge
from services.kit.db import is_transient
from services.kit.idruns import IdRuns
from services.kit.log import describe_error, get_logger
from services.kit.outbox import SEQUENCE_HEADER, record_bytes, unpack_headers
from services.kit.sql import statement

log = get_logger(__name__)

READ_ROWS: Final = 1_000
HAND_ROWS: Final = 4_000
"""Rows read and not yet deleted: the bound of memory and of what a crash sends again."""
SEND_ROWS: Final = 1_000
SEND_BYTES: Final = 900_000
POLL_S: Final = 0.2
PACE_S: Final = 0.02
"""Least time between two readings that do not fill up: under a load of single events each reading then finds several,
where reading after every one of them would cost as much as the requests they come from."""
LOCK_RETRY_S: Final = 1.0
BACKOFF_S: Final = 0.1
_NO_ID: Final = 2**63 - 1
_KEYS_REMEMBERED: Final = 20_000
_ROUGHLY_MORE_BYTES: Final = 256
"""More than the wire form of usual headers has beside the packed one; only near the limit is it counted exactly."""
BACKOFF_S_MAX: Final = 5.0


class _Row(NamedTuple):
    """A row in hand, as it was read."""

    id: int
    topic: str
    key: bytes | None
    sequence: int | None
    value: bytes | None
    headers: bytes
    size_bytes: int
    """As a record, rounded up."""

    def outgoing(self) -> Outgoing:
        """The record to send."""
        headers = unpack_headers(self.headers)
        if self.sequence is not None:
            headers.append((SEQUENCE_HEADER, str(self.sequence).encode()))
        return Outgoing(self.key, self.value, headers)


class _Records(Sequence[Outgoing]):
    """The records of some rows, each made when it is asked for: thousands of header lists alive at once would keep
    the garbage collector busier than the relay."""

    def __init__(self, rows: Sequence[_Row]) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Outgoing: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Outgoing]: ...
    def __getitem__(self, index: int | slice) -> Outgoing | Sequence[Outgoing]:
        if isinstance(index, slice):
            return _Records(self._rows[index])
        return self._rows[index].outgoing()


@dataclass(slots=True)
class _Lane:
    """One partition: rows that wait, and the batch in the air."""

    waiting: deque[_Row] = field(default_factory=deque)
    sending: asyncio.Task[None] | None = None
    batch: Sequence[_Row] = ()


class Relay:
    """Relays one service's outbox. `connect` opens a connection of its own, with the service's search_path."""

    def __init__(
        self,
        service: str,
        connect: Callable[[], Awaitable[Any]],
        bus: Bus,
        *,
        max_record_bytes: int,
        poll_s: float = POLL_S,
    ) -> None:
        self._service = service
        self._connect = connect
        self._bus = bus
        self._max_record_bytes = max_record_bytes
        self._poll_s = poll_s
        self._wake = asyncio.Event()
        self._stopping = False
        self._failures = 0
        self.is_leader = False

    def wake(self) -> None:
        """Read the outbox now (a unit has committed)."""
        self._wake.set()

    def stop(self) -> None:
        """Let `run` return when the outbox is empty or the bus fails; cancel `run` to stop at once."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Relay until stopped; faults of the bus and of the database are waited out."""
        while True:
            try:
                await self._lead()
            except Exception as error:
                if not (isinstance(error, BusError) or is_transient(error)):
                    raise
                self._failures += 1
                log.warning(
                    "relay.waiting", error=describe_error(error), attempts=self._failures, service=self._service
                )
            if self._stopping:
                return
            await asyncio.sleep(min(BACKOFF_S * 2 ** min(self._failures, 10), BACKOFF_S_MAX))

    async def _lead(self) -> None:
        """Hold the lock and pump; returns when another process holds it for a while, or when stopped and empty."""
        connection = await self._connect()
        try:
            # A deletion that a crash of the database forgets is a double, not a loss, so it need not wait for the disk.
            await connection.execute("SET synchronous_commit = off")
            while not await connection.fetchval(statement("lock_relay")):
                if self._stopping:
                    return
                await asyncio.sleep(LOCK_RETRY_S)
            self.is_leader = True
            await _Pump(self, connection).run()
        finally:
            self.is_leader = False
            await _close(connection)


class _Pump:
    """The work of one leadership, on one connection. Ends by an exception, or when stopped and empty."""

    def __init__(self, relay: Relay, connection: Any) -> None:
        self._relay = relay
        self._connection = connection
        self._bus = relay._bus
        self._lanes: dict[Partition, _Lane] = {}
        self._in_hand: set[int] = set()
        self._lane_of_key: dict[tuple[str, bytes | None], _Lane] = {}
        self._read_ids = IdRuns()
        self._acknowledged: list[int] = []
        self._read_at_s = 0.0

    async def run(self) -> None:
        try:
            while True:
                more = await self._read()
                self._start_sends()
                if self._relay._stopping and not self._in_hand and not more:
                    return
                await self._wait(more)
                if not more:
                    await asyncio.sleep(max(self._read_at_s + PACE_S - time.monotonic(), 0))
        finally:
            await self._abandon()

    async def _read(self) -> bool:
        """Delete what was acknowledged and take the next rows in hand; says whether there may be more."""
        room = min(READ_ROWS, HAND_ROWS - len(self._in_hand) + len(self._acknowledged))
        if room == 0:
            return True
        self._relay._wake.clear()
        self._read_at_s = time.monotonic()
        acknowledged, self._acknowledged = self._acknowledged, []
        rows = await self._connection.fetch(statement("exchange"), acknowledged, self._read_ids.multirange(), room)
        self._in_hand.difference_update(acknowledged)
        self._read_ids.forget_below(min(self._in_hand, default=_NO_ID))
        ids = [row["id"] for row in rows]
        self._in_hand.update(ids)
        self._read_ids.add_ascending(ids)
        for row in rows:
            await self._take(row)
        return len(rows) == room

    async def _take(self, fields: Any) -> None:
        """Put a row into the lane of its partition."""
        row_id, topic, key, sequence, value, headers = fields
        size_bytes = len(key or b"") + len(value or b"") + len(headers) + _ROUGHLY_MORE_BYTES
        row = _Row(row_id, topic, key, sequence, value, headers, size_bytes)
        limit = self._relay._max_record_bytes
        if size_bytes > limit and (size := record_bytes(*row.outgoing())) > limit:
            await self._bury(row_id, topic, f"{size} bytes; {limit} fit")
            return
        lane = self._lane_of_key.get((topic, key))
        if lane is None:
            lane = await self._find_lane(topic, key)
        lane.waiting.append(row)

    async def _find_lane(self, topic: str, key: bytes | None) -> _Lane:
        partition = await self._bus.partition_of(topic, key)
        lane = self._lanes.setdefault(partition, _Lane())
        if len(self._lane_of_key) >= _KEYS_REMEMBERED:
            self._lane_of_key.clear()
        self._lane_of_key[topic, key] = lane
        return lane

    def _start_sends(self) -> None:
        for partition, lane in self._lanes.items():
            if lane.sending is None and lane.waiting:
                lane.batch = _next_batch(lane.waiting)
                lane.sending = asyncio.create_task(self._bus.send(partition, _Records(lane.batch)))

    async def _wait(self, more: bool) -> None:
        """Until there is something to do: an acknowledgement, a commit, room to read, or the poll."""
        sending = [lane.sending for lane in self._lanes.values() if lane.sending is not None]
        if more and len(self._in_hand) < HAND_ROWS:
            await asyncio.sleep(0)  # let acknowledgements in, then read on at once
        elif sending:
            woken = asyncio.create_task(self._relay._wake.wait())
            try:
                await asyncio.wait([*sending, woken], return_when=asyncio.FIRST_COMPLETED)
            finally:
                woken.cancel()
        else:
            await self._poll()
        for partition, lane in list(self._lanes.items()):
            if lane.sending is not None and lane.sending.done():
                await self._settle(partition, lane)

    async def _poll(self) -> None:
        if self._acknowledged or self._relay._stopping:
            return
        try:
            async with asyncio.timeout(self._relay._poll_s):
                await self._relay._wake.wait()
        except TimeoutError:
            pass

    async def _settle(self, partition: Partition, lane: _Lane) -> None:
        """Book a finished send. A failed one ends this pump: everything is read again, so the order stays."""
        task, batch = lane.sending, lane.batch
        lane.sending, lane.batch = None, ()
        assert task is not None
        try:
            task.result()
        except RecordTooLarge as error:
            self._book(partition, batch[: error.sent])
            await self._bury(batch[error.sent].id, partition.topic, str(error))
            lane.waiting.extendleft(reversed(batch[error.sent + 1 :]))
            return
        self._book(partition, batch)

    def _book(self, partition: Partition, sent: Sequence[_Row]) -> None:
        self._acknowledged.extend(row.id for row in sent)
        self._relay._failures = 0
        metrics.OUTBOX_RELAYED.labels(service=self._relay._service, topic=partition.topic).inc(len(sent))

    async def _bury(self, row_id: int, topic: str, reason: str) -> None:
        await self._connection.execute(statement("bury"), row_id, reason)
        self._in_hand.discard(row_id)
        metrics.OUTBOX_DEAD.labels(service=self._relay._service, reason="too-large").inc()
        log.error("outbox.dead", topic=topic, reason=reason, service=self._relay._service)

    async def _abandon(self) -> None:
        """Nothing may be in the air when the next pump begins to send, or order could be lost."""
        sending = [lane.sending for lane in self._lanes.values() if lane.sending is not None]
        for task in sending:
            task.cancel()
        await asyncio.gather(*sending, return_exceptions=True)


def _next_batch(waiting: deque[_Row]) -> list[_Row]:
    batch = [waiting.popleft()]
    size = batch[0].size_bytes
    while waiting and len(batch) < SEND_ROWS and (size := size + waiting[0].size_bytes) <= SEND_BYTES:
        batch.append(waiting.popleft())
    return batch


async def _close(connection: Any) -> None:
    try:
        await connection.close(timeout=2)
    except (OSError, TimeoutError) as error:
        log.warning("relay.close-failed", error=describe_error(error))
