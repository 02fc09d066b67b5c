"""The statements that keep pages from being sent twice or forgotten, by two senders at once and after a death."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

import services.alerts
from services.alerts.store import statement
from services.kit import db
from services.kit.migrate import migrate
from services.kit.settings import KitSettings
from tests.support.postgres_server import TestDatabase

pytestmark = pytest.mark.integration
NOW = datetime(2026, 5, 12, 6, 28, tzinfo=UTC)
LEASE = timedelta(seconds=30)
MINUTE = timedelta(minutes=1)
REAL, DRILL = UUID(int=1), UUID(int=2)


@pytest.fixture
async def pool(make_database: Callable[..., TestDatabase]) -> AsyncIterator[Any]:
    """The tables of alerts with one real alert and one of a drill."""
    made = await db.create_pool(make_database("alerts").dsn("alerts"), "alerts", KitSettings())
    async with made.acquire() as connection:
        await migrate(connection, "alerts", Path(services.alerts.__file__).parent / "sql" / "migrations")
        await connection.execute(
            "INSERT INTO alert (alert_id, incident_id, state, exercise, jurisdiction, correlation_id) "
            "SELECT id, id, 'waiting', id = $2, '{}', id FROM unnest(ARRAY[$1, $2]::uuid[]) AS i (id)",
            REAL, DRILL,
        )  # fmt: skip
    yield made
    await made.close()


async def put(pool: Any, number: int, alert_id: UUID = REAL, due_at: datetime = NOW, *, in_doubt: bool = False) -> UUID:
    """A page that waits."""
    page_id = UUID(int=number)
    await pool.execute(
        "INSERT INTO page (page_id, alert_id, volunteer_id, purpose, state, in_doubt, due_at, created_at) "
        "VALUES ($1, $2, $1, 'ask', 'pending', $3, $4, $4)",
        page_id, alert_id, in_doubt, due_at,
    )  # fmt: skip
    return page_id


async def claim(connection: Any, now: datetime = NOW, limit: int = 10) -> dict[UUID, tuple[int, bool]]:
    """What a sender takes: attempts and doubt by page."""
    rows = await connection.fetch(statement("claim_pages"), now, now + LEASE, limit)
    return {row["page_id"]: (row["attempts"], row["in_doubt"]) for row in rows}


async def settle(pool: Any, page_id: UUID, attempts: int, state: str = "sent") -> list[UUID]:
    """A sender says what became of an attempt; returns what it was the one to settle."""
    rows = await pool.fetch(
        statement("settle_pages"), [page_id], [state], [NOW], [False], [False], [NOW], [None], [attempts]
    )
    return [row["page_id"] for row in rows]


async def test_two_senders_never_take_the_same_page_and_do_not_wait_for_each_other(pool: Any) -> None:
    pages = {await put(pool, number) for number in (11, 12)}
    async with pool.acquire() as one, one.transaction():
        mine = await claim(one, limit=1)
        theirs = await asyncio.wait_for(claim(pool), 20)
    assert mine.keys() | theirs.keys() == pages
    assert not mine.keys() & theirs.keys()
    assert await claim(pool) == {}


async def test_an_attempt_whose_lease_is_over_is_taken_again_in_doubt(pool: Any) -> None:
    page_id = await put(pool, 11)
    assert await claim(pool) == {page_id: (1, False)}
    assert await claim(pool, NOW + LEASE - timedelta(seconds=1)) == {}
    assert await claim(pool, NOW + LEASE) == {page_id: (2, True)}


async def test_only_the_last_attempt_settles_a_page_and_only_once(pool: Any) -> None:
    page_id = await put(pool, 11)
    await claim(pool)
    await claim(pool, NOW + LEASE)
    assert await settle(pool, page_id, attempts=1, state="failed") == []
    assert await settle(pool, page_id, attempts=2) == [page_id]
    assert await settle(pool, page_id, attempts=2, state="failed") == []
    assert await pool.fetchval("SELECT state FROM page") == "sent"


async def test_who_may_have_been_paged_is_not_counted_as_never_asked(pool: Any) -> None:
    """Else they would get no word that they may stand down."""
    waits = await put(pool, 11, due_at=NOW + MINUTE)
    doubtful = await put(pool, 12, due_at=NOW + MINUTE, in_doubt=True)
    on_its_way = await put(pool, 13)
    assert (await claim(pool)).keys() == {on_its_way}
    rows = await pool.fetch(statement("cancel_pages"), [waits, doubtful, on_its_way])
    assert [row["page_id"] for row in rows] == [waits]


async def test_pages_leave_when_they_are_due_and_real_ones_before_those_of_drills(pool: Any) -> None:
    drill = await put(pool, 11, DRILL, NOW - MINUTE)
    real = await put(pool, 12)
    await put(pool, 13, due_at=NOW + timedelta(seconds=1))
    assert [list(await claim(pool, limit=1)) for _ in range(3)] == [[real], [drill], []]
