"""The declaring request beside a bare FastAPI endpoint with one INSERT, on the same PostgreSQL, in three variants.

Alone: the services that follow incidents are stopped, so both endpoints have the cores, the database and the log to
themselves; the relay, in the same process as the request, goes on. It compares the requests themselves.

Everything running: small batches of ours and of the bare one alternate, while nine other processes work off what was
declared. The declarations' own consequences weigh on ours first, so this is the request and a part of what it causes.

At rest: everything downstream has come to rest before each (larger) batch: the request and all that it causes, beside
an endpoint that causes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count, islice
from statistics import median
from typing import Final
from uuid import uuid4

from rich.progress import Progress

from services.cli.bench.report import Report
from services.cli.bench.whole.beside import bare_endpoint
from services.cli.bench.whole.load import Target
from services.cli.bench.whole.network import declaration
from services.cli.bench.whole.stage import Stage

GOAL: Final = 0.5
CONNECTIONS: Final = 8
SMALL_BATCH: Final = 24
PAIRS_PER_ROUND: Final = 10
"""Small pairs that are counted together: a single one lasts some hundredths of a second."""
WARM_UP_PAIRS: Final = 10
BEHIND: Final = ("geofencing", "alerts", "dispatch", "care", "followup", "coverage")
"""The services that follow incidents, directly or not."""
Pair = tuple[float, float]
"""Requests per second of ours and of the bare endpoint."""


@dataclass(frozen=True, kw_only=True)
class RatePlan:
    """How much of each variant."""

    rounds: int
    """Rounds of small batches with everything running."""
    pairs: int
    """Pairs of large batches at rest, and as many alone."""
    large: int
    """Requests of a large batch."""
    may_stop: bool
    """Whether the services behind may be stopped for a while."""


async def measure_rate(stage: Stage, report: Report, progress: Progress, plan: RatePlan) -> list[str]:
    """All variants; returns the incidents that were declared."""
    async with bare_endpoint(stage) as bare_url:
        sides = _Sides(stage, bare_url)
        total = plan.rounds + plan.pairs * (2 if plan.may_stop else 1)
        task = progress.add_task("declaring beside a bare endpoint", total=total)
        await sides.alternate(WARM_UP_PAIRS, SMALL_BATCH)
        busy = []
        for _ in range(plan.rounds):
            busy.append(await sides.alternate(PAIRS_PER_ROUND, SMALL_BATCH))
            progress.advance(task)
        at_rest = []
        for _ in range(plan.pairs):
            at_rest.append(await sides.alternate(1, plan.large, at_rest=True))
            progress.advance(task)
        alone = []
        if plan.may_stop:
            await stage.drained()
            async with stage.without(BEHIND):
                await sides.alternate(1, plan.large)
                for _ in range(plan.pairs):
                    alone.append(await sides.alternate(1, plan.large))
                    progress.advance(task)
    for variant, pairs in (("alone", alone), ("everything running", busy), ("at rest before each batch", at_rest)):
        if pairs:
            _tell(report, variant, pairs)
    for variant, pairs in (("alone", alone), ("everything running", busy)):
        if pairs:
            over = median(ours / bare for ours, bare in pairs)
            report.aim(f"declaring over the bare endpoint, {variant}, median", over, "at least", GOAL, "times")
    return sides.declared


def _tell(report: Report, variant: str, pairs: list[Pair]) -> None:
    report.add(f"declaring, {variant}, median", median(ours for ours, _ in pairs), "requests/s")
    report.add(f"bare endpoint with one INSERT, {variant}, median", median(bare for _, bare in pairs), "requests/s")
    ratios = [ours / bare for ours, bare in pairs]
    report.add(f"declaring over bare, {variant}, median", median(ratios), "times")
    report.add(f"declaring over bare, {variant}, least", min(ratios), "times")


class _Sides:
    """Both endpoints, in turns first. They are sent the same bodies; nobody is near, so no page leaves."""

    def __init__(self, stage: Stage, bare_url: str) -> None:
        self._stage = stage
        self._urls = {"ours": stage.url("incidents"), "bare": bare_url}
        self._order = ["ours", "bare"]
        self.declared: list[str] = []
        self._numbers = count()

    async def alternate(self, pairs: int, requests: int, *, at_rest: bool = False) -> Pair:
        """So many batches of each; the rates over all of them."""
        took_s = dict.fromkeys(self._urls, 0.0)
        async with Target(self._urls["ours"], CONNECTIONS) as ours, Target(self._urls["bare"], CONNECTIONS) as bare:
            targets = {"ours": ours, "bare": bare}
            turns = self._order * pairs
            batches = [(side, await self._prepare(targets[side], requests)) for side in turns]
            self._order.reverse()
            for side, batch in batches:
                if at_rest:
                    await self._stage.drained()
                done, batch_took_s = await targets[side].flood(batch)
                took_s[side] += batch_took_s
                if side == "ours":
                    self.declared += [one.document["incident_id"] for one in done]
        return pairs * requests / took_s["ours"], pairs * requests / took_s["bare"]

    async def _prepare(self, target: Target, requests: int) -> list[bytes]:
        headers = await self._stage.headers()
        bodies = (declaration(number, somebody_near=False) for number in islice(self._numbers, requests))
        return [target.post("/incidents", body, {**headers, "Idempotency-Key": str(uuid4())}) for body in bodies]
