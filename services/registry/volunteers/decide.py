"""Decisions about volunteers: pure. The one answer whether somebody can be asked, everything that is told of a change,
and when something changes by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from schemas.envelope import Event
from schemas.events.volunteer import (
    VolunteerBecameAvailable,
    VolunteerBecameUnavailable,
    VolunteerCredentialed,
    VolunteerCredentialExpired,
    VolunteerCredentialExpiring,
    VolunteerEnrolled,
    VolunteerJoined,
    VolunteerLeft,
    VolunteerOptedIn,
    VolunteerOptedOut,
    VolunteerRetired,
    VolunteerState,
    VolunteerVetted,
)
from schemas.ids import referenced_id
from schemas.vocabulary import ContactChannel, Role
from services.registry.decide import CIVIL_TIME, civil_day
from services.registry.model import Fact
from services.registry.stations.model import Station
from services.registry.volunteers.calendar.decide import duty_until, standing
from services.registry.volunteers.calendar.decide import next_change as next_calendar_change
from services.registry.volunteers.calendar.model import Standing
from services.registry.volunteers.model import Credential, Settled, Vetting, VettingStatus, Volunteer

ROLES_WITH_CREDENTIAL: Final = frozenset(
    {Role.PSYCHIATRIST, Role.CLINICAL_PSYCHOLOGIST, Role.COUNSELLOR, Role.PFA_TRAINED, Role.TEAM_LEAD}
)
"""Roles that nobody may exercise without a valid credential for them (assumed; the others need none)."""
NOTICES: Final[tuple[Literal[7, 30, 90], ...]] = (7, 30, 90)
"""Days before a credential runs out on which its holder and station are told."""
_WEEK: Final = timedelta(days=7)
AWAY: Final = frozenset({"unavailable", Standing.OFF_DUTY.value, Standing.ON_LEAVE.value})
"""Reasons that are about time: they come and go with `became-unavailable` and `became-available`."""


def volunteer_id_of(ref: str) -> UUID:
    """The id of a volunteer that an operator names by their own reference."""
    return referenced_id("volunteer", ref)


def usable_roles(volunteer: Volunteer, today: date) -> tuple[Role, ...]:
    """The volunteer's roles that may be exercised that day: those that need no credential or have a valid one."""
    proven = {role for credential in volunteer.credentials if credential.is_valid(today) for role in credential.roles}
    return tuple(role for role in volunteer.roles if role not in ROLES_WITH_CREDENTIAL or role in proven)


def deployable(volunteer: Volunteer, home: Station, now: datetime) -> tuple[bool, tuple[str, ...]]:
    """Whether the volunteer can be asked now, and every reason why not. The one answer to that question."""
    today = civil_day(now)
    obstacles = (
        ("retired", volunteer.is_retired),
        ("opted-out", _holds(volunteer.opted_out, now)),
        ("minor", not volunteer.is_adult),
        (_vetting_obstacle(volunteer.vetting, today), True),
        (_time_obstacle(volunteer, now), True),
        ("no-valid-credential", not usable_roles(volunteer, today)),
        ("station-closed", not home.is_open),
        ("station-suspended", home.is_suspended),
    )
    reasons = tuple(code for code, applies in obstacles if applies and code is not None)
    return not reasons, reasons


def _holds(limited: object, now: datetime) -> bool:
    """Whether something that has an `until` is there and not over."""
    until = getattr(limited, "until", None)
    return limited is not None and (until is None or now < until)


def _vetting_obstacle(vetting: Vetting, today: date) -> str | None:
    if vetting.status in (VettingStatus.PENDING, VettingStatus.FAILED):
        return "not-vetted"
    return "vetting-lapsed" if vetting.valid_until is not None and vetting.valid_until < today else None


def _time_obstacle(volunteer: Volunteer, now: datetime) -> str | None:
    """What the volunteer said about now comes first, then their calendar."""
    if volunteer.available_until is not None and now < volunteer.available_until:
        return None if volunteer.available else "unavailable"
    if volunteer.available_until is None and not volunteer.available:
        return "unavailable"
    said = standing(volunteer.calendar, now)
    return None if said is Standing.ON_DUTY else said.value


def on_duty_until(volunteer: Volunteer, now: datetime) -> datetime | None:
    """When the duty ends that the volunteer is on: what they said about now, then their calendar. None if on none.

    A long one is told up to the end of next week, and anew when that week begins.
    """
    end = now
    if volunteer.available and volunteer.available_until is not None and now < volunteer.available_until:
        end = volunteer.available_until
    elif _time_obstacle(volunteer, now) is not None:
        return None
    end = duty_until(volunteer.calendar, end) or end
    return min(end, _end_of_week(now) + _WEEK) if end > now else None


