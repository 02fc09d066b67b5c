"""What the standing queries keep. Every function works on the connection, and so in the transaction, it is given."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import aiosql
from shapely.geometry import shape

from schemas.events.volunteer import VolunteerState
from schemas.events.zone import FenceAsItStands, StationInReach
from schemas.vocabulary import ZoneKind
from services.geofencing.measure import MeasuredZones
from services.geofencing.model import People
from services.geofencing.standing.decide import ReachChange
from services.geofencing.standing.index import ZoneIndex
from services.geofencing.store import STATIONS

SQL: Final = aiosql.from_path(Path(__file__).parent / "sql" / "queries.sql", "asyncpg", mandatory_parameters=False)


INCIDENTS_AT_ONCE: Final = 20
"""Incidents against which everybody is looked at in one transaction."""


@dataclass(frozen=True, slots=True)
class Moved:
    """Whose place must be looked at again."""

    incidents: frozenset[UUID]
    volunteers: frozenset[UUID]
    stations: bool

    def __bool__(self) -> bool:
        return bool(self.incidents or self.volunteers or self.stations)


@dataclass(frozen=True, slots=True)
class StandingFence:
    """A fence that stands, locked. `exercise` and `area_codes` are what its events say; `is_followed` says whether
    everybody was looked at against it before."""

    incident_id: UUID
    revision: int
    exercise: bool
    area_codes: tuple[str, ...]
    is_followed: bool


async def count_members(connection: Any) -> int:
    """How many volunteers are known."""
    return int(await connection.fetchval(SQL.count_members.sql))


async def save_member(connection: Any, state: VolunteerState, sequence: int, told_at: datetime) -> bool | None:
    """Keep the newest state; says whether they are known to be on a duty of the register. None: it was not new."""
    position = state.position
    was_rostered: bool | None = await connection.fetchval(
        SQL.upsert_member.sql,
        state.volunteer_id,
        state.home_station_id,
        state.area_code,
        position.lat_deg,
        position.lon_deg,
        state.position_source,
        [role.value for role in state.roles],
        list(state.languages),
        state.deployable,
        list(state.reasons),
        sequence,
        told_at,
        None if state.channels is None else [channel.value for channel in state.channels],
    )
    return was_rostered


async def has_moved(connection: Any) -> bool:
    """Whether anybody must be looked at."""
    return bool(await connection.fetchval(SQL.has_moved.sql))


async def take_moved(connection: Any) -> Moved:
    """Whose place must be looked at; what this transaction does not take, or fails to handle, is left for the next."""
    rows = await connection.fetch(SQL.take_moved.sql, INCIDENTS_AT_ONCE)
    return Moved(
        incidents=frozenset(row["id"] for row in rows if row["what"] == "incident"),
        volunteers=frozenset(row["id"] for row in rows if row["what"] == "volunteer"),
        stations=any(row["what"] == "station" for row in rows),
    )


async def lock_standing(connection: Any) -> list[StandingFence]:
    """All fences that stand, locked until the transaction ends."""
    rows = await connection.fetch(SQL.lock_standing_fences.sql)
    return [
        StandingFence(
            row["incident_id"], row["revision"], row["exercise"], tuple(row["area_codes"]), row["is_followed"]
        )
        for row in rows
    ]


class Zones:
    """The standing zones in a search tree, read again only where a revision changed them."""

    def __init__(self) -> None:
        self._revisions: dict[UUID, int] = {}
        self._index = ZoneIndex({})

    async def index(self, connection: Any, fences: Sequence[StandingFence]) -> ZoneIndex:
        """The zones of these fences, which this transaction holds."""
        revisions = {fence.incident_id: fence.revision for fence in fences}
        if revisions == self._revisions:
            return self._index
        known = {i: zones for i, zones in self._index.zones.items() if self._revisions[i] == revisions.get(i)}
        for row in await connection.fetch(SQL.zones_of.sql, [i for i in revisions if i not in known]):
            fenced = FenceAsItStands.model_validate_json(row["fenced"])
            known[row["incident_id"]] = MeasuredZones.of(
                (zone.kind, shape(zone.geometry.model_dump())) for zone in fenced.zones
            )
        self._index, self._revisions = ZoneIndex(known), revisions
        return self._index


async def told_stations(connection: Any, incident_ids: Collection[UUID]) -> dict[UUID, tuple[StationInReach, ...]]:
    """The stations in reach of each incident as they were told last."""
    rows = await connection.fetch(SQL.told_stations.sql, list(incident_ids))
    return {row["incident_id"]: STATIONS.validate_json(row["stations"]) for row in rows}


async def tell_stations(connection: Any, incident_id: UUID, stations: tuple[StationInReach, ...]) -> None:
    """Keep the stations in reach as they are told now."""
    await connection.execute(SQL.tell_stations.sql, incident_id, STATIONS.dump_json(stations).decode())


async def people(connection: Any, volunteer_ids: Collection[UUID] | None) -> People:
    """Those who may be asked now: of these, or (None) of all."""
    wanted = None if volunteer_ids is None else list(volunteer_ids)
    rows = await connection.fetch(SQL.people.sql, wanted)
    return People.of((row["volunteer_id"], row["lon_deg"], row["lat_deg"]) for row in rows)


async def told_members(
    connection: Any, incident_ids: Collection[UUID], volunteer_ids: Collection[UUID]
) -> dict[UUID, dict[UUID, ZoneKind | None]]:
    """Who was told to be in reach: everybody of these incidents, and these people wherever they are."""
    told: dict[UUID, dict[UUID, ZoneKind | None]] = defaultdict(dict)
    for row in await connection.fetch(SQL.told_members.sql, list(incident_ids), list(volunteer_ids)):
        inside = None if row["inside"] is None else ZoneKind(row["inside"])
        told[row["incident_id"]][row["volunteer_id"]] = inside
    return told


async def tell_members(connection: Any, incident_id: UUID, change: ReachChange) -> None:
    """Keep the volunteers in reach as they are told now."""
    entered = change.volunteers_entered
    await connection.execute(
        SQL.tell_members.sql, incident_id, [one.volunteer_id for one in entered],
        [None if one.inside is None else one.inside.value for one in entered], list(change.volunteers_left),
    )  # fmt: skip
