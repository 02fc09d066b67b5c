"""Volunteer events: what a volunteer can do and whether they can be asked; never who they are. Key: volunteer id."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from schemas.envelope import Event
from schemas.values import AreaCode, LanguageCode, Position
from schemas.vocabulary import Role


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


class VolunteerCredentialExpired(Event):
    """A credential ran out; the roles that rest on it can no longer be asked for."""

    event_type: ClassVar[str] = "volunteer.credential-expired"

    volunteer_id: UUID
    kind: str
    roles: tuple[Role, ...]


class VolunteerBecameAvailable(Event):
    """The volunteer can be asked."""

    event_type: ClassVar[str] = "volunteer.became-available"

    volunteer_id: UUID


class VolunteerBecameUnavailable(Event):
    """The volunteer must not be asked until they are available again."""

    event_type: ClassVar[str] = "volunteer.became-unavailable"

    volunteer_id: UUID


class VolunteerRetired(Event):
    """The volunteer left for good."""

    event_type: ClassVar[str] = "volunteer.retired"

    volunteer_id: UUID


class VolunteerState(Event):
    """What may be asked of a volunteer now (compacted: the last one per key is the truth).

    `position` is the home station's, not the person's. `deployable` is the one answer everything downstream uses;
    `reasons` says why not, as short codes such as `unavailable`, `minor`, `no-valid-credential`, `retired`.
    `roles` holds only roles that may be exercised today.
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
