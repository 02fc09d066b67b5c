"""Dispatch's tables as domain verbs. Every function works inside the caller's transaction.

Lock order: the incident's row first (`lock_incident`), then anything below it. Holding a volunteer may wait for another
incident's transaction that holds the same one; a deadlock between two such is ended by PostgreSQL and tried again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import aiosql

from schemas.values import Explanation, IncidentClock, NeedLine, Position
from schemas.vocabulary import Role, ZoneKind
from services.dispatch.model import Destination, Helper, Mission, MissionState, Team

SQL: Final = aiosql.from_path(Path(__file__).parent / "sql" / "queries.sql", "asyncpg", mandatory_parameters=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRow:
    """An incident as teams need it. Without a clock it has not been declared here yet."""

    incident_id: UUID
    exercise: bool
    jurisdiction: tuple[str, ...]
    is_closed: bool
    auto_dispatch: bool
    clock: IncidentClock | None
    needs: tuple[NeedLine, ...]

    @property
    def world(self) -> str:
        """Drills and real incidents do not share volunteers."""
        return "exercise" if self.exercise else "real"


@dataclass(frozen=True, slots=True, kw_only=True)
class MissionRow:
    """A mission with all that is told about it."""

    mission_id: UUID
    incident_id: UUID
    zone_id: UUID
    zone_kind: ZoneKind
    zone_is_lifted: bool
    destination: Position
    team_no: int
    state: MissionState
    is_short: bool
    lead_volunteer_id: UUID | None
    explanation: Explanation
    planned_at: datetime
    approved_by: str | None
    dispatched_at: datetime | None
    relieve_by_at: datetime | None
    departed_at: datetime | None
    eta_at: datetime | None
    arrived_at: datetime | None
    ended_at: datetime | None
    end_reason: str | None
    check_in_due_at: datetime | None
    check_in_missed: bool

    def with_crew(self, members: Iterable[Helper]) -> Mission:
        """The mission as decisions see it."""
        return Mission(
            mission_id=self.mission_id,
            state=self.state,
            lead_volunteer_id=self.lead_volunteer_id,
            members=tuple(members),
            check_in_due_at=self.check_in_due_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Somebody held for an incident. `helper` is None while nobody knows what the need is."""

    volunteer_id: UUID
    order: int
    need_id: str
    zone_id: UUID
    mission_id: UUID | None
    role: Role | None
    language: str | None

    def seated(self) -> Helper:
        """As a team member. Raises ValueError for somebody without a seat."""
        if self.role is None:
            raise ValueError("this volunteer has no seat")
        return self.as_helper(self.role, self.language)

    def as_helper(self, role: Role, language: str | None) -> Helper:
        """As somebody who can take a seat of this role."""
        return Helper(
            volunteer_id=self.volunteer_id, need_id=self.need_id, role=role, language=language, order=self.order
        )


async def lock_incident(
    connection: Any, incident_id: UUID, *, exercise: bool, jurisdiction: Sequence[str]
) -> IncidentRow:
    """The incident, locked; made if an event speaks of it before its declaration came."""
    row = await connection.fetchrow(SQL.lock_incident.sql, incident_id)
    if row is None:
        await connection.execute(SQL.touch_incident.sql, incident_id, exercise, list(jurisdiction))
        row = await connection.fetchrow(SQL.lock_incident.sql, incident_id)
    return _incident(row)


async def lock_known_incident(connection: Any, incident_id: UUID) -> IncidentRow | None:
    """The incident, locked, if it is known."""
    row = await connection.fetchrow(SQL.lock_incident.sql, incident_id)
    return None if row is None else _incident(row)


async def incident(connection: Any, incident_id: UUID) -> IncidentRow | None:
    """The incident, if it is known."""
    row = await connection.fetchrow(SQL.incident.sql, incident_id)
    return None if row is None else _incident(row)


async def declare_incident(
    connection: Any, incident_id: UUID, jurisdiction: Sequence[str], auto_dispatch: bool,
    clock: IncidentClock, needs: Sequence[NeedLine],
) -> None:  # fmt: skip
    """Fill in what the declaration says."""
    await connection.execute(
        SQL.declare_incident.sql, incident_id, list(jurisdiction), auto_dispatch, clock.model_dump(mode="json"),
        _dumped(needs),
    )  # fmt: skip


