"""PostgreSQL: one pool per service, its codecs and timeouts, and which errors may heal by themselves.

A pool is made without connecting (`min_size=0`), so a process starts while the database still boots and heals
when it restarts. Every connection sees only the service's schema.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import asyncpg
import orjson

from services.kit.settings import KitSettings

if TYPE_CHECKING:
    Pool = asyncpg.Pool[asyncpg.Record]
    Connection = asyncpg.pool.PoolConnectionProxy[asyncpg.Record] | asyncpg.Connection[asyncpg.Record]
else:
    Pool = asyncpg.Pool
    Connection = asyncpg.Connection

_IDLE_CONNECTION_LIFETIME_S: Final = 600.0
_CONNECT_TIMEOUT_S: Final = 5.0

_TRANSIENT: Final[tuple[type[BaseException], ...]] = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # shutdown, crash, still starting, statement cancelled by its timeout
    asyncpg.InsufficientResourcesError,  # too many connections, disk full, out of memory
    asyncpg.TransactionRollbackError,  # serialization, deadlock
    asyncpg.LockNotAvailableError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.ReadOnlySQLTransactionError,  # the server became a standby
    asyncpg.InternalClientError,  # a dying server's last words came between two statements; the connection is gone
    OSError,
    TimeoutError,
)


def is_transient(error: BaseException) -> bool:
    """Whether the same work may succeed later without anybody changing anything."""
    if isinstance(error, _TRANSIENT):
        return True
    # asyncpg has no class of its own for "this connection is gone", only this base and its words.
    gone = isinstance(error, asyncpg.InterfaceError) and not isinstance(error, ValueError)
    return gone and any(word in str(error) for word in ("closed", "closing", "released", "connection lost"))


def _uuid_bytes(value: UUID | str) -> bytes:
    return value.bytes if isinstance(value, UUID) else UUID(value).bytes


def _uuid_of(value: bytes) -> UUID:
    return UUID(bytes=bytes(value))


def _json_text(value: Any) -> str:
    return orjson.dumps(value).decode()


async def prepare_connection(connection: Any) -> None:
    """Set the codecs: json and jsonb as Python values, uuid as the standard class (asyncpg has its own)."""
    for name in ("json", "jsonb"):
        await connection.set_type_codec(
            name, schema="pg_catalog", encoder=_json_text, decoder=orjson.loads, format="text"
        )
    await connection.set_type_codec("uuid", schema="pg_catalog", encoder=_uuid_bytes, decoder=_uuid_of, format="binary")


async def _leave_as_it_is(connection: Any) -> None:
    """Between two uses nothing is reset, which saves a round trip per unit: settings are changed only by SET LOCAL, and
    asyncpg itself rolls back a transaction that was left open."""


def server_settings(service: str, settings: KitSettings, *, schema: str | None = None) -> dict[str, str]:
    """Session settings of every connection of a service, so that nothing waits for ever."""
    return {
        "application_name": f"thirdrescue-{service}",
        "search_path": schema or service,
        "statement_timeout": str(settings.statement_timeout_ms),
        "lock_timeout": str(settings.lock_timeout_ms),
        "idle_in_transaction_session_timeout": str(settings.idle_in_transaction_timeout_ms),
        "timezone": "UTC",
        "jit": "off",  # short statements only: compiling them costs more than running them
    }


async def create_pool(dsn: str, service: str, settings: KitSettings, *, schema: str | None = None) -> Pool:
    """A pool that has not connected yet. The schema is the service's name unless told otherwise (tests)."""
    pool = asyncpg.create_pool(
        dsn,
        min_size=0,
        max_size=settings.pool_connections_max,
        max_inactive_connection_lifetime=_IDLE_CONNECTION_LIFETIME_S,
        timeout=_CONNECT_TIMEOUT_S,
        command_timeout=settings.statement_timeout_ms / 1000 + 1,
        init=prepare_connection,
        reset=_leave_as_it_is,
        server_settings=server_settings(service, settings, schema=schema),
    )
    await pool
    return pool


async def connect(dsn: str, service: str, settings: KitSettings, *, schema: str | None = None) -> Any:
    """One connection outside the pool, with the pool's codecs and settings, for locks that live long."""
    connection = await asyncpg.connect(
        dsn, timeout=_CONNECT_TIMEOUT_S, server_settings=server_settings(service, settings, schema=schema)
    )
    await prepare_connection(connection)
    return connection


async def is_reachable(pool: Pool, *, timeout_s: float = 2.0) -> bool:
    """Whether a statement can be run now."""
    try:
        async with asyncio.timeout(timeout_s):
            await pool.fetchval("SELECT 1")
    except Exception as error:
        if not is_transient(error) and not isinstance(error, asyncpg.PostgresError):
            raise
        return False
    return True
