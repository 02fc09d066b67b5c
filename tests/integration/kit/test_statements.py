"""Every statement of the kit's queries.sql is valid for the migrated tables, and the hot ones use their indexes."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

import services.kit.sql
from services.kit.migrate import migrate
from services.kit.sql import statement
from tests.support.postgres_server import TestDatabase

pytestmark = pytest.mark.integration
NAMES = re.findall(r"-- name: (\w+)", (Path(services.kit.sql.__file__).parent / "queries.sql").read_text("utf-8"))


async def test_every_statement_is_prepared_against_the_tables(make_database: Callable[..., TestDatabase]) -> None:
    connection = await asyncpg.connect(make_database("alerts").dsn("alerts"))
    try:
        await migrate(connection, "alerts", Path("/nonexistent"))
        assert len(NAMES) > 20
        for name in NAMES:
            prepared = await connection.prepare(statement(name))
            highest = max((int(n) for n in re.findall(r"\$(\d+)", statement(name))), default=0)
            assert len(prepared.get_parameters()) == highest, name
    finally:
        await connection.close()


async def test_reading_the_outbox_walks_its_primary_key_and_stops(make_database: Callable[..., TestDatabase]) -> None:
    connection = await asyncpg.connect(make_database("alerts").dsn("alerts"))
    try:
        await migrate(connection, "alerts", Path("/nonexistent"))
        await connection.execute(
            "INSERT INTO outbox (topic, key, value, headers, created_at) "
            "SELECT 't', 'k', 'v', 'J[]', now() FROM generate_series(1, 50000)"
        )
        await connection.execute("ANALYZE outbox")
        plan = await connection.fetch(f"EXPLAIN {statement('exchange')}", [1, 2], "{[1,2]}", 1000)
        text = "\n".join(row[0] for row in plan)
        assert "Index Scan using outbox_pkey" in text
        assert "Sort" not in text
    finally:
        await connection.close()
