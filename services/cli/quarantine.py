"""`thirdrescue quarantine`: what could not be handled, and the decision about it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from schemas.policy import QUARANTINE
from services.cli import access
from services.cli.access import AsJson, Home, Instance, Name, Url
from services.cli.instance.errors import InstanceError

SERVICES: Final = tuple(dict.fromkeys(row.service for row in QUARANTINE))
_COLUMNS: Final = ("service", "id", "state", "topic", "key", "sequence", "event_type", "reason", "held_at")

app = typer.Typer(no_args_is_help=True, help="What could not be handled: list, show, release, discard.")

ServiceArgument = Annotated[str, typer.Argument(help=f"One of {', '.join(SERVICES)}.")]
EntryArgument = Annotated[str, typer.Argument(help="The entry's id.")]


def sign_in(home: Path | None, url: str | None, name: str) -> Instance:
    """Sign in to ask the services that have a quarantine, or fail in one sentence."""
    return access.sign_in(SERVICES, home, url, name)


def _entries(instance: Instance, service: str, filters: Mapping[str, Any]) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = instance.ask(service, "GET", "/quarantine", params=filters)["entries"]
    return entries


def _known(service: str) -> str:
    if service not in SERVICES:
        raise InstanceError(f"{service!r} has no quarantine; these have: {', '.join(SERVICES)}")
    return service


def _print_table(rows: Sequence[Mapping[str, Any]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    for column in _COLUMNS:
        table.add_column(column, overflow="fold", no_wrap=column in ("service", "state"))
    for row in rows:
        table.add_row(*("" if row.get(column) is None else str(row[column]) for column in _COLUMNS))
    Console().print(table)


@app.command("list")
def list_entries(
    service: Annotated[str | None, typer.Argument(help="One service; all of them unless named.")] = None,
    state: Annotated[str | None, typer.Option(help="quarantined, parked, released or discarded.")] = None,
    topic: Annotated[str | None, typer.Option(help="Only records of this topic.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="At most so many per service.")] = 50,
    home: Home = None,
    url: Url = None,
    name: Name = "admin",
    as_json: AsJson = False,
) -> None:
    """List what is held back, newest first."""
    wanted = [_known(service)] if service else list(SERVICES)
    instance = sign_in(home, url, name)
    filters = {k: v for k, v in {"state": state, "topic": topic, "limit": limit}.items() if v is not None}
    rows = [{"service": one, **entry} for one in wanted for entry in _entries(instance, one, filters)]
    if as_json:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    elif not rows:
        typer.echo("Nothing is held back.")
    else:
        _print_table(rows)


@app.command()
def show(
    service: ServiceArgument,
    entry_id: EntryArgument,
    home: Home = None,
    url: Url = None,
    name: Name = "admin",
    as_json: AsJson = False,
) -> None:
    """Show one entry with its record as it came."""
    entry = sign_in(home, url, name).ask(_known(service), "GET", f"/quarantine/{entry_id}")
    if as_json:
        typer.echo(json.dumps(entry, indent=2, ensure_ascii=False))
        return
    for key, value in entry.items():
        typer.echo(f"{key:>14}  {json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value}")


@app.command()
def release(
    service: ServiceArgument,
    entry_id: EntryArgument,
    home: Home = None,
    url: Url = None,
    name: Name = "admin",
    as_json: AsJson = False,
) -> None:
    """Handle it now; what is parked behind it follows."""
    answer = sign_in(home, url, name).ask(_known(service), "POST", f"/quarantine/{entry_id}/release")
    typer.echo(json.dumps(answer) if as_json else f"{entry_id} is released.")


@app.command()
def discard(
    service: ServiceArgument,
    entry_id: EntryArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why it is given up; kept with the entry.")],
    home: Home = None,
    url: Url = None,
    name: Name = "admin",
    as_json: AsJson = False,
) -> None:
    """Go on without it; what is parked behind it follows."""
    instance = sign_in(home, url, name)
    answer = instance.ask(_known(service), "POST", f"/quarantine/{entry_id}/discard", json={"reason": reason})
    typer.echo(json.dumps(answer) if as_json else f"{entry_id} is discarded.")
