"""Geofencing's copy of the areas. Every function works on the connection, and so in the transaction, it is given."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import aiosql
from shapely.geometry import shape

from schemas.events.area import AreaState
from schemas.vocabulary import Tier
from services.geofencing.areas.geometry import AreaIndex
from services.geofencing.areas.model import OutlinedArea

_SQL: Final = aiosql.from_path(Path(__file__).parent / "sql" / "queries.sql", "asyncpg", mandatory_parameters=False)


class Areas:
    """The areas with boundaries, kept in memory as long as the table has not changed; then what changed is read."""

    def __init__(self) -> None:
        self._fingerprint: tuple[int, int] | None = None
        self._sequences: dict[str, int] = {}
        self._index = AreaIndex()

    async def index(self, connection: Any) -> AreaIndex:
        """The areas as this transaction sees them."""
        row = await connection.fetchrow(_SQL.area_fingerprint.sql)
        fingerprint = (row["areas"], row["sequences"])
        if fingerprint != self._fingerprint:
            await self._read_changes(connection)
            self._fingerprint = fingerprint
        return self._index

    async def _read_changes(self, connection: Any) -> None:
        rows = await connection.fetch(_SQL.area_sequences.sql)
        sequences = {row["code"]: row["sequence"] for row in rows}
        changed = [code for code, sequence in sequences.items() if self._sequences.get(code) != sequence]
        kept = {code: area for code, area in self._index.areas.items() if code in sequences and code not in changed}
        for row in await connection.fetch(_SQL.areas_by_code.sql, changed):
            kept[row["code"]] = _read(row)
        self._index = AreaIndex(kept.values())
        self._sequences = sequences


async def save_area(connection: Any, state: AreaState, sequence: int) -> None:
    """Keep the newest state."""
    await connection.execute(
        _SQL.upsert_area.sql,
        state.code,
        state.name_zh,
        state.name_en,
        state.tier.value,
        state.parent_code,
        state.valid_from,
        state.valid_to,
        list(state.successor_codes),
        None if state.geometry is None else state.geometry.model_dump_json(),
        state.simplified_m or 0.0,
        sequence,
        state.population,
        state.population_year,
    )


def _read(row: Any) -> OutlinedArea:
    return OutlinedArea(
        code=row["code"],
        name_zh=row["name_zh"],
        name_en=row["name_en"],
        tier=Tier(row["tier"]),
        parent_code=row["parent_code"],
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
        successor_codes=tuple(row["successor_codes"]),
        simplified_m=row["simplified_m"],
        population=row["population"],
        population_year=row["population_year"],
        outline=shape(row["outline"]),
    )
