"""`thirdrescue import` and `export` against the served registry."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from typer.testing import CliRunner

from services.cli import export_roster, import_roster
from services.cli.access import Instance
from services.cli.instance.errors import InstanceError
from tests.integration.registry.imports.harness import csv_file, importing, station, volunteer
from tests.support.service_rig import ServiceRig

pytestmark = pytest.mark.integration


@asynccontextmanager
async def served(rig: ServiceRig, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """The registry on a port, its importer at work, and commands signed in to it."""
    sock = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(rig.app, log_config=None, lifespan="off"))
    running = asyncio.create_task(server.serve([sock]))
    origin = f"http://127.0.0.1:{sock.getsockname()[1]}"

    async with rig.client() as client:
        token = client.headers["Authorization"].removeprefix("Bearer ")

    def sign_in(*_: Any) -> Instance:
        return Instance(httpx.Client(trust_env=False), {"registry": origin}, token)

    for module in (import_roster, export_roster):
        monkeypatch.setattr(module, "sign_in", sign_in)
    try:
        async with importing(rig, chunk_rows=50):
            yield
    finally:
        server.should_exit = True
        await running


async def call(app: Any, *arguments: str) -> Any:
    return await asyncio.to_thread(CliRunner().invoke, app, arguments, env={"COLUMNS": "160"})


async def test_a_roster_comes_in_is_shown_goes_out_and_is_undone(
    rig: ServiceRig, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stations, roster, said = tmp_path / "stations.csv", tmp_path / "people.csv", tmp_path / "said.json"
    stations.write_bytes(csv_file(station()))
    roster.write_bytes(csv_file(volunteer("V-1"), volunteer("V-2", 手机号="张三"), volunteer("V-3", 角色="后勤部")))
    async with served(rig, monkeypatch):
        assert (await call(import_roster.app, "stations", str(stations))).exit_code == 0
        dry = await call(import_roster.app, "volunteers", str(roster), "--dry-run")
        assert "dry run" in dry.output
        assert await rig.count("volunteers") == 0
        brought = await call(import_roster.app, "volunteers", str(roster), "--json", str(said))
        assert brought.exit_code == 1
        assert "1 created, 0 unchanged, 0 changed, 2 refused" in brought.output
        assert all(word in brought.output for word in ("手机号", "不是电话号码", "is no telephone number", "后勤部"))
        assert "张三" not in brought.output + said.read_text("utf-8")
        document = json.loads(said.read_text("utf-8"))
        assert [error["row"] for error in document["errors"]] == [3, 4]
        out = tmp_path / "out.xlsx"
        assert (await call(export_roster.app, "volunteers", str(out), "--identities", "--zh")).exit_code == 0
        same = await call(import_roster.app, "volunteers", str(out))
        assert (same.exit_code, "1 unchanged" in same.output) == (0, True)
        wrong = await call(import_roster.app, "stations", "--undo", document["import_id"])
        assert isinstance(wrong.exception, InstanceError)
        undone = await call(import_roster.app, "volunteers", "--undo", document["import_id"])
        assert (undone.exit_code, "1 restored" in undone.output) == (0, True)
        listed = await call(import_roster.app, "list", "--json", str(said))
        assert (listed.exit_code, document["import_id"] in listed.output) == (0, True)
        past = json.loads(said.read_text("utf-8"))
        assert {(job["import_id"], job["state"]) for job in past} >= {(document["import_id"], "undone")}
        assert ("stations", "done") in {(job["kind"], job["state"]) for job in past}
    assert await rig.count("volunteers") == 0


@pytest.mark.parametrize("arguments", [[], ["nowhere.csv", "--undo", "x"], ["--undo", "x", "--dry-run"]])
async def test_wrong_usage_is_told(arguments: list[str]) -> None:
    assert (await call(import_roster.app, "stations", *arguments)).exit_code == 2
