"""Revising the area of a locked incident, whoever asks for it: a person, or a person who accepts what a feed says."""

from __future__ import annotations

from schemas.events.incident import IncidentAreaRevised
from services.incidents import acting
from services.incidents.amend import decide, store
from services.incidents.amend.model import Extent, Whole
from services.incidents.model import Refusal
from services.kit.unit import Unit


async def revise(unit: Unit, whole: Whole, extent: Extent, reason: str | None) -> IncidentAreaRevised | Refusal | None:
    """Keep, note and tell the area; None if nothing about it changed. Raises EventTooLarge."""
    revised = decide.revise_area(whole, extent)
    if not isinstance(revised, IncidentAreaRevised):
        return revised
    incident_id = whole.incident.incident_id
    await store.set_area(unit.connection, revised)
    before, after = store.plain_extent(whole.extent), store.plain_extent(extent)
    await acting.note(unit, incident_id, "area-revised", before, after, reason)
    unit.inherit(jurisdiction=extent.area_codes)
    unit.emit(revised, key=incident_id)
    return revised
