"""The table of notices. Every function works on the connection that it is given."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import aiosql

from services.alerts.notices.model import Notice, Subject
from services.alerts.pages import START_WITHIN, Settled

_SQL: Final = aiosql.from_path(Path(__file__).parent / "sql" / "queries.sql", "asyncpg", mandatory_parameters=False)


async def add(
    connection: Any, notice_id: UUID, volunteer_id: UUID, subject: Subject, *, exercise: bool, now: datetime,
    due_at: datetime, lapses_at: datetime, mission_id: UUID | None = None,
) -> None:  # fmt: skip
    """Keep a notice to be sent; one of this id that is there stays as it is."""
    await connection.execute(
        _SQL.add_notice.sql, notice_id, volunteer_id, subject, mission_id, exercise, due_at, lapses_at, now
    )


async def claim(connection: Any, now: datetime, lease: timedelta, limit: int) -> list[Notice]:
    """Take notices that are due and record the attempt; those that must not or need not leave any more are ended."""
    rows = await connection.fetch(_SQL.claim_notices.sql, now, now + lease, limit)
    return [
        Notice(
            page_id=row["notice_id"],
            volunteer_id=row["volunteer_id"],
            subject=Subject(row["subject"]),
            mission_id=row["mission_id"],
            attempts=row["attempts"],
            in_doubt=row["in_doubt"],
            exercise=row["exercise"],
            start_by=now + lease / START_WITHIN,
        )
        for row in rows
    ]


async def settle(connection: Any, settled: Sequence[Settled[Notice]]) -> None:
    """What became of attempts; a notice that somebody else took meanwhile is left alone."""
    await connection.executemany(
        _SQL.settle_notice.sql,
        [(one.page.page_id, one.state, one.due_at, one.in_doubt, one.error, one.page.attempts) for one in settled],
    )
