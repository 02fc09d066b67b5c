"""The copy of the areas. Every function works on the connection, and so in the transaction, it is given."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any, Final

import aiosql

from schemas.areas import SUCCESSIONS_MAX
from schemas.events.area import AreaState
from schemas.values import MultiPolygonGeometry, Position
from schemas.vocabulary import Tier
from services.incidents.areas.model import KnownArea

_SQL: Final = aiosql.from_path(Path(__file__).parent / "sql" / "queries.sql", "asyncpg", mandatory_parameters=False)
Fingerprint = tuple[int, int]
"""Changes whenever any area does."""


async def save_area(connection: Any, state: AreaState, sequence: int) -> None:
    """Keep the newest state."""
    outline = state.geometry
    await connection.execute(
        _SQL.upsert_area.sql,
        state.code,
        state.name_zh,
        state.name_en,
        list(state.aliases),
        state.tier.value,
        state.parent_code,
        state.valid_from,
        state.valid_to,
        list(state.successor_codes),
        state.centre and state.centre.lat_deg,
        state.centre and state.centre.lon_deg,
        None if outline is None else outline.model_dump_json(),
        *((None, None, None, None) if outline is None else _bounds(outline)),
        state.population,
        sequence,
    )


async def fingerprint(connection: Any) -> Fingerprint:
    """Of all areas as this transaction sees them."""
    row = await connection.fetchrow(_SQL.area_fingerprint.sql)
    return row["areas"], row["sequences"]


async def load_all(connection: Any) -> list[KnownArea]:
    """All areas in the order of codes, without boundaries."""
    return [_read(row) for row in await connection.fetch(_SQL.known_areas.sql)]


async def load_chains(connection: Any, codes: Iterable[str]) -> dict[str, KnownArea]:
    """These areas and all that they became, by code; what was never known is left out."""
    rows = await connection.fetch(_SQL.area_chains.sql, list(set(codes)), SUCCESSIONS_MAX)
    return {row["code"]: _read(row) for row in rows}


async def load_meeting(
    connection: Any, box: tuple[float, float, float, float], on: date
) -> list[tuple[KnownArea, Any]]:
    """Areas that stand on the day and whose box meets this one (west, south, east, north), with their boundaries."""
    rows = await connection.fetch(_SQL.areas_meeting_box.sql, *box, on)
    return [(_read(row), row["outline"]) for row in rows]


async def load_outlines(connection: Any, codes: Iterable[str]) -> dict[str, Any]:
    """The boundaries of these areas, where known, as GeoJSON."""
    rows = await connection.fetch(_SQL.outlines_by_code.sql, list(set(codes)))
    return {row["code"]: row["outline"] for row in rows}


def _bounds(outline: MultiPolygonGeometry) -> tuple[float, float, float, float]:
    """West, south, east, north."""
    pairs = [pair for polygon in outline.coordinates for pair in polygon[0]]
    lons, lats = [lon for lon, _ in pairs], [lat for _, lat in pairs]
    return min(lons), min(lats), max(lons), max(lats)


def _read(row: Any) -> KnownArea:
    lat_deg, lon_deg = row["lat_deg"], row["lon_deg"]
    return KnownArea(
        code=row["code"],
        name_zh=row["name_zh"],
        name_en=row["name_en"],
        aliases=tuple(row["aliases"]),
        tier=Tier(row["tier"]),
        parent_code=row["parent_code"],
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
        successor_codes=tuple(row["successor_codes"]),
        centre=None if lat_deg is None or lon_deg is None else Position(lat_deg=lat_deg, lon_deg=lon_deg),
        has_outline=row["has_outline"],
    )
