"""What alerts does with the events it hears, and when its timers fire."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TypeVar
from uuid import UUID

from schemas.envelope import Envelope
from schemas.events import incident, mission, zone
from schemas.events.volunteer import VolunteerState
from schemas.ids import derived_id
from schemas.topics import BY_NAME
from schemas.values import IncidentClock
from schemas.vocabulary import PagePurpose
from services.alerts import store
from services.alerts.asking import WAVE_TIMER, Asking, alert_id_of
from services.alerts.model import AlertState, Reach, obstacles, world_of
from services.alerts.muting import Muting
from services.alerts.notices import handlers as notices
from services.alerts.store import AlertRow, statement
from services.kit.service import Subscription
from services.kit.timers import Timer
from services.kit.unit import Unit

T = TypeVar("T")
SEARCH_TIMER = "search"


def _data(envelope: Envelope, kind: type[T]) -> T:
    """The event, as the kind it was subscribed as."""
    assert isinstance(envelope.data, kind)
    return envelope.data


class Handlers:
    """Handles incidents, zones, volunteers and missions."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._muting = Muting(asking)

    def subscriptions(self) -> tuple[Subscription, ...]:
        """Every event of the five topics, decided."""
        return (
            Subscription(
                topic=BY_NAME["incident-events"],
                handlers={
                    incident.IncidentDeclared: self.on_declared,
                    incident.IncidentNeedStated: self.on_need_stated,
                    incident.IncidentLevelRaised: self.on_level,
                    incident.IncidentLevelLowered: self.on_level,
                    incident.IncidentClosed: self.on_incident_ended,
                    incident.IncidentMerged: self.on_incident_ended,
                },
                ignored=frozenset(
                    {
                        incident.IncidentAreaRevised,  # what the zones make of it is heard itself
                        incident.IncidentPhaseAdvanced,  # who is asked follows from the needs
                        incident.IncidentToldApart,  # both go on as they are
                        incident.IncidentReopened,  # what goes on from it is declared, with an alert of its own
                        incident.IncidentProposed,  # nobody is asked before a person declares
                        incident.IncidentAccepted,
                    }
                ),
            ),
            Subscription(
                topic=BY_NAME["zone-events"],
                handlers={
                    zone.ZoneFenced: self.on_fenced,
                    zone.ZoneRevised: self.on_revised,
                    zone.ZoneReachChanged: self.on_reach_changed,
                },
                ignored=frozenset({zone.ZoneLifted}),  # follows the incident's end, which is heard itself
            ),
            Subscription(topic=BY_NAME["volunteer-state"], handlers={VolunteerState: self.on_volunteer}),
            Subscription(
                topic=BY_NAME["mission-events"],
                handlers={
                    mission.MissionPlanned: self.on_planned,
                    mission.MissionDispatched: self.on_dispatched,
                    mission.MissionDeclined: self.on_declined,
                    mission.MissionCompleted: self.on_ended,
                    mission.MissionCancelled: self.on_ended,
                    mission.MissionMemberContactChanged: notices.member_contact_changed,
                },
                ignored=frozenset(  # the way out and the time on scene concern no ask
                    {
                        mission.MissionDeparted,
                        mission.MissionArrived,
                        mission.MissionCheckedIn,
                        mission.MissionCheckInMissed,
                    }
                ),
            ),
            notices.subscription(),
        )

    def timers(self) -> Mapping[str, Callable[[Unit, Timer], Awaitable[None]]]:
        """The wave timer of each alert, and the one that wakes those that had run out of people."""
        return {WAVE_TIMER: self.on_wave_due, SEARCH_TIMER: self.on_search_due}

    async def on_declared(self, unit: Unit, envelope: Envelope) -> None:
        """Remember what is needed. If the zones are known already, the timer opens: it takes its locks in order."""
        declared = _data(envelope, incident.IncidentDeclared)
        half = _half(envelope, declared.incident_id, declared.clock)
        alert = await store.save_declared(unit.connection, half, declared.level.value, declared.needs)
        if _is_complete(alert):
            unit.schedule(WAVE_TIMER, alert.alert_id, unit.now, {})

    async def on_fenced(self, unit: Unit, envelope: Envelope) -> None:
        """Remember the zones and stations in reach; open if the needs are known already, as they nearly always are."""
        fenced = _data(envelope, zone.ZoneFenced)
        half = _half(envelope, fenced.incident_id, fenced.clock)
        alert = await store.save_fenced(unit.connection, half, fenced)
        if _is_complete(alert):
            reach = [Reach(s.station_id, s.distance_km, s.inside) for s in fenced.stations]
            await self._asking.open(unit, alert, reach)

    async def on_revised(self, unit: Unit, envelope: Envelope) -> None:
        """Take the zones and the stations in reach over as they now stand."""
        revised = _data(envelope, zone.ZoneRevised)
        half = _half(envelope, revised.incident_id, revised.clock)
        alert = await store.save_fenced(unit.connection, half, revised)
        if _is_complete(alert):
            await self._asking.open(unit, alert, await store.reach(unit.connection, alert.alert_id))
        elif alert.state is AlertState.OPEN:
            await self._asking.move(unit, alert)

    async def on_reach_changed(self, unit: Unit, envelope: Envelope) -> None:
        """Ask at stations that came into reach from the next wave on, and no more at those that left it.

        Volunteers are not looked at: whom to ask is found by the station that is their home.
        """
        changed = _data(envelope, zone.ZoneReachChanged)
        if not changed.stations_entered and not changed.stations_left:
            return
        alert = await store.lock_alert(unit.connection, alert_id_of(changed.incident_id))
        if alert is None or alert.state is AlertState.CLOSED:
            return
        await store.change_reach(unit.connection, alert.alert_id, changed)
        if alert.exhausted and changed.stations_entered:
            self._asking.hasten(unit, alert)

    async def on_need_stated(self, unit: Unit, envelope: Envelope) -> None:
        """Take the new need lines over."""
        stated = _data(envelope, incident.IncidentNeedStated)
        await store.lock_world(unit.connection, world_of(envelope.exercise))
        alert = await store.lock_alert(unit.connection, alert_id_of(stated.incident_id))
        if alert is None or alert.state is AlertState.CLOSED:
            return
        needs = [need.model_dump(mode="json") for need in stated.needs]
        await unit.connection.execute(statement("set_needs"), alert.alert_id, needs)
        if alert.state is AlertState.OPEN:
            await self._asking.restate(unit, replace(alert, needs=stated.needs, exhausted=False))

    async def on_level(self, unit: Unit, envelope: Envelope) -> None:
        """Pages tell the level as it is when they leave."""
        data = envelope.data
        assert isinstance(data, incident.IncidentLevelRaised | incident.IncidentLevelLowered)
        await unit.connection.execute(statement("set_level"), alert_id_of(data.incident_id), data.level.value)

    async def on_incident_ended(self, unit: Unit, envelope: Envelope) -> None:
        """Stop asking, for good: the incident was closed, or merged into another that asks for itself."""
        ended = envelope.data
        assert isinstance(ended, incident.IncidentClosed | incident.IncidentMerged)
        alert = await store.lock_alert(unit.connection, alert_id_of(ended.incident_id))
        if alert is not None and alert.state is not AlertState.CLOSED:
            is_merged = isinstance(ended, incident.IncidentMerged)
            await self._asking.close(unit, alert, "incident merged" if is_merged else "incident closed")

    async def on_volunteer(self, unit: Unit, envelope: Envelope) -> None:
        """Remember the volunteer; somebody new to ask reopens the search where it had run out of people, and to
        somebody who cannot be asked any more nothing leaves."""
        state = _data(envelope, VolunteerState)
        offers_more = await store.save_volunteer(unit.connection, state, envelope.sequence)
        if obstacles(state):
            await self._muting.hear(unit, state)
        elif offers_more:
            # One timer for however many come at once: a hundred people must not wake each search a hundred times.
            unit.schedule(SEARCH_TIMER, "exhausted", unit.now, {})

    async def on_planned(self, unit: Unit, envelope: Envelope) -> None:
        """Remember who is on the mission."""
        planned = _data(envelope, mission.MissionPlanned)
        await self._join(unit, planned, dispatched=False)

    async def on_dispatched(self, unit: Unit, envelope: Envelope) -> None:
        """Send every member the mission."""
        sent = _data(envelope, mission.MissionDispatched)
        alert = await store.lock_alert(unit.connection, alert_id_of(sent.incident_id))
        if alert is None:
            return
        await self._join(unit, sent, dispatched=True)
        pages = [
            (derived_id(sent.mission_id, "page.mission", str(member.volunteer_id)), member.volunteer_id)
            for member in sent.members
        ]
        await store.insert_pages(
            unit.connection,
            alert.alert_id,
            PagePurpose.MISSION.value,
            pages,
            now=unit.now,
            mission_id=sent.mission_id,
        )
        await self._asking.wake_sender(unit)

    async def _join(
        self, unit: Unit, sent: mission.MissionPlanned | mission.MissionDispatched, *, dispatched: bool
    ) -> None:
        members = [member.volunteer_id for member in sent.members]
        alert_id = alert_id_of(sent.incident_id)
        await unit.connection.execute(statement("join_mission"), alert_id, sent.mission_id, members, dispatched)

    async def on_declined(self, unit: Unit, envelope: Envelope) -> None:
        """Free the member's place and ask again."""
        declined = _data(envelope, mission.MissionDeclined)
        alert = await store.lock_alert(unit.connection, alert_id_of(declined.incident_id))
        if alert is None:
            return
        volunteer_id = declined.volunteer_id
        await unit.connection.execute(statement("release_volunteer"), volunteer_id, alert.world, alert.alert_id)
        freed = await unit.connection.fetchrow(statement("free_place"), alert.alert_id, volunteer_id)
        if freed is not None and alert.state is AlertState.OPEN:
            await self._asking.reopen(
                unit, alert, volunteer_id, freed["need_id"], f"mission declined: {declined.reason}"
            )

    async def on_ended(self, unit: Unit, envelope: Envelope) -> None:
        """The members are free for other missions, or wait for another one of this incident."""
        data = envelope.data
        assert isinstance(data, mission.MissionCompleted | mission.MissionCancelled)
        if isinstance(data, mission.MissionCancelled) and data.members_wait:
            await unit.connection.execute(statement("leave_mission"), data.mission_id)
        await unit.connection.execute(statement("end_mission"), data.mission_id)

    async def on_search_due(self, unit: Unit, timer: Timer) -> None:
        """Somebody new can help: let every search that had run out of people look again."""
        for row in await unit.connection.fetch(statement("exhausted_alerts")):
            unit.schedule(WAVE_TIMER, row["alert_id"], unit.now, {})

    async def on_wave_due(self, unit: Unit, timer: Timer) -> None:
        """Send the next wave, if a quota is still open and the last wave has left."""
        alert_id = UUID(timer.key)
        world = await unit.connection.fetchval(statement("world_of_alert"), alert_id)
        if world is None:
            return
        await store.lock_world(unit.connection, world_of(world))
        alert = await store.lock_alert(unit.connection, alert_id)
        if alert is None:
            return
        if _is_complete(alert):
            await self._asking.open(unit, alert, await store.reach(unit.connection, alert_id))
        elif alert.state is AlertState.OPEN:
            await self._asking.wave_due(unit, alert)


def _is_complete(alert: AlertRow) -> bool:
    """Whether an alert waits for nothing any more and can be opened."""
    return alert.state is AlertState.WAITING and alert.needs is not None and bool(alert.zones)


def _half(envelope: Envelope, incident_id: UUID, clock: IncidentClock) -> store.Half:
    return store.Half(
        alert_id=alert_id_of(incident_id),
        incident_id=incident_id,
        exercise=envelope.exercise,
        jurisdiction=envelope.jurisdiction,
        correlation_id=envelope.correlation_id,
        clock=clock,
    )
