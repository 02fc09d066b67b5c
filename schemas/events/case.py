"""Case events: a person met, by code only. Who it is stays in the vault. Key: the case's id."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from schemas.envelope import Event
from schemas.values import IncidentClock
from schemas.vocabulary import AgeBand, PopulationGroup, TriageLevel


class CaseOpened(Event):
    """A team met somebody who may need more than a talk. `opened_at` is incident time."""

    event_type: ClassVar[str] = "case.opened"

    case_id: UUID
    incident_id: UUID
    mission_id: UUID | None
    zone_id: UUID
    population_group: PopulationGroup
    age_band: AgeBand
    opened_at: AwareDatetime
    owner_station_id: UUID
    clock: IncidentClock


class CaseTriaged(Event):
    """The case's urgency was judged. L0 and L1 wait for a clinician's review. Not a diagnosis."""

    event_type: ClassVar[str] = "case.triaged"

    case_id: UUID
    incident_id: UUID
    zone_id: UUID
    level: TriageLevel
    triaged_at: AwareDatetime
    needs_clinician_review: bool


class CaseConsented(Event):
    """The person (or guardian) agreed, or no longer agrees, to be followed up."""

    event_type: ClassVar[str] = "case.consented"

    case_id: UUID
    incident_id: UUID
    follow_up: bool
    consented_at: AwareDatetime


class CaseClosed(Event):
    """The case ended."""

    event_type: ClassVar[str] = "case.closed"

    case_id: UUID
    incident_id: UUID
    reason: str
