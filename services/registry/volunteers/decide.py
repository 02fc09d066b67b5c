"""Decisions about volunteers: pure. Every change is told as facts, and the state that everybody downstream uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Final
from uuid import UUID

from schemas.events.volunteer import (
    VolunteerBecameAvailable,
    VolunteerBecameUnavailable,
    VolunteerCredentialed,
    VolunteerCredentialExpired,
    VolunteerEnrolled,
    VolunteerRetired,
    VolunteerState,
)
from schemas.ids import referenced_id
from schemas.vocabulary import Role
from services.kit.problems import Finding
from services.registry.model import Fact, Outcome, Refused
from services.registry.stations.decide import station_id_of
from services.registry.stations.model import Station
from services.registry.volunteers.model import (
    Credential,
    CredentialEntry,
    Identity,
    Volunteer,
    VolunteerDecision,
    VolunteerEntry,
)

ROLES_WITH_CREDENTIAL: Final = frozenset(
    {Role.PSYCHIATRIST, Role.CLINICAL_PSYCHOLOGIST, Role.COUNSELLOR, Role.PFA_TRAINED, Role.TEAM_LEAD}
)
"""Roles that nobody may exercise without a valid credential for them (assumed; the others need none)."""
_ROLE_ORDER: Final = {role: number for number, role in enumerate(Role)}


def volunteer_id_of(ref: str) -> UUID:
    """The id of a volunteer that an operator names by their own reference."""
    return referenced_id("volunteer", ref)


def usable_roles(volunteer: Volunteer, today: date) -> tuple[Role, ...]:
    """The volunteer's roles that may be exercised that day: those that need no credential or have a valid one."""
    proven = {role for credential in volunteer.credentials if credential.is_valid(today) for role in credential.roles}
    return tuple(role for role in volunteer.roles if role not in ROLES_WITH_CREDENTIAL or role in proven)


def deployable(volunteer: Volunteer, home: Station, today: date) -> tuple[bool, tuple[str, ...]]:
    """Whether the volunteer can be asked that day, and every reason why not. The one answer to that question."""
    obstacles = (
        ("retired", volunteer.is_retired),
        ("minor", not volunteer.is_adult),
        ("unavailable", not volunteer.available),
        ("no-valid-credential", not usable_roles(volunteer, today)),
        ("station-closed", not home.is_open),
        ("station-suspended", home.is_suspended),
    )
    reasons = tuple(code for code, applies in obstacles if applies)
    return not reasons, reasons


def decide_volunteer(
    entry: VolunteerEntry, before: Volunteer | None, stations: Mapping[UUID, Station], today: date, where: str
) -> VolunteerDecision | Refused:
    """What becomes of the entry. `stations` holds the stations it names, as far as they exist."""
    problems = tuple(_unknown_stations(entry, stations, where))
    if problems:
        return Refused(problems=problems)
    wanted = volunteer_of(entry, before)
    home = stations[wanted.home_station_id]
    after, expired = tell_expiries(wanted, today)
    identity = None
    if entry.name is not None or entry.phone is not None:
        identity = Identity(volunteer_id=after.volunteer_id, name=entry.name, phone=entry.phone)
    if before == after:
        return VolunteerDecision(outcome=Outcome.UNCHANGED, volunteer=after, identity=identity)
    events = [*_volunteer_events(before, after), *expired, volunteer_state(after, home, today)]
    facts = tuple(Fact(key=after.volunteer_id, area_code=home.area_code, event=event) for event in events)
    outcome = Outcome.CREATED if before is None else Outcome.CHANGED
    return VolunteerDecision(outcome=outcome, volunteer=after, identity=identity, facts=facts)


def volunteer_of(entry: VolunteerEntry, before: Volunteer | None) -> Volunteer:
    """The volunteer as the entry wants them; what it leaves out stays as it was."""
    home_id = station_id_of(entry.home_station_ref)
    memberships = {home_id, *map(station_id_of, entry.membership_refs)}
    was_available = True if before is None else before.available
    return Volunteer(
        volunteer_id=volunteer_id_of(entry.ref),
        ref=entry.ref,
        home_station_id=home_id,
        memberships=tuple(sorted(memberships)),
        roles=_in_order(entry.roles),
        languages=tuple(sorted(set(entry.languages))),
        credentials=_merge_credentials(() if before is None else before.credentials, entry.credentials),
        available=was_available if entry.available is None else entry.available,
        is_adult=entry.is_adult,
        is_retired=entry.is_retired,
    )


def volunteer_state(volunteer: Volunteer, home: Station, today: date) -> VolunteerState:
    """The compacted state of a volunteer, as of that day."""
    can_be_asked, reasons = deployable(volunteer, home, today)
    return VolunteerState(
        volunteer_id=volunteer.volunteer_id,
        home_station_id=volunteer.home_station_id,
        area_code=home.area_code,
        position=home.position,
        roles=usable_roles(volunteer, today),
        languages=volunteer.languages,
        deployable=can_be_asked,
        reasons=reasons,
    )


