"""Migrations: plain SQL files, forward only, checked against what was applied before.

Files are `NNNN_what.sql`; the kit's own are applied before the service's (scopes "kit" and "service"). Each file is
one transaction together with its row in `schema_migrations`. An advisory lock lets many processes start at once.
Refused with `MigrationError`: an applied file that was edited or is missing while newer ones are there, a number used
twice, a new file numbered below an applied one. Rows newer than the newest file are left alone, so that the previous
version of a service still runs beside the next one. Nothing to do costs two reads and no lock.
Why not a library: docs/adr/0002-own-migration-runner.md.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_FILE_NAME: Final = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")
KIT_FOLDER: Final = Path(__file__).parent / "sql" / "migrations"
_LOCK_TIMEOUT: Final = "60s"
"""Another process of the same service may be applying a long migration; waiting longer hides a hung one."""

_CREATE: Final = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    scope text NOT NULL, number integer NOT NULL, name text NOT NULL, checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (scope, number))
"""


class MigrationError(Exception):
    """The files and the applied history contradict each other; a person must look."""


@dataclass(frozen=True, order=True, kw_only=True)
class Migration:
    """One file."""

    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text; comments count, because history is not edited at all."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def read_folder(folder: Path) -> list[Migration]:
    """The migrations of a folder in order; a folder that is not there has none."""
    found: dict[int, Migration] = {}
    for path in sorted(folder.glob("*.sql")):
        match = _FILE_NAME.fullmatch(path.name)
        if match is None:
            raise MigrationError(f"{path.name} in {folder} is not named NNNN_what.sql.")
        number = int(match[1])
        if number in found:
            raise MigrationError(f"Two migrations in {folder} have the number {match[1]}.")
        found[number] = Migration(number=number, name=match[2], sql=path.read_text(encoding="utf-8"))
    return list(found.values())


def pending(files: Sequence[Migration], applied: Mapping[int, str], scope: str) -> list[Migration]:
    """What is still to be applied, or `MigrationError` when history was edited."""
    newest_applied = max(applied, default=0)
    for migration in files:
        checksum = applied.get(migration.number)
        label = f"{scope} migration {migration.number:04d}_{migration.name}"
        if checksum is None and migration.number < newest_applied:
            raise MigrationError(f"{label} is new, but {newest_applied:04d} is already applied; number it higher.")
        if checksum is not None and checksum != migration.checksum:
            raise MigrationError(f"{label} was changed after it was applied; add a new migration instead.")
    newest_file = max((migration.number for migration in files), default=0)
    missing = sorted(n for n in applied if n < newest_file and n not in {m.number for m in files})
    if missing:
        raise MigrationError(f"{scope} migration {missing[0]:04d} was applied, but its file is gone.")
    return [migration for migration in files if migration.number not in applied]


async def _applied(connection: Any) -> dict[str, dict[int, str]]:
    history: dict[str, dict[int, str]] = {"kit": {}, "service": {}}
    if await connection.fetchval("SELECT to_regclass('schema_migrations')") is None:
        return history
    for row in await connection.fetch("SELECT scope, number, checksum FROM schema_migrations"):
        history.setdefault(row["scope"], {})[row["number"]] = row["checksum"]
    return history


def _plan(
    scopes: Iterable[tuple[str, list[Migration]]], history: Mapping[str, Mapping[int, str]]
) -> list[tuple[str, Migration]]:
    return [(scope, m) for scope, files in scopes for m in pending(files, history.get(scope, {}), scope)]


async def migrate(connection: Any, schema: str, folder: Path, *, kit_folder: Path = KIT_FOLDER) -> list[str]:
    """Bring the schema up to date and return what was applied, e.g. `["kit/0001_kit", "service/0001_alerts"]`.

    `connection` must have no transaction open and its search_path on `schema`, which is created if the role may.
    """
    scopes = (("kit", read_folder(kit_folder)), ("service", read_folder(folder)))
    if await connection.fetchval("SELECT to_regnamespace($1)", f'"{schema}"') is None:
        await connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
    if not _plan(scopes, await _applied(connection)):
        return []
    await connection.execute(f"SET lock_timeout = '{_LOCK_TIMEOUT}'; SET statement_timeout = 0")
    lock_name = f"thirdrescue-migrate-{schema}"
    await connection.execute("SELECT pg_advisory_lock(hashtextextended($1, 0))", lock_name)
    try:
        await connection.execute(_CREATE)
        done = []
        for scope, migration in _plan(scopes, await _applied(connection)):
            await _apply(connection, scope, migration)
            done.append(f"{scope}/{migration.number:04d}_{migration.name}")
        return done
    finally:
        await connection.execute("SELECT pg_advisory_unlock(hashtextextended($1, 0))", lock_name)
        await connection.execute("RESET lock_timeout; RESET statement_timeout")


async def _apply(connection: Any, scope: str, migration: Migration) -> None:
    async with connection.transaction():
        await connection.execute(migration.sql)
        await connection.execute(
            "INSERT INTO schema_migrations (scope, number, name, checksum) VALUES ($1, $2, $3, $4)",
            scope,
            migration.number,
            migration.name,
            migration.checksum,
        )
