"""The kit's SQL by name. aiosql reads the file; asyncpg runs the text with positional parameters."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import aiosql

_QUERIES: Final = aiosql.from_path(Path(__file__).parent / "queries.sql", "asyncpg", mandatory_parameters=False)


def statement(name: str) -> str:
    """The text of one statement of queries.sql. Raises AttributeError for a name that is not there."""
    return str(getattr(_QUERIES, name).sql)
