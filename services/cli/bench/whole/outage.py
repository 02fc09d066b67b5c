"""Kafka away while declarations go on: the request must not notice, and all of it must flow when Kafka is back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final
from uuid import uuid4

from rich.progress import Progress

from services.cli.bench.report import Report, percentile
from services.cli.bench.whole.load import Sent, Target, paced
from services.cli.bench.whole.network import declaration
from services.cli.bench.whole.stage import Stage
from services.cli.bench.whole.trace import Tracer
from services.cli.instance.instance import KAFKA

CONNECTIONS: Final = 8
UNCHANGED: Final = 1.25
"""p99 of some hundred requests is its few slowest; so far apart it still counts as the same."""
CATCH_UP_S: Final = 180.0


async def measure_outage(
    stage: Stage,
    report: Report,
    progress: Progress,
    *,
    rate_per_s: float,
    outage_s: float,
    around_s: float,
    close: Callable[[Sequence[str], str], Awaitable[None]],
) -> None:
    """Declare with Kafka up, down, and up again; then wait until every incident has its first page."""
    tracer = await Tracer.begin(stage.kafka, stage.gateway)
    supervisor = stage.instance.supervisor
    try:
        declaring = _Declaring(stage, progress, rate_per_s)
        up = await declaring.for_s(around_s, "Kafka up")
        traces = await tracer.follow(up, CATCH_UP_S)
        await asyncio.to_thread(supervisor.stop, [KAFKA])
        try:
            down = await declaring.for_s(outage_s, "Kafka down")
        finally:
            await asyncio.to_thread(supervisor.start, [KAFKA])
        back_at_s = time.time()
        await stage.all_ready()
        traces |= await tracer.follow(down, CATCH_UP_S)
        await stage.drained()
        again = await declaring.for_s(around_s, "Kafka up again")
        traces |= await tracer.follow(again, CATCH_UP_S)
    finally:
        await tracer.stop()
    last_s = max(traces[incident_id].at_s["first page"] for incident_id in down)
    _tell(report, [*up.values(), *again.values()], list(down.values()), last_s - back_at_s)
    missing = {**up, **down, **again}.keys() - traces.keys()
    report.aim("Kafka away: declared incidents without a first page", len(missing), "at most", 0)
    report.aim("Kafka away: pages doubled", tracer.doubled(), "at most", 0)
    await close([*up, *down, *again], "Kafka away")


def _tell(report: Report, up: Sequence[Sent], down: Sequence[Sent], caught_up_s: float) -> None:
    up_ms, down_ms = ([1000 * one.took_s for one in sent] for sent in (up, down))
    for name, took_ms in (("up", up_ms), ("down", down_ms)):
        report.add(f"Kafka {name}: declaring request, p50 of {len(took_ms)}", percentile(took_ms, 50), "ms")
        report.add(f"Kafka {name}: declaring request, p99 of {len(took_ms)}", percentile(took_ms, 99), "ms")
    report.add("Kafka away: from its start to the last first page", caught_up_s, "s")
    over = percentile(down_ms, 99) / percentile(up_ms, 99)
    report.aim("declaring request's p99, Kafka down over up", over, "at most", UNCHANGED, "times")


class _Declaring:
    """Declares at a steady rate for some time."""

    def __init__(self, stage: Stage, progress: Progress, rate_per_s: float) -> None:
        self._stage = stage
        self._progress = progress
        self._rate_per_s = rate_per_s
        self._number = 0

    async def for_s(self, seconds: float, part: str) -> dict[str, Sent]:
        """What was declared, by incident."""
        count = max(int(seconds * self._rate_per_s), 1)
        task = self._progress.add_task(f"declaring, {part}", total=count)
        headers = await self._stage.headers()
        sent: dict[str, Sent] = {}
        async with Target(self._stage.url("incidents"), CONNECTIONS) as target:
            requests = [
                target.post(
                    "/incidents", declaration(self._number + number), {**headers, "Idempotency-Key": str(uuid4())}
                )
                for number in range(count)
            ]

            async def declare(number: int) -> None:
                one = await target.one(requests[number])
                sent[one.document["incident_id"]] = one
                self._progress.advance(task)

            await paced(count, self._rate_per_s, declare)
        self._number += count
        return sent
