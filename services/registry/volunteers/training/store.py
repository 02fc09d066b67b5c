"""The table of trainings. Every function works on the caller's connection, inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import aiosql

from services.registry.volunteers.training.model import TrainingRequest

TRAININGS_MAX: Final = 1_000
"""Entries of one volunteer that are shown."""
_SQL: Final = aiosql.from_path(Path(__file__).parent / "sql" / "queries.sql", "asyncpg", mandatory_parameters=False)


async def add(
    connection: Any, training_id: UUID, volunteer_id: UUID, training: TrainingRequest, *, now: datetime, by: str
) -> bool:
    """Enter a training; says whether that is new or different."""
    row = await connection.fetchrow(
        _SQL.add_training.sql, training_id, volunteer_id, training.course, training.issuer,
        Decimal(str(training.hours)), training.held_on, now, by,
    )  # fmt: skip
    return row is not None


async def withdraw(
    connection: Any, training_id: UUID, volunteer_id: UUID, *, now: datetime, by: str, reason: str
) -> bool:
    """Let an entry count no more; says whether it did until now."""
    row = await connection.fetchrow(_SQL.withdraw_training.sql, training_id, volunteer_id, now, by, reason)
    return row is not None


async def exists(connection: Any, training_id: UUID, volunteer_id: UUID) -> bool:
    """Whether a volunteer has this entry, withdrawn or not."""
    return bool(await connection.fetchval(_SQL.training_exists.sql, training_id, volunteer_id))


async def of_volunteer(connection: Any, volunteer_id: UUID) -> dict[str, Any]:
    """A volunteer's entries, withdrawn ones included, and the total of what counts."""
    total = await connection.fetchrow(_SQL.total_of_volunteer.sql, volunteer_id)
    rows = await connection.fetch(_SQL.trainings.sql, volunteer_id, TRAININGS_MAX)
    return {"items": [dict(row) for row in rows], "total": dict(total)}


async def totals_by_volunteer(connection: Any, station_id: UUID, first: date, last: date) -> list[dict[str, Any]]:
    """The totals of a station's volunteers."""
    return [dict(row) for row in await connection.fetch(_SQL.totals_by_volunteer.sql, station_id, first, last)]


async def totals_by_station(
    connection: Any, prefixes: Sequence[str], first: date, last: date, after_ref: str, limit: int
) -> list[dict[str, Any]]:
    """The totals of stations, in the order of their references."""
    rows = await connection.fetch(_SQL.totals_by_station.sql, prefixes, first, last, after_ref, limit)
    return [dict(row) for row in rows]
