"""Station events. A station is an organisation's place; its name is public. Key: the station's id."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from schemas.envelope import Event
from schemas.values import AreaCode, LanguageCode, Position, Text, Value
from schemas.vocabulary import (
    HospitalGrade,
    InstitutionKind,
    JurisdictionLevel,
    RoomSetting,
    StationChange,
    StationKind,
    StationService,
    Tier,
)

Count = Annotated[int, Field(ge=0)]
ProposalVerdict = Literal["accepted", "rejected", "withdrawn", "superseded"]


class CatchmentFacts(Value):
    """Whom a station serves: everybody in these areas, and everybody within the radius around it."""

    area_codes: tuple[AreaCode, ...] = ()
    radius_m: Annotated[int, Field(gt=0)] | None = None


class InstitutionFacts(Value):
    """The hospital, university or school a station is a part of; stations with the same id are parts of the same."""

    institution_id: UUID
    kind: InstitutionKind
    hospital_grade: HospitalGrade | None = None
    student_count: Count | None = None
    psychology_teacher_count: Count | None = None


class StationFacts(Event):
    """What the register says of a station. None says that the register does not know."""

    station_id: UUID
    kind: StationKind
    tier: Tier
    name_zh: Text
    name_en: Text
    area_code: AreaCode
    position: Position
    languages: tuple[LanguageCode, ...]
    detachment_id: UUID | None = None
    parent_id: UUID | None = None
    setting: RoomSetting | None = None
    institution: InstitutionFacts | None = None
    services: tuple[StationService, ...] = ()
    room_count: Count | None = None
    seat_count: Count | None = None
    line_count: Count | None = None
    catchment: CatchmentFacts | None = None


class StationRegistered(StationFacts):
    """A station (or detachment) entered the register."""

    event_type: ClassVar[str] = "station.registered"


class StationCorrected(StationFacts):
    """The register's entry of a station was corrected; all its facts as they now stand."""

    event_type: ClassVar[str] = "station.corrected"


class StationCapacityChanged(Event):
    """The station has other numbers of rooms, seats or telephone lines than before; the numbers as they now stand."""

    event_type: ClassVar[str] = "station.capacity-changed"

    station_id: UUID
    room_count: Count | None = None
    seat_count: Count | None = None
    line_count: Count | None = None


class StationVerified(Event):
    """Somebody of this level says that the entry was true on that day."""

    event_type: ClassVar[str] = "station.verified"

    station_id: UUID
    verified_on: date
    verified_by: JurisdictionLevel


class StationWentStale(Event):
    """Nobody has verified the entry for longer than is allowed; `verified_on` is the last time, if there was one."""

    event_type: ClassVar[str] = "station.went-stale"

    station_id: UUID
    verified_on: date | None = None


class StationChangeProposed(Event):
    """A change to the entry (or a new entry) waits for somebody of at least this level to accept or reject it."""

    event_type: ClassVar[str] = "station.change-proposed"

    station_id: UUID
    proposal_id: UUID
    changes: tuple[StationChange, ...]
    verifier: JurisdictionLevel


class StationChangeOverdue(Event):
    """A proposal has waited so long that it is chased: told every 7 days until it is decided.

    The first time `waits_for` is the level that verifies it; each further time it is the level above the last, up to
    the nation. Every level from `verifier` to `waits_for` may decide.
    """

    event_type: ClassVar[str] = "station.change-overdue"

    station_id: UUID
    proposal_id: UUID
    changes: tuple[StationChange, ...]
    verifier: JurisdictionLevel
    waits_for: JurisdictionLevel
    waiting_days: Annotated[int, Field(ge=1)]


class StationChangeDecided(Event):
    """The proposal is no longer open: accepted, rejected, withdrawn by its author, or superseded by another change."""

    event_type: ClassVar[str] = "station.change-decided"

    station_id: UUID
    proposal_id: UUID
    verdict: ProposalVerdict


class StationSuspended(Event):
    """The station takes no part for the time being; nobody is asked from it."""

    event_type: ClassVar[str] = "station.suspended"

    station_id: UUID


class StationResumed(Event):
    """The station takes part again after a suspension."""

    event_type: ClassVar[str] = "station.resumed"

    station_id: UUID


class StationClosed(Event):
    """The station no longer takes part."""

    event_type: ClassVar[str] = "station.closed"

    station_id: UUID


class StationState(StationFacts):
    """A station as it stands now (compacted: the last one per key is the truth).

    It takes part when it is open and not suspended. `is_stale` says that nobody has verified the entry for too long.
    """

    event_type: ClassVar[str] = "station.state"

    is_open: bool
    is_suspended: bool = False
    is_stale: bool = False
    verified_on: date | None = None
