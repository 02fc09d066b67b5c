"""`bench geofence`: positions in polygons, standing zones, and both while positions keep coming."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from services.cli.bench.geofence import data
from services.cli.bench.geofence.engines import OURS, PEERS, Engine, Ours, installed
from services.cli.bench.geofence.exact import measure_exactness
from services.cli.bench.geofence.fresh import measure_fresh
from services.cli.bench.geofence.postgis import HOW, NAME, PostGIS, own_server, programs
from services.cli.bench.geofence.standing import measure_standing
from services.cli.bench.geofence.table import CALLS_IN_A_ROW, measure_table
from services.cli.bench.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class GeofenceOptions:
    """How much of everything."""

    points: int = 1_000_000
    rounds: int = 5
    hard_shapes: int = 1_000
    members: int = 100_000
    updates: int = 500_000
    floor_updates: int = 20_000
    seconds: int = 20


QUICK: Final = GeofenceOptions(
    points=20_000, rounds=1, hard_shapes=44, members=2_000, updates=20_000, floor_updates=1_000, seconds=2
)


def run_geofence_bench(options: GeofenceOptions) -> Report:
    """Measure everything; takes a few minutes."""
    report = Report("geofence")
    with ExitStack() as stack:
        lon_lat = data.positions(options.points)
        cells = list(data.cells())
        address, postgis = None, None
        folder = programs()
        if folder is None:
            report.left_out.append(f"{NAME}: not installed here ({HOW})")
        else:
            address = stack.enter_context(own_server(folder))
            postgis = PostGIS(address)
            stack.callback(postgis.close)
            postgis.fill(lon_lat)
        measure_exactness(report, options.hard_shapes, postgis)
        ours = Ours(lon_lat)
        engines: dict[str, Engine] = {OURS: ours}
        for name, (make, package, how) in PEERS.items():
            if installed(package):
                engines[name] = make(lon_lat)
            else:
                report.left_out.append(f"{name}: not installed here ({how})")
        measure_table(report, engines, postgis, cells, options.rounds)
        del engines
        measure_standing(report, options.members, options.updates, options.floor_updates)
        on_maps = [cell for cell in cells if not cell.name.startswith("star")]
        measure_fresh(report, ours, postgis, address, lon_lat, on_maps, options.seconds)
    if options.points < GeofenceOptions().points:
        report.left_out.append(
            "the goals are for a million positions; with fewer, fixed costs of a query count for most"
        )
    report.left_out += [
        f"all but the best of {options.rounds} rounds of {CALLS_IN_A_ROW} calls in a row; medians while positions come",
        "more than one core for this engine; PostGIS (GiST, clustered) and DuckDB use as many as they like",
        "durability: this engine keeps positions in memory only, and PostGIS was told not to wait for disks",
        "building: the engine's rows, the trees and the tables are there before the clock starts",
        "geodesic edges: every engine took them as straight in longitude and latitude",
        "SedonaDB, Tile38, H3 and S2; shapely's tree of zones asked in batches",
    ]
    return report
