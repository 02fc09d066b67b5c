"""Care's tables as domain verbs. Every function works inside the caller's transaction; a case is locked by its row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import aiosql

from schemas.events.case import CaseOpened
from schemas.values import IncidentClock
from schemas.vocabulary import TriageLevel
from services.care.model import Case, TeamState, Triage

SQL: Final = aiosql.from_path(Path(__file__).parent / "sql" / "queries.sql", "asyncpg", mandatory_parameters=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRow:
    """The surroundings of an incident's cases."""

    incident_id: UUID
    exercise: bool
    jurisdiction: tuple[str, ...]
    clock: IncidentClock
    owner_station_id: UUID | None
    zone_ids: frozenset[UUID]


@dataclass(frozen=True, slots=True, kw_only=True)
class MissionRow:
    """A team that was sent."""

    mission_id: UUID
    incident_id: UUID
    zone_id: UUID
    state: TeamState
    member_ids: frozenset[UUID]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """A case with all that is told about it."""

    case_id: UUID
    code: str
    incident_id: UUID
    mission_id: UUID | None
    zone_id: UUID
    population_group: str
    age_band: str
    level: TriageLevel
    needs_clinician_review: bool
    follow_up: bool
    owner_station_id: UUID
    opened_at: datetime
    triaged_at: datetime
    closed_at: datetime | None
    close_reason: str | None

    def as_case(self) -> Case:
        """The case as decisions see it."""
        return Case(
            case_id=self.case_id,
            level=self.level,
            needs_clinician_review=self.needs_clinician_review,
            follow_up=self.follow_up,
            is_open=self.closed_at is None,
        )


async def put_incident(
    connection: Any, incident_id: UUID, *, exercise: bool, jurisdiction: Sequence[str], clock: IncidentClock,
    owner_station_id: UUID | None, zone_ids: Sequence[UUID],
) -> None:  # fmt: skip
    """Remember an incident's zones, clock and the station that owns its cases."""
    await connection.execute(
        SQL.put_incident.sql, incident_id, exercise, list(jurisdiction), clock.model_dump(mode="json"),
        owner_station_id, list(zone_ids),
    )  # fmt: skip


async def incident(connection: Any, incident_id: UUID) -> IncidentRow | None:
    """An incident whose zones are known here."""
    row = await connection.fetchrow(SQL.incident.sql, incident_id)
    if row is None:
        return None
    return IncidentRow(
        incident_id=row["incident_id"],
        exercise=row["exercise"],
        jurisdiction=tuple(row["jurisdiction"]),
        clock=IncidentClock.model_validate(row["clock"]),
        owner_station_id=row["owner_station_id"],
        zone_ids=frozenset(row["zone_ids"]),
    )


async def mission(connection: Any, mission_id: UUID) -> MissionRow | None:
    """A team that was sent, as far as is known here."""
    row = await connection.fetchrow(SQL.mission.sql, mission_id)
    if row is None:
        return None
    return MissionRow(
        mission_id=row["mission_id"],
        incident_id=row["incident_id"],
        zone_id=row["zone_id"],
        state=TeamState(row["state"]),
        member_ids=frozenset(row["member_ids"]),
    )


async def open_case(connection: Any, event: CaseOpened, code: str, triage: Triage, *, follow_up: bool) -> bool:
    """Store a new case; false if the code is taken."""
    opened = await connection.fetchval(
        SQL.open_case.sql, event.case_id, code, event.incident_id, event.mission_id, event.zone_id,
        event.population_group.value, event.age_band.value, triage.level.value, triage.needs_clinician_review,
        follow_up, event.owner_station_id, event.opened_at,
    )  # fmt: skip
    return opened is not None


async def case(connection: Any, case_id: UUID, *, for_update: bool = False) -> CaseRow | None:
    """A case, locked if asked for."""
    sql = SQL.case_for_update.sql if for_update else SQL.case_by_id.sql
    row = await connection.fetchrow(sql, case_id)
    return None if row is None else CaseRow(**{**dict(row), "level": TriageLevel(row["level"])})
