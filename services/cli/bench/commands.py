"""`thirdrescue bench ...`: the benchmarks, each with a table and `--json FILE`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Measure, beside floors and peers in the same run.")

JsonFile = Annotated[Path | None, typer.Option("--json", help="Write the figures to this file too.")]


@app.callback()
def bench() -> None:
    """Measure, beside floors and peers in the same run."""


@app.command()
def outbox(
    json: JsonFile = None,
    events: Annotated[int, typer.Option(min=2_000, max=1_000_000, help="Events to relay in each round.")] = 50_000,
    rounds: Annotated[int, typer.Option(min=1, max=20, help="Rounds; the median counts.")] = 3,
    seconds: Annotated[int, typer.Option(min=2, max=600, help="How long the steady load lasts.")] = 10,
) -> None:
    """Relay throughput and commit-to-consumed latency, on a Kafka and a PostgreSQL of its own."""
    from services.cli.bench.outbox import run_outbox_bench
    from services.cli.bench.parts import own_parts

    with own_parts(("registry", "alerts")) as parts:
        report = run_outbox_bench(parts, events=events, rounds=rounds, seconds=seconds)
    report.show()
    if json is not None:
        report.write(json)


@app.command()
def gazetteer(
    codes: Annotated[Path, typer.Argument(help="A table of codes, as `import-boundaries --codes` takes it (JSON).")],
    json: JsonFile = None,
) -> None:
    """Places by name: every area of a table by its names, beside a bare look-up of the same strings."""
    from services.cli.bench.gazetteer import run_gazetteer_bench

    report = run_gazetteer_bench(codes.read_bytes())
    report.show()
    if json is not None:
        report.write(json)


@app.command()
def intake(json: JsonFile = None) -> None:
    """Alerts to proposals: the public files beside the project, and the largest documents, beside a bare parse."""
    from services.cli.bench.intake import run_intake_bench

    report = run_intake_bench()
    report.show()
    if json is not None:
        report.write(json)


@app.command()
def path(
    json: JsonFile = None,
    home: Annotated[
        Path | None, typer.Option("--home", envvar="THIRDRESCUE_HOME", help="Folder of a running instance to measure.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="A fresh instance, even if one runs.")] = False,
    incidents: Annotated[int, typer.Option(min=20, max=10_000, help="Incidents of each of the two loads.")] = 1_000,
    rate: Annotated[float, typer.Option(min=0.5, max=50, help="Incidents a second of the steady load.")] = 5.0,
    quick: Annotated[bool, typer.Option("--quick", help="A few incidents only: does it work, not how well.")] = False,
) -> None:
    """From a declaration to the first page on a whole instance: a running one, or a fresh one that is removed again.

    All incidents are drills far from every real station. Kafka is stopped for half a minute, unless a real incident
    is open.
    """
    from dataclasses import replace

    from rich.console import Console

    from services.cli.bench.whole.run import QUICK, PathOptions, run_path_bench

    options = replace(QUICK, rate_per_s=rate) if quick else PathOptions(incidents=incidents, rate_per_s=rate)
    report = run_path_bench(home, options, Console(stderr=True), fresh=fresh)
    report.show()
    if json is not None:
        report.write(json)


@app.command()
def reach(
    json: JsonFile = None,
    home: Annotated[
        Path | None, typer.Option("--home", envvar="THIRDRESCUE_HOME", help="Folder of a running instance to measure.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="A fresh instance, even if one runs.")] = False,
    rounds: Annotated[int, typer.Option(min=5, max=1_000, help="Changes of each kind.")] = 100,
    people: Annotated[
        int, typer.Option(min=20, max=5_000, help="People in reach of the zones that are revised.")
    ] = 500,
    quick: Annotated[bool, typer.Option("--quick", help="A few of everything: does it work, not how well.")] = False,
) -> None:
    """From a position, an enrolment and coming on duty until the log tells who is in reach, on a whole instance.

    The drill and its people are far from every real station; nobody is paged.
    """
    from rich.console import Console

    from services.cli.bench.reach.run import QUICK, ReachOptions, run_reach_bench

    options = QUICK if quick else ReachOptions(rounds=rounds, people=people)
    report = run_reach_bench(home, options, Console(stderr=True), fresh=fresh)
    report.show()
    if json is not None:
        report.write(json)


@app.command()
def geofence(
    json: JsonFile = None,
    points: Annotated[
        int | None, typer.Option("--points", min=1_000, max=20_000_000, help="Positions; a million unless told.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A few of everything: does it work, not how well.")] = False,
) -> None:
    """Which positions a polygon holds, beside PostGIS and other engines, and which zones moving members cross.

    PostGIS runs on a server of its own in a temporary folder. What is not installed is left out, and the report says
    how to get it.
    """
    from dataclasses import replace

    from services.cli.bench.geofence.run import QUICK, GeofenceOptions, run_geofence_bench

    options = QUICK if quick else GeofenceOptions()
    report = run_geofence_bench(options if points is None else replace(options, points=points))
    report.show()
    if json is not None:
        report.write(json)


@app.command("import")
def import_(
    json: JsonFile = None,
    rows: Annotated[int, typer.Option(min=1_000, max=199_999, help="Volunteers in the file.")] = 100_000,
) -> None:
    """A roster of volunteers from its file to the last commit, beside parsing and COPY alone; on servers of its own."""
    from services.cli.bench.importing import run_import_bench
    from services.cli.bench.parts import own_parts

    with own_parts(("registry",)) as parts:
        report = run_import_bench(parts, rows=rows)
    report.show()
    if json is not None:
        report.write(json)
