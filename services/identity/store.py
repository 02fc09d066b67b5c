"""The identity service's tables, as verbs. Every function takes the connection: the caller owns the transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import aiosql

from schemas.policy import AccountRole
from services.identity.decide import RefreshState
from services.identity.model import Account, ApiKey

queries: Final = aiosql.from_path(Path(__file__).parent / "sql" / "queries.sql", "asyncpg")
PAGE_MAX: Final = 200


def _roles(row: Any) -> tuple[AccountRole, ...]:
    return tuple(AccountRole(role) for role in row["roles"])


def _account(row: Any) -> Account:
    return Account(
        id=row["id"], name=row["name"], roles=_roles(row), areas=tuple(row["areas"]), created_at=row["created_at"],
        created_by=row["created_by"], disabled_at=row["disabled_at"],
    )  # fmt: skip


async def find_account(connection: Any, name: str) -> tuple[Account, str] | None:
    """The account of this name and its password hash."""
    row = await queries.account_by_name(connection, name=name)
    return None if row is None else (_account(row), row["password_hash"])


async def get_account(connection: Any, account_id: UUID) -> Account | None:
    """The account with this id."""
    row = await queries.account_by_id(connection, id=account_id)
    return None if row is None else _account(row)


async def list_accounts(connection: Any, after: str) -> list[Account]:
    """Up to `PAGE_MAX` accounts whose names come after `after`."""
    return [_account(row) async for row in queries.accounts(connection, after=after, limit=PAGE_MAX)]


async def list_api_keys(connection: Any) -> list[ApiKey]:
    """The newest `PAGE_MAX` keys."""
    return [
        ApiKey(
            id=row["id"], prefix=row["prefix"], label=row["label"], roles=_roles(row), areas=tuple(row["areas"]),
            created_at=row["created_at"], created_by=row["created_by"], expires_at=row["expires_at"],
            revoked_at=row["revoked_at"],
        )
        async for row in queries.api_keys(connection, limit=PAGE_MAX)
    ]  # fmt: skip


async def add_account(
    connection: Any,
    account_id: UUID,
    *,
    name: str,
    password_hash: str,
    roles: Sequence[AccountRole],
    areas: Sequence[str],
    now: datetime,
    actor: str,
) -> bool:
    """False if the name is taken."""
    added = await queries.add_account(
        connection, id=account_id, name=name, password_hash=password_hash, roles=sorted(set(roles)),
        areas=sorted(set(areas)), now=now, actor=actor,
    )  # fmt: skip
    return added is not None


async def refresh_state(connection: Any, secret_sha256: bytes) -> tuple[RefreshState, Any] | None:
    """The presented refresh token, locked, and its row."""
    row = await queries.refresh_token_for_update(connection, secret_sha256=secret_sha256)
    if row is None:
        return None
    state = RefreshState(
        expires_at=row["expires_at"], used_at=row["used_at"], revoked_at=row["revoked_at"],
        account_disabled_at=row["disabled_at"],
    )  # fmt: skip
    return state, row
