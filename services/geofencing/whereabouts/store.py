"""Positions and duties as they are kept. Every function works inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import aiosql

from services.geofencing.whereabouts.freshness import Fix, coarse

SQL: Final = aiosql.from_path(Path(__file__).parent / "sql" / "queries.sql", "asyncpg", mandatory_parameters=False)


async def on_duty(connection: Any, volunteer_ids: Collection[UUID], now: datetime) -> frozenset[UUID]:
    """Who of these is on duty, by an answer, a mission or the register. No duty ends while this transaction lasts."""
    wanted = list(volunteer_ids)
    rows = await connection.fetch(SQL.on_duty.sql, wanted) + await connection.fetch(SQL.on_roster.sql, wanted, now)
    return frozenset(row["volunteer_id"] for row in rows)


async def area_codes(connection: Any, volunteer_ids: Collection[UUID]) -> dict[UUID, str]:
    """The areas of those of these volunteers who are known."""
    rows = await connection.fetch(SQL.area_codes.sql, list(volunteer_ids))
    return {row["volunteer_id"]: row["area_code"] for row in rows}


async def put_fixes(connection: Any, fixes: Sequence[Fix]) -> frozenset[UUID]:
    """Keep positions that are newer than what is known; returns whose those are."""
    ordered = sorted(fixes, key=lambda fix: fix.volunteer_id.bytes)  # one order of locks
    rows = await connection.fetch(
        SQL.put_fixes.sql, [fix.volunteer_id for fix in ordered], [fix.lat_deg for fix in ordered],
        [fix.lon_deg for fix in ordered], [fix.accuracy_m for fix in ordered], [fix.fixed_at for fix in ordered],
        [fix.is_exact for fix in ordered],
    )  # fmt: skip
    return frozenset(row["id"] for row in rows)


async def make_coarse(connection: Any, volunteer_ids: Collection[UUID]) -> bool:
    """Make coarse what is kept exactly of those who are on no duty any more; says whether anything was."""
    rows = await connection.fetch(SQL.exact_off_duty.sql, list(volunteer_ids))
    return bool(rows and await put_fixes(connection, [coarse(Fix(**dict(row))) for row in rows]))
