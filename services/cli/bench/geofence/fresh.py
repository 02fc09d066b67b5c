"""Answers while positions keep coming: this engine and PostGIS under the same stream of updates."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import geometric_mean, median
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.cli.bench.geofence.data import Cell
from services.cli.bench.geofence.engines import OURS, Ours, Query
from services.cli.bench.geofence.postgis import NAME as POSTGIS
from services.cli.bench.geofence.postgis import PostGIS
from services.cli.bench.geofence.table import same_ids
from services.cli.bench.report import Report, percentile

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Move = Callable[[Integers, Floats], None]
RATE_PER_S: Final = 1_000
PER_MOVE: Final = 10
STEP_DEG: Final = 0.02
RESORT_AFTER: Final = 4_000
GAP_S: Final = 0.0002


@dataclass(slots=True)
class Stream:
    """Updates at a steady rate, applied by a thread; what came too late is made up for."""

    ids: Integers
    lon_lat: Floats
    late_s: list[float] = field(default_factory=list)
    """For each move: from when it was due until queries see it."""

    def run(self, move: Move) -> None:
        """Apply all of them."""
        started = time.perf_counter()
        for number, at in enumerate(range(0, len(self.ids), PER_MOVE)):
            due = started + number * PER_MOVE / RATE_PER_S
            time.sleep(max(due - time.perf_counter(), 0.0))
            move(self.ids[at : at + PER_MOVE], self.lon_lat[at : at + PER_MOVE])
            self.late_s.append(time.perf_counter() - due)


def measure_fresh(
    report: Report, ours: Ours, postgis: PostGIS | None, address: str | None, lon_lat: Floats,
    cells: Sequence[Cell], seconds: int,
) -> None:  # fmt: skip
    """Queries one after the other for some seconds while 1,000 positions a second come."""
    rng = np.random.default_rng(5)
    ids = rng.integers(0, len(lon_lat), RATE_PER_S * seconds)
    to = lon_lat[ids] + rng.normal(scale=STEP_DEG, size=(len(ids), 2))
    took = {OURS: _with_resorts(report, ours, Stream(ids, to), cells)}
    if postgis is None or address is None:
        return
    other = PostGIS(address)
    stream = Stream(ids, to)
    took[POSTGIS] = _under(stream, other.move, {cell.name: postgis.prepared(cell.shape) for cell in cells})
    other.close()
    report.add(f"with updates: {POSTGIS}, stalest answer", max(stream.late_s) * 1000, "ms")
    for cell in cells:
        same_ids(cell.name, {OURS: ours.prepared(cell.shape), POSTGIS: postgis.prepared(cell.shape)})
    times = []
    for cell in cells:
        ours_s, theirs_s = (median(took[name][cell.name]) for name in (OURS, POSTGIS))
        report.add(f"with updates, {cell.name}: {OURS}, median", ours_s * 1000, "ms")
        report.add(f"with updates, {cell.name}: {POSTGIS}, median", theirs_s * 1000, "ms")
        times.append(theirs_s / ours_s)
    report.add(f"with updates: over {POSTGIS}, least", min(times), "times")
    report.aim(f"with updates: over {POSTGIS}, geometric mean", geometric_mean(times), "at least", 50, "times")


def _with_resorts(report: Report, ours: Ours, stream: Stream, cells: Sequence[Cell]) -> dict[str, list[float]]:
    over = threading.Event()
    resorts_s: list[float] = []

    def resort() -> None:
        while not over.wait(0.05):
            if ours.index.unsorted >= RESORT_AFTER:
                started = time.perf_counter()
                ours.index.resort()
                resorts_s.append(time.perf_counter() - started)

    thread = threading.Thread(target=resort)
    thread.start()
    took = _under(stream, ours.index.move, {cell.name: ours.prepared(cell.shape) for cell in cells})
    over.set()
    thread.join()
    every = [one for some in took.values() for one in some]
    report.add("with updates: queries", len(every), "queries")
    report.add("with updates: query, p99", percentile(every, 99) * 1000, "ms")
    report.add("with updates: query, longest", max(every) * 1000, "ms")
    report.add("with updates: sorted anew", len(resorts_s), "times")
    report.add("with updates: one such sort, longest", max(resorts_s, default=0.0) * 1000, "ms")
    report.add("with updates: answers' age, p99", percentile(stream.late_s, 99) * 1000, "ms")
    report.aim("with updates: stalest answer", max(stream.late_s), "at most", 1, "s")
    return took


def _under(stream: Stream, move: Move, queries: Mapping[str, Query]) -> dict[str, list[float]]:
    """The seconds that each query took while the stream ran."""
    took: dict[str, list[float]] = {name: [] for name in queries}
    thread = threading.Thread(target=stream.run, args=(move,))
    thread.start()
    for name, query in itertools.cycle(queries.items()):
        started = time.perf_counter()
        query()
        took[name].append(time.perf_counter() - started)
        time.sleep(GAP_S)
        if not thread.is_alive() and all(took.values()):
            break
    thread.join()
    return took
