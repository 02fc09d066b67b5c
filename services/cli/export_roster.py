"""`thirdrescue export`: take stations or volunteers out as a CSV file or a workbook, in the columns of an import."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from services.cli.access import Home, Name, Url, sign_in
from services.cli.instance.errors import InstanceError

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Take stations or volunteers out as a file.")

File = Annotated[Path, typer.Argument(help="Written to; .xlsx makes a workbook, anything else CSV.", dir_okay=False)]
Chinese = Annotated[bool, typer.Option("--zh", help="Headings and words in Chinese.")]


@app.command()
def stations(file: File, zh: Chinese = False, home: Home = None, url: Url = None, name: Name = "admin") -> None:
    """Take out the stations and detachments of the account's areas."""
    _take(file, "stations", {"headings": "zh" if zh else "en"}, home, url, name)


@app.command()
def volunteers(
    file: File,
    zh: Chinese = False,
    identities: Annotated[bool, typer.Option("--identities", help="With names, numbers and certificates.")] = False,
    home: Home = None,
    url: Url = None,
    name: Name = "admin",
) -> None:
    """Take out the volunteers of the account's areas; without --identities nobody can be known by it."""
    _take(file, "volunteers", {"headings": "zh" if zh else "en", "identities": identities}, home, url, name)


def _take(
    file: Path, kind: str, params: dict[str, Any], home: Path | None, url: str | None, name: str
) -> None:  # fmt: skip
    params["format"] = "xlsx" if file.suffix.lower() == ".xlsx" else "csv"
    instance = sign_in(["registry"], home, url, name)
    answer = instance.fetch("registry", "GET", f"/exports/{kind}", params=params, timeout=httpx.Timeout(120.0))
    try:
        file.write_bytes(answer.content)
    except OSError as error:
        raise InstanceError(f"{file} cannot be written: {error.strerror or error}") from error
    typer.echo(f"{file}: {len(answer.content)} bytes")
