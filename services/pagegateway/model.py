"""What the simulated provider takes and keeps."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from schemas.vocabulary import PagePurpose

Text = Annotated[str, Field(max_length=1000)]


class Page(BaseModel):
    """A page to be sent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    page_id: UUID
    recipient: UUID
    purpose: PagePurpose | Literal["notice"]
    token: Annotated[str, Field(max_length=4096)]
    text_zh: Text
    text_en: Text
    exercise: bool

    def content_sha256(self) -> bytes:
        """Two requests with equal content are the same page.

        The token is left out: a sender that repeats a request may have to sign a fresh one.
        """
        return hashlib.sha256(self.model_dump_json(exclude={"token"}).encode()).digest()


class Receipt(BaseModel):
    """The provider's answer."""

    receipt_id: UUID
    duplicate: bool
    simulated: Literal[True] = True
    note: str = "simulated: no phone is reached"


class Faults(BaseModel):
    """How many of the next requests fail, and how."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fail_next: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    timeout_next: Annotated[int, Field(ge=0, le=1_000_000)] = 0
