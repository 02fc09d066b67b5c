"""What dispatch does when events come. Every handler locks the incident's row first."""

from __future__ import annotations

from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

from schemas.envelope import Envelope, Event
from schemas.events.alert import AlertAnswered, AlertExhausted, AlertOpened, AlertQuotaReopened
from schemas.events.incident import (
    IncidentAreaRevised,
    IncidentClosed,
    IncidentDeclared,
    IncidentMerged,
    IncidentNeedStated,
)
from schemas.events.mission import MissionCheckInMissed
from schemas.events.zone import FenceAsItStands
from schemas.vocabulary import Answer
from services.dispatch import crew, decide, store
from services.dispatch.model import Destination, MissionState, Rules
from services.dispatch.store import SQL, IncidentRow
from services.kit.timers import Timer
from services.kit.unit import Unit

ON_ANOTHER_MISSION: Final = "already held for another incident"
INCIDENT_CLOSED: Final = "the incident was closed"
INCIDENT_MERGED: Final = "the incident was merged into another"


E = TypeVar("E", bound=Event)


class Handlers:
    """Event and timer handlers under one set of protective rules."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules

    async def declared(self, unit: Unit, envelope: Envelope) -> None:
        """Now it is known which seats teams have, how the clock runs, and whether they leave by themselves."""
        event = _of(IncidentDeclared, envelope)
        await _lock(unit, envelope, event.incident_id)
        await store.declare_incident(
            unit.connection, event.incident_id, envelope.jurisdiction, event.auto_dispatch, event.clock, event.needs
        )
        await self._form(unit, envelope, event.incident_id)

    async def need_stated(self, unit: Unit, envelope: Envelope) -> None:
        """Seats change for teams to come; teams that exist keep everybody."""
        event = _of(IncidentNeedStated, envelope)
        await _lock(unit, envelope, event.incident_id)
        await store.state_needs(unit.connection, event.incident_id, event.needs)
        await self._form(unit, envelope, event.incident_id)

    async def closed(self, unit: Unit, envelope: Envelope) -> None:
        """End every mission and release everybody."""
        event = _of(IncidentClosed, envelope)
        row = await _lock(unit, envelope, event.incident_id)
        for mission in await store.missions_of(unit.connection, event.incident_id):
            state = decide.ended_by_closing(mission.state)
            if state is not None:
                await crew.end(unit, row, mission, state, INCIDENT_CLOSED)
        await store.close_incident(unit.connection, event.incident_id)

    async def area_revised(self, unit: Unit, envelope: Envelope) -> None:
        """The incident lies in other areas: their accounts see its missions."""
        event = _of(IncidentAreaRevised, envelope)
        await _lock(unit, envelope, event.incident_id)
        await unit.connection.execute(SQL.set_jurisdiction.sql, event.incident_id, list(envelope.jurisdiction))

    async def merged(self, unit: Unit, envelope: Envelope) -> None:
        """Teams already sent go on, for the place they were sent to; those still at home are released.

        The other incident asks for what it needs itself. No team is formed for this one any more.
        """
        event = _of(IncidentMerged, envelope)
        row = await _lock(unit, envelope, event.incident_id)
        for mission in await store.missions_of(unit.connection, event.incident_id):
            if mission.state is MissionState.PLANNED:
                await crew.end(unit, row, mission, MissionState.CANCELLED, INCIDENT_MERGED)
        await store.end_incident(unit.connection, event.incident_id)

    async def fenced(self, unit: Unit, envelope: Envelope) -> None:
        """Teams have somewhere to go.

        After a revision, teams that were sent keep their zone and destination, unless a person decides otherwise. Plans
        for a lifted zone are given up, and teams to come go to zones that stand.
        """
        event = _of(FenceAsItStands, envelope)
        row = await _lock(unit, envelope, event.incident_id)
        zones = [
            Destination(zone_id=zone.zone_id, kind=zone.kind, lat_deg=zone.centre.lat_deg, lon_deg=zone.centre.lon_deg)
            for zone in event.zones
        ]
        await store.put_zones(unit.connection, event.incident_id, zones)
        await crew.withdraw(unit, row)
        await self._form(unit, envelope, event.incident_id)

    async def opened(self, unit: Unit, envelope: Envelope) -> None:
        """The alert says at which zone each need belongs; told again when zones were revised."""
        event = _of(AlertOpened, envelope)
        await _lock(unit, envelope, event.incident_id)
        quotas = [(quota.need_id, quota.zone_id) for quota in event.quotas]
        await store.put_quotas(unit.connection, event.incident_id, quotas)
        await self._form(unit, envelope, event.incident_id)

    async def answered(self, unit: Unit, envelope: Envelope) -> None:
        """Hold who was counted, or say that they cannot come because another incident holds them.

        An answer that takes an earlier one back comes as a reopened quota too, and is handled there.
        """
        event = _of(AlertAnswered, envelope)
        if event.answer is not Answer.ACCEPT or not event.counted:
            return
        row = await _lock(unit, envelope, event.incident_id)
        if row.is_closed:
            return
        holder = await store.hold_volunteer(
            unit.connection, row, event.volunteer_id, envelope.sequence, event.need_id, event.zone_id
        )
        if holder != event.incident_id:
            crew.decline_unseated(unit, row, event.volunteer_id, event.need_id, ON_ANOTHER_MISSION)
            return
        await store.put_quotas(unit.connection, event.incident_id, [(event.need_id, event.zone_id)])
        await crew.form(unit, row, self._rules)

    async def quota_reopened(self, unit: Unit, envelope: Envelope) -> None:
        """Somebody who had accepted cannot come. Nothing to do if it was this service that said so."""
        event = _of(AlertQuotaReopened, envelope)
        row = await _lock(unit, envelope, event.incident_id)
        await crew.leave(unit, row, event.volunteer_id, event.reason, self._rules)

    async def exhausted(self, unit: Unit, envelope: Envelope) -> None:
        """Nobody is left to ask for some needs: teams that wait only for those may go short."""
        event = _of(AlertExhausted, envelope)
        await _lock(unit, envelope, event.incident_id)
        need_ids = [shortfall.need_id for shortfall in event.shortfalls]
        await store.put_exhausted(unit.connection, event.incident_id, need_ids)
        await self._form(unit, envelope, event.incident_id)

    async def check_in_due(self, unit: Unit, timer: Timer) -> None:
        """Tell once that a team has not given its sign of life."""
        mission_id, due_at = UUID(timer.key), datetime.fromisoformat(timer.payload["due_at"])
        incident_id = await store.incident_of(unit.connection, mission_id)
        row = None if incident_id is None else await store.lock_known_incident(unit.connection, incident_id)
        mission = await store.mission(unit.connection, mission_id)
        if row is None or mission is None or not decide.lapsed(mission.with_crew(()), due_at):
            return
        unit.inherit(exercise=row.exercise, jurisdiction=row.jurisdiction)
        await unit.connection.execute(SQL.miss_check_in.sql, mission_id)
        unit.emit(
            MissionCheckInMissed(mission_id=mission_id, incident_id=row.incident_id, due_at=due_at), key=mission_id
        )

    async def _form(self, unit: Unit, envelope: Envelope, incident_id: UUID) -> None:
        await crew.form(unit, await _lock(unit, envelope, incident_id), self._rules)


async def _lock(unit: Unit, envelope: Envelope, incident_id: UUID) -> IncidentRow:
    row = await store.lock_incident(
        unit.connection, incident_id, exercise=envelope.exercise, jurisdiction=envelope.jurisdiction
    )
    unit.inherit(exercise=row.exercise, jurisdiction=row.jurisdiction)
    return row


def _of(kind: type[E], envelope: Envelope) -> E:
    if not isinstance(envelope.data, kind):
        raise TypeError(f"{envelope.type} was given to the handler of {kind.event_type}")
    return envelope.data
