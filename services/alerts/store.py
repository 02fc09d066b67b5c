"""The tables of alerts. Every function works on the connection, and so in the transaction, that it is given.

Lock order, for everything that decides: the world (advisory, only where people are picked), then the alert's row, then
what belongs to it. Promises are taken by inserting their key, last. Whatever deadlock a batch of events
over several alerts may still meet is broken by PostgreSQL, and the batch is tried again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import aiosql

from schemas.events.alert import Ask, Quota
from schemas.events.volunteer import VolunteerState
from schemas.events.zone import FenceAsItStands, StationInReach, ZoneReachChanged
from schemas.values import IncidentClock, NeedLine
from schemas.vocabulary import Answer, Role, ZoneKind
from services.alerts.model import (
    GRAVEST_FIRST,
    AlertState,
    AskState,
    Exclusions,
    Person,
    QuotaState,
    Reach,
    Roster,
    Wave,
    World,
    obstacles,
    world_of,
)

FOLDER: Final = Path(__file__).parent
_QUERIES: Final = aiosql.from_path(FOLDER / "sql" / "queries.sql", "asyncpg", mandatory_parameters=False)


def statement(name: str) -> str:
    """The text of one statement of queries.sql."""
    return str(getattr(_QUERIES, name).sql)


@dataclass(frozen=True, kw_only=True)
class AlertRow:
    """One alert as it is kept. `zones` maps the kinds that exist to their ids."""

    alert_id: UUID
    incident_id: UUID
    state: AlertState
    exercise: bool
    jurisdiction: tuple[str, ...]
    correlation_id: UUID
    level: str | None
    clock: IncidentClock
    needs: tuple[NeedLine, ...] | None
    zones: Mapping[ZoneKind, UUID] | None
    wave: int
    exhausted: bool
    opened_at: datetime | None
    closed_at: datetime | None

    @property
    def world(self) -> World:
        """Real or exercise."""
        return world_of(self.exercise)


def alert_of(row: Any) -> AlertRow:
    """Read a row of `alert`."""
    needs, zones = row["needs"], row["zones"]
    return AlertRow(
        alert_id=row["alert_id"],
        incident_id=row["incident_id"],
        state=AlertState(row["state"]),
        exercise=row["exercise"],
        jurisdiction=tuple(row["jurisdiction"]),
        correlation_id=row["correlation_id"],
        level=row["level"],
        clock=IncidentClock.model_validate(row["clock"]),
        needs=None if needs is None else tuple(NeedLine.model_validate(need) for need in needs),
        zones=None if zones is None else {ZoneKind(kind): UUID(zone_id) for kind, zone_id in zones},
        wave=row["wave"],
        exhausted=row["exhausted"],
        opened_at=row["opened_at"],
        closed_at=row["closed_at"],
    )


Fingerprint = tuple[int, int]
"""Changes whenever any volunteer does."""


class Rosters:
    """Everybody, kept in memory as long as the table has not changed."""

    def __init__(self) -> None:
        self._fingerprint: Fingerprint | None = None
        self.kept = Roster.of([])
        """As it was read last; perhaps not what a transaction sees now."""

    async def refresh(self, connection: Any, fingerprint: Fingerprint) -> bool:
        """Read the volunteers as this transaction sees them, if `kept` is not that; says whether it was not."""
        if fingerprint == self._fingerprint:
            return False
        rows = await connection.fetch(statement("volunteers"))
        self.kept = Roster.of([_person(row) for row in rows])
        self._fingerprint = fingerprint
        return True


def _person(row: Any) -> Person:
    return Person(
        volunteer_id=row["volunteer_id"],
        home_station_id=row["home_station_id"],
        roles=frozenset(Role(role) for role in row["roles"]),
        languages=frozenset(row["languages"]),
        deployable=row["deployable"],
        reasons=tuple(row["reasons"]),
        activation_minutes=row["activation_minutes"],
    )


async def save_volunteer(connection: Any, state: VolunteerState, sequence: int) -> bool:
    """Keep the newest state; says whether the volunteer can now do more than before."""
    reasons = obstacles(state)
    return bool(
        await connection.fetchval(
            statement("upsert_volunteer"),
            state.volunteer_id,
            state.home_station_id,
            [role.value for role in state.roles],
            list(state.languages),
            not reasons,
            list(reasons),
            sequence,
            state.activation_minutes,
        )
    )


async def lock_world(connection: Any, world: World) -> None:
    """Be the only one that picks people in this world, until the transaction ends."""
    await connection.execute(statement("lock_world"), world)


@dataclass(frozen=True, kw_only=True)
class Half:
    """What both halves of an alert have in common."""

    alert_id: UUID
    incident_id: UUID
    exercise: bool
    jurisdiction: tuple[str, ...]
    correlation_id: UUID
    clock: IncidentClock

    @property
    def columns(self) -> tuple[Any, ...]:
        """The first columns of both upserts."""
        return self.alert_id, self.incident_id, self.exercise, list(self.jurisdiction), self.correlation_id


async def save_declared(connection: Any, half: Half, level: str, needs: Sequence[NeedLine]) -> AlertRow:
    """The incident's half; the row is locked from here on."""
    document = [need.model_dump(mode="json") for need in needs]
    clock = half.clock.model_dump(mode="json")
    return alert_of(await connection.fetchrow(statement("save_declared"), *half.columns, level, clock, document))


