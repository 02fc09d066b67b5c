"""The declaring request beside a bare FastAPI endpoint with one INSERT, in interleaved batches on the same PostgreSQL.

Two variants. In the first, batches follow each other at once, so that both endpoints meet the same background: the
services that work off earlier declarations on the same cores. It compares the requests themselves, and the goal is on
it. In the second, everything downstream has come to rest before each batch; then our batches compete with the work they
cause from their first moment on, and the bare ones with nothing.
"""

from __future__ import annotations

from statistics import median
from typing import Final
from uuid import uuid4

from rich.progress import Progress

from services.cli.bench.report import Report, percentile
from services.cli.bench.whole.beside import bare_endpoint
from services.cli.bench.whole.load import Target
from services.cli.bench.whole.network import declaration
from services.cli.bench.whole.stage import Stage

GOAL: Final = 0.5
WARM_UP_BATCHES: Final = 2


async def measure_rate(
    stage: Stage, report: Report, progress: Progress, batches: int, requests: int, connections: int
) -> None:
    """Both variants, `batches` pairs each."""
    async with (
        bare_endpoint(stage) as bare_url,
        Target(bare_url, connections) as bare,
        Target(stage.url("incidents"), connections) as ours,
    ):
        pairs = _Pairs(stage, ours, bare, requests)
        task = progress.add_task("declaring beside a bare endpoint", total=2 * batches + WARM_UP_BATCHES)
        for _ in range(WARM_UP_BATCHES):
            await pairs.one()
            progress.advance(task)
        same = []
        for _ in range(batches):
            same.append(await pairs.one())
            progress.advance(task)
        rested = []
        for _ in range(batches):
            rested.append(await pairs.one(at_rest=True))
            progress.advance(task)
    _tell(report, "same background", same)
    _tell(report, "at rest before each batch", rested)
    report.aim(
        "declaring request over the bare endpoint, same background, median", median(a / b for a, b in same),
        "at least", GOAL, "times",
    )  # fmt: skip


def _tell(report: Report, variant: str, pairs: list[tuple[float, float]]) -> None:
    report.add(f"declaring, {variant}, median", median(ours for ours, _ in pairs), "requests/s")
    report.add(f"bare endpoint with one INSERT, {variant}, median", median(bare for _, bare in pairs), "requests/s")
    ratios = [ours / bare for ours, bare in pairs]
    report.add(f"declaring over bare, {variant}, median", median(ratios), "times")
    report.add(f"declaring over bare, {variant}, least", percentile(ratios, 0), "times")


class _Pairs:
    """A batch of ours, then a batch of the bare one, or the other way round in turns."""

    def __init__(self, stage: Stage, ours: Target, bare: Target, requests: int) -> None:
        self._stage = stage
        self._ours = ours
        self._bare = bare
        self._requests = requests
        self._ours_first = True

    async def one(self, *, at_rest: bool = False) -> tuple[float, float]:
        """Requests per second of ours and of the bare one."""
        rates = {}
        for is_ours in (True, False) if self._ours_first else (False, True):
            if at_rest:
                await self._stage.drained()
            rates[is_ours] = await self._batch(is_ours)
        self._ours_first = not self._ours_first
        return rates[True], rates[False]

    async def _batch(self, is_ours: bool) -> float:
        """Both endpoints are sent the same bytes but for the key. Nobody is near, so no page leaves."""
        target = self._ours if is_ours else self._bare
        headers = await self._stage.headers()
        prepared = [
            target.post("/incidents", body, {**headers, "Idempotency-Key": str(uuid4())})
            for body in (declaration(number, somebody_near=False) for number in range(self._requests))
        ]
        _, took_s = await target.flood(prepared)
        return self._requests / took_s
