"""Standing zones: members move, and each move tells which zones were entered and left."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from services.cli.bench.geofence.data import coast, positions
from services.cli.bench.report import Report
from services.geofencing.engine import ZoneIndex

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Told = list[tuple[int, int, bool]]
ZONES: Final = 200
PARTS: Final = (1, 2, 3)
CORNERS_MAX: Final = 500
BATCH: Final = 1_000
STEP_DEG: Final = 0.02
SINGLES: Final = 20_000


@dataclass(frozen=True, slots=True)
class Load:
    """Members where they start, then who moves where."""

    start: Floats
    members: Integers
    lon_lat: Floats


def measure_standing(report: Report, members: int, updates: int, floor_updates: int) -> None:
    """Updates a second: in batches, one by one, and shapely's tree of the zones, with the same crossings."""
    zones = standing_zones()
    load = _load(members, updates)
    started = time.perf_counter()
    index = ZoneIndex(zones)
    report.add("standing zones", len(zones), "zones")
    report.add("standing zones: laid out", (time.perf_counter() - started) * 1000, "ms")
    index.update(np.arange(members), load.start)
    told, batched_s = _run(index, load, BATCH, updates)
    alone = ZoneIndex(zones)
    alone.update(np.arange(members), load.start)
    singles = min(SINGLES, updates)
    told_alone, alone_s = _run(alone, load, 1, singles)
    theirs, floor_s = _floor(zones, load, floor_updates)
    in_order = _flat(told)  # the longest of the three; the others are its beginnings
    for shorter in (_flat(told_alone), _flat(theirs)):
        if shorter != in_order[: len(shorter)]:
            raise RuntimeError("the ways of following members tell different crossings")
    report.add("crossings told", len(in_order), "crossings")
    rate, floor = updates / batched_s, floor_updates / floor_s
    report.add(f"updates, batches of {BATCH:,}", rate, "updates/s")
    report.add("updates, one by one", singles / alone_s, "updates/s")
    report.add("floor: shapely STRtree of the zones, a lookup per update", floor, "updates/s")
    report.aim("updates on one core", rate, "at least", 50_000, "updates/s")
    report.aim("updates over the floor", rate / floor, "at least", 1, "times")
    report.aim("updates one by one over the floor", singles / alone_s / floor, "at least", 1, "times")


def standing_zones(seed: int = 3) -> dict[int, shapely.Geometry]:
    """Zones of one to three parts around places, at most 500 corners each; many lie over one another."""
    rng = np.random.default_rng(seed)
    zones = {}
    for number, (lon, lat) in enumerate(positions(ZONES, seed).tolist()):
        parts = int(rng.choice(PARTS))
        shapes = []
        for _ in range(parts):
            shape = coast(rng, float(rng.uniform(0.1, 1.5)), (CORNERS_MAX - 50) // parts)
            west, south, east, north = shape.bounds
            shift = np.array((lon - (west + east) / 2, lat - (south + north) / 2)) + rng.uniform(-1, 1, 2)
            shapes.append(shapely.transform(shape, lambda corners, by=shift: corners + by))
        zones[number] = shapely.union_all(shapes)
    return zones


def _load(members: int, updates: int, seed: int = 4) -> Load:
    rng = np.random.default_rng(seed)
    start = positions(members, seed)
    who = rng.integers(0, members, updates)
    return Load(start, who, start[who] + rng.normal(scale=STEP_DEG, size=(updates, 2)))


def _run(index: ZoneIndex, load: Load, batch: int, updates: int) -> tuple[list[Told], float]:
    """What each batch told, and how long the updates took."""
    pieces = [(load.members[at : at + batch], load.lon_lat[at : at + batch]) for at in range(0, updates, batch)]
    started = time.perf_counter()
    crossings = [index.update(*piece) for piece in pieces]
    took_s = time.perf_counter() - started
    return [
        list(zip(some.member.tolist(), some.zone.tolist(), some.entered.tolist(), strict=True)) for some in crossings
    ], took_s


def _floor(zones: dict[int, shapely.Geometry], load: Load, updates: int) -> tuple[list[Told], float]:
    tree = shapely.STRtree(list(zones.values()))
    shapely.prepare(tree.geometries)
    first = tree.query(shapely.points(load.start), predicate="intersects")
    held: dict[int, set[int]] = {}
    for member, zone in first.T.tolist():
        held.setdefault(member, set()).add(zone)
    moves = list(zip(load.members[:updates].tolist(), load.lon_lat[:updates].tolist(), strict=True))
    told: list[Told] = []
    started = time.perf_counter()
    for member, (lon, lat) in moves:
        now = set(tree.query(shapely.Point(lon, lat), predicate="intersects").tolist())
        before = held.get(member, set())
        told.append([(member, zone, zone in now) for zone in sorted(now ^ before)])
        held[member] = now
    return told, time.perf_counter() - started


def _flat(told: list[Told]) -> Told:
    return [crossing for some in told for crossing in some]
