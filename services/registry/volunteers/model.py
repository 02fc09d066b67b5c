"""What a caller may say about a volunteer, and what the register keeps of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from pydantic import AwareDatetime, Field, model_validator

from schemas.events.volunteer import VolunteerState
from schemas.values import DialectCode, LatDeg, LonDeg, Position, Text
from schemas.vocabulary import ContactChannel, Role
from services.registry.model import Entry, Fact, Languages, Outcome, Ref, Request
from services.registry.volunteers.calendar.model import NO_CALENDAR, ActivationMinutes, Calendar, Reason

CREDENTIALS_MAX: Final = 30
MEMBERSHIPS_MAX: Final = 30
DIALECTS_MAX: Final = 20

Roles = Annotated[tuple[Role, ...], Field(min_length=1, max_length=len(Role))]
Channels = Annotated[tuple[ContactChannel, ...], Field(max_length=len(ContactChannel))]
ShortText = Annotated[str, Field(min_length=1, max_length=80)]


class CredentialEntry(Request):
    """A verified credential. It is valid through `expires_on`; without that date it does not run out."""

    kind: ShortText
    issuer: Text
    number: ShortText
    roles: Roles
    expires_on: date | None = None


class VettingStatus(StrEnum):
    """`assumed`: nobody said anything, and the register takes it that the organisation knows its people."""

    ASSUMED = "assumed"
    CLEARED = "cleared"
    PENDING = "pending"
    FAILED = "failed"


class VettingEntry(Request):
    """What a background check found. It holds through `valid_until`; without that date it does not run out."""

    status: VettingStatus
    authority: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    checked_on: date | None = None
    valid_until: date | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> VettingEntry:
        if self.status is VettingStatus.CLEARED and (self.authority is None or self.checked_on is None):
            raise ValueError("a check that cleared somebody names its authority and day")
        if self.valid_until is not None and self.status is not VettingStatus.CLEARED:
            raise ValueError("only a check that cleared somebody is valid until a day")
        return self


class VolunteerEntry(Entry):
    """A volunteer as they shall stand in the register.

    `name` and `phone` go to the identity vault and come back from nowhere; left out, they stay as they are. Credentials
    are added or renewed, never removed: one that is withdrawn is given an `expires_on` in the past. `available`,
    `vetting`, `dialects`, `channels` and `activation_minutes` left out stay as they are (a new volunteer can be asked).
    Where nobody said the `channels`, they follow from the number (assumed).
    """

    home_station_ref: Ref
    membership_refs: Annotated[tuple[Ref, ...], Field(max_length=MEMBERSHIPS_MAX)] = ()
    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    phone: Annotated[str, Field(pattern=r"^\+?[0-9][0-9 -]{3,22}$")] | None = None
    roles: Roles
    languages: Annotated[Languages, Field(min_length=1)]
    credentials: Annotated[tuple[CredentialEntry, ...], Field(max_length=CREDENTIALS_MAX)] = ()
    dialects: Annotated[tuple[DialectCode, ...], Field(max_length=DIALECTS_MAX)] | None = None
    vetting: VettingEntry | None = None
    activation_minutes: ActivationMinutes | None = None
    channels: Channels | None = None
    available: bool | None = None
    is_adult: bool
    is_retired: bool = False


class ReasonRequest(Request):
    """Why something is done. It stays in the history and goes nowhere else."""

    reason: Reason | None = None


class AvailabilityRequest(ReasonRequest):
    """What the volunteer says about now, whatever their calendar says: away, or there, until a time.

    Away without a time is for good; there without a time gives the word back to the calendar.
    """

    available: bool
    until: AwareDatetime | None = None


class OptOutRequest(ReasonRequest):
    """No page of any kind any more, for good or until a time."""

    until: AwareDatetime | None = None


class ChannelsRequest(ReasonRequest):
    """The kinds of channels by which the volunteer can be paged; an empty list for none at all."""

    channels: Channels


class CredentialRequest(CredentialEntry, ReasonRequest):
    """A credential that is added or renewed on its own."""


class VettingRequest(VettingEntry, ReasonRequest):
    """A check that is recorded on its own."""


class PlaceRequest(Request):
    """Where the volunteer is for now. Only the cell around it is kept."""

    lat_deg: LatDeg
    lon_deg: LonDeg
    until: AwareDatetime


class MembershipRequest(ReasonRequest):
    """A station that the volunteer joins."""

    station_ref: Ref


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A credential as it stands. `expiry_told` says that `volunteer.credential-expired` was published for it,
    `notice_told` the last notice of those at 90, 30 and 7 days."""

    kind: str
    issuer: str
    number: str
    roles: tuple[Role, ...]
    expires_on: date | None
    expiry_told: bool = False
    notice_told: int | None = None

    def is_valid(self, today: date) -> bool:
        """Whether it holds on that civil day."""
        return self.expires_on is None or self.expires_on >= today


@dataclass(frozen=True, slots=True, kw_only=True)
class Vetting:
    """A background check as it stands."""

    status: VettingStatus = VettingStatus.ASSUMED
    authority: str | None = None
    checked_on: date | None = None
    valid_until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OptOut:
    """Since when the volunteer wants no page, and until when; None: for good."""

    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the volunteer said they are, coarsened, and until when."""

    position: Position
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Volunteer:
    """A volunteer as they stand, without who they are.

    `available` with `available_until` is what they last said about now, beside their calendar: away for good (no time),
    away or there until a time; there without a time says nothing. `channels` is None where nobody said; assumed ones
    follow from the telephone number alone. `told` is the state that was published last.
    """

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
    available_until: datetime | None = None
    calendar: Calendar = NO_CALENDAR
    activation_minutes: int | None = None
    dialects: tuple[str, ...] = ()
    vetting: Vetting = Vetting()
    opted_out: OptOut | None = None
    place: Place | None = None
    channels: tuple[ContactChannel, ...] | None = None
    channels_assumed: bool = False
    told: VolunteerState | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A volunteer after everything that has come due was told: what to save, what to publish, when to look again."""

    volunteer: Volunteer
    facts: tuple[Fact, ...]
    next_change_at: datetime | None


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
    """What becomes of one accepted volunteer item; nothing is settled of one that is unchanged."""

    outcome: Outcome
    volunteer: Volunteer
    settled: Settled | None
    identity: Identity | None
