"""Hard cases: this engine beside shapely on all of them, beside rational arithmetic on a sample."""

from __future__ import annotations

from typing import Final

import numpy as np
import shapely

from services.cli.bench.geofence.cases import Case, exactly_inside, hard_cases
from services.cli.bench.geofence.postgis import PostGIS
from services.cli.bench.report import Report
from services.geofencing.engine import PointIndex, ZoneIndex

SEED: Final = 20080512
SAMPLE_SHAPES: Final = 10
SAMPLE_POSITIONS: Final = 5
"""Every tenth shape, every fifth of its positions."""


def measure_exactness(report: Report, shapes: int, postgis: PostGIS | None) -> None:
    """Count the positions that each way answers differently."""
    cases = sampled = unlike_shapely = unlike_exact = unlike_zones = postgis_wrong = 0
    for number, case in enumerate(hard_cases(SEED, shapes)):
        held = _held(case)
        cases += len(held)
        unlike_shapely += int((held != shapely.intersects_xy(case.shape, *case.lon_lat.T)).sum())
        unlike_zones += int((held != _held_by_zone(case)).sum())
        if number % SAMPLE_SHAPES == 0:
            sample = range(0, len(held), SAMPLE_POSITIONS)
            sampled += len(sample)
            unlike_exact += sum(
                bool(held[at]) != exactly_inside(case.shape, *case.lon_lat[at].tolist()) for at in sample
            )
        if postgis is not None:
            theirs = np.isin(np.arange(len(held)), postgis.held(case.shape, case.lon_lat))
            for at in np.flatnonzero(theirs != held) if _is_on_a_map(case) else ():
                postgis_wrong += bool(theirs[at] != exactly_inside(case.shape, *case.lon_lat[at].tolist()))
    report.add("hard cases", cases, "positions")
    report.add("hard cases also held against rational arithmetic", sampled, "positions")
    report.aim("hard cases answered unlike shapely", unlike_shapely, "at most", 0)
    report.aim("hard cases answered unlike rational arithmetic", unlike_exact, "at most", 0)
    report.aim("hard cases that the zones' index answers otherwise", unlike_zones, "at most", 0)
    if postgis is not None:
        report.add(
            "hard cases of sizes found on maps that PostGIS answers unlike rational arithmetic",
            postgis_wrong,
            "positions",
        )


def _is_on_a_map(case: Case) -> bool:
    """Neither tiny, where PostGIS takes what is near for the same, nor huge."""
    return bool(1e-6 < np.ptp(case.shape.bounds) < 1e6)


def _held(case: Case) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    ids = np.arange(len(case.lon_lat))
    return np.isin(ids, PointIndex(ids, case.lon_lat).query(case.shape))


def _held_by_zone(case: Case) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    members = np.arange(len(case.lon_lat))
    return np.isin(members, ZoneIndex({0: case.shape}).update(members, case.lon_lat).member)
