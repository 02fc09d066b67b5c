"""`thirdrescue quarantine`: what could not be handled, and the decision about it. Speaks HTTP to the services.

Signs in with THIRDRESCUE_API_KEY, or as `--name` with THIRDRESCUE_PASSWORD, or, on the machine of an embedded instance,
as its first account. `--url` names an instance elsewhere, where every service is under one origin.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import httpx
import typer

from schemas.policy import QUARANTINE
from services.cli.instance.errors import InstanceError

SERVICES: Final = tuple(dict.fromkeys(row.service for row in QUARANTINE))
_COLUMNS: Final = ("service", "id", "state", "topic", "key", "sequence", "event_type", "reason", "held_at")
_TIMEOUT_S: Final = 15.0

app = typer.Typer(no_args_is_help=True, help="What could not be handled: list, show, release, discard.")

Home = Annotated[Path | None, typer.Option("--home", envvar="THIRDRESCUE_HOME", help="Folder of the instance.")]
Url = Annotated[str | None, typer.Option("--url", help="Origin of an instance elsewhere.")]
Name = Annotated[str, typer.Option("--name", help="Account; the password comes from THIRDRESCUE_PASSWORD.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ServiceArgument = Annotated[str, typer.Argument(help=f"One of {', '.join(SERVICES)}.")]
EntryArgument = Annotated[str, typer.Argument(help="The entry's id.")]


@dataclass(frozen=True)
class Instance:
    """An instance somebody is signed in to."""

    client: httpx.Client
    origins: Mapping[str, str]
    token: str

    def ask(self, service: str, method: str, path: str, **options: Any) -> Any:
        """One request; a problem becomes one sentence."""
        headers = {"Authorization": f"Bearer {self.token}"}
        address = f"{self.origins[service]}/{service}/quarantine{path}"
        return _answer(self.client, service, method, address, headers=headers, **options)


def _answer(client: httpx.Client, service: str, method: str, address: str, **options: Any) -> Any:
    try:
        response = client.request(method, address, **options)
    except httpx.HTTPError as error:
        where = address.split("/", 3)[2]
        raise InstanceError(f"{service} does not answer at {where}: {type(error).__name__}") from error
    if response.is_success:
        return response.json()
    try:
        detail = response.json().get("detail", "")
    except ValueError:
        detail = ""
    raise InstanceError(f"{service} answers {response.status_code}: {detail or response.reason_phrase}")


def _origins(home: Path | None, url: str | None) -> Mapping[str, str]:
    names = ("identity", *SERVICES)
    if url is not None:
        return dict.fromkeys(names, url.rstrip("/"))
    from services.cli.instance.options import layout_at
    from services.cli.instance.record import read_record

    record = read_record(layout_at(home))
    if record is None:
        raise InstanceError("no instance was started here; name one elsewhere with --url")
    return {name: record.url(name) for name in names}


def _credentials(home: Path | None, url: str | None, name: str) -> dict[str, str]:
    api_key, password = os.environ.get("THIRDRESCUE_API_KEY"), os.environ.get("THIRDRESCUE_PASSWORD")
    if api_key:
        return {"grant_type": "client_credentials", "api_key": api_key}
    if not password and url is None:
        from services.cli.instance.keys import admin_password_file
        from services.cli.instance.options import layout_at

        path = admin_password_file(layout_at(home).secrets)
        password = path.read_text("utf-8").strip() if path.exists() else None
    if not password:
        raise InstanceError("sign in with THIRDRESCUE_API_KEY, or with --name and THIRDRESCUE_PASSWORD")
    return {"grant_type": "password", "name": name, "password": password}


def sign_in(home: Path | None, url: str | None, name: str) -> Instance:
    """Sign in, or fail in one sentence."""
    origins = _origins(home, url)
    client = httpx.Client(timeout=_TIMEOUT_S, trust_env=False)
    credentials = _credentials(home, url, name)
    answer = _answer(client, "identity", "POST", f"{origins['identity']}/identity/tokens", json=credentials)
    return Instance(client, origins, answer["access_token"])


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
    rows = [
        {"service": one, **entry} for one in wanted for entry in instance.ask(one, "GET", "", params=filters)["entries"]
    ]
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
    entry = sign_in(home, url, name).ask(_known(service), "GET", f"/{entry_id}")
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
    answer = sign_in(home, url, name).ask(_known(service), "POST", f"/{entry_id}/release")
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
    answer = instance.ask(_known(service), "POST", f"/{entry_id}/discard", json={"reason": reason})
    typer.echo(json.dumps(answer) if as_json else f"{entry_id} is discarded.")
