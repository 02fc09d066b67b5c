"""What is told of a station: facts for what changed, and the state that everybody downstream uses. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from schemas.envelope import Event
from schemas.events.station import (
    CatchmentFacts,
    InstitutionFacts,
    StationCapacityChanged,
    StationClosed,
    StationCorrected,
    StationRegistered,
    StationResumed,
    StationState,
    StationSuspended,
    StationVerified,
    StationWentStale,
)
from schemas.ids import referenced_id
from schemas.vocabulary import JurisdictionLevel
from services.registry.model import Fact
from services.registry.stations.model import Station

_TOLD_APART: Final = (
    "room_count", "seat_count", "line_count", "is_open", "is_suspended", "verified_on", "is_stale", "opening_hours",
    "parent_explanation",
)  # fmt: skip
"""Fields whose change is an event of its own, or that stay in the register."""


def facts_between(before: Station | None, after: Station, level: JurisdictionLevel) -> tuple[Fact, ...]:
    """The facts between two forms, and the state at the end. `level` is that of who changes it."""
    return tuple(fact(after, event) for event in (*_events(before, after, level), station_state(after)))


def fact(station: Station, event: Event) -> Fact:
    """An event about this station."""
    return Fact(key=station.station_id, area_code=station.area_code, event=event)


def station_state(station: Station) -> StationState:
    """The compacted state of a station."""
    return StationState(
        **_described(station),
        is_open=station.is_open,
        is_suspended=station.is_suspended,
        is_stale=station.is_stale,
        verified_on=station.verified_on,
    )


def went_stale(station: Station) -> tuple[Station, tuple[Fact, ...]]:
    """The station that nobody has verified for too long, with the facts."""
    after = replace(station, is_stale=True)
    event = StationWentStale(station_id=station.station_id, verified_on=station.verified_on)
    return after, (fact(after, event), fact(after, station_state(after)))


def _events(before: Station | None, after: Station, level: JurisdictionLevel) -> Iterator[Event]:
    reopens = before is not None and after.is_open and not before.is_open
    if before is None:
        yield StationRegistered(**_described(after))
    elif reopens or _without_what_is_told_apart(before) != _without_what_is_told_apart(after):
        yield StationCorrected(**_described(after))  # a station that reopens is told with all its facts
    if before is not None and _capacity(before) != _capacity(after):
        yield StationCapacityChanged(station_id=after.station_id, **_capacity(after))
    was_suspended = before is not None and before.is_suspended
    if after.is_suspended != was_suspended:
        yield (StationSuspended if after.is_suspended else StationResumed)(station_id=after.station_id)
    if not after.is_open and (before is None or before.is_open):
        yield StationClosed(station_id=after.station_id)
    if after.verified_on is not None and (before is None or before.verified_on != after.verified_on):
        yield StationVerified(station_id=after.station_id, verified_on=after.verified_on, verified_by=level)


def _described(station: Station) -> dict[str, Any]:
    """The fields that all events with the station's facts have."""
    institution, catchment = station.institution, station.catchment
    return {
        "station_id": station.station_id,
        "kind": station.kind,
        "tier": station.tier,
        "name_zh": station.name_zh,
        "name_en": station.name_en,
        "area_code": station.area_code,
        "position": station.position,
        "languages": station.languages,
        "detachment_id": station.detachment_id,
        "parent_id": station.parent_id,
        "setting": station.setting,
        "institution": None if institution is None else InstitutionFacts(
            institution_id=referenced_id("institution", institution.ref),
            kind=institution.kind,
            hospital_grade=institution.hospital_grade,
            student_count=institution.student_count,
            psychology_teacher_count=institution.psychology_teacher_count,
        ),
        "services": station.services,
        **_capacity(station),
        "catchment": None if catchment is None else CatchmentFacts(
            area_codes=catchment.area_codes, radius_m=catchment.radius_m
        ),
    }  # fmt: skip


def _capacity(station: Station) -> dict[str, int | None]:
    return {
        "room_count": station.room_count,
        "seat_count": station.seat_count,
        "line_count": station.line_count,
    }


def _without_what_is_told_apart(station: Station) -> dict[str, Any]:
    return {
        field: getattr(station, field) for field in station.__dataclass_fields__ if field not in _TOLD_APART
    }  # fmt: skip
