"""`bench import`: a roster of volunteers from its file to all rows committed, with their events in the outbox.

Floors from the same run: reading the file with the `csv` module alone, and COPY of the same rows into a bare table.
The file's rows are simulated. The service's own code runs in this process, on a PostgreSQL of its own, without a relay.
"""

from __future__ import annotations

import csv
import hashlib
import io
import resource
import time
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID, uuid4

from services.cli.bench.parts import Parts
from services.cli.bench.report import Report
from services.kit import db
from services.kit.auth import KeySet, TokenVerifier
from services.kit.clock import SystemClock
from services.kit.health import Health
from services.kit.migrate import migrate
from services.kit.runtime import Runtime
from services.kit.settings import KitSettings
from services.registry.imports import store
from services.registry.imports.api import PART_BYTES
from services.registry.imports.export import WorkbookWriter
from services.registry.imports.mapping import RosterFile
from services.registry.imports.model import Import, Kind, State
from services.registry.imports.runner import CHUNK_ROWS, Importer
from services.registry.store import FOLDER
from services.registry.volunteers.model import VolunteerEntry

STATIONS: Final = 456
GOAL_ROWS: Final = 100_000
GOAL_S: Final = 60.0
_STATION_HEAD: Final = ("ref", "kind", "tier", "name_zh", "name_en", "area_code", "lat_deg", "lon_deg")
_HEAD: Final = (
    "编号", "所属站点编号", "姓名", "手机号", "角色", "语言", "是否可调用", "是否成年",
    "证书1种类", "证书1发证机构", "证书1编号", "证书1适用角色", "证书1有效期至",
)  # fmt: skip
_BARE: Final = """
CREATE UNLOGGED TABLE IF NOT EXISTS bench_bare (
    a text, b text, c text, d text, e text, f text, g text, h text, i text, j text, k text, l text, m text)
"""


def run_import_bench(parts: Parts, *, rows: int) -> Report:
    """Measure everything; takes some minutes."""
    import uvloop

    return uvloop.run(_run(parts, rows))


async def _run(parts: Parts, rows: int) -> Report:
    report = Report("import")
    content = _volunteers(rows)
    report.add("rows", rows, "")
    report.add("file", len(content) / 2**20, "MiB")
    bare_s = report.add("floor: the csv module alone", _parse(content), "s")
    report.add("reading, mapping and validating alone", _map(content), "s")
    settings = KitSettings()
    pool = await db.create_pool(parts.dsn("registry"), "registry", settings)
    try:
        async with pool.acquire() as connection:
            await migrate(connection, "registry", FOLDER / "sql" / "migrations")
        runtime = _runtime(pool, settings)
        await _bring(runtime, Kind.STATIONS, _stations())
        await pool.execute("DELETE FROM outbox")
        await _measure(report, runtime, content, rows)
        copy_s = report.add("floor: COPY of the same rows into a bare table", await _copy(pool, content), "s")
        report.add("import over both floors", report.goals[0].value / (bare_s + copy_s), "times")
    finally:
        await pool.close()
    report.left_out += [
        "the upload over HTTP, and the relay, which sends the events afterwards",
        f"workbooks: the file is CSV in UTF-8 (reading a workbook of the same rows alone: {_workbook(content):.1f} s)",
    ]
    return report


async def _measure(report: Report, runtime: Runtime, content: bytes, rows: int) -> None:
    took_s, done = await _bring(runtime, Kind.VOLUNTEERS, content)
    _expect(done, created=rows)
    events = await runtime.pool.fetchval("SELECT count(*) FROM outbox")
    report.aim(f"{rows} volunteers, file to commit", took_s, "at most", GOAL_S * rows / GOAL_ROWS, "s")
    report.add("imported", rows / took_s, "rows/s")
    report.add("events in the outbox", events, "")
    report.add("events", events / took_s, "events/s")
    report.add(
        "most memory of this process until then", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MiB"
    )
    again_s, again = await _bring(runtime, Kind.VOLUNTEERS, content)
    _expect(again, unchanged=rows)
    report.add("the same file again: all unchanged", rows / again_s, "rows/s")
    dry_s, dry = await _bring(runtime, Kind.VOLUNTEERS, content, dry_run=True)
    _expect(dry, unchanged=rows)
    report.add("the same as a dry run", rows / dry_s, "rows/s")
    began = time.perf_counter()
    async with runtime.pool.acquire() as connection:
        await store.begin_undo(connection, done.import_id)
    undone = await _work(runtime, done.import_id)
    if undone.restored != rows:
        raise RuntimeError(f"{undone.restored} of {rows} rows were undone")
    report.add("undone", rows / (time.perf_counter() - began), "rows/s")
    report.add("rows in one transaction", CHUNK_ROWS, "")


