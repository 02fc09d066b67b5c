"""One database, and per service one role and one schema that it owns; nobody may anything else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from services.cli.instance.errors import InstanceError
from services.cli.instance.programs import role_of

RETRY_EVERY_S: Final = 0.1
# Any constant: two `prepare` at once take turns.
LOCK_KEY: Final = 0x7472_6573


async def ensure_roles(admin_dsn: str, database: str, passwords: Mapping[str, str], wait_s: float) -> None:
    """Make or correct database, roles, schemas and rights. Waits up to `wait_s` for PostgreSQL to answer."""
    admin = await _connect(admin_dsn, wait_s)
    try:
        await admin.execute("SELECT pg_advisory_lock($1)", LOCK_KEY)
        if not await admin.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", database):
            await admin.execute(f"CREATE DATABASE {_name(database)} TEMPLATE template0 ENCODING 'UTF8'")
        for service, password in passwords.items():
            await _ensure_role(admin, role_of(service), password)
        inside = await _connect(_with_database(admin_dsn, database), wait_s)
        try:
            await _grant(inside, database, list(passwords))
        finally:
            await inside.close()
    finally:
        await admin.close()


async def _ensure_role(admin: Any, role: str, password: str) -> None:
    exists = await admin.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role)
    verb = "ALTER" if exists else "CREATE"
    literal = await admin.fetchval("SELECT quote_literal($1::text)", password)
    await admin.execute(
        f"{verb} ROLE {_name(role)} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD {literal}"
    )


async def _grant(inside: Any, database: str, services: list[str]) -> None:
    async with inside.transaction():
        await inside.execute(f"REVOKE ALL ON DATABASE {_name(database)} FROM PUBLIC")
        await inside.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        for service in services:
            role = _name(role_of(service))
            await inside.execute(f"GRANT CONNECT ON DATABASE {_name(database)} TO {role}")
            # A superuser may give a schema away; an owner of the database who is none must be a member of the role.
            if not await inside.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
                await inside.execute(f"GRANT {role} TO CURRENT_USER")
            await inside.execute(f"CREATE SCHEMA IF NOT EXISTS {_name(service)} AUTHORIZATION {role}")
            await inside.execute(f"ALTER ROLE {role} IN DATABASE {_name(database)} SET search_path = {_name(service)}")


async def _connect(dsn: str, wait_s: float) -> Any:
    deadline = time.monotonic() + wait_s
    while True:
        try:
            return await asyncpg.connect(dsn, timeout=10, server_settings={"application_name": "thirdrescue prepare"})
        except (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError) as error:
            raise InstanceError(f"PostgreSQL at {_address(dsn)} refuses the sign-in: {error}") from error
        except (OSError, asyncpg.PostgresError, TimeoutError) as error:
            if time.monotonic() > deadline:
                why = str(error) or type(error).__name__
                raise InstanceError(f"PostgreSQL at {_address(dsn)} did not answer in {wait_s:.0f} s: {why}") from error
            await asyncio.sleep(RETRY_EVERY_S)


def _address(dsn: str) -> str:
    parts = urlsplit(dsn)
    return f"{parts.hostname}:{parts.port or 5432}"


def _with_database(dsn: str, database: str) -> str:
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{database}"))


def _name(identifier: str) -> str:
    """A quoted SQL identifier."""
    return '"' + identifier.replace('"', '""') + '"'
