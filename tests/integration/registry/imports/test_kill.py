"""kill -9 in the middle of an import, and of its undo: nothing is doubled, nothing is lost."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.integration.registry.imports.harness import bring, csv_file, ended, register, station, upload, volunteer
from tests.support.service_rig import ServiceRig

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]
ROWS = 200
WITHIN_S = 40.0


@asynccontextmanager
async def importer(rig: ServiceRig) -> AsyncIterator[None]:
    """An importer in a process of its own, killed at the end of the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.integration.registry.imports.importer_process", rig.dsn
    )
    try:
        yield
    finally:
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()


async def got_on(rig: ServiceRig, progress: str) -> None:
    """Wait until some of the work is done, and a moment more; `progress` is the column that grows."""
    deadline = time.monotonic() + WITHIN_S
    while await how_far(rig, progress) == 0:
        assert time.monotonic() < deadline, "it does not get on"
        await asyncio.sleep(0.005)
    await asyncio.sleep(random.uniform(0, 0.03))


async def how_far(rig: ServiceRig, column: str) -> int:
    return int(await rig.runtime.pool.fetchval(f"SELECT max({column}) FROM imports WHERE kind = 'volunteers'"))  # noqa: S608


async def test_kills_in_the_middle_double_and_lose_nothing(rig: ServiceRig) -> None:
    await bring(rig, "stations", csv_file(station()))
    await rig.forget_emitted()
    before = await register(rig)
    rows = [volunteer(f"V-{n:03}", 证书1有效期至="2099-01-01") for n in range(ROWS)]
    content = csv_file(*rows[:100], volunteer("V-bad", 角色="?"), *rows[100:])
    import_id = (await upload(rig, "volunteers", content)).json()["import_id"]
    async with importer(rig):
        await got_on(rig, "rows_done")
    assert await how_far(rig, "rows_done") < ROWS, "the kill came too late to prove anything"
    async with importer(rig):
        done = await ended(rig, import_id)
        await check_import(rig, import_id, done)
        async with rig.client() as client:
            await client.post(f"/registry/imports/{import_id}/undo")
        await got_on(rig, "restored")
    assert await how_far(rig, "restored") < ROWS, "the kill came too late to prove anything"
    async with importer(rig):
        undone = await ended(rig, import_id)
    assert undone["undo"] == {"restored": ROWS, "left_as_is": 0}
    assert await register(rig) == before
    again = Counter((envelope.type, envelope.key) for envelope in await rig.emitted())
    assert [count for (kind, _), count in again.items() if kind == "volunteer.retired"] == [1] * ROWS


async def check_import(rig: ServiceRig, import_id: str, done: dict[str, Any]) -> None:
    """Every row once, with its facts once."""
    assert done["counts"] == {"created": ROWS, "unchanged": 0, "changed": 0, "refused": 1}
    assert [error["row"] for error in done["errors"]] == [102]
    assert await rig.count("volunteers") == ROWS
    kept = "SELECT count(*), count(DISTINCT object_id) FROM import_changes WHERE import_id = $1"
    assert tuple(await rig.runtime.pool.fetchrow(kept, import_id) or ()) == (ROWS, ROWS)
    told = Counter((envelope.type, envelope.key) for envelope in await rig.emitted())
    assert set(told.values()) == {1}
    assert len(told) == 4 * ROWS
