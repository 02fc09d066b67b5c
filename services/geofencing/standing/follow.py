"""Following: when somebody may stand otherwise to the zones, a timer looks at all who do, and tells the difference.

Every handler that changes a place, a duty or a zone notes whose (`moved`) in its own transaction. However many come at
once, one look serves them. It locks the standing fences first, so that what it tells is in order with revisions.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from services.geofencing.decide import stations_in_reach
from services.geofencing.model import Rules
from services.geofencing.standing import store
from services.geofencing.standing.decide import (
    ReachChange,
    events_of,
    first_look,
    members_changed,
    reached_by,
    stations_changed,
)
from services.geofencing.standing.index import ZoneIndex
from services.geofencing.standing.store import Moved, StandingFence
from services.geofencing.store import Stations
from services.kit.timers import Timer
from services.kit.unit import Unit

LOOK_TIMER: Final = "look"
EVERYBODY: Final = "everybody"
_AFTER_FENCING: Final = timedelta(seconds=0.3)
"""The first look at an incident's volunteers keeps out of the way of its first pages."""


def look_soon(unit: Unit, incident_id: UUID | None = None) -> None:
    """Have everybody who moved looked at: at once, or after an incident was fenced a moment later."""
    if incident_id is None:
        unit.schedule(LOOK_TIMER, EVERYBODY, unit.now, {})
    else:  # a key of its own, so that fencing never waits for a look that is at work
        unit.schedule(LOOK_TIMER, incident_id, unit.now + _AFTER_FENCING, {})


class Following:
    """Follows stations and volunteers by the rules it was made with."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._stations = Stations()
        self._zones = store.Zones()

    async def look(self, unit: Unit, timer: Timer) -> None:
        """Look at everybody who moved, and tell what is different."""
        connection = unit.connection
        if not await store.has_moved(connection):
            return  # an earlier look served this timer too
        fences = await store.lock_standing(connection)
        moved = await store.take_moved(connection)
        if not moved or not fences:
            return
        if len(moved.incidents) >= store.INCIDENTS_AT_ONCE:
            look_soon(unit)  # there may be more
        index = await self._zones.index(connection, fences)
        stations = await self._look_at_stations(unit, moved, fences, index)
        members = await self._look_at_members(unit, moved, fences, index)
        for fence in fences:
            for change in (stations.get(fence.incident_id), members.get(fence.incident_id)):
                for event in events_of(fence.incident_id, change or ReachChange()):
                    unit.emit(event, key=fence.incident_id, exercise=fence.exercise, jurisdiction=fence.area_codes)

    async def _look_at_stations(
        self, unit: Unit, moved: Moved, fences: Sequence[StandingFence], index: ZoneIndex
    ) -> dict[UUID, ReachChange]:
        """All stations again, if one of them changed: that is rare, and only the nearest so many are in reach."""
        incidents = [f.incident_id for f in fences if moved.stations or f.incident_id in moved.incidents]
        if not incidents:
            return {}
        table = await self._stations.table(unit.connection)
        changes = {}
        for incident_id, told in (await store.told_stations(unit.connection, incidents)).items():
            now = stations_in_reach(index.zones[incident_id], table, self._rules)
            change = stations_changed(told, now)
            if change:
                await store.tell_stations(unit.connection, incident_id, now)
                changes[incident_id] = change
        return changes

    async def _look_at_members(
        self, unit: Unit, moved: Moved, fences: Sequence[StandingFence], index: ZoneIndex
    ) -> dict[UUID, ReachChange]:
        """Those who moved against all zones, and everybody against zones that are new or were revised."""
        standing = {fence.incident_id for fence in fences}
        followed = {fence.incident_id for fence in fences if fence.is_followed}
        anew = moved.incidents & standing
        told = await store.told_members(unit.connection, anew, moved.volunteers)
        some = await store.people(unit.connection, moved.volunteers)
        now = await asyncio.to_thread(reached_by, index, some, self._rules, standing - anew)
        if anew:
            everybody = await store.people(unit.connection, None)
            now |= await asyncio.to_thread(reached_by, index, everybody, self._rules, anew)
            await unit.connection.execute(store.SQL.follow.sql, list(anew - followed))
        changes = {}
        for incident_id in standing:
            change = members_changed(told.get(incident_id, {}), now.get(incident_id, {}))
            if change:
                await store.tell_members(unit.connection, incident_id, change)
                is_first = incident_id in anew - followed
                changes[incident_id] = first_look(change, moved.volunteers) if is_first else change
        return changes
