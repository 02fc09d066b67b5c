"""What the tables of stations and volunteers share. Works on the caller's connection, inside their transaction."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import aiosql

FOLDER: Final = Path(__file__).parent
_SQL: Final = aiosql.from_path(FOLDER / "sql" / "queries.sql", "asyncpg", mandatory_parameters=False)


async def lock_register(connection: Any) -> None:
    """Let one batch at a time create and change; single changes lock the rows they touch."""
    await connection.execute(_SQL.lock_register.sql)
