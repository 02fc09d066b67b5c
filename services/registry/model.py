"""What a caller may say about stations and volunteers, what the register keeps, and what a decision is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from schemas.envelope import Event
from schemas.values import AreaCode, LanguageCode, LatDeg, LonDeg, Position, Text
from schemas.vocabulary import Role, StationKind, Tier
from services.kit.problems import Finding

ITEMS_MAX: Final = 1_000
LANGUAGES_MAX: Final = 40
CREDENTIALS_MAX: Final = 30
MEMBERSHIPS_MAX: Final = 30

Ref = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]*$")]
"""An operator's own reference. It becomes the id (by hashing) and may stand in answers, so it must name nobody."""
Languages = Annotated[tuple[LanguageCode, ...], Field(max_length=LANGUAGES_MAX)]
Roles = Annotated[tuple[Role, ...], Field(min_length=1, max_length=len(Role))]
ShortText = Annotated[str, Field(min_length=1, max_length=80)]


class _Request(BaseModel):
    """Unknown fields are refused: a misspelt one must not be dropped in silence."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, str_strip_whitespace=True)


class Batch(_Request):
    """Items are checked one by one, so that a wrong one does not hold up the others."""

    items: Annotated[list[Any], Field(min_length=1, max_length=ITEMS_MAX)]


class StationEntry(_Request):
    """A station or a detachment as it shall stand in the register. Times and free text are not taken."""

    ref: Ref
    kind: StationKind
    tier: Tier
    name_zh: Text
    name_en: Text
    area_code: AreaCode
    lat_deg: LatDeg
    lon_deg: LonDeg
    languages: Languages = ()
    detachment_ref: Ref | None = None
    is_open: bool = True


class CredentialEntry(_Request):
    """A verified credential. It is valid through `expires_on`; without that date it does not run out."""

    kind: ShortText
    issuer: Text
    number: ShortText
    roles: Roles
    expires_on: date | None = None


class VolunteerEntry(_Request):
    """A volunteer as they shall stand in the register.

    `name` and `phone` go to the identity vault and come back from nowhere; left out, they stay as they are. Credentials
    are added or renewed, never removed: one that is withdrawn is given an `expires_on` in the past. `available` left
    out stays as it is (a new volunteer can be asked).
    """

    ref: Ref
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


class AvailabilityRequest(_Request):
    """Whether the volunteer can be asked from now on, and why not (kept in the register only)."""

    available: bool
    reason: Annotated[str, Field(max_length=500)] | None = None


class Outcome(StrEnum):
    """What became of one item."""

    CREATED = "created"
    UNCHANGED = "unchanged"
    CHANGED = "changed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """A station as it stands. `ref` is the operator's; `station_id` follows from it."""

    station_id: UUID
    ref: str
    kind: StationKind
    tier: Tier
    name_zh: str
    name_en: str
    area_code: str
    position: Position
    languages: tuple[str, ...]
    detachment_id: UUID | None
    is_open: bool


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
class Fact:
    """An event to publish, with its key and the area whose readers may see it."""

    key: UUID
    area_code: str
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class StationDecision:
    """What becomes of one accepted station item."""

    outcome: Outcome
    station: Station
    facts: Sequence[Fact] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VolunteerDecision:
    """What becomes of one accepted volunteer item."""

    outcome: Outcome
    volunteer: Volunteer
    identity: Identity | None
    facts: Sequence[Fact] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """What is wrong with one item."""

    problems: tuple[Finding, ...]
