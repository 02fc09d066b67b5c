"""What followup does when events come."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar
from uuid import UUID

from schemas.envelope import Envelope, Event
from schemas.events.case import CaseClosed, CaseConsented, CaseOpened, CaseTriaged
from schemas.events.incident import IncidentAreaRevised, IncidentDeclared
from schemas.events.zone import FenceAsItStands
from services.followup import decide, planning, store
from services.followup.model import NearStation
from services.followup.schedule import Schedule
from services.followup.store import SQL, IncidentRow
from services.kit.timers import Timer
from services.kit.unit import Unit

E = TypeVar("E", bound=Event)


class Handlers:
    """Event and timer handlers under the schedule for new plans."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule

    async def declared(self, unit: Unit, envelope: Envelope) -> None:
        """Now the anniversaries are known: plan what came before the declaration."""
        event = _of(IncidentDeclared, envelope)
        row = await store.declare_incident(
            unit.connection,
            event.incident_id,
            exercise=envelope.exercise,
            jurisdiction=envelope.jurisdiction,
            occurred_at=event.occurred_at,
            clock=event.clock,
        )
        await planning.plan_zones(unit, row, self._schedule)
        for waiting in await unit.connection.fetch(SQL.cases_to_plan.sql, event.incident_id):
            await planning.look_at_case(unit, row, waiting["case_id"], self._schedule)

    async def area_revised(self, unit: Unit, envelope: Envelope) -> None:
        """The incident lies in other areas: their accounts see its tasks."""
        event = _of(IncidentAreaRevised, envelope)
        await unit.connection.execute(SQL.set_jurisdiction.sql, event.incident_id, list(envelope.jurisdiction))

    async def fenced(self, unit: Unit, envelope: Envelope) -> None:
        """Every zone gets its anniversaries, owned by the nearest station outside the core zone.

        After a revision new zones get theirs. One that was lifted keeps them: people there were told that they were
        affected, and a contact too many harms less than one too few.
        """
        event = _of(FenceAsItStands, envelope)
        row = await _incident(unit, envelope, event.incident_id)
        near = [
            NearStation(station_id=one.station_id, inside=one.inside, distance_km=one.distance_km)
            for one in event.stations
        ]
        await unit.connection.execute(
            SQL.put_zones.sql, event.incident_id, [zone.zone_id for zone in event.zones], decide.owner_station(near),
            event.clock.incident_time(envelope.time),
        )  # fmt: skip
        await planning.plan_zones(unit, row, self._schedule)

    async def opened(self, unit: Unit, envelope: Envelope) -> None:
        """A case is known; it is planned when its level and the word on consent are known too."""
        event = _of(CaseOpened, envelope)
        await _incident(unit, envelope, event.incident_id)
        await unit.connection.execute(
            SQL.open_case.sql, event.case_id, event.incident_id, event.zone_id, event.owner_station_id
        )

    async def triaged(self, unit: Unit, envelope: Envelope) -> None:
        """A new level means a new plan; a confirmed one changes nothing."""
        event = _of(CaseTriaged, envelope)
        row = await _incident(unit, envelope, event.incident_id)
        case = await store.lock_case(unit.connection, event.case_id)
        if case is not None and case.standing.level is event.level:
            return
        await unit.connection.execute(SQL.triage_case.sql, event.case_id, event.level.value, event.triaged_at)
        await planning.look_at_case(unit, row, event.case_id, self._schedule)

    async def consented(self, unit: Unit, envelope: Envelope) -> None:
        """Consent given means the whole plan, consent withdrawn means its end."""
        event = _of(CaseConsented, envelope)
        row = await _incident(unit, envelope, event.incident_id)
        await unit.connection.execute(SQL.consent_case.sql, event.case_id, event.follow_up)
        await planning.look_at_case(unit, row, event.case_id, self._schedule)

    async def closed(self, unit: Unit, envelope: Envelope) -> None:
        """The case ended, and with it its plan."""
        event = _of(CaseClosed, envelope)
        case = await store.lock_case(unit.connection, event.case_id)
        if case is None:
            return
        await unit.connection.execute(SQL.close_case.sql, event.case_id)
        plan = None if case.plan_id is None else await store.lock_plan(unit.connection, case.plan_id)
        if plan is not None and plan.is_open:
            await planning.end(unit, plan, decide.end_for_close(event.reason))

    async def plan_due(self, unit: Unit, timer: Timer) -> None:
        """The plan's next window opened or closed."""
        plan = await store.lock_plan(unit.connection, UUID(timer.key))
        if plan is None or not plan.is_open:
            return
        unit.inherit(exercise=plan.exercise, jurisdiction=plan.jurisdiction)
        # A fast clock rounds: the timer fires at its moment even if the clock seems to show a little less.
        moment = datetime.fromisoformat(timer.payload["at"])
        await planning.go_on(unit, plan, max(moment, plan.clock.incident_time(unit.now)))


async def _incident(unit: Unit, envelope: Envelope, incident_id: UUID) -> IncidentRow:
    return await store.share_incident(
        unit.connection, incident_id, exercise=envelope.exercise, jurisdiction=envelope.jurisdiction
    )


def _of(kind: type[E], envelope: Envelope) -> E:
    if not isinstance(envelope.data, kind):
        raise TypeError(f"{envelope.type} was given to the handler of {kind.event_type}")
    return envelope.data
