"""`bench reach`: from what brings somebody into reach of a standing zone until the log says so, on a whole instance.

Each kind of change is made again and again, one at a time, and timed from just before its request (or the time in a
calendar) until a consumer of `zone-events` has the record that names the person. Before each, the floor: the same
number of bare Kafka hops and of single-row commits. Then two revisions of the zones with many people in reach.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from services.cli.bench.reach import network
from services.cli.bench.reach.watch import Watch, watching
from services.cli.bench.report import Report, percentile
from services.cli.bench.whole.beside import floor_here
from services.cli.bench.whole.floor import Floor
from services.cli.bench.whole.stage import Stage, close_stage, open_stage, own_instance, running_home
from services.cli.instance.errors import InstanceError

GOAL_S: Final = 1.0
FENCED_IN_S: Final = 30.0
MOVED: Final = 10
"""People whom the first revision takes into a zone."""
BY_POSITION: Final = ("commit", "commit", "hop")
"""The position with its timer; the look and its event; zone-events."""
BY_REGISTER: Final = ("commit", "hop", "commit", "commit", "hop")
"""The register and its event; volunteer-state; the copy with its timer; the look and its event; zone-events."""
_APART: Final = timedelta(seconds=0.25)
_WRITING: Final = timedelta(seconds=0.1)
"""More than a calendar takes to be written."""
_AHEAD: Final = timedelta(seconds=1)


@dataclass(frozen=True, kw_only=True)
class ReachOptions:
    """How much to do."""

    rounds: int = 100
    people: int = 500
    """Who is in reach when the zones are revised."""


QUICK: Final = ReachOptions(rounds=5, people=30)


def run_reach_bench(home: Path | None, options: ReachOptions, console: Console, *, fresh: bool = False) -> Report:
    """Measure everything; about two minutes with the usual numbers."""
    import uvloop

    with own_instance() if fresh else running_home(home) as (layout, is_own):
        console.print(f"Measuring {'a fresh instance' if is_own else f'the instance in {layout.home}'}.")

        async def measure() -> Report:
            stage = await open_stage(layout)
            try:
                async with floor_here(stage) as floor, watching(stage.kafka) as watch:
                    return await _Bench(stage, options, floor, watch, console).run()
            finally:
                await close_stage(stage)

        return uvloop.run(measure())


@dataclass
class _Bench:
    """One run."""

    stage: Stage
    options: ReachOptions
    floor: Floor
    watch: Watch
    console: Console
    report: Report = field(default_factory=lambda: Report("reach"))

    async def run(self) -> Report:
        self._note_load("at the start")
        bars = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*bars, console=self.console) as progress:
            for left_open in await self.stage.open_drills():
                await self._post(f"/incidents/{left_open}/close", {"reason": "an earlier run"})
            await self._prepare()
            steps = (self._positions, self._enrolments, self._said, self._by_calendar, self._revisions)
            task = progress.add_task("ways into reach", total=len(steps))
            try:
                for step in steps:
                    await step()
                    progress.advance(task)
            finally:
                await self._post(f"/incidents/{self.watch.incident_id}/close", {"reason": "drill ended"})
                await self._enrol(*map(network.recruit, range(self.options.rounds)), is_retired=True)
        self._note_load("at the end")
        self.report.left_out += [
            "several changes at the same time, and many standing incidents",
            "the floor has no requests, no timers and no outbox to read, and decides nothing",
        ]
        return self.report

    async def _prepare(self) -> None:
        """Everybody is known, the drill is fenced, and whoever was in reach then has been looked at."""
        options = self.options
        await self.stage.register(network.network_for(options.rounds, options.people))
        await self._volunteer(network.ON_CALL, "calendar", network.duty())
        await self._volunteer(network.ON_CALL, "availability", {"available": True})
        for number in range(options.rounds):
            await self._volunteer(network.rostered(number), "calendar", network.duty())
        await self._enrol(*map(network.recruit, range(options.rounds)), is_retired=True)
        await self._report(network.FAR, network.WALKER)
        await self.stage.drained()
        declared = await self._post("/incidents", network.declaration(datetime.now(UTC)))
        self.watch.incident_id = declared["incident_id"]
        await self._fenced()
        await self._walk(network.PLACE)  # the first look is over when this is told
        await self._walk(network.FAR)

    async def _fenced(self) -> None:
        """Whoever moves before the zones are drawn is in reach of them from the first, and not told."""
        path = f"/geofencing/incidents/{self.watch.incident_id}/zones"
        reply = await self.stage.api.call("GET", path, bearer=self.stage.access, not_yet={404}, patience_s=FENCED_IN_S)
        if not reply.ok:
            raise InstanceError(f"the drill was not fenced within {FENCED_IN_S:.0f} s: {reply.explain()}")

    # --- one way into reach after the other

    async def _positions(self) -> None:
        came, left = list[float](), list[float]()
        for _ in range(self.options.rounds):
            await self.floor.chain_of(BY_POSITION)
            came.append(await self._walk(network.PLACE))
            left.append(await self._walk(network.FAR))
        self._told("position inside -> told", came)
        self._told("position far away -> told", left)
        self._floor("position", BY_POSITION)

    async def _enrolments(self) -> None:
        """Of people who had left for good, so that a second run can be like the first."""
        took_s = list[float]()
        for number in range(self.options.rounds):
            await self.floor.chain_of(BY_REGISTER)
            ref = network.recruit(number)
            took_s.append(await self._timed(ref, partial(self._enrol, ref)))
        self._told("enrolment -> told", took_s)
        self._floor("enrolment and duty", BY_REGISTER)

    async def _said(self) -> None:
        came, left = list[float](), list[float]()
        say = partial(self._volunteer, network.ON_CALL, "availability")
        for _ in range(self.options.rounds):
            there = {"available": True, "until": (datetime.now(UTC) + timedelta(hours=1)).isoformat()}
            came.append(await self._timed(network.ON_CALL, partial(say, there)))
            left.append(await self._timed(network.ON_CALL, partial(say, {"available": False}), is_in_reach=False))
        self._told("said to be on duty -> told", came)
        self._told("said to be away -> told", left)

    async def _by_calendar(self) -> None:
        """Duties that begin and end by themselves, one after the other."""
        rounds = self.options.rounds
        lasts = rounds * _APART + _AHEAD
        first = datetime.now(UTC) + _AHEAD + rounds * _WRITING
        waited = list[tuple[float, asyncio.Future[float], asyncio.Future[float]]]()
        for number in range(rounds):
            ref, begins_at = network.rostered(number), first + number * _APART
            who = network.volunteer_id(ref)
            waited.append((begins_at.timestamp(), self.watch.expect((who, True)), self.watch.expect((who, False))))
            await self._volunteer(ref, "calendar", network.duty(begins_at, lasts))
        if datetime.now(UTC) > first:
            raise InstanceError("writing the calendars took longer than until the first duty began")
        lasts_s = lasts.total_seconds()
        began = [await self.watch.at(come, at_s) - at_s for at_s, come, _ in waited]
        over = [await self.watch.at(go, at_s + lasts_s) - at_s - lasts_s for at_s, _, go in waited]
        self._told("duty begins -> told", began)
        self._told("duty ends -> told", over)

    async def _revisions(self) -> None:
        """Two revisions with everybody in reach: how many people are told of, and in how many records."""
        await self._report(network.BESIDE, *map(network.crowd, range(MOVED)))
        await self._walk(network.PLACE)
        await self._walk(network.FAR)
        walker = network.volunteer_id(network.WALKER)
        for radius_m, most in zip(network.GROWN_M, (MOVED, 0), strict=True):
            self.watch.forget()
            revised = self.watch.expect("zone.revised")
            body = {"radius_m": radius_m, "reason": "it has grown"}
            await self._post(f"/incidents/{self.watch.incident_id}/area", body)
            await self.watch.at(revised)
            await self._walk(network.PLACE)  # a look after the revision, so everything of it is told
            people = sum(volunteer_id != walker for volunteer_id in self.watch.people)
            what = f"revision that moves {most} of {self.options.people} in reach"
            self.report.add(f"{what}: records", len(self.watch.records), "")
            self.report.add(f"{what}: people told", people, "")
            self.report.aim(f"{what}: people told beside them", abs(people - most), "at most", 0)
            await self._walk(network.FAR)

    # --- what they share

    async def _walk(self, place: tuple[float, float]) -> float:
        act = partial(self._report, place, network.WALKER)
        return await self._timed(network.WALKER, act, is_in_reach=place == network.PLACE)

    async def _timed(self, ref: str, act: Callable[[], Awaitable[None]], *, is_in_reach: bool = True) -> float:
        return await self.watch.told(network.volunteer_id(ref), act, is_in_reach=is_in_reach)

    async def _report(self, place: tuple[float, float], *refs: str) -> None:
        await self._post("/geofencing/positions", {"positions": [network.position(ref, place) for ref in refs]})

    async def _enrol(self, *refs: str, is_retired: bool = False) -> None:
        items = [network.volunteer(ref, is_retired=is_retired) for ref in refs]
        await self._post("/registry/volunteers:batch", {"items": items})

    async def _volunteer(self, ref: str, what: str, body: Any) -> None:
        await self._post(f"/registry/volunteers/{network.volunteer_id(ref)}/{what}", body)

    async def _post(self, path: str, body: Any) -> Any:
        reply = await self.stage.api.call("POST", path, body, bearer=self.stage.access, key=str(uuid4()))
        if not reply.ok:
            raise InstanceError(f"{path.split('/')[1]} refused: {reply.explain()}")
        return reply.document

    def _told(self, what: str, took_s: list[float]) -> None:
        self.report.add(f"{what}, p50", percentile(took_s, 50) * 1000, "ms")
        self.report.add(f"{what}, p99", percentile(took_s, 99) * 1000, "ms")
        self.report.aim(f"{what}, max of {len(took_s)}", max(took_s), "at most", GOAL_S, "s")

    def _floor(self, what: str, steps: tuple[str, ...]) -> None:
        took_ms = [1000 * took_s for took_s in self.floor.took_s]
        self.floor.took_s.clear()
        words = f"floor of {what} ({steps.count('hop')} Kafka hops, {steps.count('commit')} commits)"
        self.report.add(f"{words}, p50", percentile(took_ms, 50), "ms")
        self.report.add(f"{words}, p99", percentile(took_ms, 99), "ms")

    def _note_load(self, when: str) -> None:
        self.report.add(f"machine's load average of a minute {when}", os.getloadavg()[0], "")
