"""Accepting a proposal: an incident is declared from it, or revised by it, in the transaction that accepts it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal
from uuid import UUID

from pydantic import ValidationError

from schemas.events.incident import IncidentAccepted, IncidentLevelRaised
from schemas.vocabulary import Level
from services.incidents import acting, declaring, store
from services.incidents import decide as deciding
from services.incidents.amend import store as amend_store
from services.incidents.amend.model import Whole
from services.incidents.amend.revising import revise
from services.incidents.feeds import decide
from services.incidents.feeds import store as feed_store
from services.incidents.feeds.model import AcceptRequest, Kept, ProposalState
from services.incidents.locating.model import Located
from services.incidents.model import DeclareRequest, LevelRequest, Refusal
from services.incidents.sameness import store as sameness
from services.incidents.templates.store import Templates
from services.kit.auth import Principal
from services.kit.problems import Finding, conflict, invalid, not_found, pointer
from services.kit.unit import Unit

REASON = "as the feed now says"
"""Kept with changes that nobody gave a reason for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What came of accepting."""

    incident_id: UUID
    outcome: Literal["declared", "revised", "attached"]
    revision: int
    problems: tuple[dict[str, Any], ...] = ()

    def document(self) -> dict[str, Any]:
        """As it is answered."""
        return {
            "incident_id": str(self.incident_id), "outcome": self.outcome, "revision": self.revision,
            "problems": list(self.problems),
        }  # fmt: skip


def check_open(kept: Kept | None, request: AcceptRequest) -> Kept:
    """The proposal, if it can be accepted now. Raises 404 or 409."""
    if kept is None or kept.state is ProposalState.JOINED:
        raise not_found("proposal")
    if request.revision is not None and request.revision != kept.revision:
        raise conflict(f"The proposal has changed since: it now is at revision {kept.revision}. Look at it again.")
    if kept.withdrawn:
        raise conflict("The source has withdrawn everything it said; declare an incident yourself if there is one.")
    if kept.state is ProposalState.ACCEPTED and request.attach_to not in (None, kept.incident_id):
        raise conflict(f"The proposal was accepted as {kept.incident_id} before; it revises that incident.")
    return kept


def request_of(kept: Kept, request: AcceptRequest, now: Any) -> DeclareRequest:
    """The declaration that the proposal and the person make together. Raises 422 with what is still missing."""
    try:
        return DeclareRequest.model_validate(decide.declaration_of(kept.picture, request, now))
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        findings = [Finding(where=pointer(("body", *item["loc"])), what=item["msg"]) for item in faults]
        detail = "The feed does not say all that a declaration needs; give it with the acceptance."
        raise invalid(findings, detail) from None


async def declare(
    unit: Unit, templates: Templates, kept: Kept, located: Located, principal: Principal | None
) -> Accepted:
    """Declare the incident, by the proposal's id; without a principal by a policy. Raises 422, EventTooLarge."""
    connection = unit.connection
    around = await declaring.look_around(connection, templates, located.request)
    reference = await templates.now(connection)
    made = declaring.decided(located, around, reference, templates, principal, kept.proposal_id, unit.now)
    declared, event = made.declared, made.declared.event
    unit.inherit(exercise=declared.exercise, jurisdiction=event.area_codes)
    await amend_store.insert_declared(
        connection, event, exercise=declared.exercise, narrative=declared.narrative,
        needs_by_hand=declared.needs_by_hand, now=unit.now, actor=unit.actor, located=located,
    )  # fmt: skip
    await sameness.note_likenesses(connection, event.incident_id, made.likenesses, unit.now)
    await feed_store.set_accepted(connection, kept, event.incident_id, 1, now=unit.now, actor=unit.actor)
    _tell_accepted(unit, kept, event.incident_id, "declared", by_policy=principal is None)
    unit.emit(event, key=event.incident_id)
    problems = tuple(made.problems())
    return Accepted(incident_id=event.incident_id, outcome="declared", revision=kept.revision, problems=problems)


async def revise_from(
    unit: Unit, templates: Templates, kept: Kept, whole: Whole, request: AcceptRequest, *, by_policy: bool
) -> Accepted:
    """Revise the area, and the level if the feed thinks otherwise or a person says so. Raises 409, EventTooLarge."""
    incident = whole.incident
    unit.inherit(exercise=incident.exercise, jurisdiction=incident.area_codes)
    if incident.exercise is not kept.picture.exercise:
        raise conflict("A drill never joins what is real.")
    extent = decide.extent_after(whole.extent, kept.picture)
    if request.area_codes is not None:
        extent = replace(extent, area_codes=tuple(dict.fromkeys(request.area_codes)))
    outcome: Literal["revised", "attached"] = "revised" if kept.incident_id is not None else "attached"
    _tell_accepted(unit, kept, incident.incident_id, outcome, by_policy=by_policy)
    revised = await revise(unit, whole, extent, request.reason or REASON)
    if isinstance(revised, Refusal):
        raise acting.problem_of(revised)
    level = request.level or (kept.picture.level if kept.picture.level is not kept.accepted_level else None)
    if level is not None and level is not incident.level:
        await _change_level(unit, templates, whole, level, request.reason or REASON)
    area_revision = whole.revision if revised is None else revised.revision
    await feed_store.set_accepted(
        unit.connection, kept, incident.incident_id, area_revision, now=unit.now, actor=unit.actor
    )
    return Accepted(incident_id=incident.incident_id, outcome=outcome, revision=kept.revision)


async def _change_level(unit: Unit, templates: Templates, whole: Whole, level: Level, reason: str) -> None:
    incident = whole.incident
    changed = deciding.change_level(incident, LevelRequest(level=level, reason=reason))
    if isinstance(changed, Refusal):
        raise acting.problem_of(changed)
    what = "level-raised" if isinstance(changed, IncidentLevelRaised) else "level-lowered"
    await store.set_level(unit.connection, incident.incident_id, level)
    await acting.note(unit, incident.incident_id, what, incident.level, level, reason)
    unit.emit(changed, key=incident.incident_id)
    reference = await templates.now(unit.connection)
    await acting.let_needs_follow(unit, replace(incident, level=level), reference)


def _tell_accepted(
    unit: Unit, kept: Kept, incident_id: UUID, outcome: Literal["declared", "revised", "attached"], *, by_policy: bool
) -> None:
    event = IncidentAccepted(
        proposal_id=kept.proposal_id,
        incident_id=incident_id,
        revision=kept.revision,
        outcome=outcome,
        by_policy=by_policy,
    )
    unit.emit(event, key=kept.proposal_id)
