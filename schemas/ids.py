"""Identifiers. All are UUIDs; none says anything about a person.

Ids of facts that follow from another fact are derived from it (`derived_id`), so that handling the same event twice
gives the same ids and the second time is a no-op everywhere downstream.
"""

from __future__ import annotations

from typing import Final, NewType
from uuid import UUID, uuid5

IncidentId = NewType("IncidentId", UUID)
ZoneId = NewType("ZoneId", UUID)
StationId = NewType("StationId", UUID)
VolunteerId = NewType("VolunteerId", UUID)
AlertId = NewType("AlertId", UUID)
PageId = NewType("PageId", UUID)
MissionId = NewType("MissionId", UUID)
CaseId = NewType("CaseId", UUID)
PlanId = NewType("PlanId", UUID)
TaskId = NewType("TaskId", UUID)

NAMESPACE: Final = UUID("6f1c1f1e-7c0b-5a52-9f0e-3d0b7a1c9e01")
"""Root namespace for ids that are derived from an operator's own reference (a station's ref, a volunteer's ref)."""


def derived_id(cause: UUID, name: str, ordinal: int | str = 0) -> UUID:
    """Derive an id from the fact that causes it, a name (usually an event type) and a position.

    Equal arguments give equal ids, in every process and for ever (UUID version 5, RFC 9562).
    """
    return uuid5(cause, f"{name}/{ordinal}")


def referenced_id(kind: str, reference: str) -> UUID:
    """Derive the id of a thing that an operator names by a reference of their own, such as a station's code."""
    return uuid5(NAMESPACE, f"{kind}/{reference}")
