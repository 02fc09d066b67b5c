"""The table of areas. Every function works on the caller's connection, inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import aiosql
import orjson

from schemas.areas import SUCCESSIONS_MAX
from schemas.events.area import AreaSource
from schemas.values import Position
from schemas.vocabulary import Tier
from services.registry.areas.model import Area

_SQL: Final = aiosql.from_path(Path(__file__).parent / "sql" / "queries.sql", "asyncpg", mandatory_parameters=False)


async def load_areas(connection: Any, codes: Iterable[str]) -> dict[str, Area]:
    """Those of the areas that are known."""
    rows = await connection.fetch(_SQL.areas_by_code.sql, list(set(codes)))
    return {row["code"]: read_area(row) for row in rows}


async def load_chain(connection: Any, code: str) -> dict[str, Area]:
    """An area and all that it became, by code; empty if the code was never known."""
    rows = await connection.fetch(_SQL.area_chain.sql, code, SUCCESSIONS_MAX)
    return {row["code"]: read_area(row) for row in rows}


async def list_areas(
    connection: Any,
    *,
    parent: str | None,
    name_part: str | None,
    tier: Tier | None,
    on: date | None,
    after_code: str,
    limit: int,
) -> list[tuple[Area, bool]]:
    """Areas in the order of codes, without their outlines; each with whether it has one."""
    rows = await connection.fetch(_SQL.areas.sql, parent, name_part, tier and tier.value, on, after_code, limit)
    return [(read_area(row), row["has_outline"]) for row in rows]


async def save_areas(connection: Any, areas: Sequence[Area], now: datetime) -> None:
    """Create or replace."""
    rows = [_row(area) for area in areas]
    await connection.execute(_SQL.save_areas.sql, orjson.dumps(rows).decode(), now)


def read_area(row: Any) -> Area:
    """An area from its row."""
    lat_deg, lon_deg = row["lat_deg"], row["lon_deg"]
    geometry_source = row["geometry_source"]
    return Area(
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
        outline=row["outline"],
        simplified_m=row["simplified_m"],
        population=row["population"],
        population_year=row["population_year"],
        source=AreaSource.model_validate(row["source"]),
        geometry_source=None if geometry_source is None else AreaSource.model_validate(geometry_source),
    )


def _row(area: Area) -> dict[str, Any]:
    return {
        "code": area.code,
        "name_zh": area.name_zh,
        "name_en": area.name_en,
        "aliases": area.aliases,
        "tier": area.tier,
        "parent_code": area.parent_code,
        "valid_from": area.valid_from,
        "valid_to": area.valid_to,
        "successor_codes": area.successor_codes,
        "lat_deg": area.centre and area.centre.lat_deg,
        "lon_deg": area.centre and area.centre.lon_deg,
        "outline": area.outline,
        "simplified_m": area.simplified_m,
        "population": area.population,
        "population_year": area.population_year,
        "source": area.source.model_dump(),
        "geometry_source": area.geometry_source and area.geometry_source.model_dump(),
    }