async def state_needs(connection: Any, incident_id: UUID, needs: Sequence[NeedLine]) -> None:
    """Replace the need lines."""
    await connection.execute(SQL.state_needs.sql, incident_id, _dumped(needs))


async def close_incident(connection: Any, incident_id: UUID) -> None:
    """Nobody is held for this incident any more; no team is formed for it again."""
    await connection.execute(SQL.close_incident.sql, incident_id)
    await connection.execute(SQL.release_everybody.sql, incident_id)


async def end_incident(connection: Any, incident_id: UUID) -> None:
    """No team is formed for this incident any more, and whoever is on no mission is held no longer."""
    await connection.execute(SQL.close_incident.sql, incident_id)
    await connection.execute(SQL.release_waiting.sql, incident_id)


async def put_zones(connection: Any, incident_id: UUID, zones: Sequence[Destination]) -> None:
    """The incident's zones as they now stand; those that are not among them are lifted."""
    await connection.execute(
        SQL.put_zones.sql, incident_id, [zone.zone_id for zone in zones], [zone.kind.value for zone in zones],
        [zone.lat_deg for zone in zones], [zone.lon_deg for zone in zones],
    )  # fmt: skip


async def zones_of(connection: Any, incident_id: UUID) -> list[Destination]:
    """The incident's zones that stand."""
    rows = await connection.fetch(SQL.zones_of.sql, incident_id)
    return [
        Destination(zone_id=row["zone_id"], kind=ZoneKind(row["kind"]), lat_deg=row["lat_deg"], lon_deg=row["lon_deg"])
        for row in rows
    ]


async def put_quotas(connection: Any, incident_id: UUID, quotas: Iterable[tuple[str, UUID]]) -> None:
    """Remember at which zones needs now belong, and with them who waits for a seat."""
    pairs = sorted(set(quotas))
    await connection.execute(
        SQL.put_quotas.sql, incident_id, [need_id for need_id, _ in pairs], [zone_id for _, zone_id in pairs]
    )


async def quotas_of(connection: Any, incident_id: UUID) -> list[tuple[str, UUID]]:
    """At which zones needs belong, as far as the alert said."""
    return [(row["need_id"], row["zone_id"]) for row in await connection.fetch(SQL.quotas_of.sql, incident_id)]


async def put_exhausted(connection: Any, incident_id: UUID, need_ids: Iterable[str]) -> None:
    """Remember that nobody is left to ask for these needs."""
    await connection.execute(SQL.put_exhausted.sql, incident_id, sorted(set(need_ids)))


async def exhausted_of(connection: Any, incident_id: UUID) -> frozenset[str]:
    """Needs for which nobody is left to ask."""
    return frozenset(row["need_id"] for row in await connection.fetch(SQL.exhausted_of.sql, incident_id))


async def hold_volunteer(
    connection: Any, row: IncidentRow, volunteer_id: UUID, order: int, need_id: str, zone_id: UUID
) -> UUID:
    """Hold somebody for this incident; returns the incident that holds them now, which may be another."""
    held = await connection.fetchval(
        SQL.hold_volunteer.sql, row.incident_id, volunteer_id, order, row.world, need_id, zone_id
    )
    if held is not None:
        return row.incident_id
    holder: UUID | None = await connection.fetchval(SQL.held_by.sql, volunteer_id, row.world)
    return row.incident_id if holder is None else holder  # None: this very answer was handled and released before


async def members_of(connection: Any, incident_id: UUID) -> list[Held]:
    """Everybody held for an incident now."""
    return [_held(row) for row in await connection.fetch(SQL.members_of.sql, incident_id)]


async def crews_of(connection: Any, mission_ids: Sequence[UUID]) -> dict[UUID, list[Helper]]:
    """Who sits in the missions, or sat in them when they ended."""
    crews: dict[UUID, list[Helper]] = {mission_id: [] for mission_id in mission_ids}
    for row in await connection.fetch(SQL.crew_of.sql, list(mission_ids)):
        crews[row["mission_id"]].append(_held(row).seated())
    return crews


async def missions_of(connection: Any, incident_id: UUID) -> list[MissionRow]:
    """All missions of an incident."""
    return [_mission(row) for row in await connection.fetch(SQL.missions_of.sql, incident_id)]


