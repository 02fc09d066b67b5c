"""Runs the stream processor inside the process's event loop, and watches it.

It waits for Kafka as long as it takes; once it runs, whatever goes wrong ends it with an error, and the process is
started anew by what supervises it. The watchdog knows three faults that Faust itself keeps quiet about: tables that
never become ready, a record that is in work for ever, and work that nobody does.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final

from aiokafka.errors import KafkaError

from services.coverage.agents import Stream, make_app
from services.coverage.guard import StreamFailed
from services.coverage.settings import CoverageSettings
from services.coverage.topics import INPUTS, PARTIALS, ensure_topics
from services.kit.bus import Bus
from services.kit.clock import Clock
from services.kit.log import describe_error, get_logger

log = get_logger(__name__)
_RETRY_S: Final = 1.0
_LOOK_EVERY_S: Final = 1.0
_STOP_TIMEOUT_S: Final = 1.5


class Processor:
    """The stream processor of this process."""

    def __init__(self, bus: Bus, clock: Clock, settings: CoverageSettings) -> None:
        self._bus = bus
        self._clock = clock
        self._settings = settings
        self.stream: Stream | None = None

    async def is_recovered(self) -> bool:
        """Readiness: the tables are complete and the agents at work."""
        return self.stream is not None and self.stream.recovered

    async def run(self) -> None:
        """Run until cancelled. Raises StreamFailed, or what broke the stream processor."""
        await self._topics()
        self._settings.tables_dir().mkdir(parents=True, exist_ok=True)
        app = make_app(self._settings)
        stream = self.stream = Stream(app, self._bus, self._clock, self._settings)
        tasks = [
            asyncio.create_task(work, name=f"coverage.{name}")
            for name, work in (
                ("publish", stream.publish_totals()),
                ("remind", stream.remind()),
                ("persist", stream.persist_offsets_now_and_then()),
                ("watch", self._watch(stream)),
            )
        ]
        starting = asyncio.create_task(app.start(), name="coverage.faust-start")
        try:
            await _first_failure({starting, *tasks, stream.guard.failed}, may_end=starting)
        finally:
            self.stream = None
            for task in (starting, *tasks):
                task.cancel()
            await _stop(stream)
            if not stream.guard.failed.done():
                stream.guard.failed.cancel()

    async def _topics(self) -> None:
        while True:
            try:
                await ensure_topics(self._settings.kafka_required())
            except (KafkaError, OSError, TimeoutError) as error:
                log.info("coverage.waiting-for-kafka", error=describe_error(error))
                await asyncio.sleep(_RETRY_S)
            else:
                return

    async def _watch(self, stream: Stream) -> None:
        dog = Watchdog(self._settings.coverage_ready_within_s, self._settings.coverage_stalled_after_s)
        was_recovered = False
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            if stream.recovered != was_recovered:
                was_recovered = stream.recovered
                log.info("coverage.tables", state="recovered" if was_recovered else "recovering")
            if stream.app.crashed:
                raise StreamFailed(f"Faust crashed: {stream.app.crash_reason!r}")
            why = dog.look(
                time.monotonic(),
                recovered=stream.recovered,
                to_recover=stream.to_recover,
                done=stream.guard.done,
                has_work=_has_work(stream.app),
                busy_since=min(stream.guard.busy_since.values(), default=None),
                waiting=stream.sender.is_waiting,
            )
            if why is not None:
                raise StreamFailed(why)


class Watchdog:
    """Says when the stream processor stands still. Recovering and working count as moving only while they get on."""

    def __init__(self, ready_within_s: float, stalled_after_s: float) -> None:
        self._ready_within_s = ready_within_s
        self._stalled_after_s = stalled_after_s
        self._recovering_since: float | None = None
        self._to_recover = -1
        self._moved_at: float | None = None
        self._done = -1
        self._waited_until = float("-inf")

    def look(
        self,
        now: float,
        *,
        recovered: bool,
        to_recover: int,
        done: int,
        has_work: bool,
        busy_since: float | None,
        waiting: bool = False,
    ) -> str | None:
        """What is wrong at `now` (any clock that only goes forward), or None. Waiting for the log is not wrong."""
        if waiting:
            self._recovering_since = self._moved_at = None
            self._waited_until = now
            return None
        if recovered or self._recovering_since is None or to_recover != self._to_recover:
            self._recovering_since, self._to_recover = now, to_recover
        if self._moved_at is None or done != self._done or not has_work:
            self._moved_at, self._done = now, done
        if now - self._recovering_since > self._ready_within_s:
            return "the tables do not become ready"
        if now - self._moved_at > self._stalled_after_s:
            return "nothing moves although there is work"
        if busy_since is not None and now - max(busy_since, self._waited_until) > self._stalled_after_s:
            return "a record is in work for too long"
        return None


def _has_work(app: Any) -> bool:
    """Whether records are there that were not read yet."""
    if app.rebalancing or not app.tables.actives_ready:
        return False
    consumer = app.consumer
    for tp in consumer.assignment():
        highwater = consumer.highwater(tp) if tp.topic in (INPUTS, PARTIALS) else None
        read = consumer._read_offset[tp]
        if highwater and highwater > (-1 if read is None else read) + 1:
            return True
    return False


async def _first_failure(waiting: set[asyncio.Future[Any]], *, may_end: asyncio.Future[Any]) -> None:
    """Wait until one fails and raise that. Only `may_end` may end without an error."""
    while True:
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for future in done:
            future.result()
        if done != {may_end}:
            raise StreamFailed("a part of the stream processor ended by itself")


async def _stop(stream: Stream) -> None:
    """Stop Faust: what was acknowledged is committed, what is in work is not. Never takes long."""
    for work in (stream.persist_offsets(), stream.app.stop()):
        task = asyncio.ensure_future(work)
        done, _ = await asyncio.wait([task], timeout=_STOP_TIMEOUT_S)
        if not done:
            task.cancel()
            log.warning("coverage.stopped-late")
        elif (error := task.exception()) is not None:
            log.warning("coverage.stop-failed", error=describe_error(error))
