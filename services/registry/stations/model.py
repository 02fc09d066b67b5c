"""What a caller may say about a station, and what the register keeps of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import Field

from schemas.values import AreaCode, LatDeg, LonDeg, Position, Text
from schemas.vocabulary import (
    HospitalGrade,
    InstitutionKind,
    RoomSetting,
    StationChange,
    StationKind,
    StationService,
    Tier,
)
from services.registry.model import Batch, Entry, Fact, Languages, Outcome, Ref, Request
from services.registry.stations.hours import OpeningHours

CATCHMENT_AREAS_MAX: Final = 100
CATCHMENT_RADIUS_M_MAX: Final = 1_000_000
REASON_CHARACTERS_MAX: Final = 500

Count = Annotated[int, Field(ge=0, le=1_000_000)]
Reason = Annotated[str, Field(min_length=1, max_length=REASON_CHARACTERS_MAX)]
"""Why something is changed. It stays in the register's history; it must name nobody."""


class Catchment(Request):
    """Whom the station serves: everybody in these areas, and everybody within the radius around it."""

    area_codes: Annotated[tuple[AreaCode, ...], Field(max_length=CATCHMENT_AREAS_MAX)] = ()
    radius_m: Annotated[int, Field(gt=0, le=CATCHMENT_RADIUS_M_MAX)] | None = None


class Institution(Request):
    """The hospital, university or school the station is a part of. Stations of one institution give the same `ref`, so
    that its students are counted once."""

    ref: Ref
    kind: InstitutionKind
    hospital_grade: HospitalGrade | None = None
    student_count: Count | None = None
    psychology_teacher_count: Count | None = None


class StationEntry(Entry):
    """A station or a detachment as it shall stand in the register.

    What is left out stays as it is (a new station: unknown, none, open); null clears it.
    """

    kind: StationKind
    tier: Tier
    name_zh: Text
    name_en: Text
    area_code: AreaCode
    lat_deg: LatDeg
    lon_deg: LonDeg
    languages: Languages = ()
    detachment_ref: Ref | None = None
    parent_ref: Ref | None = None
    parent_explanation: Text | None = None
    """Why it stands below its parent although its area does not lie in the parent's."""
    setting: RoomSetting | None = None
    institution: Institution | None = None
    services: Annotated[tuple[StationService, ...], Field(max_length=len(StationService))] = ()
    room_count: Count | None = None
    seat_count: Count | None = None
    line_count: Count | None = None
    opening_hours: OpeningHours | None = None
    catchment: Catchment | None = None
    is_open: bool = True
    is_suspended: bool = False
    verified_on: date | None = None
    """The last day on which somebody with the right to say so found the entry to be true."""


class StationBatch(Batch):
    """Stations to bring in, and why; the reason is kept in the history of each that changes."""

    reason: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """A station as it stands. `ref` is the operator's; `station_id` follows from it. None: not known."""

    station_id: UUID
    ref: str
    kind: StationKind
    tier: Tier
    name_zh: str
    name_en: str
    area_code: str
    position: Position
    languages: tuple[str, ...]
    detachment_id: UUID | None
    parent_id: UUID | None
    parent_explanation: str | None
    setting: RoomSetting | None
    institution: Institution | None
    services: tuple[StationService, ...]
    room_count: int | None
    seat_count: int | None
    line_count: int | None
    opening_hours: OpeningHours | None
    catchment: Catchment | None
    is_open: bool
    is_suspended: bool
    verified_on: date | None
    is_stale: bool = False
    """Whether `station.went-stale` was published since it was last verified."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """The stations that one station's entry is checked against, as far as they exist."""

    detachment: Station | None = None
    parent: Station | None = None
    children: Sequence[Station] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What was changed about a station: the fields that differ, as JSON. Without `before` it is new."""

    station_id: UUID
    changes: tuple[StationChange, ...]
    before: Mapping[str, Any] | None
    after: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StationDecision:
    """What becomes of one accepted station item. There is a record exactly when something changes."""

    outcome: Outcome
    station: Station
    facts: Sequence[Fact] = ()
    record: Record | None = None
