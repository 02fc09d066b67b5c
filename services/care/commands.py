"""What people tell care: who may say it, and what follows. Raises `ProblemError`."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from schemas.events.case import CaseClosed, CaseConsented, CaseOpened, CaseTriaged
from schemas.ids import derived_id
from schemas.vocabulary import AgeBand, PopulationGroup, TriageLevel
from services.care import decide, store
from services.care.model import CloseReason, Refused, Triage, Unchanged
from services.care.store import SQL, CaseRow, IncidentRow, MissionRow
from services.kit.auth import Principal, require_jurisdiction, require_scope
from services.kit.problems import Finding, ProblemError, conflict, forbidden, invalid, not_found, unavailable
from services.kit.unit import Unit

CODE_DRAWS_MAX: Final = 20
"""With 28 million codes, drawing a taken one this often in a row means that they are nearly used up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What is said about somebody when a case is opened. A mission, or an incident and a zone of it."""

    mission_id: UUID | None
    incident_id: UUID | None
    zone_id: UUID | None
    population_group: PopulationGroup
    age_band: AgeBand
    level: TriageLevel
    follow_up: bool


@dataclass(frozen=True, slots=True)
class _Place:
    incident: IncidentRow
    zone_id: UUID
    mission_id: UUID | None


async def open_case(
    unit: Unit, principal: Principal, opening: Opening, command_id: UUID, *, retry_after_s: int
) -> tuple[UUID, str]:
    """Open, triage and record the consent of a case in one unit; returns its id and code."""
    place = await _place(unit, principal, opening, retry_after_s)
    row = place.incident
    unit.inherit(exercise=row.exercise, jurisdiction=row.jurisdiction)
    if row.owner_station_id is None:
        raise conflict("No station is in reach of this incident, so nobody could own the case.")
    now = row.clock.incident_time(unit.now)
    event = CaseOpened(
        case_id=derived_id(command_id, "case"),
        incident_id=row.incident_id,
        mission_id=place.mission_id,
        zone_id=place.zone_id,
        population_group=opening.population_group,
        age_band=opening.age_band,
        opened_at=now,
        owner_station_id=row.owner_station_id,
        clock=row.clock,
    )
    triage = decide.first_triage(opening.level, by_clinician=principal.scope is None)
    code = await _store(unit, event, triage, follow_up=opening.follow_up)
    key = event.case_id
    unit.emit(event, key=key)
    _tell_triaged(unit, event.case_id, row, place.zone_id, triage)
    unit.emit(
        CaseConsented(case_id=key, incident_id=row.incident_id, follow_up=opening.follow_up, consented_at=now), key=key
    )
    return event.case_id, code


async def _store(unit: Unit, event: CaseOpened, triage: Triage, *, follow_up: bool) -> str:
    for _ in range(CODE_DRAWS_MAX):
        code = decide.case_code(secrets.randbelow(decide.CODES))
        if await store.open_case(unit.connection, event, code, triage, follow_up=follow_up):
            return code
    raise unavailable("No free case code was found; try again.")


async def _place(unit: Unit, principal: Principal, opening: Opening, retry_after_s: int) -> _Place:
    """Where the case belongs, and that this principal may open it there."""
    if opening.mission_id is not None:
        return await _place_of_mission(unit, principal, opening.mission_id, retry_after_s)
    if principal.scope is not None:
        raise invalid([Finding(where="/mission_id", what="a team says for which mission")])
    if opening.incident_id is None or opening.zone_id is None:
        raise invalid([Finding(where="/mission_id", what="give a mission, or an incident and one of its zones")])
    row = await _incident(unit, opening.incident_id, principal, retry_after_s)
    if opening.zone_id not in row.zone_ids:
        raise invalid([Finding(where="/zone_id", what="is not a zone of this incident")])
    return _Place(row, opening.zone_id, None)


async def _place_of_mission(unit: Unit, principal: Principal, mission_id: UUID, retry_after_s: int) -> _Place:
    require_scope(principal, "mission", mission_id)
    mission = await store.mission(unit.connection, mission_id)
    if mission is None and principal.scope is not None:  # the token proves that it exists
        raise unavailable("This mission is not known here yet; try again.", retry_after_s=retry_after_s)
    if mission is None:
        raise not_found("mission")
    row = await _incident(unit, mission.incident_id, principal, retry_after_s)
    if principal.scope is not None:
        _check_team(principal, mission, retry_after_s)
    return _Place(row, mission.zone_id, mission_id)


def _check_team(principal: Principal, mission: MissionRow, retry_after_s: int) -> None:
    if principal.subject not in {str(member_id) for member_id in mission.member_ids}:
        raise forbidden("You are not a member of this team.")
    refused = decide.may_open(mission.state)
    if refused is not None:
        # The news of the arrival may be on its way here: a phone tries again.
        raise ProblemError(409, "conflict", refused.detail, headers={"Retry-After": str(retry_after_s)})


async def _incident(unit: Unit, incident_id: UUID, principal: Principal, retry_after_s: int) -> IncidentRow:
    row = await store.incident(unit.connection, incident_id)
    if row is None and principal.scope is not None:
        raise unavailable("This incident's zones are not known here yet; try again.", retry_after_s=retry_after_s)
    if row is None:
        raise not_found("incident")
    require_jurisdiction(principal, row.jurisdiction)
    return row


async def triage_case(unit: Unit, principal: Principal, case_id: UUID, level: TriageLevel) -> bool:
    """A clinician judges a case, or confirms its level; false if that changes nothing."""
    case, row = await _locked(unit, principal, case_id)
    decision = decide.retriage(case.as_case(), level)
    if isinstance(decision, Refused):
        raise conflict(decision.detail)
    if isinstance(decision, Unchanged):
        return False
    await unit.connection.execute(
        SQL.triage_case.sql, case_id, decision.level.value, decision.needs_clinician_review,
        row.clock.incident_time(unit.now),
    )  # fmt: skip
    _tell_triaged(unit, case_id, row, case.zone_id, decision)
    return True


async def change_consent(unit: Unit, principal: Principal, case_id: UUID, *, follow_up: bool) -> bool:
    """The person agrees, or no longer agrees, to be followed up; false if that was so before."""
    case, row = await _locked(unit, principal, case_id)
    decision = decide.change_consent(case.as_case(), follow_up=follow_up)
    if isinstance(decision, Refused):
        raise conflict(decision.detail)
    if isinstance(decision, Unchanged):
        return False
    await unit.connection.execute(SQL.consent_case.sql, case_id, follow_up)
    now = row.clock.incident_time(unit.now)
    unit.emit(
        CaseConsented(case_id=case_id, incident_id=row.incident_id, follow_up=follow_up, consented_at=now), key=case_id
    )
    return True


async def close_case(unit: Unit, principal: Principal, case_id: UUID, reason: CloseReason) -> bool:
    """The case ends; false if it had ended for the same reason."""
    case, row = await _locked(unit, principal, case_id)
    if case.closed_at is not None:
        if case.close_reason != reason:
            raise conflict(f"The case was closed before, as {case.close_reason}.")
        return False
    await unit.connection.execute(SQL.close_case.sql, case_id, row.clock.incident_time(unit.now), reason.value)
    unit.emit(CaseClosed(case_id=case_id, incident_id=row.incident_id, reason=reason.value), key=case_id)
    return True


async def _locked(unit: Unit, principal: Principal, case_id: UUID) -> tuple[CaseRow, IncidentRow]:
    case = await store.case(unit.connection, case_id, for_update=True)
    row = None if case is None else await store.incident(unit.connection, case.incident_id)
    if case is None or row is None:
        raise not_found("case")
    require_jurisdiction(principal, row.jurisdiction)
    unit.inherit(exercise=row.exercise, jurisdiction=row.jurisdiction)
    return case, row


def _tell_triaged(unit: Unit, case_id: UUID, row: IncidentRow, zone_id: UUID, triage: Triage) -> None:
    unit.emit(
        CaseTriaged(
            case_id=case_id,
            incident_id=row.incident_id,
            zone_id=zone_id,
            level=triage.level,
            triaged_at=row.clock.incident_time(unit.now),
            needs_clinician_review=triage.needs_clinician_review,
        ),
        key=case_id,
    )
