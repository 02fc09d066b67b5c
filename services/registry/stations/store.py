"""The tables of stations. Every function works on the caller's connection, inside the caller's transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import aiosql
import orjson

from schemas.values import Position
from schemas.vocabulary import StationKind, Tier
from services.registry.stations.model import Station

_SQL: Final = aiosql.from_path(Path(__file__).parent / "sql" / "queries.sql", "asyncpg", mandatory_parameters=False)


async def load_stations(connection: Any, station_ids: Iterable[UUID]) -> dict[UUID, Station]:
    """Those of the stations that exist."""
    rows = await connection.fetch(_SQL.stations_by_id.sql, list(set(station_ids)))
    return {row["station_id"]: read_station(row) for row in rows}


async def save_stations(connection: Any, stations: Sequence[Station], now: datetime) -> None:
    """Create or replace."""
    rows = [
        {
            "station_id": station.station_id,
            "ref": station.ref,
            "kind": station.kind,
            "tier": station.tier,
            "name_zh": station.name_zh,
            "name_en": station.name_en,
            "area_code": station.area_code,
            "lat_deg": station.position.lat_deg,
            "lon_deg": station.position.lon_deg,
            "languages": station.languages,
            "detachment_id": station.detachment_id,
            "is_open": station.is_open,
        }
        for station in stations
    ]
    await connection.execute(_SQL.save_stations.sql, orjson.dumps(rows).decode(), now)


async def list_stations(
    connection: Any, prefix: str, *, kind: StationKind | None, after_ref: str, limit: int
) -> list[Station]:
    """Stations whose area code begins with the prefix, in the order of their references."""
    rows = await connection.fetch(_SQL.stations.sql, prefix, kind and kind.value, after_ref, limit)
    return [read_station(row) for row in rows]


async def count(connection: Any) -> dict[str, Any]:
    """Counts of stations."""
    by_kind: dict[str, int] = defaultdict(int)
    by_tier: dict[str, int] = defaultdict(int)
    open_count = 0
    for row in await connection.fetch(_SQL.count_stations.sql):
        by_kind[row["kind"]] += row["n"]
        by_tier[row["tier"]] += row["n"]
        open_count += row["n"] if row["is_open"] else 0
    return {"total": sum(by_kind.values()), "open": open_count, "by_kind": by_kind, "by_tier": by_tier}


def read_station(row: Any) -> Station:
    """A station from its row."""
    return Station(
        station_id=row["station_id"],
        ref=row["ref"],
        kind=StationKind(row["kind"]),
        tier=Tier(row["tier"]),
        name_zh=row["name_zh"],
        name_en=row["name_en"],
        area_code=row["area_code"],
        position=Position(lat_deg=row["lat_deg"], lon_deg=row["lon_deg"]),
        languages=tuple(row["languages"]),
        detachment_id=row["detachment_id"],
        is_open=row["is_open"],
    )
