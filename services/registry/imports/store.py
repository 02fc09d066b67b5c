"""The tables of imports. Every function works on the caller's connection; parts of an upload have no transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import aiosql
import orjson

from services.registry.imports.findings import RowError
from services.registry.imports.limits import ERRORS_KEPT_MAX
from services.registry.imports.model import Change, Counts, Import, Kind, State
from services.registry.volunteers.model import Identity

_SQL: Final = aiosql.from_path(Path(__file__).parent / "sql" / "queries.sql", "asyncpg", mandatory_parameters=False)


async def add_part(connection: Any, import_id: UUID, number: int, content: bytes, now: datetime) -> None:
    """Keep one part of a file."""
    await connection.execute(_SQL.add_part.sql, import_id, number, content, now)


async def read_file(connection: Any, import_id: UUID) -> bytes:
    """The whole file."""
    return b"".join(row["content"] for row in await connection.fetch(_SQL.parts.sql, import_id))


async def remove_file(connection: Any, import_id: UUID) -> None:
    """Forget the file."""
    await connection.execute(_SQL.remove_parts.sql, import_id)


async def request(
    connection: Any, import_id: UUID, kind: Kind, *, dry_run: bool, all_or_nothing: bool, sha256: bytes,
    file_bytes: int, actor: str, areas: Sequence[str], now: datetime,
) -> None:  # fmt: skip
    """Take up an import whose file is here."""
    await connection.execute(
        _SQL.request.sql, import_id, kind, dry_run, all_or_nothing, sha256, file_bytes, actor, list(areas), now
    )


async def load(connection: Any, import_id: UUID) -> Import | None:
    """One import."""
    row = await connection.fetchrow(_SQL.import_by_id.sql, import_id)
    return None if row is None else _read(row)


async def list_imports(
    connection: Any, prefixes: Sequence[str], kind: Kind | None, state: State | None, before: UUID | None, limit: int
) -> list[Import]:
    """Those of accounts whose areas lie within these, the newest first."""
    return [_read(row) for row in await connection.fetch(_SQL.imports_page.sql, prefixes, kind, state, before, limit)]


async def lock(connection: Any, import_id: UUID) -> Import:
    """One import, which nobody else works on until the transaction ends."""
    return _read(await connection.fetchrow(_SQL.lock_import.sql, import_id))


async def next_open(connection: Any) -> Import | None:
    """The oldest with work left."""
    row = await connection.fetchrow(_SQL.next_open.sql)
    return None if row is None else _read(row)


async def begin(connection: Any, import_id: UUID, state: State, rows: int, file_format: str, detail: str) -> None:
    """Begin a pass over the file: counts and errors of a former one are forgotten."""
    await connection.execute(_SQL.forget_errors.sql, import_id)
    await connection.execute(_SQL.begin.sql, import_id, state, rows, file_format, detail)


async def advance(connection: Any, job: Import, rows: int, counts: Counts, errors: Sequence[RowError]) -> None:
    """Count what was done, and keep what was wrong."""
    await add_errors(connection, job.import_id, job.errors_total, errors)
    became = (counts.created, counts.unchanged, counts.changed, counts.refused)
    await connection.execute(_SQL.advance.sql, job.import_id, rows, *became, len(errors))


async def add_errors(connection: Any, import_id: UUID, after: int, errors: Sequence[RowError]) -> None:
    """Keep errors, as far as so many are kept."""
    kept = [(after + n, error) for n, error in enumerate(errors, start=1) if after + n <= ERRORS_KEPT_MAX]
    if kept:
        rows = ((n, e.row, e.column, e.field, e.code, e.what, e.what_zh, e.value) for n, e in kept)
        await connection.execute(_SQL.add_errors.sql, import_id, *map(list, zip(*rows, strict=True)))


async def errors(connection: Any, import_id: UUID, after: int, limit: int) -> list[dict[str, Any]]:
    """Errors in the order in which they were found."""
    rows = await connection.fetch(_SQL.errors.sql, import_id, after, limit)
    return [
        {
            "ordinal": row["ordinal"], "row": row["row_number"], "column": row["column_name"], "field": row["field"],
            "code": row["code"], "what": row["what"], "what_zh": row["what_zh"], "value": row["value"],
        }
        for row in rows
    ]  # fmt: skip


async def finish(connection: Any, import_id: UUID, state: State, now: datetime) -> None:
    """Nothing is left to do but perhaps to undo it; the file is forgotten."""
    await connection.execute(_SQL.finish.sql, import_id, state, now)
    await remove_file(connection, import_id)


async def add_changes(connection: Any, import_id: UUID, changes: Sequence[Change], now: datetime) -> None:
    """Keep what is needed to undo them."""
    if changes:
        rows = ((c.ordinal, c.row, c.object_id, c.before and c.before.decode(), c.after_digest) for c in changes)
        await connection.execute(_SQL.add_changes.sql, import_id, *map(list, zip(*rows, strict=True)), now)


async def add_former_identities(connection: Any, import_id: UUID, identities: Sequence[Identity]) -> None:
    """Keep names and numbers that are about to be replaced."""
    if identities:
        columns = zip(*((i.volunteer_id, i.name, i.phone) for i in identities), strict=True)
        await connection.execute(_SQL.add_former_identities.sql, import_id, *map(list, columns))


async def former_identities(connection: Any, import_id: UUID, volunteer_ids: Iterable[UUID]) -> dict[UUID, Identity]:
    """Names and numbers as they were before the import."""
    rows = await connection.fetch(_SQL.former_identities.sql, import_id, list(volunteer_ids))
    return {row["volunteer_id"]: Identity(**dict(row)) for row in rows}


async def load_identities(connection: Any, volunteer_ids: Iterable[UUID]) -> dict[UUID, tuple[Identity, datetime]]:
    """Names and numbers as they stand, and since when."""
    rows = await connection.fetch(_SQL.identities.sql, list(volunteer_ids))
    return {
        row["volunteer_id"]: (
            Identity(volunteer_id=row["volunteer_id"], name=row["name"], phone=row["phone"]), row["changed_at"],
        )
        for row in rows
    }  # fmt: skip


async def restore_identities(connection: Any, identities: Sequence[Identity], now: datetime) -> None:
    """Make names and numbers exactly these."""
    if identities:
        columns = zip(*((i.volunteer_id, i.name, i.phone) for i in identities), strict=True)
        await connection.execute(_SQL.restore_identities.sql, *map(list, columns), now)


async def begin_undo(connection: Any, import_id: UUID) -> None:
    """From now on it is undone."""
    await connection.execute(_SQL.begin_undo.sql, import_id)


async def changes_left(connection: Any, import_id: UUID, limit: int) -> list[Change]:
    """Changes that are not undone yet, last first."""
    rows = await connection.fetch(_SQL.changes_left.sql, import_id, limit)
    return [
        Change(
            ordinal=row["ordinal"], row=row["row_number"], object_id=row["object_id"],
            before=None if row["before"] is None else orjson.dumps(row["before"]),
            after_digest=bytes(row["after_digest"]), stored_at=row["stored_at"],
        )
        for row in rows
    ]  # fmt: skip


async def settle(
    connection: Any, job: Import, restored: Sequence[Change], left: Sequence[Change], errors: Sequence[RowError]
) -> None:
    """Note what was undone, and what was left as it is and why."""
    for outcome, changes in (("restored", restored), ("left", left)):
        await connection.execute(_SQL.settle_changes.sql, job.import_id, [c.ordinal for c in changes], outcome)
    await add_errors(connection, job.import_id, job.errors_total, errors)
    await connection.execute(_SQL.count_undone.sql, job.import_id, len(restored), len(left), len(errors))


async def finish_undo(connection: Any, import_id: UUID, now: datetime) -> None:
    """Everything that could be undone is."""
    await connection.execute(_SQL.finish_undo.sql, import_id, now)
    await remove_file(connection, import_id)


async def with_trainings(connection: Any, volunteer_ids: Iterable[UUID]) -> set[UUID]:
    """Those of the volunteers who have something in the talent register, which would go with them."""
    return {row["volunteer_id"] for row in await connection.fetch(_SQL.with_trainings.sql, list(volunteer_ids))}


async def remove_credentials(connection: Any, volunteer_ids: Sequence[UUID]) -> None:
    """Remove all credentials of these volunteers."""
    await connection.execute(_SQL.remove_credentials.sql, volunteer_ids)


async def remove_volunteers(connection: Any, volunteer_ids: Sequence[UUID]) -> None:
    """Remove them with all that is theirs. Raises ForeignKeyViolationError if something else refers to one."""
    for statement in (
        _SQL.remove_credentials, _SQL.remove_memberships, _SQL.remove_identities, _SQL.remove_volunteers
    ):  # fmt: skip
        await connection.execute(statement.sql, volunteer_ids)


async def remove_stations(connection: Any, station_ids: Sequence[UUID]) -> None:
    """Remove them. Raises ForeignKeyViolationError if something else refers to one."""
    await connection.execute(_SQL.check_now.sql)
    await connection.execute(_SQL.remove_stations.sql, station_ids)


async def sweep(connection: Any, *, parts_before: datetime, changes_before: datetime) -> None:
    """Forget uploads that broke off, and what can no longer be undone."""
    await connection.execute(_SQL.sweep_parts.sql, parts_before)
    await connection.execute(_SQL.sweep_changes.sql, changes_before)


async def page(connection: Any, kind: Kind, prefixes: Sequence[str], after_ref: str, limit: int) -> list[UUID]:
    """Ids in the order of references, within the areas."""
    statement = _SQL.stations_page if kind is Kind.STATIONS else _SQL.volunteers_page
    return [row[0] for row in await connection.fetch(statement.sql, list(prefixes), after_ref, limit)]


async def most_credentials(connection: Any) -> int:
    """How many credentials one volunteer has at most."""
    return int(await connection.fetchval(_SQL.most_credentials.sql))


def _read(row: Any) -> Import:
    names = ("import_id", "dry_run", "all_or_nothing", "file_bytes", "file_format", "file_detail", "same_file_as",
             "actor", "rows_total", "rows_done", "errors_total", "restored", "left_as_is", "requested_at",
             "finished_at", "undone_at")  # fmt: skip
    return Import(
        **{name: row[name] for name in names},
        kind=Kind(row["kind"]),
        state=State(row["state"]),
        sha256=bytes(row["sha256"]),
        areas=tuple(row["areas"]),
        counts=Counts(
            created=row["created"], unchanged=row["unchanged"], changed=row["changed"], refused=row["refused"]
        ),
    )