def restate(volunteer: Volunteer, home: Station, today: date) -> Fact:
    """The state once more, because something else than the volunteer changed."""
    return Fact(
        key=volunteer.volunteer_id, area_code=home.area_code, event=volunteer_state(volunteer, home, today)
    )  # fmt: skip


def tell_expiries(volunteer: Volunteer, today: date) -> tuple[Volunteer, tuple[VolunteerCredentialExpired, ...]]:
    """Mark credentials that have run out, each once, with the events that say so."""
    expired = [c for c in volunteer.credentials if not c.is_valid(today) and not c.expiry_told]
    credentials = tuple(replace(c, expiry_told=not c.is_valid(today)) for c in volunteer.credentials)
    events = tuple(
        VolunteerCredentialExpired(volunteer_id=volunteer.volunteer_id, kind=c.kind, roles=c.roles) for c in expired
    )
    return replace(volunteer, credentials=credentials), events


def expire(volunteer: Volunteer, home: Station, today: date) -> tuple[Volunteer, tuple[Fact, ...]]:
    """The volunteer after the day's expiries, with the facts; none if nothing ran out."""
    after, events = tell_expiries(volunteer, today)
    if not events:
        return volunteer, ()
    told = (Fact(key=after.volunteer_id, area_code=home.area_code, event=event) for event in events)
    return after, (*told, restate(after, home, today))


def change_availability(
    volunteer: Volunteer, home: Station, available: bool, today: date
) -> tuple[Volunteer, tuple[Fact, ...]]:
    """The volunteer who can or cannot be asked from now on, with the facts; none if it already is so."""
    if volunteer.available == available:
        return volunteer, ()
    after = replace(volunteer, available=available)
    event = Fact(key=after.volunteer_id, area_code=home.area_code, event=_availability(after))
    return after, (event, restate(after, home, today))


def _unknown_stations(entry: VolunteerEntry, stations: Mapping[UUID, Station], where: str) -> Iterator[Finding]:
    named = [("home_station_ref", entry.home_station_ref)]
    named += [(f"membership_refs/{number}", ref) for number, ref in enumerate(entry.membership_refs)]
    for field, ref in named:
        if station_id_of(ref) not in stations:
            yield Finding(where=f"{where}/{field}", what="there is no such station")


def _in_order(roles: Sequence[Role]) -> tuple[Role, ...]:
    return tuple(sorted(set(roles), key=_ROLE_ORDER.__getitem__))


def _merge_credentials(before: Sequence[Credential], entries: Sequence[CredentialEntry]) -> tuple[Credential, ...]:
    """Those there were, with the given ones added or renewed; a credential is its kind and number."""
    merged = {(credential.kind, credential.number): credential for credential in before}
    for entry in entries:
        held = Credential(
            kind=entry.kind,
            issuer=entry.issuer,
            number=entry.number,
            roles=_in_order(entry.roles),
            expires_on=entry.expires_on,
        )
        former = merged.get((entry.kind, entry.number))
        if former is None or replace(former, expiry_told=False) != held:
            merged[entry.kind, entry.number] = held
    return tuple(merged[key] for key in sorted(merged))


VolunteerEvent = (
    VolunteerEnrolled | VolunteerCredentialed | VolunteerBecameAvailable | VolunteerBecameUnavailable | VolunteerRetired
)


def _volunteer_events(before: Volunteer | None, after: Volunteer) -> Iterator[VolunteerEvent]:
    """The facts between two forms, but for expiries. A volunteer whose home, roles, languages or age changed, or who
    comes back, is enrolled anew."""
    if before is None or (not after.is_retired and _enrolment(before) != _enrolment(after)):
        yield VolunteerEnrolled(
            volunteer_id=after.volunteer_id,
            home_station_id=after.home_station_id,
            roles=after.roles,
            languages=after.languages,
            is_adult=after.is_adult,
        )
    known = set() if before is None else {replace(c, expiry_told=False) for c in before.credentials}
    for credential in after.credentials:
        if replace(credential, expiry_told=False) not in known:
            yield VolunteerCredentialed(
                volunteer_id=after.volunteer_id,
                kind=credential.kind,
                roles=credential.roles,
                expires_on=credential.expires_on,
            )
    if before is None or before.available != after.available:
        yield _availability(after)
    if after.is_retired and (before is None or not before.is_retired):
        yield VolunteerRetired(volunteer_id=after.volunteer_id)


def _enrolment(volunteer: Volunteer) -> tuple[object, ...]:
    return (
        volunteer.home_station_id,
        volunteer.roles,
        volunteer.languages,
        volunteer.is_adult,
        volunteer.is_retired,
    )


def _availability(volunteer: Volunteer) -> VolunteerBecameAvailable | VolunteerBecameUnavailable:
    event = VolunteerBecameAvailable if volunteer.available else VolunteerBecameUnavailable
    return event(volunteer_id=volunteer.volunteer_id)