def _end_of_week(now: datetime) -> datetime:
    today = civil_day(now)
    monday = today + timedelta(days=7 - today.weekday())
    return datetime(monday.year, monday.month, monday.day, tzinfo=CIVIL_TIME)


def usable_channels(volunteer: Volunteer, now: datetime) -> tuple[ContactChannel, ...] | None:
    """By what kinds of channels the volunteer may be paged; opting out stops every one. None: nobody said."""
    return () if volunteer.is_retired or _holds(volunteer.opted_out, now) else volunteer.channels


def volunteer_state(volunteer: Volunteer, home: Station, now: datetime) -> VolunteerState:
    """The compacted state of a volunteer, as of an instant."""
    can_be_asked, reasons = deployable(volunteer, home, now)
    declared = volunteer.place if _holds(volunteer.place, now) else None
    return VolunteerState(
        volunteer_id=volunteer.volunteer_id,
        home_station_id=volunteer.home_station_id,
        area_code=home.area_code,
        position=home.position if declared is None else declared.position,
        roles=usable_roles(volunteer, civil_day(now)),
        languages=volunteer.languages,
        deployable=can_be_asked,
        reasons=reasons,
        position_source="home-station" if declared is None else "declared",
        activation_minutes=volunteer.activation_minutes,
        dialects=volunteer.dialects,
        channels=usable_channels(volunteer, now),
        on_duty_until=on_duty_until(volunteer, now) if can_be_asked else None,
    )


# --- what is told


def settle(before: Volunteer | None, wanted: Volunteer, home: Station, now: datetime) -> Settled:
    """Tell what lies between two forms of a volunteer, and everything that time alone has brought since the last look.

    `before` is None for somebody new. With the same form twice only time has passed, or the home station changed.
    """
    current = _without_what_is_over(wanted, now)
    after, notices = _told_of_credentials(current, civil_day(now))
    state = volunteer_state(after, home, now)
    events = [*_changes(before, after), *notices, *_comings_and_goings(before, after, state)]
    if state != after.told:
        events.append(state)
    return Settled(
        volunteer=replace(after, told=state),
        facts=tuple(Fact(key=after.volunteer_id, area_code=home.area_code, event=event) for event in events),
        next_change_at=next_change(after, now),
    )


def next_change(volunteer: Volunteer, now: datetime) -> datetime | None:
    """When something changes by itself next, or the calendar is to be looked at again; None if never."""
    days = [day for credential in volunteer.credentials for day in _days_of(credential, volunteer.is_retired)]
    times: list[datetime | None] = []
    if not volunteer.is_retired:
        if volunteer.vetting.valid_until is not None:
            days.append(volunteer.vetting.valid_until + timedelta(days=1))
        times = [volunteer.available_until, next_calendar_change(volunteer.calendar, now)]
        if (on_duty := on_duty_until(volunteer, now)) is not None and on_duty > _end_of_week(now):
            times.append(_end_of_week(now))
        times += [limited.until for limited in (volunteer.opted_out, volunteer.place) if limited is not None]
    times += [datetime(day.year, day.month, day.day, tzinfo=CIVIL_TIME) for day in days]
    return min((time for time in times if time is not None and time > now), default=None)


def _days_of(credential: Credential, is_retired: bool) -> Iterator[date]:
    """The days on which something about a credential is to be told."""
    if credential.expires_on is None or credential.expires_on == date.max:
        return
    yield credential.expires_on + timedelta(days=1)
    if not is_retired:
        for notice in NOTICES:
            if credential.expires_on.toordinal() > notice:
                yield credential.expires_on - timedelta(days=notice)


def _without_what_is_over(volunteer: Volunteer, now: datetime) -> Volunteer:
    """The volunteer without limited words whose time is over."""
    if volunteer.available_until is not None and volunteer.available_until <= now:
        volunteer = replace(volunteer, available=True, available_until=None)
    if not _holds(volunteer.opted_out, now):
        volunteer = replace(volunteer, opted_out=None)
    if not _holds(volunteer.place, now):
        volunteer = replace(volunteer, place=None)
    return volunteer


