"""Volunteer events: what a volunteer can do and whether they can be asked; never who they are. Key: volunteer id."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from schemas.envelope import Event
from schemas.values import AreaCode, DialectCode, LanguageCode, Position
from schemas.vocabulary import ContactChannel, Role


class VolunteerEnrolled(Event):
    """A volunteer joined a home station with these roles and languages."""

    event_type: ClassVar[str] = "volunteer.enrolled"

    volunteer_id: UUID
    home_station_id: UUID
    roles: tuple[Role, ...]
    languages: tuple[LanguageCode, ...]
    is_adult: bool


class VolunteerCredentialed(Event):
    """A credential was verified. Its number stays in the registry."""

    event_type: ClassVar[str] = "volunteer.credentialed"

    volunteer_id: UUID
    kind: Annotated[str, Field(min_length=1, max_length=80)]
    roles: tuple[Role, ...]
    expires_on: date | None = None


class VolunteerCredentialExpiring(Event):
    """A credential runs out soon; told to its holder and their home station at 90, 30 and 7 days, each once.

    `notice_days` is which of the three this is, `days_left` how many days it really still holds: fewer when nobody
    could tell in time. A notice that a later one overtook is not told. A renewed credential begins anew.
    """

    event_type: ClassVar[str] = "volunteer.credential-expiring"

    volunteer_id: UUID
    home_station_id: UUID
    kind: Annotated[str, Field(min_length=1, max_length=80)]
    roles: tuple[Role, ...]
    expires_on: date
    notice_days: Literal[90, 30, 7]
    days_left: Annotated[int, Field(ge=0, le=90)]


class VolunteerCredentialExpired(Event):
    """A credential ran out; the roles that rest on it can no longer be asked for."""

    event_type: ClassVar[str] = "volunteer.credential-expired"

    volunteer_id: UUID
    kind: str
    roles: tuple[Role, ...]


class VolunteerVetted(Event):
    """A background check was recorded. Without `cleared` the volunteer must not be asked; who checked stays in the
    registry. What a check that is over means is in the state."""

    event_type: ClassVar[str] = "volunteer.vetted"

    volunteer_id: UUID
    cleared: bool
    valid_until: date | None = None


class VolunteerJoined(Event):
    """The volunteer became a member of a station beside others."""

    event_type: ClassVar[str] = "volunteer.joined"

    volunteer_id: UUID
    station_id: UUID


class VolunteerLeft(Event):
    """The volunteer is no longer a member of a station."""

    event_type: ClassVar[str] = "volunteer.left"

    volunteer_id: UUID
    station_id: UUID


class VolunteerTrained(Event):
    """Hours of a course were entered in the talent register."""

    event_type: ClassVar[str] = "volunteer.trained"

    volunteer_id: UUID
    home_station_id: UUID
    training_id: UUID
    course: Annotated[str, Field(min_length=1, max_length=120)]
    hours: Annotated[float, Field(gt=0, le=1000)]
    held_on: date


class VolunteerTrainingWithdrawn(Event):
    """An entry of the talent register was a mistake and no longer counts."""

    event_type: ClassVar[str] = "volunteer.training-withdrawn"

    volunteer_id: UUID
    training_id: UUID


class VolunteerOptedOut(Event):
    """The volunteer wants no page of any kind any more, for good or `until` a time. Holds at once, on every channel."""

    event_type: ClassVar[str] = "volunteer.opted-out"

    volunteer_id: UUID
    until: AwareDatetime | None = None


class VolunteerOptedIn(Event):
    """The volunteer may be paged again."""

    event_type: ClassVar[str] = "volunteer.opted-in"

    volunteer_id: UUID


class VolunteerBecameAvailable(Event):
    """The volunteer is on duty: a slot of their calendar began, leave ended, or they said so."""

    event_type: ClassVar[str] = "volunteer.became-available"

    volunteer_id: UUID


class VolunteerBecameUnavailable(Event):
    """The volunteer must not be asked until they are available again: off duty, on leave, or they said so."""

    event_type: ClassVar[str] = "volunteer.became-unavailable"

    volunteer_id: UUID


class VolunteerRetired(Event):
    """The volunteer left for good."""

    event_type: ClassVar[str] = "volunteer.retired"

    volunteer_id: UUID


class VolunteerState(Event):
    """What may be asked of a volunteer now (compacted: the last one per key is the truth).

    `position` is where they are as far as anybody says: the home station's, or a place they declared, coarsened to the
    middle of a cell of a tenth of a degree; `position_source` says which. `deployable` is the one answer everything
    downstream uses; `reasons` says why not, as short codes: `retired`, `opted-out`, `minor`, `not-vetted`,
    `vetting-lapsed`, `unavailable`, `off-duty`, `on-leave`, `no-valid-credential`, `station-closed`,
    `station-suspended`. With `opted-out` no page of any kind may leave. `roles` holds only roles that may be exercised
    today. `activation_minutes` is how long they need from a page until they are on their way, if they said so;
    `dialects` are Glottolog codes. `channels` are the kinds of channels by which they can be paged: None where nobody
    said, an empty list once they opted out or retired. `on_duty_until` is when the duty ends that they are on: a slot
    of their calendar, extra duty, or what they said about now. None: on no duty, which somebody without a calendar may
    be and still be deployable. Of a long duty the coming week or two are told, and told anew in time.
    """

    event_type: ClassVar[str] = "volunteer.state"

    volunteer_id: UUID
    home_station_id: UUID
    area_code: AreaCode
    position: Position
    roles: tuple[Role, ...]
    languages: tuple[LanguageCode, ...]
    deployable: bool
    reasons: tuple[str, ...] = ()
    position_source: Literal["declared", "home-station"] = "home-station"
    activation_minutes: Annotated[int, Field(ge=0, le=10_080)] | None = None
    dialects: tuple[DialectCode, ...] = ()
    channels: tuple[ContactChannel, ...] | None = None
    on_duty_until: AwareDatetime | None = None
