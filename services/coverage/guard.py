"""Nothing leaves an agent: Faust would acknowledge the record and lose it (faust-streaming 315, 527, 189).

What can be sent again is tried a few times. A record is handled, or put on its dead-letter topic when it cannot be
read, or, when neither works, the whole stream processor fails while the record is still unacknowledged: the process
ends, is started anew, and reads the record again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from services.coverage.topics import DEAD_LETTER_SUFFIX
from services.kit.bus import Bus, BusError, Outgoing, Partition
from services.kit.log import describe_error, get_logger

log = get_logger(__name__)
_TRIES: Final = 5
_RETRY_S: Final = 0.2


class StreamFailed(Exception):
    """The stream processor cannot go on; what is in work stays unacknowledged."""


class Guard:
    """Runs the work of agents, and remembers what the watchdog wants to know."""

    def __init__(self) -> None:
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.busy_since: dict[str, float] = {}
        self.done = 0

    async def run(self, name: str, work: Callable[[], Awaitable[Any]]) -> None:
        """Do the work of one record. Never raises; does not return if the work failed."""
        self.busy_since[name] = time.monotonic()
        try:
            await work()
        except Exception as error:  # the rule of this module: nothing leaves an agent
            log.exception("coverage.agent-failed", where=name)
            self.fail(f"{name}: {describe_error(error)}")
            await asyncio.Event().wait()  # for ever: a return would acknowledge the record
        self.done += 1
        del self.busy_since[name]

    def fail(self, why: str) -> None:
        """Fail the stream processor."""
        if not self.failed.done():
            self.failed.set_exception(StreamFailed(why))


async def send(bus: Bus, partition: Partition, records: Sequence[Outgoing]) -> None:
    """Send until acknowledged, a bounded number of times; then raises BusError."""
    for attempt in range(1, _TRIES + 1):
        try:
            await bus.send(partition, records)
        except BusError as error:
            log.warning("coverage.send-again", topic=partition.topic, attempt=attempt, error=describe_error(error))
            if attempt == _TRIES:
                raise
            await asyncio.sleep(_RETRY_S * 2**attempt)
        else:
            return


async def dead_letter(bus: Bus, message: Any, value: bytes | None, reason: str) -> None:
    """Put (a part of) a record of an internal topic aside, with where it was and why."""
    log.error("coverage.dead-letter", topic=message.topic, offset=message.offset, reason=reason)
    headers = [
        ("dlq_original_topic", message.topic.encode()),
        ("dlq_original_partition", str(message.partition).encode()),
        ("dlq_original_offset", str(message.offset).encode()),
        ("dlq_error_message", reason.encode()),
    ]
    partition = Partition(message.topic + DEAD_LETTER_SUFFIX, message.partition)
    await send(bus, partition, [Outgoing(message.key, value, headers)])
