"""What a caller may say about a volunteer, and what the register keeps of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field

from schemas.values import Text
from schemas.vocabulary import Role
from services.registry.model import Entry, Fact, Languages, Outcome, Ref, Request

CREDENTIALS_MAX: Final = 30
MEMBERSHIPS_MAX: Final = 30

Roles = Annotated[tuple[Role, ...], Field(min_length=1, max_length=len(Role))]
ShortText = Annotated[str, Field(min_length=1, max_length=80)]


class CredentialEntry(Request):
    """A verified credential. It is valid through `expires_on`; without that date it does not run out."""

    kind: ShortText
    issuer: Text
    number: ShortText
    roles: Roles
    expires_on: date | None = None


class VolunteerEntry(Entry):
    """A volunteer as they shall stand in the register.

    `name` and `phone` go to the identity vault and come back from nowhere; left out, they stay as they are. Credentials
    are added or renewed, never removed: one that is withdrawn is given an `expires_on` in the past. `available` left
    out stays as it is (a new volunteer can be asked).
    """

    home_station_ref: Ref
    membership_refs: Annotated[tuple[Ref, ...], Field(max_length=MEMBERSHIPS_MAX)] = ()
    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    phone: Annotated[str, Field(pattern=r"^\+?[0-9][0-9 -]{3,22}$")] | None = None
    roles: Roles
    languages: Annotated[Languages, Field(min_length=1)]
    credentials: Annotated[tuple[CredentialEntry, ...], Field(max_length=CREDENTIALS_MAX)] = ()
    available: bool | None = None
    is_adult: bool
    is_retired: bool = False


class AvailabilityRequest(Request):
    """Whether the volunteer can be asked from now on, and why not (kept in the register only)."""

    available: bool
    reason: Annotated[str, Field(max_length=500)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A credential as it stands. `expiry_told` says that `volunteer.credential-expired` was published for it."""

    kind: str
    issuer: str
    number: str
    roles: tuple[Role, ...]
    expires_on: date | None
    expiry_told: bool = False

    def is_valid(self, today: date) -> bool:
        """Whether it holds on that civil day."""
        return self.expires_on is None or self.expires_on >= today


@dataclass(frozen=True, slots=True, kw_only=True)
class Volunteer:
    """A volunteer as they stand, without who they are."""

    volunteer_id: UUID
    ref: str
    home_station_id: UUID
    memberships: tuple[UUID, ...]
    roles: tuple[Role, ...]
    languages: tuple[str, ...]
    credentials: tuple[Credential, ...]
    available: bool
    is_adult: bool
    is_retired: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who a volunteer is; only ever in the vault table. Its repr says nothing."""

    volunteer_id: UUID
    name: str | None
    phone: str | None

    def __repr__(self) -> str:
        return "Identity(<sensitive>)"


@dataclass(frozen=True, slots=True, kw_only=True)
class VolunteerDecision:
    """What becomes of one accepted volunteer item."""

    outcome: Outcome
    volunteer: Volunteer
    identity: Identity | None
    facts: Sequence[Fact] = ()
