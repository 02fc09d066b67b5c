"""Decisions about changes of a declared incident. Pure."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from schemas.events.incident import (
    IncidentAreaRevised,
    IncidentDeclared,
    IncidentMerged,
    IncidentPhaseAdvanced,
    IncidentReopened,
    IncidentToldApart,
)
from services.incidents.amend.model import AreaRequest, Extent, PhaseRequest, Whole
from services.incidents.decide import is_closed
from services.incidents.extent import read_contours
from services.incidents.geometry import PlaceRefused, read_place
from services.incidents.model import Incident, Refusal, RefusalKind, State
from services.incidents.sameness.decide import Proposed
from services.kit.problems import Finding

INVALID_DETAIL: Final = "The area cannot be taken as it stands; nothing was changed."


def read_extent(now: Extent, request: AreaRequest) -> Extent | Refusal:
    """The area as the request says it is, or everything that is wrong with the request."""
    findings: list[Finding] = []
    said: dict[str, Any] = {
        name: getattr(request, name)
        for name in ("radius_m", "intensity_observations", "venues")
        if getattr(request, name) is not None
    }
    if "magnitude" in request.model_fields_set:
        said["magnitude"] = request.magnitude
    if request.area_codes is not None:
        said["area_codes"] = tuple(dict.fromkeys(request.area_codes))
    if request.intensity_contours is not None:
        said["intensity_contours"], findings = read_contours(request.intensity_contours)
    if request.place is not None:
        try:
            said["place"] = read_place(request.place)
        except PlaceRefused as refused:
            findings += refused.findings
    if not said and not findings:
        findings.append(Finding(where="", what="says nothing about the area; give at least one of its fields"))
    if findings:
        return Refusal(kind=RefusalKind.INVALID, detail=INVALID_DETAIL, findings=tuple(findings))
    return replace(now, **said)


def revise_area(whole: Whole, extent: Extent) -> IncidentAreaRevised | Refusal | None:
    """The event that tells the area as it now stands; None if nothing about it changed."""
    if whole.incident.state is State.CLOSED:
        return is_closed()
    if extent == whole.extent:
        return None
    named = {field.name: getattr(extent, field.name) for field in fields(Extent)}
    return IncidentAreaRevised(incident_id=whole.incident.incident_id, revision=whole.revision + 1, **named)


def advance(incident: Incident, request: PhaseRequest) -> IncidentPhaseAdvanced | Refusal:
    """Going over to another phase: onward, or back in a relapse."""
    if incident.state is State.CLOSED:
        return is_closed()
    if request.phase is incident.phase:
        finding = Finding(where="/phase", what=f"the phase already is {incident.phase}")
        detail = f"The incident already is in the phase {incident.phase}."
        return Refusal(kind=RefusalKind.CONFLICT, detail=detail, findings=(finding,))
    return IncidentPhaseAdvanced(incident_id=incident.incident_id, phase_before=incident.phase, phase=request.phase)


def merge(incident: Incident, into: Incident, now: datetime) -> IncidentMerged | Refusal:
    """One incident ends in another. Both must be open, and a drill is never the same as what is real."""
    faults = []
    if incident.incident_id == into.incident_id:
        faults.append("is the incident itself")
    elif incident.exercise is not into.exercise:
        faults.append("is an exercise and this is none" if into.exercise else "is real and this is an exercise")
    if faults:
        findings = tuple(Finding(where="/into", what=fault) for fault in faults)
        return Refusal(kind=RefusalKind.INVALID, detail="These incidents cannot be one.", findings=findings)
    if incident.state is State.CLOSED:
        return is_closed()
    if into.state is State.CLOSED:
        finding = Finding(where="/into", what="is closed")
        return Refusal(kind=RefusalKind.CONFLICT, detail="The other incident is closed.", findings=(finding,))
    return IncidentMerged(incident_id=incident.incident_id, into_incident_id=into.incident_id, merged_at=now)


def tell_apart(
    incident: Incident, other: Incident, proposed: Proposed | None, now: datetime
) -> IncidentToldApart | Refusal:
    """Two that were proposed to be the same are not. Both must be open: there is nothing to ask about others."""
    if incident.state is State.CLOSED:
        return is_closed()
    why_not = None
    if other.state is State.CLOSED:
        why_not = "is closed"
    elif proposed is None:
        why_not = "is not proposed to be the same"
    elif proposed.told_apart_at is not None:
        why_not = f"was told apart already, at {proposed.told_apart_at.isoformat()}"
    if why_not is not None:
        finding = Finding(where="/other", what=why_not)
        detail = "There is no open proposal that these are the same."
        return Refusal(kind=RefusalKind.CONFLICT, detail=detail, findings=(finding,))
    return IncidentToldApart(
        incident_id=incident.incident_id, other_incident_id=other.incident_id, told_apart_at=now
    )  # fmt: skip


def reopen(whole: Whole, continued_as: UUID) -> tuple[IncidentReopened, IncidentDeclared] | Refusal:
    """A closed incident goes on as another that takes over all that is known of it. Its clock goes on."""
    incident = whole.incident
    why_not = None
    if incident.state is State.OPEN:
        why_not = "The incident is open."
    elif whole.merged_into is not None:
        why_not = f"The incident was merged into {whole.merged_into}; change that one."
    elif whole.continued_as is not None:
        why_not = f"The incident goes on as {whole.continued_as} already."
    if why_not is not None:
        return Refusal(kind=RefusalKind.CONFLICT, detail=why_not)
    declared = IncidentDeclared(
        incident_id=continued_as,
        kind=incident.kind,
        level=incident.level,
        title_zh=whole.title_zh,
        title_en=whole.title_en,
        occurred_at=whole.occurred_at,
        needs=tuple(incident.needs),
        clock=incident.clock,
        auto_dispatch=whole.auto_dispatch,
        parent_id=incident.incident_id,
        **{field.name: getattr(whole.extent, field.name) for field in fields(Extent)},
    )
    return IncidentReopened(incident_id=incident.incident_id, continued_as=continued_as), declared
