"""Files and how tests bring them: uploaded through the API, worked on by the service's own loop."""

from __future__ import annotations

import asyncio
import csv
import io
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from services.registry.imports.model import State
from services.registry.imports.runner import Importer
from tests.support.service_rig import ServiceRig

FINAL: Final = frozenset({State.DONE, State.REFUSED, State.FAILED, State.UNDONE})
WITHIN_S: Final = 30.0
STATION: Final = {
    "ref": "S-1", "kind": "emergency-station", "tier": "county", "name_zh": "都江堰心理应急站", "name_en": "Dujiangyan",
    "area_code": "510181", "lat_deg": "31.0", "lon_deg": "103.6", "languages": "cmn",
}  # fmt: skip
VOLUNTEER: Final = {
    "编号": "V-1", "所属站点编号": "S-1", "姓名": "模拟队员", "手机号": "+999 100 0001", "角色": "心理急救；后勤",
    "语言": "普通话", "是否成年": "是", "证书1种类": "pfa-training", "证书1发证机构": "CAST", "证书1编号": "P-1",
    "证书1适用角色": "心理急救", "证书1有效期至": "2027年1月1日",
}  # fmt: skip


def station(**changes: str) -> dict[str, str]:
    return {**STATION, **changes}


def volunteer(ref: str, **changes: str) -> dict[str, str]:
    return {**VOLUNTEER, "编号": ref, "证书1编号": f"P-{ref}", **changes}


def csv_file(*rows: dict[str, str]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(name for row in rows for name in row)))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


@asynccontextmanager
async def importing(rig: ServiceRig, *, chunk_rows: int = 3) -> AsyncIterator[Importer]:
    """The importer runs inside the block, with small transactions."""
    importer = Importer(rig.runtime, chunk_rows=chunk_rows)
    running = asyncio.create_task(importer.run())
    try:
        yield importer
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def upload(
    rig: ServiceRig, kind: str, content: bytes, *, areas: Sequence[str] = ("*",), media_type: str = "text/csv",
    **options: Any,
) -> Any:  # fmt: skip
    """The answer to an upload."""
    async with rig.client(areas=areas) as client:
        return await client.post(
            "/registry/imports", params={"kind": kind, **options}, content=content, headers={"Content-Type": media_type}
        )


async def ended(rig: ServiceRig, import_id: str) -> dict[str, Any]:
    """The import when there is nothing left to do."""
    deadline = time.monotonic() + WITHIN_S
    async with rig.client() as client:
        while True:
            document: dict[str, Any] = (await client.get(f"/registry/imports/{import_id}")).json()
            if document["state"] in FINAL:
                return document
            assert time.monotonic() < deadline, document
            await asyncio.sleep(0.02)


async def bring(rig: ServiceRig, kind: str, content: bytes, *, chunk_rows: int = 3, **options: Any) -> dict[str, Any]:
    """Upload a file and let it be worked on to its end."""
    async with importing(rig, chunk_rows=chunk_rows) as importer:
        answer = await upload(rig, kind, content, **options)
        assert answer.status_code == 202, answer.text
        importer.wake()
        return await ended(rig, answer.json()["import_id"])


async def take_back(rig: ServiceRig, import_id: str, *, chunk_rows: int = 3) -> dict[str, Any]:
    """Undo an import."""
    async with importing(rig, chunk_rows=chunk_rows) as importer:
        async with rig.client() as client:
            answer = await client.post(f"/registry/imports/{import_id}/undo")
        assert answer.status_code == 202, answer.text
        importer.wake()
        return await ended(rig, import_id)


async def register(rig: ServiceRig) -> dict[str, list[Any]]:
    """All that the register holds, but for when it was written."""
    tables = {
        "stations": "SELECT to_jsonb(t) - '{registered_at,changed_at}'::text[] AS row FROM stations t ORDER BY ref",
        "volunteers": "SELECT to_jsonb(t) - '{enrolled_at,changed_at}'::text[] AS row FROM volunteers t ORDER BY ref",
        "credentials": "SELECT to_jsonb(t) AS row FROM credentials t ORDER BY volunteer_id, kind, number",
        "memberships": "SELECT to_jsonb(t) AS row FROM memberships t ORDER BY volunteer_id, station_id",
        "identities": "SELECT to_jsonb(t) - 'changed_at' AS row FROM identities t ORDER BY volunteer_id",
    }
    return {name: [row["row"] for row in await rig.runtime.pool.fetch(sql)] for name, sql in tables.items()}


def where(document: dict[str, Any]) -> list[tuple[int, str, str]]:
    """Row, heading and code of every error."""
    return [(error["row"], error["column"], error["code"]) for error in document["errors"]]
