"""Signing in to an instance from the command line, and asking its services. Speaks HTTP.

Signs in with THIRDRESCUE_API_KEY, or as `--name` with THIRDRESCUE_PASSWORD, or, on the machine of an embedded instance,
as its first account. `--url` names an instance elsewhere, where every service is under one origin.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import httpx
import typer

from services.cli.instance.errors import InstanceError

_TIMEOUT_S: Final = 15.0

Home = Annotated[Path | None, typer.Option("--home", envvar="THIRDRESCUE_HOME", help="Folder of the instance.")]
Url = Annotated[str | None, typer.Option("--url", help="Origin of an instance elsewhere.")]
Name = Annotated[str, typer.Option("--name", help="Account; the password comes from THIRDRESCUE_PASSWORD.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class RefusedByService(InstanceError):
    """A service answered with a problem."""

    def __init__(self, service: str, response: httpx.Response) -> None:
        try:
            problem = response.json()
        except ValueError:
            problem = {}
        self.response = response
        self.problems: tuple[dict[str, Any], ...] = tuple(problem.get("problems") or ())
        detail = problem.get("detail") or response.reason_phrase
        super().__init__(f"{service} answers {response.status_code}: {detail}")


@dataclass(frozen=True)
class Instance:
    """An instance somebody is signed in to."""

    client: httpx.Client
    origins: Mapping[str, str]
    token: str

    def ask(self, service: str, method: str, path: str, **options: Any) -> Any:
        """One request for a document; a problem becomes one sentence."""
        return self.fetch(service, method, path, **options).json()

    def fetch(self, service: str, method: str, path: str, **options: Any) -> httpx.Response:
        """One request for anything; a problem becomes one sentence."""
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        address = f"{self.origins[service]}/{service}{path}"
        return _answer(self.client, service, method, address, headers=headers, **options)


def _answer(client: httpx.Client, service: str, method: str, address: str, **options: Any) -> httpx.Response:
    try:
        response = client.request(method, address, **options)
    except httpx.HTTPError as error:
        where = address.split("/", 3)[2]
        raise InstanceError(f"{service} does not answer at {where}: {type(error).__name__}") from error
    if response.is_success:
        return response
    raise RefusedByService(service, response)


def _origins(services: Sequence[str], home: Path | None, url: str | None) -> Mapping[str, str]:
    names = ("identity", *services)
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


def sign_in(services: Sequence[str], home: Path | None, url: str | None, name: str) -> Instance:
    """Sign in to ask these services, or fail in one sentence."""
    origins = _origins(services, home, url)
    client = httpx.Client(timeout=_TIMEOUT_S, trust_env=False)
    credentials = _credentials(home, url, name)
    answer = _answer(client, "identity", "POST", f"{origins['identity']}/identity/tokens", json=credentials)
    return Instance(client, origins, answer.json()["access_token"])
