"""The tables of geofencing. Every function works on the connection, and so in the transaction, that it is given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import aiosql
from pydantic import TypeAdapter

from schemas.events.incident import IncidentAreaRevised, IncidentDeclared
from schemas.events.station import StationState
from schemas.events.zone import FenceAsItStands, StationInReach
from schemas.vocabulary import IncidentKind, Level
from services.geofencing.model import Fence, StationTable

STATIONS: Final = TypeAdapter(tuple[StationInReach, ...])
FOLDER: Final = Path(__file__).parent
_QUERIES: Final = aiosql.from_path(FOLDER / "sql" / "queries.sql", "asyncpg", mandatory_parameters=False)


def statement(name: str) -> str:
    """The text of one statement of queries.sql."""
    return str(getattr(_QUERIES, name).sql)


@dataclass(frozen=True)
class StoredFence:
    """A fence as it is kept. `fenced` is what was published last, with the stations in reach as they stand."""

    fenced: FenceAsItStands
    exercise: bool
    area_codes: tuple[str, ...]
    fenced_at: datetime
    lifted_at: datetime | None
    revision: int


@dataclass(frozen=True)
class Standing:
    """A standing fence, locked, with what a revision of the area does not say again."""

    fenced: FenceAsItStands
    revision: int
    kind: IncidentKind
    level: Level

    @property
    def fence(self) -> Fence:
        """As decisions see it."""
        return Fence(zones=self.fenced.zones, stations=self.fenced.stations)


class Stations:
    """The open stations, kept in memory as long as the table has not changed."""

    def __init__(self) -> None:
        self._fingerprint: tuple[int, int] | None = None
        self._table = StationTable.of([])

    async def table(self, connection: Any) -> StationTable:
        """The stations as this transaction sees them."""
        return await self._table_as_of(connection, await connection.fetchrow(statement("station_fingerprint")))

    async def table_unless_fenced(self, connection: Any, incident_id: UUID) -> StationTable | None:
        """The stations as this transaction sees them; None if the incident was fenced before."""
        row = await connection.fetchrow(statement("stations_unless_fenced"), incident_id)
        return None if row is None else await self._table_as_of(connection, row)

    async def _table_as_of(self, connection: Any, row: Any) -> StationTable:
        fingerprint = (row["stations"], row["sequences"])
        if fingerprint != self._fingerprint:
            rows = await connection.fetch(statement("open_stations"))
            self._table = StationTable.of([(row["station_id"], row["lon_deg"], row["lat_deg"]) for row in rows])
            self._fingerprint = fingerprint
        return self._table


async def save_station(connection: Any, state: StationState, sequence: int) -> bool:
    """Keep the newest state; says whether it was new."""
    position = state.position
    return bool(
        await connection.fetchval(
            statement("upsert_station"),
            state.station_id,
            position.lat_deg,
            position.lon_deg,
            state.area_code,
            state.is_open and not state.is_suspended,
            sequence,
        )
    )


async def save_fence(
    connection: Any, declared: IncidentDeclared, published: bytes, *, exercise: bool, at: datetime
) -> None:
    """Keep a fence, as the JSON that was published."""
    await connection.execute(
        statement("insert_fence"), declared.incident_id, published.decode(), exercise, list(declared.area_codes), at,
        declared.kind.value, declared.level.value,
    )  # fmt: skip


async def lock_standing(connection: Any, incident_id: UUID) -> Standing | None:
    """The fence that stands for an incident, locked until the transaction ends."""
    row = await connection.fetchrow(statement("lock_standing"), incident_id)
    if row is None:
        return None
    return Standing(
        fenced=_fenced(row),
        revision=row["revision"],
        kind=IncidentKind(row["kind"]),
        level=Level(row["level"]),
    )


def _fenced(row: Any) -> FenceAsItStands:
    """What was published last, with the stations in reach as they were told since."""
    fenced = FenceAsItStands.model_validate_json(row["fenced"])
    if row["reach"] is None:
        return fenced
    return fenced.model_copy(update={"stations": STATIONS.validate_json(row["reach"])})


async def save_revised(connection: Any, revised: IncidentAreaRevised, published: bytes | None) -> None:
    """Keep what a revision made of a fence, as the JSON that was published; None if nothing became different."""
    await connection.execute(
        statement("revise_fence"), revised.incident_id, revised.revision, list(revised.area_codes),
        None if published is None else published.decode(),
    )  # fmt: skip


async def lift(connection: Any, incident_id: UUID, at: datetime) -> FenceAsItStands | None:
    """Mark the fence as lifted; None if none stood."""
    row = await connection.fetchrow(statement("lift_fence"), incident_id, at)
    return None if row is None else FenceAsItStands.model_validate_json(row["fenced"])


async def fence_of(connection: Any, incident_id: UUID) -> StoredFence | None:
    """The incident's fence, standing or lifted."""
    row = await connection.fetchrow(statement("fence_of"), incident_id)
    if row is None:
        return None
    return StoredFence(
        fenced=_fenced(row),
        exercise=row["exercise"],
        area_codes=tuple(row["area_codes"]),
        fenced_at=row["fenced_at"],
        lifted_at=row["lifted_at"],
        revision=row["revision"],
    )
