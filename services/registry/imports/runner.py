"""The loop that works on imports: one at a time, some rows per transaction, going on where it was after a restart.

Rows are stored together with how far the import has come, so a process killed at any point doubles and loses nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from schemas.ids import derived_id
from services.kit.db import is_transient
from services.kit.log import describe_error, get_logger
from services.kit.runtime import Runtime
from services.kit.unit import Unit
from services.registry.imports import store, undo
from services.registry.imports.desks import Desk, Judged, desk_of
from services.registry.imports.findings import FileRefused, RowError
from services.registry.imports.mapping import RosterFile, Rows
from services.registry.imports.model import ENTRIES, UNDO_FOR, Counts, Import, State
from services.registry.store import lock_register

_log = get_logger(__name__)
CHUNK_ROWS: Final = 500
"""Rows of one transaction: few enough that the register's lock is not held for long."""
LOOK_AGAIN_S: Final = 1.0
"""Longest time without a look at the table: imports that another process took are at most this late."""
_SWEEP_EVERY_S: Final = 600.0
_UPLOAD_MAX: Final = timedelta(hours=1)


class Importer:
    """Works on imports until it is cancelled."""

    def __init__(self, runtime: Runtime, *, chunk_rows: int = CHUNK_ROWS) -> None:
        self._runtime = runtime
        self._chunk_rows = chunk_rows
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Look at the table now."""
        self._wake.set()

    async def run(self) -> None:
        """Work, and wait for work."""
        failures = 0
        loop = asyncio.get_running_loop()
        sweep_at = loop.time()
        while True:
            self._wake.clear()
            wait_s = LOOK_AGAIN_S
            try:
                if await self.work_once():
                    wait_s = 0.0
                elif loop.time() >= sweep_at:
                    await self._sweep()
                    sweep_at = loop.time() + _SWEEP_EVERY_S
                failures = 0
            except Exception as error:
                if not is_transient(error):
                    raise
                failures += 1
                wait_s = min(0.1 * 2**failures, 5.0)
                _log.warning("imports.waiting", error=describe_error(error), attempts=failures)
            if wait_s > 0:
                await _wait(self._wake, wait_s)

    async def work_once(self) -> bool:
        """Work on the oldest import with work left, to its end (an undo: some of it); says whether there was one."""
        async with self._runtime.pool.acquire() as connection:
            job = await store.next_open(connection)
        if job is None:
            return False
        try:
            await self._work(job)
        except Exception as error:
            if is_transient(error):
                raise
            _log.exception("import.failed", import_id=str(job.import_id))
            async with self._runtime.pool.acquire() as connection, connection.transaction():
                await store.finish(connection, job.import_id, State.FAILED, self._runtime.clock.now())
        return True

    async def _work(self, job: Import) -> None:
        if job.state is State.UNDOING:
            return await undo.undo_some(self._runtime, job, self._chunk_rows)
        async with self._runtime.pool.acquire() as connection:
            content = await store.read_file(connection, job.import_id)
        try:
            file: RosterFile[Any] = await asyncio.to_thread(RosterFile, content, ENTRIES[job.kind])
            if job.state is not State.STORING and (job.dry_run or job.all_or_nothing):
                job = await self._begin(job, file, State.CHECKING)
                job = await self._go_through(job, file)
                if job.dry_run or job.counts.refused:
                    return await self._finish(job, State.DONE if job.dry_run else State.REFUSED)
            if job.state is not State.STORING:
                job = await self._begin(job, file, State.STORING)
            job = await self._go_through(job, file)
        except FileRefused as refused:
            return await self._refuse(job, refused.errors)
        if job.all_or_nothing and job.counts.refused:  # it was all right when it was checked
            async with self._runtime.pool.acquire() as connection:
                await store.begin_undo(connection, job.import_id)
            return None
        return await self._finish(job, State.DONE)

    async def _begin(self, job: Import, file: RosterFile[Any], state: State) -> Import:
        table = file.table
        async with self._runtime.pool.acquire() as connection, connection.transaction():
            await store.lock(connection, job.import_id)
            await store.begin(connection, job.import_id, state, file.row_count, table.format, table.detail)
            return await store.lock(connection, job.import_id)

    async def _refuse(self, job: Import, errors: tuple[RowError, ...]) -> None:
        async with self._runtime.pool.acquire() as connection, connection.transaction():
            job = await store.lock(connection, job.import_id)
            await store.advance(connection, job, 0, Counts(), errors)
            await store.finish(connection, job.import_id, State.REFUSED, self._runtime.clock.now())

    async def _finish(self, job: Import, state: State) -> None:
        async with self._runtime.pool.acquire() as connection, connection.transaction():
            await store.finish(connection, job.import_id, state, self._runtime.clock.now())

    async def _go_through(self, job: Import, file: RosterFile[Any]) -> Import:
        """All rows that are not done; the next ones are read while some are stored."""
        desk = desk_of(job, file)
        batches = file.batches(self._chunk_rows, skip=job.rows_done, order=desk.order)
        rows = await asyncio.to_thread(_next, batches)
        while rows is not None:
            following = asyncio.create_task(asyncio.to_thread(_next, batches))
            try:
                take = self._store if job.state is State.STORING else self._check
                job = await take(job, desk, rows)
            finally:
                rows = await following
        return job

    async def _check(self, job: Import, desk: Desk, rows: Rows[Any]) -> Import:
        """Decide as if to store, and store nothing."""
        async with self._runtime.pool.acquire() as connection:
            judged = await desk.judge(connection, rows.entries, self._runtime.clock.now(), lock=False)
        async with self._runtime.pool.acquire() as connection, connection.transaction():
            return await self._advance(connection, await store.lock(connection, job.import_id), judged, rows)

    async def _store(self, job: Import, desk: Desk, rows: Rows[Any]) -> Import:
        command_id = derived_id(job.import_id, "rows", job.rows_done)
        async with self._runtime.unit(command_id=command_id, actor=job.actor) as unit:
            await lock_register(unit.connection)
            held = await store.lock(unit.connection, job.import_id)
            if held.state is not State.STORING or held.rows_done != job.rows_done:
                raise TimeoutError("another process works on this import")  # as transient as any lock
            judged = await desk.judge(unit.connection, rows.entries, unit.now, lock=True)
            await self._keep_changes(unit, held, judged)
            await judged.save(unit)
            return await self._advance(unit.connection, held, judged, rows)

    async def _keep_changes(self, unit: Unit, job: Import, judged: Judged) -> None:
        changes = [replace(change, ordinal=job.rows_done + n) for n, change in enumerate(judged.changes)]
        await store.add_changes(unit.connection, job.import_id, changes, unit.now)
        await store.add_former_identities(unit.connection, job.import_id, judged.former_identities)

    async def _advance(self, connection: Any, job: Import, judged: Judged, rows: Rows[Any]) -> Import:
        errors = [error for _, found in sorted({**rows.errors, **judged.errors}.items()) for error in found]
        await store.advance(connection, job, rows.count, judged.counts(len(rows.errors)), errors)
        return await store.lock(connection, job.import_id)

    async def _sweep(self) -> None:
        now = self._runtime.clock.now()
        async with self._runtime.pool.acquire() as connection:
            await store.sweep(connection, parts_before=now - _UPLOAD_MAX, changes_before=now - UNDO_FOR)


def _next(batches: Iterator[Rows[Any]]) -> Rows[Any] | None:
    return next(batches, None)


async def _wait(event: asyncio.Event, timeout_s: float) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            await event.wait()
    except TimeoutError:
        return
