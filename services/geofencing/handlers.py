"""What geofencing does with the events it hears."""

from __future__ import annotations

import asyncio

from schemas.envelope import Envelope
from schemas.events.incident import (
    IncidentAreaRevised,
    IncidentClosed,
    IncidentDeclared,
    IncidentLevelLowered,
    IncidentLevelRaised,
    IncidentNeedStated,
)
from schemas.events.station import StationState
from schemas.events.zone import ZoneFenced, ZoneLifted
from schemas.topics import BY_NAME
from services.geofencing import store
from services.geofencing.decide import decide_fence
from services.geofencing.model import Circumstances, Rules
from services.kit.service import Subscription
from services.kit.unit import Unit


class Handlers:
    """Handles incidents and stations by the rules it was made with."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._stations = store.Stations()

    def subscriptions(self) -> tuple[Subscription, ...]:
        """Every event of both topics, decided."""
        return (
            Subscription(
                topic=BY_NAME["incident-events"],
                handlers={IncidentDeclared: self.on_declared, IncidentClosed: self.on_closed},
                # Neither the level nor the needs move the ground that shook or burnt.
                ignored=frozenset({IncidentAreaRevised, IncidentNeedStated, IncidentLevelRaised, IncidentLevelLowered}),
            ),
            Subscription(topic=BY_NAME["station-state"], handlers={StationState: self.on_station}),
        )

    async def on_declared(self, unit: Unit, envelope: Envelope) -> None:
        """Fence the incident."""
        declared = envelope.data
        assert isinstance(declared, IncidentDeclared)
        if await store.has_fence(unit.connection, declared.incident_id):
            return
        circumstances = circumstances_of(declared)
        table = await self._stations.table(unit.connection)
        if circumstances.observations:  # a tenth of a second of arithmetic: not on the event loop
            fence = await asyncio.to_thread(decide_fence, declared.incident_id, circumstances, table, self._rules)
        else:
            fence = decide_fence(declared.incident_id, circumstances, table, self._rules)
        fenced = ZoneFenced.model_construct(
            incident_id=declared.incident_id,
            area_codes=declared.area_codes,
            zones=fence.zones,
            stations=fence.stations,
            reach_km=self._rules.reach_km,
            clock=declared.clock,
        )
        unit.emit(fenced, key=str(declared.incident_id))
        await store.save_fence(
            unit.connection,
            declared.incident_id,
            unit.rows[-1].value,  # it was just written as JSON; once is enough
            exercise=envelope.exercise,
            area_codes=declared.area_codes,
            at=unit.now,
        )

    async def on_closed(self, unit: Unit, envelope: Envelope) -> None:
        """Lift the zones."""
        closed = envelope.data
        assert isinstance(closed, IncidentClosed)
        fenced = await store.lift(unit.connection, closed.incident_id, unit.now)
        if fenced is not None:
            zone_ids = tuple(zone.zone_id for zone in fenced.zones)
            unit.emit(ZoneLifted(incident_id=closed.incident_id, zone_ids=zone_ids), key=str(closed.incident_id))

    async def on_station(self, unit: Unit, envelope: Envelope) -> None:
        """Remember the station as it stands."""
        state = envelope.data
        assert isinstance(state, StationState)
        await store.save_station(unit.connection, state, envelope.sequence)


def circumstances_of(declared: IncidentDeclared) -> Circumstances:
    """What of a declaration matters for its zones."""
    return Circumstances(
        kind=declared.kind,
        level=declared.level,
        place=declared.place.model_dump(),
        radius_m=declared.radius_m,
        magnitude=declared.magnitude,
        observations=declared.intensity_observations,
    )
