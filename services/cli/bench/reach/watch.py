"""Watches what the log says about the reach of one incident, as any consumer of `zone-events` would."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from services.cli.instance.errors import InstanceError
from services.cli.scenario.log_reader import LogReader
from services.cli.scenario.records import Record, read_record

TOLD_WITHIN_S: Final = 30.0
_WAIT_S: Final = 0.5
_Waited = tuple[str, bool]
"""A volunteer, and whether they come into reach."""


class Watch:
    """What was said since the watch began: `records` by their type, `people` that were named as come or gone."""

    def __init__(self) -> None:
        self.incident_id = ""
        self.records: list[str] = []
        self.people: list[str] = []
        self._waiting: dict[_Waited | str, asyncio.Future[float]] = {}

    def forget(self) -> None:
        """Count from now on."""
        self.records.clear()
        self.people.clear()

    async def told(self, volunteer_id: str, act: Callable[[], Awaitable[None]], *, is_in_reach: bool = True) -> float:
        """Act, and say after how many seconds the log told that somebody is in reach now, or not any more."""
        began_at_s = time.time()
        ended = self.expect((volunteer_id, is_in_reach))
        await act()
        return await self.at(ended) - began_at_s

    def expect(self, what: _Waited | str) -> asyncio.Future[float]:
        """When something will have been told (Unix time): of somebody, or a type of record."""
        return self._waiting.setdefault(what, asyncio.get_running_loop().create_future())

    async def at(self, ended: asyncio.Future[float], not_before_s: float = 0.0) -> float:
        """Its time. Raises InstanceError if it does not come in time after it can."""
        try:
            async with asyncio.timeout(max(not_before_s - time.time(), 0.0) + TOLD_WITHIN_S):
                return await ended
        except TimeoutError:
            raise InstanceError(f"the log did not tell it within {TOLD_WITHIN_S:.0f} s") from None

    async def follow(self, reader: LogReader) -> None:
        """Read until cancelled."""
        while True:
            raws = await reader.read(_WAIT_S)
            at_s = time.time()
            for raw in raws:
                self.take(read_record(raw), at_s)

    def take(self, record: Record, at_s: float) -> None:
        """Note one record."""
        if record.key != self.incident_id:
            return
        self.records.append(record.type)
        self._end(record.type, at_s)
        for one in record.data.get("volunteers_entered", ()):
            self._name(one["volunteer_id"], True, at_s)
        for volunteer_id in record.data.get("volunteers_left", ()):
            self._name(volunteer_id, False, at_s)

    def _name(self, volunteer_id: str, is_in_reach: bool, at_s: float) -> None:
        self.people.append(volunteer_id)
        self._end((volunteer_id, is_in_reach), at_s)

    def _end(self, what: _Waited | str, at_s: float) -> None:
        ended = self._waiting.pop(what, None)
        if ended is not None and not ended.done():
            ended.set_result(at_s)


@asynccontextmanager
async def watching(kafka: str) -> AsyncIterator[Watch]:
    """A watch of all that happens from now on."""
    reader = LogReader(kafka, ("zone-events",))
    await reader.start(from_beginning=False)
    watch = Watch()
    following = asyncio.create_task(watch.follow(reader))
    try:
        yield watch
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await reader.stop()
