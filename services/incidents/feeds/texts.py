"""Proposals as text and back. The canonical text of a message is what two copies of it have in common."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Final
from uuid import UUID

from pydantic import TypeAdapter

from schemas.ids import derived_id
from services.incidents.feeds.model import Message
from services.incidents.intake.proposal import Action, Proposal

_PROPOSAL: Final = TypeAdapter(Proposal)
_NAMESPACE: Final = UUID("6b8f0c3e-44f3-5d0e-9a55-6f2d9f3f2a10")


def text_of(proposal: Proposal) -> str:
    """The canonical JSON."""
    return _PROPOSAL.dump_json(proposal).decode()


def message_of(text: str, proposal_id: UUID | None = None) -> Message:
    """A message from its canonical JSON; whether it was kept or has just come, it is the same."""
    digest = hashlib.sha256(text.encode()).digest()
    return Message(digest=digest, text=text, proposal=_PROPOSAL.validate_json(text), proposal_id=proposal_id)


def proposal_of(text: str) -> Proposal:
    """A picture from its JSON."""
    return _PROPOSAL.validate_json(text)


def digest_of_content(picture: Proposal) -> bytes:
    """Of what people would act on: not which message said it, nor when."""
    content = replace(
        picture, format="", sender="", identifier=None, sent_at=None, version=0, action=Action.PROPOSE, supersedes=(),
        event_keys=(), notes=(), expires_at=None,
    )  # fmt: skip
    return hashlib.sha256(_PROPOSAL.dump_json(content)).digest()


def id_of_new(message: Message) -> UUID:
    """The id of the proposal that begins with this message."""
    return derived_id(_NAMESPACE, message.digest.hex())
