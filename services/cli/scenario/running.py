"""A drill in progress: what watches, what answers, and how one knows that it is through. Decides nothing itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, Final

from services.cli.scenario.api import Api
from services.cli.scenario.check.aftercare import why_no_plan
from services.cli.scenario.gateway import Gateway
from services.cli.scenario.log_reader import LogReader
from services.cli.scenario.phones import Phones
from services.cli.scenario.records import Record, UnreadableRecord, read_record
from services.cli.scenario.simulated import SimulatedWorld
from services.cli.scenario.story import Story
from services.cli.scenario.team import Teams

QUIET_S: Final = 1.0
STALLED_S: Final = 120.0
LOOK_EVERY_S: Final = 0.1
PASSING: Final = frozenset(
    {"followup.due", "followup.missed", "mission.checked-in", "mission.check-in-missed", "coverage.observed"}
)
"""Events that go on while nothing more is to come."""


class Running:
    """One incident while it runs. `on_record` is told of every record that the story took."""

    def __init__(self, api: Api, world: SimulatedWorld, on_record: Callable[[Record], None]) -> None:
        self.story = Story("")
        self.teams = Teams(api, world, lambda: self.story.incident_id)
        self.phones = Phones(api, world, self.teams.on_page, self._is_foreign)
        self._on_record = on_record
        self._early: list[Record] = []
        self._foreign: set[str] = set()
        self._moved_at = time.monotonic()
        self._tasks: list[asyncio.Task[Any]] = []

    def start(self, reader: LogReader, gateway: Gateway, after: int) -> None:
        """Begin to watch and to answer; what comes before the incident's id is known is kept."""
        self.begin(self._watch(reader))
        self.begin(self.phones.follow(gateway.follow(after)))

    def begin(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Something that runs beside the drill; if it fails, so does the drill."""
        task = asyncio.create_task(work)
        self._tasks.append(task)
        return task

    def name(self, incident_id: str) -> None:
        """Now it is known which incident it is."""
        self.story.incident_id = incident_id
        early, self._early = self._early, []
        for record in early:
            self._take(record)

    async def stop(self) -> None:
        """Let go of everything."""
        self.phones.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def through(self, timeout_s: float, also: asyncio.Task[Any] | None = None) -> bool:
        """Wait until nothing more is to come (and `also` is done); False if time ran out or nothing moves any more."""
        deadline = time.monotonic() + timeout_s
        while True:
            self._raise_faults()
            still_s = time.monotonic() - self._moved_at
            disturbed = also is not None and not also.done()
            if not disturbed and still_s > QUIET_S and self.is_complete:
                return True
            if time.monotonic() > deadline or (not disturbed and still_s > STALLED_S):
                return False
            await asyncio.sleep(LOOK_EVERY_S)

    async def until(self, condition: Callable[[Story], bool], timeout_s: float) -> bool:
        """Wait for something in the log; False if time ran out."""
        deadline = time.monotonic() + timeout_s
        while not condition(self.story):
            self._raise_faults()
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(LOOK_EVERY_S)
        return True

    @property
    def is_complete(self) -> bool:
        """Every quota filled, every team through its first day, every case known and planned for, no phone due."""
        story = self.story
        done = sum(log.is_done for log in self.teams.logs.values())
        opened = {case_id for log in self.teams.logs.values() for case_id in log.cases or ()}
        if not story.quotas_filled or self.phones.waiting or done < story.teams_wanted:
            return False
        if opened - story.cases.keys() or story.asks.keys() - self._answered_for():
            return False
        planned = {plan.case_id for plan in story.plans.values()}
        return all(case.case_id in planned or why_no_plan(case) for case in story.cases.values())

    @property
    def cases_opened(self) -> frozenset[str]:
        """Cases that teams were told were opened."""
        return frozenset(case_id for log in self.teams.logs.values() for case_id in log.cases or ())

    def _answered_for(self) -> set[str]:
        """Pages that need no more waiting: answered in the log, silent phones, never sent."""
        logged = {record.data["page_id"] for record in self.story.answers}
        unsent = {page_id for page_id in self.story.asks if page_id not in self.story.sent}
        return logged | self.phones.silent | unsent

    def _is_foreign(self, page_id: str) -> bool:
        """Whether the log says that this page belongs to another incident's alert."""
        return page_id in self._foreign

    async def _watch(self, reader: LogReader) -> None:
        while True:
            for raw in await reader.read(0.25):
                try:
                    record = read_record(raw)
                    if self.story.incident_id:
                        self._take(record)
                    else:
                        self._early.append(record)
                except UnreadableRecord:
                    continue  # the check at the end counts them

    def _take(self, record: Record) -> None:
        if record.type == "alert.wave-sent" and record.incident_id != self.story.incident_id:
            self._foreign.update(ask["page_id"] for ask in record.data["asks"])
        if self.story.take(record):
            if record.type not in PASSING:
                self._moved_at = time.monotonic()
            self._on_record(record)

    def _raise_faults(self) -> None:
        if self.phones.faults:
            raise self.phones.faults[0]
        for task in self._tasks:
            if task.done() and not task.cancelled() and (fault := task.exception()) is not None:
                raise fault
