"""The people behind the zones as they are kept. Works on the connection it is given."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import aiosql

from services.geofencing.audience.model import Somebody
from services.geofencing.whereabouts.freshness import Source

_SQL: Final = aiosql.from_path(Path(__file__).parent / "sql" / "queries.sql", "asyncpg", mandatory_parameters=False)


async def crowd(connection: Any) -> list[Somebody]:
    """Everybody who has not retired."""
    return [
        Somebody(
            volunteer_id=row["volunteer_id"],
            home_station_id=row["home_station_id"],
            roles=tuple(row["roles"]),
            languages=tuple(row["languages"]),
            deployable=row["deployable"],
            reasons=tuple(row["reasons"]),
            channels=None if row["channels"] is None else tuple(row["channels"]),
            lat_deg=row["lat_deg"],
            lon_deg=row["lon_deg"],
            source=Source(row["source"]),
            known_at=row["known_at"],
            accuracy_m=row["accuracy_m"],
            is_exact=row["is_exact"],
        )
        for row in await connection.fetch(_SQL.crowd.sql)
    ]
