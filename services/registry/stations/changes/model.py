"""What a caller may propose about a station, and what is kept of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import Field

from schemas.vocabulary import JurisdictionLevel, StationChange
from services.registry.model import Ref, Request
from services.registry.stations.model import Reason

FIELDS_MAX: Final = 40
OPEN_MAX: Final = 20
"""Open proposals of one station."""


class State(StrEnum):
    """How a proposal stands. All but the first are final."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"


class Verdict(StrEnum):
    """What may be said to an open proposal; withdrawing is its author's."""

    ACCEPT = "accept"
    REJECT = "reject"
    WITHDRAW = "withdraw"


class ProposalRequest(Request):
    """A change to the station of this reference, or a new one if there is none: the fields of an entry that shall be
    different, and why."""

    ref: Ref
    changes: Annotated[dict[str, Any], Field(min_length=1, max_length=FIELDS_MAX)]
    reason: Reason


class DecisionRequest(Request):
    """What becomes of a proposal, and why."""

    verdict: Verdict
    reason: Reason


class VerificationRequest(Request):
    """The entry was true on that day (today)."""

    verified_on: date | None = None
    reason: Reason | None = None


class SuspensionRequest(Request):
    """Whether the station takes no part for the time being, and why."""

    is_suspended: bool
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A change that waits, or what became of it. `before` and `after` hold the fields that differ; `wanted` is as the
    author wrote it. `area_codes` are where the station is and where it shall be."""

    proposal_id: UUID
    station_id: UUID
    ref: str
    area_codes: tuple[str, ...]
    changes: tuple[StationChange, ...]
    wanted: Mapping[str, Any]
    before: Mapping[str, Any] | None
    after: Mapping[str, Any]
    verifier: JurisdictionLevel
    reason: str
    proposed_by: str
    proposed_at: datetime
    state: State = State.OPEN
    decided_by: str | None = None
    decided_at: datetime | None = None
    decision_reason: str | None = None
    chased: int = 0
    """How often it was told that it waits too long."""
    number: int = 0
    """Its place in the order of proposals, given by the database."""
