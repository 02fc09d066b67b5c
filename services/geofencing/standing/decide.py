"""Who is in reach of standing zones, and what of that was not told yet. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from schemas.events.zone import StationInReach, VolunteerInReach, ZoneReachChanged
from schemas.vocabulary import ZoneKind
from services.geofencing.measure import MeasuredZones
from services.geofencing.model import People, Rules
from services.geofencing.standing.index import ZoneIndex

TOLD_KM: Final = 5.0
"""Distances of volunteers are rounded to this before anybody else hears of them."""
BATCH: Final = 500
"""Volunteers of one event."""
Told = Mapping[UUID, ZoneKind | None]
"""Volunteers in reach by id, each with the zone they were told to be in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachChange:
    """What is to be told about one incident."""

    stations_entered: tuple[StationInReach, ...] = ()
    stations_left: tuple[UUID, ...] = ()
    volunteers_entered: tuple[VolunteerInReach, ...] = ()
    volunteers_left: tuple[UUID, ...] = ()

    def __bool__(self) -> bool:
        return self != ReachChange()


def members_in_reach(zones: MeasuredZones, people: People, rules: Rules) -> dict[UUID, VolunteerInReach]:
    """The people inside a zone, or near the gravest one."""
    if not people.ids:
        return {}
    measures = zones.measure(people.lon_lat)
    distances_km, inside = (measures.distance_m / 1000.0).tolist(), measures.inside.tolist()
    return {
        volunteer_id: VolunteerInReach.model_construct(
            volunteer_id=volunteer_id, inside=zones.kind_at(number), distance_km=round(km / TOLD_KM) * TOLD_KM
        )
        for volunteer_id, km, number in zip(people.ids, distances_km, inside, strict=True)
        if number >= 0 or km <= rules.members_near_km
    }


def reached_by(
    index: ZoneIndex, people: People, rules: Rules, incidents: Collection[UUID]
) -> dict[UUID, dict[UUID, VolunteerInReach]]:
    """By incident of these: who of these people is in reach."""
    if not people.ids or not incidents:
        return {}
    found = index.candidates(people.lon_lat, rules.members_near_km, incidents)
    return {
        incident_id: members_in_reach(index.zones[incident_id], people.at(positions), rules)
        for incident_id, positions in found.items()
    }


def members_changed(told: Told, now: Mapping[UUID, VolunteerInReach]) -> ReachChange:
    """What is different about the volunteers looked at; `told` holds only those."""
    return ReachChange(
        volunteers_entered=tuple(
            reached
            for volunteer_id, reached in now.items()
            if volunteer_id not in told or told[volunteer_id] is not reached.inside
        ),
        volunteers_left=tuple(volunteer_id for volunteer_id in told if volunteer_id not in now),
    )


def first_look(change: ReachChange, moved: Collection[UUID]) -> ReachChange:
    """What of a first look is told: who moved since the zones were drawn. All others were in reach then."""
    entered = tuple(one for one in change.volunteers_entered if one.volunteer_id in moved)
    return ReachChange(volunteers_entered=entered, volunteers_left=change.volunteers_left)


def stations_changed(told: Sequence[StationInReach], now: Sequence[StationInReach]) -> ReachChange:
    """What is different about the stations."""
    before, after = {one.station_id: one for one in told}, {one.station_id for one in now}
    return ReachChange(
        stations_entered=tuple(one for one in now if before.get(one.station_id) != one),
        stations_left=tuple(station_id for station_id in before if station_id not in after),
    )


def events_of(incident_id: UUID, change: ReachChange) -> Iterator[ZoneReachChanged]:
    """The events that tell a change, each of them bounded. None for no change."""
    people, left = change.volunteers_entered, change.volunteers_left
    batches = max(1, -(-len(people) // BATCH), -(-len(left) // BATCH)) if change else 0
    for number in range(batches):
        part = slice(number * BATCH, (number + 1) * BATCH)
        yield ZoneReachChanged.model_construct(
            incident_id=incident_id,
            stations_entered=change.stations_entered if number == 0 else (),
            stations_left=change.stations_left if number == 0 else (),
            volunteers_entered=people[part],
            volunteers_left=left[part],
        )
