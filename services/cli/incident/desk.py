"""The incidents service as these commands ask it: a refusal is told by what it is about and ends the command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from services.cli.access import RefusedByService, sign_in
from services.cli.incident.request import canonical

_REPLAY: Final = "Idempotent-Replay"
_JSON: Final = {"Content-Type": "application/json"}


class Desk:
    """One command's way to the instance."""

    def __init__(self, home: Path | None, url: str | None, name: str, *, as_json: bool = False) -> None:
        self._instance = sign_in(("incidents", "geofencing"), home, url, name)
        self._as_json = as_json

    def get(self, path: str, **query: Any) -> Any:
        """A document of the incidents service."""
        params = {name: value for name, value in query.items() if value is not None}
        return self._told("incidents", "GET", path, params=params).json()

    def post(self, path: str, body: Mapping[str, Any], *, key: str | None = None) -> tuple[Any, bool]:
        """What was answered, and whether that is the answer of an earlier request with the same key.

        Changes get a fresh key: the same words may be meant again later. Declaring brings its own.
        """
        headers = {"Idempotency-Key": key or str(uuid4()), **_JSON}
        response = self._told("incidents", "POST", path, content=canonical(body), headers=headers)
        return response.json(), response.headers.get(_REPLAY) == "true"

    def check(self, body: Mapping[str, Any]) -> Any:
        """What would be declared. Nothing is."""
        return self._told(
            "incidents", "POST", "", content=canonical(body), headers=_JSON, params={"dry_run": "true"}
        ).json()

    def preview(self, body: Mapping[str, Any]) -> Any:
        """Whom it would reach."""
        return self._told("geofencing", "POST", "/preview", content=canonical(body), headers=_JSON).json()

    def _told(self, service: str, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            return self._instance.fetch(service, method, path, **options)
        except RefusedByService as refused:
            if not refused.problems:
                raise
            if self._as_json:
                typer.echo(refused.response.text)
            else:
                show_problems(refused.problems)
                typer.echo(f"error: {refused}", err=True)
            raise typer.Exit(1) from refused


def show_problems(problems: Sequence[Mapping[str, Any]]) -> None:
    """What is wrong, or worth a look, by what it is about (a JSON pointer into what was sent)."""
    if not problems:
        return
    table = Table("位置 Where", "问题 What")
    for problem in problems:
        words = [problem["what_zh"]] if "what_zh" in problem else []
        table.add_row(escape(problem["where"] or "/"), escape("\n".join([*words, problem["what"]])))
    Console().print(table)
