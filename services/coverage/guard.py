"""Nothing leaves an agent: Faust would acknowledge the record and lose it (faust-streaming 315, 527, 189).

A record is handled, however long the log is away meanwhile, or put on its dead-letter topic when it cannot be read, or,
when neither works, the whole stream processor fails while the record is still unacknowledged: the process ends, is
started anew, and reads the record again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

from services.coverage.topics import DEAD_LETTER_SUFFIX
from services.kit.bus import Bus, BusError, Outgoing, Partition
from services.kit.log import describe_error, get_logger

log = get_logger(__name__)
_RETRY_S: Final = 0.1
_RETRY_S_MAX: Final = 5.0
T = TypeVar("T")


class StreamFailed(Exception):
    """The stream processor cannot go on; what is in work stays unacknowledged."""


class Guard:
    """Runs the work of agents, and remembers what the watchdog wants to know."""

    def __init__(self) -> None:
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.busy_since: dict[str, float] = {}
        self.done = 0

    async def run(self, name: str, message: Any, work: Callable[[], Awaitable[Any]]) -> None:
        """Do the work of one record. Raises nothing; does not return if the work failed.

        Faust acknowledges a record whenever its agent is left, also by a stop in the middle of the work. One that is
        marked as acknowledged beforehand is not counted, and so never committed.
        """
        self.busy_since[name] = time.monotonic()
        is_done = False
        try:
            await work()
            is_done = True
        except Exception as error:  # the rule of this module: nothing leaves an agent
            log.exception("coverage.agent-failed", where=name)
            self.fail(f"{name}: {describe_error(error)}")
            await asyncio.Event().wait()  # for ever: a return would acknowledge the record
        finally:
            if not is_done:
                message.acked = True
        self.done += 1
        del self.busy_since[name]

    def fail(self, why: str) -> None:
        """Fail the stream processor."""
        if not self.failed.done():
            self.failed.set_exception(StreamFailed(why))


class Sender:
    """Sends what must arrive, through the process's one producer."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._waiting = 0

    @property
    def is_waiting(self) -> bool:
        """Whether something cannot be sent now; the log is away, and nothing here is at fault."""
        return self._waiting > 0

    async def partition_of(self, topic: str, key: bytes) -> Partition:
        """Where records of this key go; asks until it is answered."""
        return await self._until_done(topic, lambda: self._bus.partition_of(topic, key))

    async def send(self, partition: Partition, records: Sequence[Outgoing]) -> None:
        """Send until acknowledged, however long the log is away; what comes after it waits."""
        await self._until_done(partition.topic, lambda: self._bus.send(partition, records))

    async def _until_done(self, topic: str, ask: Callable[[], Awaitable[T]]) -> T:
        attempt = 0
        try:
            while True:
                try:
                    return await ask()
                except BusError as error:
                    self._waiting += attempt == 0
                    attempt += 1
                    log.warning("coverage.send-again", topic=topic, attempt=attempt, error=describe_error(error))
                await asyncio.sleep(min(_RETRY_S * 2**attempt, _RETRY_S_MAX))
        finally:
            self._waiting -= attempt > 0


async def dead_letter(sender: Sender, message: Any, value: bytes | None, reason: str) -> None:
    """Put (a part of) a record of an internal topic aside, with where it was and why."""
    log.error("coverage.dead-letter", topic=message.topic, offset=message.offset, reason=reason)
    headers = [
        ("dlq_original_topic", message.topic.encode()),
        ("dlq_original_partition", str(message.partition).encode()),
        ("dlq_original_offset", str(message.offset).encode()),
        ("dlq_error_message", reason.encode()),
    ]
    partition = Partition(message.topic + DEAD_LETTER_SUFFIX, message.partition)
    await sender.send(partition, [Outgoing(message.key, value, headers)])
