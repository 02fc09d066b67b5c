"""What the registry does with proposals, verifications and suspensions in a transaction, under the register's lock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from schemas.ids import derived_id
from schemas.vocabulary import JurisdictionLevel, StationChange
from services.kit.auth import Principal, require_all_jurisdiction
from services.kit.problems import Finding, conflict, forbidden, invalid, not_found
from services.kit.unit import Unit
from services.registry.commands import tell
from services.registry.decide import civil_day
from services.registry.stations.changes import decide, store
from services.registry.stations.changes.model import (
    OPEN_MAX,
    DecisionRequest,
    Proposal,
    ProposalRequest,
    SuspensionRequest,
    Verdict,
    VerificationRequest,
)
from services.registry.stations.changes.verifiers import load_verifiers, may_verify
from services.registry.stations.commands import Decided, decide_entries, load_named, save_decided
from services.registry.stations.decide import area_codes_of, entry_of, station_id_of
from services.registry.stations.model import Station, StationEntry
from services.registry.stations.store import Authorship, load_stations
from services.registry.store import lock_register

_ONLY: Final = 0
"""The position of the entry where there is one."""


async def propose(unit: Unit, request: ProposalRequest, principal: Principal) -> Proposal:
    """Keep a change that somebody of the level above shall verify."""
    await lock_register(unit.connection)
    station_id = station_id_of(request.ref)
    before = (await load_stations(unit.connection, [station_id])).get(station_id)
    if before is not None:
        require_all_jurisdiction(principal, [before.area_code])
    entry = decide.read_changes(request.ref, request.changes, before)
    if isinstance(entry, list):
        raise invalid(entry)
    require_all_jurisdiction(principal, [entry.area_code])
    found = await _decide(unit, entry, principal)
    decision = found.made.get(_ONLY)
    if decision is None:
        raise invalid([_within(finding, "/changes") for finding in found.refused[_ONLY]])
    if decision.record is None:
        raise invalid([Finding(where="/changes", what="the station is like this already")])
    if await store.count_open(unit.connection, station_id) >= OPEN_MAX:
        raise conflict(f"{OPEN_MAX} proposals about this station are open; decide them first.")
    after = decision.station
    proposal = Proposal(
        proposal_id=derived_id(unit.origin.id, "station-proposal"),
        station_id=station_id,
        ref=request.ref,
        area_codes=tuple(dict.fromkeys(area_codes_of(before, after))),
        changes=decision.record.changes,
        wanted=request.changes,
        before=decision.record.before,
        after=decision.record.after,
        verifier=_verifier(decision.record.changes, before, after),
        reason=request.reason,
        proposed_by=principal.subject,
        proposed_at=unit.now,
    )
    await store.add_proposal(unit.connection, proposal)
    tell(unit, [decide.told_proposed(proposal)])
    return proposal


async def decide_proposal(unit: Unit, proposal_id: UUID, request: DecisionRequest, principal: Principal) -> Proposal:
    """Accept, reject or withdraw. What is accepted is changed in the same transaction."""
    await lock_register(unit.connection)
    proposal = await store.lock_proposal(unit.connection, proposal_id)
    if proposal is None:
        raise not_found("proposal")
    require_all_jurisdiction(principal, proposal.area_codes)
    try:
        decide.check_verdict(proposal, request.verdict, principal.subject, principal.areas)
        after = decide.decided(proposal, request, principal.subject, unit.now)
        await store.save_decision(unit.connection, after)
        if request.verdict is Verdict.ACCEPT:
            await _carry_out(unit, after, principal)
    except decide.NotAllowed as refusal:
        raise forbidden(str(refusal)) from refusal
    except decide.NoLongerOpen as refusal:
        raise conflict(str(refusal)) from refusal
    tell(unit, [decide.told_decided(after)])
    return after


async def verify(
    unit: Unit, station_id: UUID, request: VerificationRequest, principal: Principal
) -> tuple[Station, bool]:
    """Say that the entry is true; returns the station and whether that is new."""
    day = request.verified_on or civil_day(unit.now)
    authorship = Authorship(account_id=principal.subject, way="verification", reason=request.reason)
    return await _change(unit, station_id, {"verified_on": day}, StationChange.CONFIRMATION, authorship, principal)


async def suspend(
    unit: Unit, station_id: UUID, request: SuspensionRequest, principal: Principal
) -> tuple[Station, bool]:
    """Let a station take no part, or take part again, at once; returns it and whether that is new."""
    changes = {"is_suspended": request.is_suspended}
    authorship = Authorship(account_id=principal.subject, way="suspension", reason=request.reason)
    return await _change(unit, station_id, changes, StationChange.SUSPENSION, authorship, principal)


async def _change(
    unit: Unit,
    station_id: UUID,
    changes: Mapping[str, Any],
    kind: StationChange,
    authorship: Authorship,
    principal: Principal,
) -> tuple[Station, bool]:
    """Change one thing directly, on the level that would verify it."""
    await lock_register(unit.connection)
    before = (await load_stations(unit.connection, [station_id])).get(station_id)
    if before is None:
        raise not_found("station")
    require_all_jurisdiction(principal, [before.area_code])
    level = _verifier((kind,), before, before)
    if not may_verify(principal.areas, [before.area_code], level):
        raise forbidden(f"This is said on the level of the {level} or above.")
    found = await _decide(unit, StationEntry.model_validate({**entry_of(before), **changes}), principal)
    decision = found.made.get(_ONLY)
    if decision is None:
        raise invalid([_within(finding, "") for finding in found.refused[_ONLY]])
    await save_decided(unit, found, authorship)
    return decision.station, decision.record is not None


async def _carry_out(unit: Unit, proposal: Proposal, verifier: Principal) -> None:
    """Make the station as the proposal wants it. A new station counts as verified by whoever accepts it."""
    before = (await load_stations(unit.connection, [proposal.station_id])).get(proposal.station_id)
    decide.check_fit(proposal, before)
    wanted = dict(proposal.wanted)
    if before is None:
        wanted["verified_on"] = civil_day(unit.now)
    base = {"ref": proposal.ref} if before is None else entry_of(before)
    found = await _decide(unit, StationEntry.model_validate({**base, **wanted}), verifier)
    if _ONLY not in found.made:
        findings = [_within(finding, "/changes") for finding in found.refused[_ONLY]]
        raise conflict(
            "The proposal no longer fits the stations around it; reject it, or change those first.", findings
        )
    authorship = Authorship(
        account_id=verifier.subject, way="proposal", reason=proposal.decision_reason, proposal_id=proposal.proposal_id
    )
    await save_decided(unit, found, authorship)


async def _decide(unit: Unit, entry: StationEntry, principal: Principal) -> Decided:
    present = await load_named(unit.connection, [entry])
    return decide_entries({_ONLY: entry}, present, principal.areas, civil_day(unit.now))


def _verifier(changes: tuple[StationChange, ...], before: Station | None, after: Station) -> JurisdictionLevel:
    return load_verifiers().level(changes, [station.tier for station in (before, after) if station is not None])


def _within(finding: Finding, where: str) -> Finding:
    """The finding about the only item of a batch, as one about this request."""
    return Finding(where=where + finding.where.removeprefix(f"/items/{_ONLY}"), what=finding.what)
