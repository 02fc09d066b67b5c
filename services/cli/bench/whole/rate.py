"""The declaring request beside a bare FastAPI endpoint with one INSERT, on the same PostgreSQL, in two variants.

Same background: small batches of ours and of the bare one alternate so quickly that the services that work off the
declarations are equally at work on the same cores in both. It compares the requests themselves, and the goal is on it.

At rest: everything downstream has come to rest before each (larger) batch. Ours then competes from its first moment on
with the work that it causes in nine other processes, and the bare one with nothing: what a burst feels, not what a
request costs.
"""

from __future__ import annotations

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
Pair = tuple[float, float]
"""Requests per second of ours and of the bare endpoint."""


async def measure_rate(
    stage: Stage, report: Report, progress: Progress, *, rounds: int, rested: int, large: int
) -> list[str]:
    """`rounds` rounds of small batches, then `rested` pairs of `large` ones. Returns the incidents declared."""
    async with (
        bare_endpoint(stage) as bare_url,
        Target(bare_url, CONNECTIONS) as bare,
        Target(stage.url("incidents"), CONNECTIONS) as ours,
    ):
        sides = _Sides(stage, ours, bare)
        task = progress.add_task("declaring beside a bare endpoint", total=rounds + rested)
        await sides.alternate(WARM_UP_PAIRS, SMALL_BATCH)
        same = []
        for _ in range(rounds):
            same.append(await sides.alternate(PAIRS_PER_ROUND, SMALL_BATCH))
            progress.advance(task)
        at_rest = []
        for _ in range(rested):
            at_rest.append(await sides.alternate(1, large, at_rest=True))
            progress.advance(task)
    _tell(report, "same background", same)
    _tell(report, "at rest before each batch", at_rest)
    report.aim(
        "declaring request over the bare endpoint, same background, median", median(a / b for a, b in same),
        "at least", GOAL, "times",
    )  # fmt: skip
    return sides.declared


def _tell(report: Report, variant: str, pairs: list[Pair]) -> None:
    report.add(f"declaring, {variant}, median", median(ours for ours, _ in pairs), "requests/s")
    report.add(f"bare endpoint with one INSERT, {variant}, median", median(bare for _, bare in pairs), "requests/s")
    ratios = [ours / bare for ours, bare in pairs]
    report.add(f"declaring over bare, {variant}, median", median(ratios), "times")
    report.add(f"declaring over bare, {variant}, least", min(ratios), "times")


class _Sides:
    """Both endpoints, in turns first. They are sent the same bodies; nobody is near, so no page leaves."""

    def __init__(self, stage: Stage, ours: Target, bare: Target) -> None:
        self._stage = stage
        self._targets = {"ours": ours, "bare": bare}
        self._order = ["ours", "bare"]
        self.declared: list[str] = []

    async def alternate(self, pairs: int, requests: int, *, at_rest: bool = False) -> Pair:
        """So many batches of each; the rates over all of them."""
        took_s = dict.fromkeys(self._targets, 0.0)
        prepared = [(side, await self._prepare(side, requests)) for _ in range(pairs) for side in self._order]
        self._order.reverse()
        for side, batch in prepared:
            if at_rest:
                await self._stage.drained()
            done, batch_took_s = await self._targets[side].flood(batch)
            took_s[side] += batch_took_s
            if side == "ours":
                self.declared += [one.document["incident_id"] for one in done]
        return pairs * requests / took_s["ours"], pairs * requests / took_s["bare"]

    async def _prepare(self, side: str, requests: int) -> list[bytes]:
        headers = await self._stage.headers()
        bodies = (declaration(number, somebody_near=False) for number in range(requests))
        post = self._targets[side].post
        return [post("/incidents", body, {**headers, "Idempotency-Key": str(uuid4())}) for body in bodies]