async def save_fenced(connection: Any, half: Half, fenced: FenceAsItStands) -> AlertRow:
    """The zones' half. Its world and then its row are locked from here on."""
    by_kind = {zone.kind: zone.zone_id for zone in fenced.zones}
    zones = [[kind.value, str(by_kind[kind])] for kind in GRAVEST_FIRST if kind in by_kind]
    reach = [_reach_entry(station) for station in fenced.stations]
    clock = half.clock.model_dump(mode="json")
    world = world_of(half.exercise)
    row = await connection.fetchrow(statement("save_fenced"), *half.columns, clock, zones, reach, world)
    return alert_of(row)


def _reach_entry(station: StationInReach) -> list[Any]:
    return [str(station.station_id), station.distance_km, None if station.inside is None else station.inside.value]


async def change_reach(connection: Any, alert_id: UUID, changed: ZoneReachChanged) -> None:
    """Stations that came into reach, or stand otherwise to the zones now, and those that left it."""
    gone = {str(station_id) for station_id in changed.stations_left}
    gone |= {str(station.station_id) for station in changed.stations_entered}
    kept = [entry for entry in await connection.fetchval(statement("reach"), alert_id) or () if entry[0] not in gone]
    entries = kept + [_reach_entry(station) for station in changed.stations_entered]
    entries.sort(key=lambda entry: (entry[1], UUID(entry[0]).bytes))  # nearest first, as zones tell them
    await connection.execute(statement("set_reach"), alert_id, entries)


async def reach(connection: Any, alert_id: UUID) -> list[Reach]:
    """The stations in reach, nearest first."""
    rows = await connection.fetchval(statement("reach"), alert_id)
    return [Reach(UUID(i), km, None if kind is None else ZoneKind(kind)) for i, km, kind in rows or ()]


async def stations_in_reach(connection: Any, alert_id: UUID) -> int:
    """How many stations are in reach."""
    return int(await connection.fetchval(statement("stations_in_reach"), alert_id))


async def lock_alert(connection: Any, alert_id: UUID) -> AlertRow | None:
    """The alert, locked until the transaction ends."""
    row = await connection.fetchrow(statement("lock_alert"), alert_id)
    return None if row is None else alert_of(row)


async def lock_alert_of_page(connection: Any, page_id: UUID) -> AlertRow | None:
    """The alert that an ask belongs to, locked."""
    row = await connection.fetchrow(statement("lock_alert_of_page"), page_id)
    return None if row is None else alert_of(row)


async def replace_quotas(
    connection: Any, alert_id: UUID, quotas: Sequence[QuotaState], *, opened_at: datetime | None = None
) -> None:
    """The quotas as they now stand; what was accepted stays. With `opened_at` asking begins."""
    columns: list[list[Any]] = [[] for _ in range(8)]
    for state in quotas:
        quota = state.quota
        row = (
            quota.need_id,
            quota.zone_id,
            quota.zone_kind.value,
            quota.role.value,
            quota.language,
            quota.count,
            state.accepted,
            state.ring,
        )
        for column, value in zip(columns, row, strict=True):
            column.append(value)
    await connection.execute(statement("replace_quotas"), alert_id, *columns, opened_at)


