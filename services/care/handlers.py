"""What care learns from events: where incidents are and which teams are on scene."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar
from uuid import UUID

from schemas.envelope import Envelope, Event
from schemas.events.mission import (
    MissionArrived,
    MissionCancelled,
    MissionCompleted,
    MissionDeclined,
    MissionDispatched,
)
from schemas.events.zone import FenceAsItStands, StationInReach, ZoneReachChanged
from services.care import decide, store
from services.care.model import NearStation, TeamState
from services.care.store import SQL
from services.kit.unit import Unit

E = TypeVar("E", bound=Event)


async def fenced(unit: Unit, envelope: Envelope) -> None:
    """Choose the station that owns the incident's cases to come. Cases that exist stay with theirs.

    A zone that a revision lifted stays known: a team that was sent there meets people, and their cases belong there.
    """
    event = _of(FenceAsItStands, envelope)
    await store.put_incident(
        unit.connection,
        event.incident_id,
        exercise=envelope.exercise,
        jurisdiction=envelope.jurisdiction,
        clock=event.clock,
        owner_station_id=_owner(event.stations),
        zone_ids=[zone.zone_id for zone in event.zones],
    )


async def reach_changed(unit: Unit, envelope: Envelope) -> None:
    """Where no station was in reach, the first that comes owns the cases."""
    event = _of(ZoneReachChanged, envelope)
    owner_station_id = _owner(event.stations_entered)
    if owner_station_id is not None:
        await unit.connection.execute(SQL.give_owner.sql, event.incident_id, owner_station_id)


def _owner(stations: Iterable[StationInReach]) -> UUID | None:
    return decide.owner_station(
        NearStation(station_id=one.station_id, inside=one.inside, distance_km=one.distance_km) for one in stations
    )


async def dispatched(unit: Unit, envelope: Envelope) -> None:
    """A team is known by those who were sent; told again when somebody joined."""
    event = _of(MissionDispatched, envelope)
    members = [member.volunteer_id for member in event.members]
    await unit.connection.execute(SQL.put_mission.sql, event.mission_id, event.incident_id, event.zone_id, members)


async def declined(unit: Unit, envelope: Envelope) -> None:
    """Who left the team opens no cases for it."""
    event = _of(MissionDeclined, envelope)
    if event.mission_id is not None:
        await unit.connection.execute(SQL.drop_member.sql, event.mission_id, event.volunteer_id)


async def arrived(unit: Unit, envelope: Envelope) -> None:
    """The team may open cases from now on."""
    await _set_state(unit, _of(MissionArrived, envelope).mission_id, TeamState.ARRIVED)


async def completed(unit: Unit, envelope: Envelope) -> None:
    """The team opens no more cases."""
    await _set_state(unit, _of(MissionCompleted, envelope).mission_id, TeamState.ENDED)


async def cancelled(unit: Unit, envelope: Envelope) -> None:
    """The team never opens a case."""
    await _set_state(unit, _of(MissionCancelled, envelope).mission_id, TeamState.ENDED)


async def _set_state(unit: Unit, mission_id: UUID, state: TeamState) -> None:
    await unit.connection.execute(SQL.set_mission_state.sql, mission_id, state.value)


def _of(kind: type[E], envelope: Envelope) -> E:
    if not isinstance(envelope.data, kind):
        raise TypeError(f"{envelope.type} was given to the handler of {kind.event_type}")
    return envelope.data
