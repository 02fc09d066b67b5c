"""The table: every engine on every polygon, after all have given the same ids."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from statistics import geometric_mean

import numpy as np

from services.cli.bench.geofence.data import Cell
from services.cli.bench.geofence.engines import GEOINDEX, OURS, Engine, Query
from services.cli.bench.geofence.postgis import NAME as POSTGIS
from services.cli.bench.geofence.postgis import PostGIS
from services.cli.bench.report import Report

PIECES = "PostGIS, polygon cut by ST_Subdivide"


def measure_table(
    report: Report, engines: Mapping[str, Engine], postgis: PostGIS | None, cells: Iterable[Cell], rounds: int
) -> None:
    """Milliseconds of each, best of the rounds, which are interleaved. PostGIS counts by its better way."""
    over: dict[str, list[float]] = {}
    for cell in cells:
        queries = {name: engine.prepared(cell.shape) for name, engine in engines.items()}
        if postgis is not None:
            queries |= {POSTGIS: postgis.prepared(cell.shape), PIECES: postgis.in_pieces(cell.shape)}
        report.add(f"{cell.name}: positions held", same_ids(cell.name, queries), "")
        best_s = _best(queries, rounds)
        for name, took_s in best_s.items():
            report.add(f"{cell.name}: {name}", took_s * 1000, "ms")
        if postgis is not None:
            best_s[POSTGIS] = min(best_s[POSTGIS], best_s.pop(PIECES))
        for name, took_s in best_s.items():
            over.setdefault(name, []).append(took_s / best_s[OURS])
    for name, times in over.items():
        if name != OURS:
            report.add(f"over {name}, geometric mean", geometric_mean(times), "times")
            report.add(f"over {name}, least", min(times), "times")
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


def _best(queries: Mapping[str, Query], rounds: int) -> dict[str, float]:
    best_s = dict.fromkeys(queries, math.inf)
    for _ in range(rounds):
        for name, query in queries.items():
            started = time.perf_counter()
            query()
            best_s[name] = min(best_s[name], time.perf_counter() - started)
    return best_s
