"""What may be said about feeds and proposals, and what is known of a proposal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from schemas.vocabulary import IncidentKind, Level
from services.incidents.intake.proposal import Proposal
from services.incidents.model import (
    NARRATIVE_CHARS_MAX,
    AreaCodes,
    Moment,
    Needs,
    RadiusM,
    Reason,
    StrictRequest,
    Venues,
)

SOURCE: Final = r"^[a-z0-9][a-z0-9-]{0,63}$"
NAME_CHARS_MAX: Final = 500


class ProposalState(StrEnum):
    """What people made of a proposal. `joined`: a later message showed that it is about the same event as another."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    DISMISSED = "dismissed"
    JOINED = "joined"


class DeclaresBy(StrictRequest):
    """Which proposals of a source are declared without a person. Never drills, tests or what is not for the public."""

    kinds: Annotated[frozenset[IncidentKind], Field(min_length=1)]
    levels: Annotated[frozenset[Level], Field(min_length=1)]
    senders: Annotated[frozenset[str], Field(min_length=1, max_length=100)]
    area_codes: AreaCodes | None = None
    """The areas of incidents whose messages name none."""


class FeedPolicy(StrictRequest):
    """What a source may do by itself. Nothing, unless somebody said otherwise."""

    declares: DeclaresBy | None = None
    revises: bool = False
    """Later messages revise the area and level of what was accepted, as long as nobody changed the area by hand."""


class AcceptRequest(StrictRequest):
    """A person accepts a proposal; what is given takes the place of what the feed says, or fills in what it leaves out.

    `revision` refuses the acceptance if the proposal has changed since that one was read. With `attach_to` the proposal
    revises that incident instead of declaring a new one.
    """

    revision: Annotated[int, Field(ge=1)] | None = None
    attach_to: UUID | None = None
    kind: IncidentKind | None = None
    level: Level | None = None
    title_zh: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    title_en: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    occurred_at: Moment | None = None
    place: dict[str, Any] | None = None
    radius_m: RadiusM | None = None
    venues: Venues | None = None
    area_codes: AreaCodes | None = None
    needs: Needs | None = None
    narrative: Annotated[str, Field(max_length=NARRATIVE_CHARS_MAX)] | None = None
    auto_dispatch: bool = False
    parent_id: UUID | None = None
    reason: Reason | None = None


class DismissRequest(StrictRequest):
    """Why nothing is declared."""

    reason: Reason


class Read(BaseModel):
    """What the reader made of one document. Proposals are canonical JSON: their bytes are their identity."""

    model_config = ConfigDict(frozen=True)

    format: str | None
    alerts: int = 0
    refused: tuple[str, str] | None = None
    warnings: tuple[str, ...] = ()
    proposals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a feed; `digest` is of its canonical JSON. `proposal_id` is None until it is kept."""

    digest: bytes
    text: str
    proposal: Proposal
    proposal_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A proposal as it is kept."""

    proposal_id: UUID
    source: str
    state: ProposalState
    revision: int
    withdrawn: bool
    picture: Proposal
    picture_digest: bytes
    incident_id: UUID | None
    accepted_level: Level | None
    accepted_area_revision: int | None
    accepted_revision: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a new message must know: the proposals it may belong to, and all their messages."""

    kept: Mapping[UUID, Kept]
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A proposal after new messages: the same as before, or new, changed, withdrawn, or joined from several."""

    proposal_id: UUID
    is_new: bool
    changed: bool
    withdrawn: bool
    picture: Proposal
    picture_text: str
    picture_digest: bytes
    messages: tuple[Message, ...]
    joined: tuple[UUID, ...]
