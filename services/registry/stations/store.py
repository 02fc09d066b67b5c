"""The tables of stations. Every function works on the caller's connection, inside the caller's transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import aiosql
import orjson

from schemas.values import Position
from schemas.vocabulary import RoomSetting, StationKind, StationService, Tier
from services.registry.stations.hours import OpeningHours
from services.registry.stations.model import Catchment, Institution, Record, Station

_SQL: Final = aiosql.from_path(Path(__file__).parent / "sql" / "queries.sql", "asyncpg", mandatory_parameters=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which stations are meant; None: any."""

    prefix: str = ""
    kind: StationKind | None = None
    tier: Tier | None = None
    service: StationService | None = None
    language: str | None = None
    is_stale: bool | None = None
    parent_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorship:
    """Who changes stations, in which way and why; kept in the history."""

    account_id: str
    way: str
    reason: str | None = None
    proposal_id: UUID | None = None


async def load_stations(connection: Any, station_ids: Iterable[UUID]) -> dict[UUID, Station]:
    """Those of the stations that exist."""
    rows = await connection.fetch(_SQL.stations_by_id.sql, list(set(station_ids)))
    return {row["station_id"]: read_station(row) for row in rows}


async def load_stations_below(connection: Any, station_ids: Iterable[UUID]) -> dict[UUID, Station]:
    """Those that stand directly below one of the stations."""
    rows = await connection.fetch(_SQL.stations_below.sql, list(set(station_ids)))
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
            "parent_id": station.parent_id,
            "parent_explanation": station.parent_explanation,
            "setting": station.setting,
            "institution": station.institution and station.institution.model_dump(mode="json"),
            "services": station.services,
            "room_count": station.room_count,
            "seat_count": station.seat_count,
            "line_count": station.line_count,
            "opening_hours": station.opening_hours and station.opening_hours.model_dump(mode="json"),
            "catchment": station.catchment and station.catchment.model_dump(mode="json"),
            "is_open": station.is_open,
            "is_suspended": station.is_suspended,
            "verified_on": station.verified_on,
            "is_stale": station.is_stale,
        }
        for station in stations
    ]
    await connection.execute(_SQL.save_stations.sql, orjson.dumps(rows).decode(), now)


async def add_history(connection: Any, records: Sequence[Record], authorship: Authorship, now: datetime) -> None:
    """Write down what was changed, by whom and why."""
    rows = [
        {
            "station_id": record.station_id,
            "changes": record.changes,
            "before": record.before,
            "after": record.after,
        }
        for record in records
    ]
    await connection.execute(
        _SQL.add_history.sql,
        orjson.dumps(rows).decode(),
        now,
        authorship.account_id,
        authorship.way,
        authorship.reason,
        authorship.proposal_id,
    )


async def load_history(connection: Any, station_id: UUID, before_entry: int | None, limit: int) -> list[Any]:
    """The newest changes of a station before the given entry."""
    found: list[Any] = await connection.fetch(_SQL.history.sql, station_id, before_entry, limit)
    return found


async def list_stations(connection: Any, wanted: Filter, *, after_ref: str, limit: int) -> list[Station]:
    """Such stations in the order of their references."""
    rows = await connection.fetch(
        _SQL.stations.sql,
        wanted.prefix,
        wanted.kind,
        wanted.tier,
        wanted.service,
        wanted.language,
        wanted.is_stale,
        wanted.parent_id,
        after_ref,
        limit,
    )
    return [read_station(row) for row in rows]


async def load_ancestors(connection: Any, station_id: UUID) -> list[Station]:
    """The stations above it, from its parent up."""
    return [read_station(row) for row in await connection.fetch(_SQL.ancestors.sql, station_id)]


async def count_subtree(connection: Any, station_id: UUID) -> dict[str, Any]:
    """Counts of the stations below it, near and far."""
    return _counts(await connection.fetch(_SQL.count_subtree.sql, station_id))


async def count(connection: Any) -> dict[str, Any]:
    """Counts of all stations."""
    return _counts(await connection.fetch(_SQL.count_stations.sql))


async def try_lock_register(connection: Any) -> bool:
    """Take the register's lock if nobody has it."""
    return bool(await connection.fetchval(_SQL.try_lock_register.sql))


async def load_to_verify(connection: Any, day: date, limit: int) -> list[Station]:
    """Open stations last verified on that day or before, and not yet told of, the longest first."""
    return [read_station(row) for row in await connection.fetch(_SQL.to_verify.sql, day, limit)]


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
        parent_id=row["parent_id"],
        parent_explanation=row["parent_explanation"],
        setting=row["setting"] and RoomSetting(row["setting"]),
        institution=row["institution"] and Institution.model_validate(row["institution"]),
        services=tuple(map(StationService, row["services"])),
        room_count=row["room_count"],
        seat_count=row["seat_count"],
        line_count=row["line_count"],
        opening_hours=row["opening_hours"] and OpeningHours.model_validate(row["opening_hours"]),
        catchment=row["catchment"] and Catchment.model_validate(row["catchment"]),
        is_open=row["is_open"],
        is_suspended=row["is_suspended"],
        verified_on=row["verified_on"],
        is_stale=row["is_stale"],
    )


def _counts(rows: Sequence[Any]) -> dict[str, Any]:
    by_kind: Counter[str] = Counter()
    by_tier: Counter[str] = Counter()
    totals: Counter[str] = Counter(total=0, open=0, suspended=0, stale=0, rooms=0, seats=0)
    for row in rows:
        by_kind[row["kind"]] += row["n"]
        by_tier[row["tier"]] += row["n"]
        totals["total"] += row["n"]
        totals["open"] += row["n"] if row["is_open"] and not row["is_suspended"] else 0
        totals["suspended"] += row["n"] if row["is_suspended"] else 0
        totals["stale"] += row["n"] if row["is_stale"] else 0
        totals["rooms"] += row["rooms"] or 0
        totals["seats"] += row["seats"] or 0
    return {**totals, "by_kind": by_kind, "by_tier": by_tier}
