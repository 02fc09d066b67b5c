"""Decisions about stations: pure. Every change is told as facts and recorded with what was before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import date, datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from pydantic import BaseModel

from schemas.ids import referenced_id
from schemas.values import Position
from schemas.vocabulary import StationChange, StationService
from services.kit.problems import Finding
from services.registry.model import Outcome, Refused
from services.registry.stations.facts import facts_between
from services.registry.stations.hours import is_open_at
from services.registry.stations.kinds import DETACHMENTS, problems_of_kind
from services.registry.stations.model import (
    Catchment,
    Neighbours,
    Record,
    Station,
    StationDecision,
    StationEntry,
)
from services.registry.stations.tree import level_over, problems_with_children, problems_with_parent

V = TypeVar("V")
_SERVICE_ORDER: Final = {service: number for number, service in enumerate(StationService)}
CHANGE_OF_FIELD: Final = {
    "kind": StationChange.PLACE_IN_TREE,
    "tier": StationChange.PLACE_IN_TREE,
    "detachment_id": StationChange.PLACE_IN_TREE,
    "parent_id": StationChange.PLACE_IN_TREE,
    "parent_explanation": StationChange.PLACE_IN_TREE,
    "area_code": StationChange.PLACE,
    "position": StationChange.PLACE,
    "name_zh": StationChange.DESCRIPTION,
    "name_en": StationChange.DESCRIPTION,
    "languages": StationChange.DESCRIPTION,
    "setting": StationChange.DESCRIPTION,
    "services": StationChange.DESCRIPTION,
    "opening_hours": StationChange.DESCRIPTION,
    "catchment": StationChange.DESCRIPTION,
    "room_count": StationChange.CAPACITY,
    "seat_count": StationChange.CAPACITY,
    "line_count": StationChange.CAPACITY,
    "institution": StationChange.INSTITUTION,
    "is_suspended": StationChange.SUSPENSION,
    "is_open": StationChange.CLOSURE,
    "verified_on": StationChange.CONFIRMATION,
}
"""What kind of change it is to change a field. Ids, references and `is_stale` are not changed by anybody."""


def station_id_of(ref: str) -> UUID:
    """The id of a station or detachment that an operator names by their own reference."""
    return referenced_id("station", ref)


def decide_station(
    entry: StationEntry,
    before: Station | None,
    neighbours: Neighbours,
    areas: Sequence[str],
    today: date,
    where: str,
) -> StationDecision | Refused:
    """What becomes of the entry. `before` is its present form, None if new; `areas` are the author's."""
    after = station_of(entry, before)
    problems = tuple(_problems(entry, after, neighbours, today, where))
    if problems:
        return Refused(problems=problems)
    if before == after:
        return StationDecision(outcome=Outcome.UNCHANGED, station=after)
    level = level_over(areas, area_codes_of(before, after))
    return StationDecision(
        outcome=Outcome.CREATED if before is None else Outcome.CHANGED,
        station=after,
        facts=facts_between(before, after, level),
        record=record_between(before, after),
    )


def station_of(entry: StationEntry, before: Station | None = None) -> Station:
    """The station as the entry wants it; what it leaves out stays as it was."""

    def chosen(field: str, wanted: V, kept: str | None = None) -> V:
        if before is None or field in entry.model_fields_set:
            return wanted
        return getattr(before, kept or field)  # type: ignore[no-any-return]

    verified_on = _later(entry.verified_on, None if before is None else before.verified_on)
    return Station(
        station_id=station_id_of(entry.ref),
        ref=entry.ref,
        kind=entry.kind,
        tier=entry.tier,
        name_zh=entry.name_zh,
        name_en=entry.name_en,
        area_code=entry.area_code,
        position=Position(lat_deg=entry.lat_deg, lon_deg=entry.lon_deg),
        languages=chosen("languages", tuple(sorted(set(entry.languages)))),
        detachment_id=chosen("detachment_ref", _id_of(entry.detachment_ref), "detachment_id"),
        parent_id=chosen("parent_ref", _id_of(entry.parent_ref), "parent_id"),
        parent_explanation=chosen("parent_explanation", entry.parent_explanation),
        setting=chosen("setting", entry.setting),
        institution=chosen("institution", entry.institution),
        services=chosen("services", tuple(sorted(set(entry.services), key=_SERVICE_ORDER.__getitem__))),
        room_count=chosen("room_count", entry.room_count),
        seat_count=chosen("seat_count", entry.seat_count),
        line_count=chosen("line_count", entry.line_count),
        opening_hours=chosen("opening_hours", entry.opening_hours),
        catchment=chosen("catchment", _in_order(entry.catchment)),
        is_open=chosen("is_open", entry.is_open),
        is_suspended=chosen("is_suspended", entry.is_suspended),
        verified_on=verified_on,
        is_stale=before is not None and before.is_stale and before.verified_on == verified_on,
    )


