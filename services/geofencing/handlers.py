"""What geofencing does with the events it hears."""

from __future__ import annotations

import asyncio
from uuid import UUID

from schemas.envelope import Envelope
from schemas.events.incident import (
    IncidentAccepted,
    IncidentAreaRevised,
    IncidentClosed,
    IncidentDeclared,
    IncidentLevelLowered,
    IncidentLevelRaised,
    IncidentMerged,
    IncidentNeedStated,
    IncidentPhaseAdvanced,
    IncidentProposed,
    IncidentReopened,
    IncidentToldApart,
)
from schemas.events.station import StationState
from schemas.events.volunteer import VolunteerState
from schemas.events.zone import ZoneFenced, ZoneLifted, ZoneRevised
from schemas.topics import BY_NAME
from schemas.vocabulary import IncidentKind, Level
from services.geofencing import store
from services.geofencing.decide import decide_fence, difference
from services.geofencing.model import Circumstances, Fence, Rules, StationTable
from services.geofencing.standing.follow import look_soon
from services.geofencing.standing.store import save_member
from services.geofencing.whereabouts import duty
from services.kit.service import Subscription
from services.kit.unit import Unit


class Handlers:
    """Handles incidents, stations and volunteers by the rules it was made with."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._stations = store.Stations()

    def subscriptions(self) -> tuple[Subscription, ...]:
        """Every event of the three topics, decided."""
        return (
            Subscription(
                topic=BY_NAME["incident-events"],
                handlers={
                    IncidentDeclared: self.on_declared,
                    IncidentAreaRevised: self.on_area_revised,
                    IncidentLevelRaised: self.on_level,
                    IncidentLevelLowered: self.on_level,
                    IncidentClosed: self.on_ended,
                    IncidentMerged: self.on_ended,
                },
                # Needs and phases move no ground. What goes on from a reopened incident is declared, and so is what is
                # accepted; a proposal has no zones.
                ignored=frozenset(
                    {
                        IncidentNeedStated,
                        IncidentPhaseAdvanced,
                        IncidentToldApart,
                        IncidentReopened,
                        IncidentProposed,
                        IncidentAccepted,
                    }
                ),
            ),
            Subscription(topic=BY_NAME["station-state"], handlers={StationState: self.on_station}),
            Subscription(topic=BY_NAME["volunteer-state"], handlers={VolunteerState: self.on_volunteer}),
        )

    async def on_declared(self, unit: Unit, envelope: Envelope) -> None:
        """Fence the incident."""
        declared = envelope.data
        assert isinstance(declared, IncidentDeclared)
        stations = await self._stations.table_unless_fenced(unit.connection, declared.incident_id)
        if stations is None:
            return
        circumstances = circumstances_of(declared, declared.kind, declared.level)
        fence = await self._fence(declared.incident_id, circumstances, stations)
        fenced = ZoneFenced.model_construct(
            incident_id=declared.incident_id,
            area_codes=declared.area_codes,
            zones=fence.zones,
            stations=fence.stations,
            reach_km=self._rules.reach_km,
            clock=declared.clock,
        )
        unit.emit(fenced, key=str(declared.incident_id))
        published = unit.rows[-1].value  # it was just written as JSON; once is enough
        await store.save_fence(unit.connection, declared, published, exercise=envelope.exercise, at=unit.now)
        look_soon(unit, declared.incident_id)

    async def on_area_revised(self, unit: Unit, envelope: Envelope) -> None:
        """Fence the incident anew, and tell what became different. An older revision than the known one is late."""
        revised = envelope.data
        assert isinstance(revised, IncidentAreaRevised)
        standing = await store.lock_standing(unit.connection, revised.incident_id)
        if standing is None or revised.revision <= standing.revision:
            return
        circumstances = circumstances_of(revised, standing.kind, standing.level)
        fence = await self._fence(revised.incident_id, circumstances, await self._stations.table(unit.connection))
        changes = difference(standing.fence, fence)
        published = None
        if changes or revised.area_codes != standing.fenced.area_codes:
            event = ZoneRevised.model_construct(
                incident_id=revised.incident_id,
                area_codes=revised.area_codes,
                zones=fence.zones,
                stations=fence.stations,
                reach_km=self._rules.reach_km,
                clock=standing.fenced.clock,
                revision=revised.revision,
                zones_new=changes.zones_new,
                zones_changed=changes.zones_changed,
                zones_lifted=changes.zones_lifted,
                stations_entered=changes.stations_entered,
                stations_left=changes.stations_left,
            )
            unit.emit(event, key=str(revised.incident_id))
            published = unit.rows[-1].value
            look_soon(unit, revised.incident_id)
        await store.save_revised(unit.connection, revised, published)

    async def _fence(self, incident_id: UUID, circumstances: Circumstances, table: StationTable) -> Fence:
        if circumstances.observations or circumstances.contours:
            # a tenth of a second of arithmetic: not on the event loop
            return await asyncio.to_thread(decide_fence, incident_id, circumstances, table, self._rules)
        return decide_fence(incident_id, circumstances, table, self._rules)

    async def on_level(self, unit: Unit, envelope: Envelope) -> None:
        """The level moves no ground that was fenced; the next revision draws assumed rings by it."""
        data = envelope.data
        assert isinstance(data, IncidentLevelRaised | IncidentLevelLowered)
        await unit.connection.execute(store.statement("set_level"), data.incident_id, data.level.value)

    async def on_ended(self, unit: Unit, envelope: Envelope) -> None:
        """Lift the zones of an incident that was closed or merged into another."""
        ended = envelope.data
        assert isinstance(ended, IncidentClosed | IncidentMerged)
        fenced = await store.lift(unit.connection, ended.incident_id, unit.now)
        if fenced is not None:
            zone_ids = tuple(zone.zone_id for zone in fenced.zones)
            unit.emit(ZoneLifted(incident_id=ended.incident_id, zone_ids=zone_ids), key=str(ended.incident_id))

    async def on_station(self, unit: Unit, envelope: Envelope) -> None:
        """Remember the station as it stands."""
        state = envelope.data
        assert isinstance(state, StationState)
        if await store.save_station(unit.connection, state, envelope.sequence):
            look_soon(unit)

    async def on_volunteer(self, unit: Unit, envelope: Envelope) -> None:
        """Remember the volunteer as they stand, and until when the register has them on duty."""
        state = envelope.data
        assert isinstance(state, VolunteerState)
        was_rostered = await save_member(unit.connection, state, envelope.sequence, envelope.time)
        if was_rostered is None:
            return
        if was_rostered or state.on_duty_until is not None:
            await duty.rostered(unit, state.volunteer_id, state.on_duty_until)
        look_soon(unit)


def circumstances_of(area: IncidentDeclared | IncidentAreaRevised, kind: IncidentKind, level: Level) -> Circumstances:
    """What matters for the zones. A revision says all of the area, and neither the kind nor the level."""
    return Circumstances(
        kind=kind,
        level=level,
        place=area.place.model_dump(),
        radius_m=area.radius_m,
        magnitude=area.magnitude,
        observations=area.intensity_observations,
        contours=area.intensity_contours,
        venues=area.venues,
    )