async def quotas(connection: Any, alert_id: UUID, asked_after: datetime) -> list[QuotaState]:
    """The quotas, with the answers awaited from people who were asked after a time."""
    rows = await connection.fetch(statement("quotas"), alert_id, asked_after)
    return [
        QuotaState(quota=_quota(row), accepted=row["accepted"], ring=row["ring"], waiting=row["waiting"])
        for row in rows
    ]


def _quota(row: Any) -> Quota:
    return Quota(
        need_id=row["need_id"],
        zone_id=row["zone_id"],
        zone_kind=ZoneKind(row["zone_kind"]),
        role=Role(row["role"]),
        language=row["language"],
        count=row["count"],
    )


async def exclusions(
    connection: Any, alert: AlertRow, now: datetime, among: Collection[UUID] | None = None
) -> tuple[Exclusions, Fingerprint]:
    """Who must not be asked now, of these people or of everybody (in a long emergency everybody is many), and the
    fingerprint of the volunteers."""
    people = None if among is None else list(among)
    row = await connection.fetchrow(statement("exclusions"), alert.world, alert.alert_id, now, people)
    found = Exclusions(
        committed=frozenset(row["committed"]),
        asked_elsewhere=frozenset(row["asked_elsewhere"]),
        asked_here=frozenset(row["asked_here"]),
        last_asked_at=dict(zip(row["last_asked_ids"], row["last_asked_times"], strict=True)),
    )
    return found, (row["volunteers"], row["sequences"])


async def insert_wave(
    connection: Any,
    alert: AlertRow,
    number: int,
    wave: Wave,
    *,
    now: datetime,
    lapses_at: datetime,
    next_rings: Sequence[int],
    channel: str,
    waker: str,
    first_attempts: int,
    lease_until: datetime,
) -> frozenset[UUID]:
    """A wave with its asks and their pages. The first attempt of at most so many is recorded with them, which are
    returned; for the rest, other processes' senders are woken when this commits."""
    asks: Sequence[Ask] = wave.asks
    row = await connection.fetchrow(
        statement("insert_wave"),
        alert.alert_id,
        number,
        wave.ring_km,
        [shortfall.model_dump(mode="json") for shortfall in wave.shortfalls],
        wave.explanation.model_dump(mode="json"),
        now,
        alert.world,
        lapses_at,
        [ask.page_id for ask in asks],
        [ask.volunteer_id for ask in asks],
        [ask.need_id for ask in asks],
        [ask.distance_km for ask in asks],
        [ask.why for ask in asks],
        list(wave.rings),
        next_rings,
        channel,
        waker,
        first_attempts,
        lease_until,
    )
    return frozenset(row["page_ids"])


async def insert_pages(
    connection: Any,
    alert_id: UUID,
    purpose: str,
    pages: Sequence[tuple[UUID, UUID]],
    *,
    now: datetime,
    mission_id: UUID | None = None,
) -> None:
    """Pages (page id, volunteer id) to be sent. Those that exist already stay as they are."""
    page_ids, volunteer_ids = [page for page, _ in pages], [volunteer for _, volunteer in pages]
    await connection.execute(statement("insert_pages"), alert_id, purpose, mission_id, now, page_ids, volunteer_ids)


@dataclass(frozen=True, kw_only=True)
class AskRow:
    """An ask with its quota as they stand. `quota` is None when the need was withdrawn."""

    page_id: UUID
    volunteer_id: UUID
    world: World
    need_id: str
    state: AskState
    last_answer: Answer | None
    quota: Quota | None
    accepted: int
    committed_alert_id: UUID | None
    dispatched: bool


async def ask(connection: Any, page_id: UUID) -> AskRow:
    """An ask. Its alert must be locked."""
    row = await connection.fetchrow(statement("ask"), page_id)
    return AskRow(
        page_id=row["page_id"],
        volunteer_id=row["volunteer_id"],
        world=row["world"],
        need_id=row["need_id"],
        state=AskState(row["state"]),
        last_answer=None if row["answer"] is None else Answer(row["answer"]),
        quota=None if row["zone_id"] is None else _quota(row),
        accepted=row["accepted"] or 0,
        committed_alert_id=row["committed_alert_id"],
        dispatched=row["dispatched"],
    )


async def commit_volunteer(connection: Any, asked: AskRow, alert_id: UUID, now: datetime) -> bool:
    """Promise a person; False if they are promised to somebody already."""
    row = await connection.fetchrow(
        statement("commit_volunteer"), asked.volunteer_id, asked.world, alert_id, asked.page_id, now
    )
    return row is not None
