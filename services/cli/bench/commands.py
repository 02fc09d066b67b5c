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
