"""Decisions about stations: pure. Every change is told as facts, and the state that everybody downstream uses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final
from uuid import UUID

from schemas.events.station import StationClosed, StationCorrected, StationRegistered, StationState
from schemas.ids import referenced_id
from schemas.values import Position
from schemas.vocabulary import StationKind
from services.kit.problems import Finding
from services.registry.model import Fact, Outcome, Refused
from services.registry.stations.model import Station, StationDecision, StationEntry

DETACHMENTS: Final = frozenset({StationKind.PROVINCIAL_DETACHMENT, StationKind.MUNICIPAL_DETACHMENT})


def station_id_of(ref: str) -> UUID:
    """The id of a station or detachment that an operator names by their own reference."""
    return referenced_id("station", ref)


def station_of(entry: StationEntry) -> Station:
    """The station as the entry wants it."""
    return Station(
        station_id=station_id_of(entry.ref),
        ref=entry.ref,
        kind=entry.kind,
        tier=entry.tier,
        name_zh=entry.name_zh,
        name_en=entry.name_en,
        area_code=entry.area_code,
        position=Position(lat_deg=entry.lat_deg, lon_deg=entry.lon_deg),
        languages=tuple(sorted(set(entry.languages))),
        detachment_id=None if entry.detachment_ref is None else station_id_of(entry.detachment_ref),
        is_open=entry.is_open,
    )


def decide_station(
    entry: StationEntry, before: Station | None, detachment: Station | None, where: str
) -> StationDecision | Refused:
    """What becomes of the entry. `before` is its present form, `detachment` the one it names; None if not there."""
    after = station_of(entry)
    is_detachment = detachment is not None and detachment.kind in DETACHMENTS
    if after.detachment_id is not None and (not is_detachment or after.detachment_id == after.station_id):
        return Refused(problems=(Finding(where=f"{where}/detachment_ref", what="there is no such detachment"),))
    if before == after:
        return StationDecision(outcome=Outcome.UNCHANGED, station=after)
    outcome = Outcome.CREATED if before is None else Outcome.CHANGED
    return StationDecision(outcome=outcome, station=after, facts=tuple(_station_facts(before, after)))


def _station_facts(before: Station | None, after: Station) -> Iterator[Fact]:
    described = StationRegistered if before is None else StationCorrected
    facts_alike = before is not None and replace(before, is_open=after.is_open) == after
    if not facts_alike or after.is_open:  # a station that reopens is told with all its facts
        yield _station_fact(
            after,
            described(
                station_id=after.station_id,
                kind=after.kind,
                tier=after.tier,
                name_zh=after.name_zh,
                name_en=after.name_en,
                area_code=after.area_code,
                position=after.position,
                languages=after.languages,
                detachment_id=after.detachment_id,
            ),
        )
    if not after.is_open and (before is None or before.is_open):
        yield _station_fact(after, StationClosed(station_id=after.station_id))
    yield _station_fact(after, station_state(after))


def _station_fact(station: Station, event: StationRegistered | StationCorrected | StationClosed | StationState) -> Fact:
    return Fact(key=station.station_id, area_code=station.area_code, event=event)


def station_state(station: Station) -> StationState:
    """The compacted state of a station."""
    return StationState(
        station_id=station.station_id,
        kind=station.kind,
        tier=station.tier,
        name_zh=station.name_zh,
        name_en=station.name_en,
        area_code=station.area_code,
        position=station.position,
        languages=station.languages,
        is_open=station.is_open,
    )


def moves_volunteers(before: Station | None, after: Station) -> bool:
    """Whether the states of those whose home it is change with it: their place is the station's."""
    return before is not None and (
        (before.position, before.area_code, before.is_open) != (after.position, after.area_code, after.is_open)
    )