def _expect(done: Import, **counts: int) -> None:
    found: Mapping[str, int] = {
        name: getattr(done.counts, name) for name in ("created", "unchanged", "changed", "refused")
    }
    if found != {**dict.fromkeys(found, 0), **counts}:
        raise RuntimeError(f"the import ended as {done.state} with {found}")


def _runtime(pool: Any, settings: KitSettings) -> Runtime:
    """As the service has it, but nobody signs in."""
    clock = SystemClock()
    keys = KeySet.__new__(KeySet)  # no request is made, so no key is looked at
    return Runtime(
        "registry", settings=settings, clock=clock, pool=pool, verifier=TokenVerifier(keys, clock), health=Health()
    )  # fmt: skip


async def _bring(runtime: Runtime, kind: Kind, content: bytes, *, dry_run: bool = False) -> tuple[float, Import]:
    """Put the file into the database as an upload does, and work on it to its end."""
    began = time.perf_counter()
    import_id = uuid4()
    now = runtime.clock.now()
    async with runtime.pool.acquire() as connection:
        for number, start in enumerate(range(0, len(content), PART_BYTES)):
            await store.add_part(connection, import_id, number, content[start : start + PART_BYTES], now)
        await store.request(
            connection, import_id, kind, dry_run=dry_run, all_or_nothing=False,
            sha256=hashlib.sha256(content).digest(), file_bytes=len(content), actor="bench", areas=["*"], now=now,
        )  # fmt: skip
    done = await _work(runtime, import_id)
    return time.perf_counter() - began, done


async def _work(runtime: Runtime, import_id: UUID) -> Import:
    importer = Importer(runtime)
    while await importer.work_once():
        pass
    async with runtime.pool.acquire() as connection:
        done = await store.load(connection, import_id)
    if done is None or done.state not in (State.DONE, State.UNDONE):
        raise RuntimeError(f"the import is {None if done is None else done.state}")
    return done


def _parse(content: bytes) -> float:
    began = time.perf_counter()
    text = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", newline="")
    for _ in csv.reader(text):
        pass
    return time.perf_counter() - began


def _map(content: bytes) -> float:
    began = time.perf_counter()
    for rows in RosterFile(content, VolunteerEntry).batches(CHUNK_ROWS):
        if rows.errors:
            raise RuntimeError(f"{len(rows.errors)} rows cannot be read")
    return time.perf_counter() - began


def _workbook(content: bytes) -> float:
    writer = WorkbookWriter("volunteers")
    writer.add(list(csv.reader(io.StringIO(content.decode()))))
    file = io.BytesIO()
    writer.save(file)
    return _map(file.getvalue())


async def _copy(pool: Any, content: bytes) -> float:
    async with pool.acquire() as connection:
        await connection.execute(_BARE)
        records = list(csv.reader(io.StringIO(content.decode())))[1:]
        began = time.perf_counter()
        await connection.copy_records_to_table("bench_bare", records=records)
        return time.perf_counter() - began


def _stations() -> bytes:
    return _csv(
        _STATION_HEAD,
        (
            (f"S-{n:03}", "emergency-station", "county", f"模拟站{n}", f"simulated station {n}", "510181",
             str(25 + n % 20), str(100 + n % 15))
            for n in range(STATIONS)
        ),
    )  # fmt: skip


def _volunteers(rows: int) -> bytes:
    return _csv(
        _HEAD,
        (
            (
                f"V-{n:06}", f"S-{n % STATIONS:03}", f"模拟队员{n:06}", f"+999 {n:07}", "心理急救;后勤", "普通话", "是",
                "是", "pfa-training", "simulated", f"P-{n:06}", "心理急救", "2099-01-01",
            )
            for n in range(rows)
        ),
    )  # fmt: skip


def _csv(head: tuple[str, ...], rows: Any) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(head)
    writer.writerows(rows)
    return out.getvalue().encode()
