"""`bench path`: from a declaration to the first page on a whole instance, beside floors measured in the same run.

1. A steady load, beside chains of bare Kafka hops and commits at the same pace (`floor`).
2. As many again as fast as the API takes them.
3. The declaring request beside a bare FastAPI endpoint with one INSERT (`rate`).
4. Kafka away while declarations go on (`outage`).

All incidents are drills far from every real station; they are closed at the end of each part.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from services.cli.bench.report import Report, percentile
from services.cli.bench.whole.beside import floor_beside
from services.cli.bench.whole.floor import COMMITS, HOPS, STEPS
from services.cli.bench.whole.load import Sent, Target, paced
from services.cli.bench.whole.network import declaration, network_for
from services.cli.bench.whole.outage import measure_outage
from services.cli.bench.whole.rate import RatePlan, measure_rate
from services.cli.bench.whole.stage import Stage, close_stage, open_stage, own_instance, running_home
from services.cli.bench.whole.trace import Tracer, report_hops

CONNECTIONS: Final = 8
FIRST_PAGE_TIMEOUT_S: Final = 300.0


@dataclass(frozen=True, kw_only=True)
class PathOptions:
    """How much to do."""

    incidents: int = 1_000
    rate_per_s: float = 5.0
    rounds: int = 10
    """Rounds of small batches of the request beside its peer."""
    pairs: int = 5
    """Pairs of large batches, each after everything has come to rest, and as many alone."""
    large_batch: int = 250
    outage_s: float = 40.0

    @property
    def around_outage_s(self) -> float:
        """How long is measured with Kafka up, before and again after the outage."""
        return self.outage_s / 2


QUICK: Final = PathOptions(incidents=40, rounds=2, pairs=1, large_batch=48, outage_s=4.0)


def run_path_bench(home: Path | None, options: PathOptions, console: Console, *, fresh: bool = False) -> Report:
    """Measure everything; about eight minutes with the usual numbers."""
    import uvloop

    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it tells of every try while Kafka is away
    with own_instance() if fresh else running_home(home) as (layout, is_own):
        console.print(f"Measuring {'a fresh instance' if is_own else f'the instance in {layout.home}'}.")

        async def measure() -> Report:
            stage = await open_stage(layout)
            try:
                return await _Bench(stage, options, console).run(is_own=is_own)
            finally:
                await close_stage(stage)

        return uvloop.run(measure())


class _Bench:
    """One run."""

    def __init__(self, stage: Stage, options: PathOptions, console: Console) -> None:
        self._stage = stage
        self._options = options
        self._report = Report("path")
        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
        )

    async def run(self, *, is_own: bool) -> Report:
        stage, options = self._stage, self._options
        with self._progress:
            if left_open := await stage.open_drills():
                await self._close(left_open, "an earlier run")
            most = max(options.incidents, int(options.rate_per_s * options.outage_s * 3))
            task = self._progress.add_task("the network", total=1)
            await stage.register(network_for(most))
            self._progress.advance(task)
            self._note_load("at the start")
            await self._steady()
            await self._burst()
            may_stop = await self._may_stop(is_own)
            plan = RatePlan(rounds=options.rounds, pairs=options.pairs, large=options.large_batch, may_stop=may_stop)
            timed = await measure_rate(stage, self._report, self._progress, plan)
            await self._close(timed, "request")
            if may_stop:
                await self._outage()
        self._say_what_is_left_out()
        return self._report

    async def _steady(self) -> None:
        """The steady load, and the floor's chains halfway between the declarations."""
        options, report = self._options, self._report
        tracer = await Tracer.begin(self._stage.kafka, self._stage.gateway)
        name = f"{options.incidents} incidents at {options.rate_per_s:g}/s"
        task = self._progress.add_task(name, total=options.incidents)
        sent: dict[str, Sent] = {}
        try:
            async with (
                Target(self._stage.url("incidents"), CONNECTIONS) as target,
                floor_beside(self._stage, options.incidents, options.rate_per_s) as floor,
            ):
                requests = await _requests(self._stage, target, range(options.incidents))

                async def declare(number: int) -> None:
                    one = await target.one(requests[number])
                    sent[one.document["incident_id"]] = one
                    self._progress.advance(task)

                await paced(options.incidents, options.rate_per_s, declare, begin_at_s=floor.begin_at_s)
                chains_ms = [1000 * took_s for took_s in await floor.result()]
            traces = list((await tracer.follow(sent, FIRST_PAGE_TIMEOUT_S)).values())
        finally:
            await tracer.stop()
        begun = min(one.sent_at_s for one in sent.values())
        report.add("steady: declared", len(sent) / (max(one.sent_at_s for one in sent.values()) - begun), "incidents/s")
        report_hops(report, "steady", traces)
        took_ms = [1000 * one.took_s for one in sent.values()]
        report.add("steady: declaring request, p50", percentile(took_ms, 50), "ms")
        report.add("steady: declaring request, p99", percentile(took_ms, 99), "ms")
        report.add(f"floor ({HOPS} Kafka hops, {COMMITS} commits), p50", percentile(chains_ms, 50), "ms")
        report.add(f"floor ({HOPS} Kafka hops, {COMMITS} commits), p99", percentile(chains_ms, 99), "ms")
        path_ms = [1000 * trace.took_s("declared", "first page") for trace in traces]
        over = percentile(path_ms, 50) / percentile(chains_ms, 50)
        report.aim("steady: declared -> first page, p50, over the floor's p50", over, "at most", 3, "times")
        report.aim("steady: declared -> first page, p99", percentile(path_ms, 99) / 1000, "at most", 2, "s")
        report.aim("steady: pages doubled", tracer.doubled(), "at most", 0)
        await self._close(list(sent), "steady")

    async def _burst(self) -> None:
        """As many again, as fast as the API takes them."""
        count, report = self._options.incidents, self._report
        tracer = await Tracer.begin(self._stage.kafka, self._stage.gateway)
        task = self._progress.add_task(f"{count} incidents as fast as may be", total=count)
        try:
            async with Target(self._stage.url("incidents"), CONNECTIONS) as target:
                requests = await _requests(self._stage, target, range(count))
                done, took_s = await target.flood(
                    requests, progress=lambda number: self._progress.update(task, completed=number)
                )
            sent = {one.document["incident_id"]: one for one in done}
            traces = list((await tracer.follow(sent, FIRST_PAGE_TIMEOUT_S)).values())
        finally:
            await tracer.stop()
        begun = min(trace.at_s["sent"] for trace in traces)
        report.add(f"burst: declared on {CONNECTIONS} connections", count / took_s, "incidents/s")
        for milestone in ("fenced", "wave decided", "first page"):
            report.add(f"burst: {milestone}", count / (max(t.at_s[milestone] for t in traces) - begun), "incidents/s")
        report_hops(report, "burst", traces)
        report.aim("burst: pages doubled", tracer.doubled(), "at most", 0)
        await self._close(list(sent), "burst")

    async def _may_stop(self, is_own: bool) -> bool:
        """Whether parts may be stopped: not while somebody may be in need, and not a broker that is another's."""
        why = None
        if self._stage.instance.record.external_kafka is not None:
            why = "the broker is not this instance's own"
        elif not is_own and (real := await self._stage.real_incidents()):
            why = f"{real} open incidents here are no drills"
        if why is not None:
            self._report.left_out.append(f"{why}, so nothing was stopped: no Kafka away, no request alone")
        return why is None

    async def _outage(self) -> None:
        options = self._options
        await measure_outage(
            self._stage, self._report, self._progress, rate_per_s=options.rate_per_s,
            outage_s=options.outage_s, around_s=options.around_outage_s, close=self._close,
        )  # fmt: skip

    async def _close(self, incident_ids: Sequence[str], part: str) -> None:
        """End the drills, so that their people can be asked again; wait until all of it has been handled."""
        task = self._progress.add_task(f"{part}: closing", total=len(incident_ids))
        headers = await self._stage.headers()
        async with Target(self._stage.url("incidents"), CONNECTIONS) as target:
            closes = [
                target.post(f"/incidents/{incident_id}/close", {"reason": "load drill ended"}, headers)
                for incident_id in incident_ids
            ]
            await target.flood(
                closes, expected=200, progress=lambda number: self._progress.update(task, completed=number)
            )
        await self._stage.drained()

    def _note_load(self, when: str) -> None:
        self._report.add(f"machine's load average of a minute {when}", os.getloadavg()[0], "")

    def _say_what_is_left_out(self) -> None:
        self._note_load("at the end")
        self._report.left_out += [
            f"the floor's chain is {' - '.join(STEPS)}; it has no outbox to read, no post to the gateway, no decisions",
            "replication: one broker, so acks=all waits for one; one PostgreSQL without a standby",
            "a real page provider: pages go to the recording gateway of this machine",
            "coverage (Faust) works all the while on the same cores; its own lag is not measured here",
        ]


async def _requests(stage: Stage, target: Target, numbers: Sequence[int]) -> list[bytes]:
    """Declarations, each with an Idempotency-Key of its own, as a careful client sends them."""
    headers = await stage.headers()
    return [
        target.post("/incidents", declaration(number), {**headers, "Idempotency-Key": str(uuid4())})
        for number in numbers
    ]