def _told_of_credentials(volunteer: Volunteer, today: date) -> tuple[Volunteer, list[Event]]:
    """Mark what is told of credentials that run out, each once, with the events that say so."""
    events: list[Event] = []
    credentials: list[Credential] = []
    for credential in volunteer.credentials:
        notice = None if volunteer.is_retired else _notice_due(credential, today)
        if not credential.is_valid(today):
            if not credential.expiry_told:
                events.append(
                    VolunteerCredentialExpired(
                        volunteer_id=volunteer.volunteer_id, kind=credential.kind, roles=credential.roles
                    )
                )
            credential = replace(credential, expiry_told=True)
        elif notice is not None and credential.expires_on is not None:
            events.append(
                VolunteerCredentialExpiring(
                    volunteer_id=volunteer.volunteer_id,
                    home_station_id=volunteer.home_station_id,
                    kind=credential.kind,
                    roles=credential.roles,
                    expires_on=credential.expires_on,
                    notice_days=notice,
                    days_left=(credential.expires_on - today).days,
                )
            )
            credential = replace(credential, notice_told=notice)
        credentials.append(credential)
    return replace(volunteer, credentials=tuple(credentials)), events


def _notice_due(credential: Credential, today: date) -> Literal[7, 30, 90] | None:
    """The most urgent notice that is due and neither told nor overtaken."""
    if credential.expires_on is None or not credential.is_valid(today):
        return None
    days_left = (credential.expires_on - today).days
    notice = next((notice for notice in NOTICES if days_left <= notice), None)
    told = credential.notice_told
    return notice if notice is not None and (told is None or notice < told) else None


def _changes(before: Volunteer | None, after: Volunteer) -> Iterator[Event]:
    """What somebody changed. A volunteer whose home, roles, languages or age changed, or who comes back, is enrolled
    anew."""
    volunteer_id = after.volunteer_id
    if before is None or (not after.is_retired and _enrolment(before) != _enrolment(after)):
        yield VolunteerEnrolled(
            volunteer_id=volunteer_id,
            home_station_id=after.home_station_id,
            roles=after.roles,
            languages=after.languages,
            is_adult=after.is_adult,
        )
    known = () if before is None else {_as_verified(credential) for credential in before.credentials}
    for credential in after.credentials:
        if _as_verified(credential) not in known:
            yield VolunteerCredentialed(
                volunteer_id=volunteer_id,
                kind=credential.kind,
                roles=credential.roles,
                expires_on=credential.expires_on,
            )
    if after.vetting != (Vetting() if before is None else before.vetting):
        cleared = after.vetting.status in (VettingStatus.ASSUMED, VettingStatus.CLEARED)
        yield VolunteerVetted(volunteer_id=volunteer_id, cleared=cleared, valid_until=after.vetting.valid_until)
    others = {after.home_station_id, *(() if before is None else before.memberships)}
    for station_id in sorted(set(after.memberships) - others):
        yield VolunteerJoined(volunteer_id=volunteer_id, station_id=station_id)
    for station_id in sorted(set(() if before is None else before.memberships) - set(after.memberships)):
        yield VolunteerLeft(volunteer_id=volunteer_id, station_id=station_id)
    yield from _leaving_and_returning(before, after)


def _leaving_and_returning(before: Volunteer | None, after: Volunteer) -> Iterator[Event]:
    opted_out = None if before is None else before.opted_out
    if after.opted_out is None and opted_out is not None:
        yield VolunteerOptedIn(volunteer_id=after.volunteer_id)
    elif after.opted_out is not None and after.opted_out != opted_out:
        yield VolunteerOptedOut(volunteer_id=after.volunteer_id, until=after.opted_out.until)
    if after.is_retired and (before is None or not before.is_retired):
        yield VolunteerRetired(volunteer_id=after.volunteer_id)


def _comings_and_goings(before: Volunteer | None, after: Volunteer, state: VolunteerState) -> Iterator[Event]:
    """Whether the volunteer came on duty or went off it since the last look; of the retired nobody asks."""
    is_there = not AWAY & set(state.reasons)
    if before is not None:
        was_there = before.available if before.told is None else not AWAY & set(before.told.reasons)
        if is_there is was_there or after.is_retired:
            return
    event = VolunteerBecameAvailable if is_there else VolunteerBecameUnavailable
    yield event(volunteer_id=after.volunteer_id)


def _as_verified(credential: Credential) -> Credential:
    """The credential without what was told of it."""
    return replace(credential, expiry_told=False, notice_told=None)


def _enrolment(volunteer: Volunteer) -> tuple[object, ...]:
    return (
        volunteer.home_station_id,
        volunteer.roles,
        volunteer.languages,
        volunteer.is_adult,
        volunteer.is_retired,
    )
