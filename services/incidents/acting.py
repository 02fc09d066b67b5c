"""What every request that changes an incident does: load it locked, note the change, let the needs follow, refuse."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.incidents import decide, store
from services.incidents.model import Incident, Refusal, RefusalKind
from services.incidents.reference import Reference
from services.kit.auth import Principal, require_all_jurisdiction
from services.kit.problems import ProblemError, conflict, invalid, not_found
from services.kit.unit import Unit

FOLLOWED = "the template's, as nobody has stated needs"
"""The reason that is kept with needs which follow level and phase."""


async def load(unit: Unit, incident_id: UUID, principal: Principal) -> Incident:
    """The incident, locked; what the unit emits inherits its exercise flag and areas. Raises 404 or 403."""
    incident = await store.load_for_change(unit.connection, incident_id)
    if incident is None:
        raise not_found("incident")
    require_all_jurisdiction(principal, incident.area_codes)
    unit.inherit(exercise=incident.exercise, jurisdiction=incident.area_codes)
    return incident


async def note(unit: Unit, incident_id: UUID, what: str, before: Any, after: Any, reason: str | None) -> None:
    """Keep a change with its reason and the account that made it."""
    await store.note_change(
        unit.connection, incident_id, what, before=before, after=after, reason=reason, now=unit.now, actor=unit.actor
    )


async def let_needs_follow(unit: Unit, incident: Incident, reference: Reference) -> None:
    """Take the template's needs for the incident as it now is, unless somebody has stated needs."""
    stated = decide.follow_template(incident, reference)
    if stated is None:
        return
    await store.set_needs(unit.connection, incident.incident_id, stated.needs, by_hand=False)
    before, after = store.plain_needs(incident.needs), store.plain_needs(stated.needs)
    await note(unit, incident.incident_id, "needs-stated", before, after, FOLLOWED)
    unit.emit(stated, key=incident.incident_id)


def problem_of(refusal: Refusal) -> ProblemError:
    """The answer that tells a refusal."""
    if refusal.kind is RefusalKind.INVALID:
        return invalid(refusal.findings, refusal.detail)
    return conflict(refusal.detail, refusal.findings)


def too_large(detail: str) -> ProblemError:
    """The answer to what does not fit into one event."""
    return ProblemError(413, "too-large", f"This does not fit into one event: {detail}. Simplify the outlines.")
