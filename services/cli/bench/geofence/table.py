"""The table: every engine on every polygon, after all have given the same ids."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import geometric_mean
from typing import Final

import numpy as np

from services.cli.bench.geofence.data import Cell
from services.cli.bench.geofence.engines import GEOINDEX, OURS, Engine, Query
from services.cli.bench.geofence.postgis import NAME as POSTGIS
from services.cli.bench.geofence.postgis import PostGIS
from services.cli.bench.report import Report

PIECES: Final = "PostGIS, polygon cut by ST_Subdivide"
CALLS_IN_A_ROW: Final = 3


@dataclass(frozen=True, slots=True)
class Times:
    """Of one query, in seconds: the best of all its calls, and the best of those that came after another engine's."""

    best_s: float
    cold_s: float


def measure_table(
    report: Report, engines: Mapping[str, Engine], postgis: PostGIS | None, cells: Iterable[Cell], rounds: int
) -> None:
    """Milliseconds of each engine for each polygon. PostGIS counts by its better way."""
    over: dict[str, list[float]] = {}
    cold: dict[str, list[float]] = {}
    for cell in cells:
        queries = {name: engine.prepared(cell.shape) for name, engine in engines.items()}
        if postgis is not None:
            queries |= {POSTGIS: postgis.prepared(cell.shape), PIECES: postgis.in_pieces(cell.shape)}
        report.add(f"{cell.name}: positions held", same_ids(cell.name, queries), "")
        times = _timed(queries, rounds)
        for name, took in times.items():
            report.add(f"{cell.name}: {name}", took.best_s * 1000, "ms")
        if postgis is not None:
            times[POSTGIS] = min(times[POSTGIS], times.pop(PIECES), key=lambda took: took.best_s)
        ours = times.pop(OURS)
        for name, took in times.items():
            over.setdefault(name, []).append(took.best_s / ours.best_s)
            cold.setdefault(name, []).append(took.cold_s / ours.cold_s)
    for name in over:
        report.add(f"over {name}, geometric mean", geometric_mean(over[name]), "times")
        report.add(f"over {name}, least", min(over[name]), "times")
        report.add(f"over {name}, calls after another engine's, geometric mean", geometric_mean(cold[name]), "times")
        report.add(f"over {name}, calls after another engine's, least", min(cold[name]), "times")
    if POSTGIS in over:
        report.aim(f"over {POSTGIS}, geometric mean", geometric_mean(over[POSTGIS]), "at least", 100, "times")
        report.aim(f"over {POSTGIS}, least", min(over[POSTGIS]), "at least", 40, "times")
    if GEOINDEX in over:
        report.aim(f"over {GEOINDEX}, least", min(over[GEOINDEX]), "at least", 3, "times")


def same_ids(cell: str, queries: Mapping[str, Query]) -> int:
    """How many ids every engine found. Raises RuntimeError when one finds others."""
    expected: Sequence[int] | None = None
    for name, query in queries.items():
        found = np.sort(np.asarray(query())).tolist()
        expected = found if expected is None else expected
        if found != expected:
            raise RuntimeError(f"{cell}: {name} found {len(found)} positions, {OURS} {len(expected)}, or others")
    return len(expected or ())


def _timed(queries: Mapping[str, Query], rounds: int) -> dict[str, Times]:
    """Rounds are interleaved; in each, every engine is called a few times in a row."""
    best_s, cold_s = dict.fromkeys(queries, math.inf), dict.fromkeys(queries, math.inf)
    for _ in range(rounds):
        for name, query in queries.items():
            for call in range(CALLS_IN_A_ROW):
                started = time.perf_counter()
                query()
                took_s = time.perf_counter() - started
                best_s[name] = min(best_s[name], took_s)
                if call == 0:
                    cold_s[name] = min(cold_s[name], took_s)
    return {name: Times(best_s[name], cold_s[name]) for name in queries}
