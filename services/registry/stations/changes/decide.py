"""Decisions about proposals: pure. What may be proposed, who may decide it, and when it no longer fits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import ValidationError

from schemas.events.station import ProposalVerdict, StationChangeDecided, StationChangeOverdue, StationChangeProposed
from schemas.policy import covers
from schemas.vocabulary import JurisdictionLevel
from services.kit.problems import Finding, pointer
from services.registry.model import Fact
from services.registry.stations.changes.model import DecisionRequest, Proposal, State, Verdict
from services.registry.stations.changes.verifiers import may_verify, raised
from services.registry.stations.decide import as_json, entry_of
from services.registry.stations.model import Station, StationEntry

NOT_PROPOSED: Final = {
    "ref": "a station keeps its reference",
    "verified_on": "this is said by verifying the entry, not by a proposal",
}
CHASE_EVERY: Final = timedelta(days=7)
"""After so long without a decision a proposal is chased, and again after as long each time (assumed)."""
_STATE_OF: Final = {
    Verdict.ACCEPT: State.ACCEPTED,
    Verdict.REJECT: State.REJECTED,
    Verdict.WITHDRAW: State.WITHDRAWN,
}
_TOLD: Final[Mapping[State, ProposalVerdict]] = {
    State.ACCEPTED: "accepted",
    State.REJECTED: "rejected",
    State.WITHDRAWN: "withdrawn",
    State.SUPERSEDED: "superseded",
}


class NotAllowed(Exception):
    """This account may not decide this proposal. The message says why and is safe to show."""


class NoLongerOpen(Exception):
    """The proposal was decided before, or no longer fits."""


def read_changes(ref: str, changes: Mapping[str, Any], station: Station | None) -> StationEntry | list[Finding]:
    """The station's entry as the changes want it, or what is wrong with them. Values are not repeated."""
    unasked = [
        Finding(where=pointer(("body", "changes", field)), what=what)
        for field, what in NOT_PROPOSED.items()
        if field in changes
    ]
    if unasked:
        return unasked
    base = {"ref": ref} if station is None else entry_of(station)
    try:
        return StationEntry.model_validate({**base, **changes})
    except ValidationError as error:
        return [
            Finding(where=pointer(("body", "changes", *item["loc"])), what=item["msg"])
            for item in error.errors(include_url=False, include_input=False, include_context=False)
        ]


def check_verdict(proposal: Proposal, verdict: Verdict, account_id: str, areas: tuple[str, ...]) -> None:
    """Raises unless this account may give this verdict now. Nobody verifies what they proposed."""
    if proposal.state is not State.OPEN:
        raise NoLongerOpen(f"The proposal was {proposal.state} before.")
    is_author = account_id == proposal.proposed_by
    if verdict is Verdict.WITHDRAW:
        if not is_author:
            raise NotAllowed("Only who proposed it may withdraw it; reject it instead.")
    elif is_author:
        raise NotAllowed("Nobody verifies their own proposal; withdraw it, or leave it to somebody else.")
    elif not may_verify(areas, proposal.area_codes, proposal.verifier):
        raise NotAllowed(f"This is verified on the level of the {proposal.verifier} or above.")


def may_say(proposal: Proposal, verdict: Verdict, account_id: str, areas: tuple[str, ...]) -> bool:
    """Whether this account may give this verdict now. It needs not see the proposal's areas."""
    if not all(covers(areas, code) for code in proposal.area_codes):
        return False
    try:
        check_verdict(proposal, verdict, account_id, areas)
    except (NotAllowed, NoLongerOpen):
        return False
    return True


def check_fit(proposal: Proposal, station: Station | None) -> None:
    """Raises `NoLongerOpen` if what it would change is not as it was when it was proposed. Every change supersedes the
    open proposals about the same fields, so this holds for all that are open."""
    now = None if station is None else {field: as_json(station)[field] for field in proposal.after}
    if now != proposal.before:
        raise NoLongerOpen("The station was changed since this was proposed; propose it anew.")


def decided(proposal: Proposal, request: DecisionRequest, account_id: str, now: datetime) -> Proposal:
    """The proposal after a verdict."""
    return replace(
        proposal,
        state=_STATE_OF[request.verdict],
        decided_by=account_id,
        decided_at=now,
        decision_reason=request.reason,
    )


def told_proposed(proposal: Proposal) -> Fact:
    """That it waits for a verifier."""
    event = StationChangeProposed(
        station_id=proposal.station_id,
        proposal_id=proposal.proposal_id,
        changes=proposal.changes,
        verifier=proposal.verifier,
    )
    return Fact(key=proposal.station_id, area_code=proposal.area_codes[-1], event=event)


def chased(proposal: Proposal, now: datetime) -> tuple[Proposal, Fact]:
    """The proposal after it was told that it waits too long. What was missed while nobody looked is told as one."""
    after = replace(proposal, chased=max(1, (now - proposal.proposed_at) // CHASE_EVERY))
    event = StationChangeOverdue(
        station_id=proposal.station_id,
        proposal_id=proposal.proposal_id,
        changes=proposal.changes,
        verifier=proposal.verifier,
        waits_for=waits_for(after),
        waiting_days=waiting_days(after, now),
    )
    return after, Fact(key=proposal.station_id, area_code=proposal.area_codes[-1], event=event)


def waits_for(proposal: Proposal) -> JurisdictionLevel:
    """The level that shall decide it: its verifier, and one level more each time it is chased again."""
    return raised(proposal.verifier, max(0, proposal.chased - 1))


def waiting_days(proposal: Proposal, now: datetime) -> int:
    """Whole days since it was proposed, until it was decided."""
    return ((proposal.decided_at or now) - proposal.proposed_at).days


def told_decided(proposal: Proposal) -> Fact:
    """That it no longer waits."""
    event = StationChangeDecided(
        station_id=proposal.station_id, proposal_id=proposal.proposal_id, verdict=_TOLD[proposal.state]
    )
    return Fact(key=proposal.station_id, area_code=proposal.area_codes[-1], event=event)