async def teams_of(connection: Any, incident_id: UUID, held: Iterable[Held]) -> dict[UUID, list[Team]]:
    """The teams of an incident by zone, with those of `held` who sit in them. Lean: it runs at every answer."""
    crews: dict[UUID, list[Helper]] = {}
    for someone in held:
        if someone.mission_id is not None:
            crews.setdefault(someone.mission_id, []).append(someone.seated())
    teams: dict[UUID, list[Team]] = {}
    for row in await connection.fetch(SQL.teams_of.sql, incident_id):
        team = Team(
            mission_id=row["mission_id"],
            team_no=row["team_no"],
            state=MissionState(row["state"]),
            members=tuple(crews.get(row["mission_id"], ())),
        )
        teams.setdefault(row["zone_id"], []).append(team)
    return teams


async def served_needs(connection: Any, incident_id: UUID) -> dict[UUID, frozenset[str]]:
    """Which needs ever had somebody in each mission of an incident, also those who left."""
    rows = await connection.fetch(SQL.served_needs.sql, incident_id)
    return {row["mission_id"]: frozenset(row["need_ids"]) for row in rows}


async def mission(connection: Any, mission_id: UUID) -> MissionRow | None:
    """One mission."""
    row = await connection.fetchrow(SQL.mission.sql, mission_id)
    return None if row is None else _mission(row)


async def incident_of(connection: Any, mission_id: UUID) -> UUID | None:
    """The incident a mission belongs to; that never changes."""
    found: UUID | None = await connection.fetchval(SQL.incident_of.sql, mission_id)
    return found


async def has_left(connection: Any, mission_id: UUID, volunteer_id: UUID) -> bool:
    """Whether somebody left this team before it ended."""
    return bool(await connection.fetchval(SQL.has_left.sql, mission_id, volunteer_id))


async def opted_out_among(connection: Any, volunteer_ids: Iterable[UUID]) -> frozenset[UUID]:
    """Those of them who want no page."""
    rows = await connection.fetch(SQL.opted_out_among.sql, list(volunteer_ids))
    return frozenset(row["volunteer_id"] for row in rows)


async def seat(connection: Any, incident_id: UUID, mission_id: UUID, members: Sequence[Helper]) -> None:
    """Seat waiting helpers in a mission. Raises RuntimeError if one of them is not waiting any more."""
    done = await connection.execute(
        SQL.seat_members.sql, incident_id, mission_id, [who.volunteer_id for who in members],
        [who.role.value for who in members], [who.language for who in members],
    )  # fmt: skip
    if done != f"UPDATE {len(members)}":
        raise RuntimeError(f"{len(members)} helpers were to be seated, the database says {done}")


def _dumped(needs: Sequence[NeedLine]) -> list[dict[str, Any]]:
    return [need.model_dump(mode="json") for need in needs]


def _incident(row: Any) -> IncidentRow:
    return IncidentRow(
        incident_id=row["incident_id"],
        exercise=row["exercise"],
        jurisdiction=tuple(row["jurisdiction"]),
        is_closed=row["is_closed"],
        auto_dispatch=row["auto_dispatch"],
        clock=IncidentClock.model_validate(row["clock"]) if row["is_declared"] else None,
        needs=tuple(NeedLine.model_validate(need) for need in row["needs"]),
    )


def _held(row: Any) -> Held:
    return Held(
        volunteer_id=row["volunteer_id"],
        order=row["answer_order"],
        need_id=row["need_id"],
        zone_id=row["zone_id"],
        mission_id=row["mission_id"],
        role=None if row["role"] is None else Role(row["role"]),
        language=row["language"],
    )


_SAME_NAMED: Final = (
    "mission_id", "incident_id", "zone_id", "team_no", "is_short", "lead_volunteer_id", "planned_at", "approved_by",
    "dispatched_at", "relieve_by_at", "departed_at", "eta_at", "arrived_at", "ended_at", "end_reason",
    "check_in_due_at", "check_in_missed",
)  # fmt: skip


def _mission(row: Any) -> MissionRow:
    return MissionRow(
        **{name: row[name] for name in _SAME_NAMED},
        zone_kind=ZoneKind(row["zone_kind"]),
        zone_is_lifted=row["is_lifted"],
        destination=Position(lat_deg=row["to_lat_deg"], lon_deg=row["to_lon_deg"]),
        state=MissionState(row["state"]),
        explanation=Explanation.model_validate(row["explanation"]),
    )