def entry_of(station: Station) -> dict[str, Any]:
    """What an entry of this station says at least; laid under a change, it makes an entry that changes only that."""
    return {
        "ref": station.ref,
        "kind": station.kind,
        "tier": station.tier,
        "name_zh": station.name_zh,
        "name_en": station.name_en,
        "area_code": station.area_code,
        "lat_deg": station.position.lat_deg,
        "lon_deg": station.position.lon_deg,
    }


def record_between(before: Station | None, after: Station) -> Record:
    """What differs, as JSON."""
    new, old = as_json(after), {} if before is None else as_json(before)
    differing = [field for field in new if before is None or old[field] != new[field]]
    changes = {CHANGE_OF_FIELD[field] for field in differing}
    return Record(
        station_id=after.station_id,
        changes=(StationChange.REGISTRATION,) if before is None else tuple(c for c in StationChange if c in changes),
        before=None if before is None else {field: old[field] for field in differing},
        after={field: new[field] for field in differing},
    )


def as_json(station: Station) -> dict[str, Any]:
    """The fields that somebody can change, as JSON."""
    return {field.name: _json_of(getattr(station, field.name)) for field in fields(station)
            if field.name in CHANGE_OF_FIELD}  # fmt: skip


def is_open_now(station: Station, now: datetime) -> bool | None:
    """Whether somebody can be helped there at that instant; None if its hours are not known."""
    if not takes_part(station):
        return False
    return None if station.opening_hours is None else is_open_at(station.opening_hours, now)


def takes_part(station: Station) -> bool:
    """Whether anybody may be asked from there: it is neither closed nor suspended."""
    return station.is_open and not station.is_suspended


def moves_volunteers(before: Station | None, after: Station) -> bool:
    """Whether the states of those whose home it is change with it: their place is the station's."""
    return before is not None and _bearing_on_volunteers(before) != _bearing_on_volunteers(after)


def area_codes_of(before: Station | None, after: Station) -> tuple[str, ...]:
    """Where it was and where it shall be: whoever changes it needs the right over both."""
    return (after.area_code,) if before is None else (before.area_code, after.area_code)


def _problems(
    entry: StationEntry, after: Station, neighbours: Neighbours, today: date, where: str
) -> Iterator[Finding]:
    detachment = neighbours.detachment
    is_detachment = detachment is not None and detachment.kind in DETACHMENTS
    if after.detachment_id is not None and (not is_detachment or after.detachment_id == after.station_id):
        yield Finding(where=f"{where}/detachment_ref", what="there is no such detachment")
    yield from problems_with_parent(after, neighbours.parent, where)
    yield from problems_with_children(after, neighbours.children, where)
    yield from problems_of_kind(after, where)
    if entry.verified_on is not None and entry.verified_on > today:
        yield Finding(where=f"{where}/verified_on", what="lies in the future")


def _bearing_on_volunteers(station: Station) -> tuple[object, ...]:
    return station.position, station.area_code, station.is_open, station.is_suspended


def _id_of(ref: str | None) -> UUID | None:
    return None if ref is None else station_id_of(ref)


def _later(one: date | None, other: date | None) -> date | None:
    return max((day for day in (one, other) if day is not None), default=None)


def _in_order(catchment: Catchment | None) -> Catchment | None:
    if catchment is None or (not catchment.area_codes and catchment.radius_m is None):
        return None
    return catchment.model_copy(update={"area_codes": tuple(sorted(set(catchment.area_codes)))})


def _json_of(value: Any) -> Any:
    """A field's value as JSON gives it back."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, tuple):
        return [str(item) for item in value]
    return str(value) if isinstance(value, UUID | date | str) else value
