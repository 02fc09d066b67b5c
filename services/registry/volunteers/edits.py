"""What requests make of a volunteer: pure. Each takes them as they stand and gives them as they shall stand."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from math import floor
from typing import Final
from uuid import UUID

from schemas.values import Position
from schemas.vocabulary import ContactChannel, Role
from services.kit.problems import Finding
from services.registry.model import Outcome, Refused
from services.registry.stations.decide import station_id_of
from services.registry.stations.model import Station
from services.registry.volunteers.decide import settle, volunteer_id_of
from services.registry.volunteers.languages import DIALECTS
from services.registry.volunteers.model import (
    CREDENTIALS_MAX,
    MEMBERSHIPS_MAX,
    AvailabilityRequest,
    ChannelsRequest,
    Credential,
    CredentialEntry,
    Identity,
    OptOut,
    OptOutRequest,
    Place,
    PlaceRequest,
    Vetting,
    VettingEntry,
    Volunteer,
    VolunteerDecision,
    VolunteerEntry,
)

Edit = Callable[[Volunteer], Volunteer | Refused]
CELL_DEG: Final = 0.1
"""A declared place is kept as the middle of a cell of this size: some 11 by 9 km in the middle of China."""
PLACE_DAYS_MAX: Final = 92
_ROLE_ORDER: Final = {role: number for number, role in enumerate(Role)}
_MOBILE: Final = re.compile(r"(\+?86)?1[3-9]\d{9}")
"""A mobile number of China's mainland, without spaces and hyphens."""


def decide_entry(
    entry: VolunteerEntry, before: Volunteer | None, stations: Mapping[UUID, Station], now: datetime, where: str
) -> VolunteerDecision | Refused:
    """What becomes of one entry. What time has brought meanwhile is the clock's to tell, if nothing else changes."""
    wanted = of_entry(entry, before, stations, where)
    if isinstance(wanted, Refused):
        return wanted
    identity = None
    if entry.name is not None or entry.phone is not None:
        identity = Identity(volunteer_id=wanted.volunteer_id, name=entry.name, phone=entry.phone)
    if wanted == before:
        return VolunteerDecision(outcome=Outcome.UNCHANGED, volunteer=wanted, settled=None, identity=identity)
    settled = settle(before, wanted, stations[wanted.home_station_id], now)
    outcome = Outcome.CREATED if before is None else Outcome.CHANGED
    return VolunteerDecision(outcome=outcome, volunteer=settled.volunteer, settled=settled, identity=identity)


def of_entry(
    entry: VolunteerEntry, before: Volunteer | None, stations: Mapping[UUID, Station], where: str
) -> Volunteer | Refused:
    """The volunteer as an item of a batch wants them; what it leaves out stays as it was. `stations` holds the
    stations it names, as far as they exist."""
    problems = (*_unknown_stations(entry, stations, where), *_unknown_dialects(entry.dialects or (), where))
    if problems:
        return Refused(problems=problems)
    home_id = station_id_of(entry.home_station_ref)
    wanted = Volunteer(
        volunteer_id=volunteer_id_of(entry.ref),
        ref=entry.ref,
        home_station_id=home_id,
        memberships=tuple(sorted({home_id, *map(station_id_of, entry.membership_refs)})),
        roles=_in_order(entry.roles),
        languages=tuple(sorted(set(entry.languages))),
        credentials=_merge_credentials(() if before is None else before.credentials, entry.credentials),
        available=True if entry.available is None else entry.available,
        is_adult=entry.is_adult,
        is_retired=entry.is_retired,
        activation_minutes=entry.activation_minutes,
        dialects=tuple(sorted(set(entry.dialects or ()))),
        vetting=Vetting() if entry.vetting is None else vetting_of(entry.vetting),
    )
    return _with_channels(wanted if before is None else _with_what_was(wanted, before, entry), entry)


def _with_channels(wanted: Volunteer, entry: VolunteerEntry) -> Volunteer:
    """What the entry says of channels; else, where nobody ever said, what its number stands for."""
    if entry.channels is not None:
        return replace(wanted, channels=_each_once(entry.channels), channels_assumed=False)
    if entry.phone is not None and (wanted.channels is None or wanted.channels_assumed):
        return replace(wanted, channels=channels_of(entry.phone), channels_assumed=True)
    return wanted


def channels_of(phone: str) -> tuple[ContactChannel, ...]:
    """What a telephone number reaches (assumed): a mobile takes messages and calls, any other number calls."""
    is_mobile = _MOBILE.fullmatch(phone.replace(" ", "").replace("-", "")) is not None
    return (ContactChannel.SMS, ContactChannel.VOICE_CALL) if is_mobile else (ContactChannel.VOICE_CALL,)


def _each_once(channels: Sequence[ContactChannel]) -> tuple[ContactChannel, ...]:
    return tuple(channel for channel in ContactChannel if channel in channels)


def _with_what_was(wanted: Volunteer, before: Volunteer, entry: VolunteerEntry) -> Volunteer:
    says_nothing_new = entry.available is None or entry.available == before.available
    return replace(
        wanted,
        available=before.available if says_nothing_new else wanted.available,
        available_until=before.available_until if says_nothing_new else None,
        activation_minutes=(
            before.activation_minutes if entry.activation_minutes is None else wanted.activation_minutes
        ),
        dialects=before.dialects if entry.dialects is None else wanted.dialects,
        vetting=before.vetting if entry.vetting is None else wanted.vetting,
        calendar=before.calendar,
        opted_out=before.opted_out,
        place=before.place,
        channels=before.channels,
        channels_assumed=before.channels_assumed,
        told=before.told,
    )


def _unknown_stations(entry: VolunteerEntry, stations: Mapping[UUID, Station], where: str) -> Iterator[Finding]:
    named = [("home_station_ref", entry.home_station_ref)]
    named += [(f"membership_refs/{number}", ref) for number, ref in enumerate(entry.membership_refs)]
    for field, ref in named:
        if station_id_of(ref) not in stations:
            yield Finding(where=f"{where}/{field}", what="there is no such station")


def _unknown_dialects(dialects: Sequence[str], where: str) -> Iterator[Finding]:
    for number, dialect in enumerate(dialects):
        if dialect not in DIALECTS:
            what = "is not one of the dialects that GET /registry/languages lists"
            yield Finding(where=f"{where}/dialects/{number}", what=what)


def _in_order(roles: Sequence[Role]) -> tuple[Role, ...]:
    return tuple(sorted(set(roles), key=_ROLE_ORDER.__getitem__))


def _merge_credentials(before: Sequence[Credential], entries: Sequence[CredentialEntry]) -> tuple[Credential, ...]:
    """Those there were, with the given ones added or renewed; a credential is its kind and number. One that is renewed
    has not been told of."""
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
        if former is None or replace(former, expiry_told=False, notice_told=None) != held:
            merged[entry.kind, entry.number] = held
    return tuple(merged[key] for key in sorted(merged))


def vetting_of(entry: VettingEntry) -> Vetting:
    """A check as it is kept."""
    return Vetting(
        status=entry.status,
        authority=entry.authority,
        checked_on=entry.checked_on,
        valid_until=entry.valid_until,
    )


def with_availability(request: AvailabilityRequest, now: datetime) -> Edit:
    """Say something about now, beside the calendar."""

    def edit(before: Volunteer) -> Volunteer | Refused:
        if request.until is not None and request.until <= now:
            return _refused("/until", "must be in the future")
        return replace(before, available=request.available, available_until=request.until)

    return edit


def with_channels(request: ChannelsRequest) -> Edit:
    """Say by what kinds of channels the volunteer can be paged."""
    said = _each_once(request.channels)
    return lambda before: replace(before, channels=said, channels_assumed=False)


def with_credential(entry: CredentialEntry) -> Edit:
    """Add or renew one credential."""

    def edit(before: Volunteer) -> Volunteer | Refused:
        credentials = _merge_credentials(before.credentials, [entry])
        if len(credentials) > max(CREDENTIALS_MAX, len(before.credentials)):
            return _refused("", f"a volunteer has at most {CREDENTIALS_MAX} credentials")
        return replace(before, credentials=credentials)

    return edit


def with_opt_out(request: OptOutRequest, now: datetime) -> Edit:
    """No page of any kind any more."""

    def edit(before: Volunteer) -> Volunteer | Refused:
        if request.until is not None and request.until <= now:
            return _refused("/until", "must be in the future")
        since = now if before.opted_out is None else before.opted_out.since
        return replace(before, opted_out=OptOut(since=since, until=request.until))

    return edit


def with_place(request: PlaceRequest, now: datetime) -> Edit:
    """Declare where the volunteer is for now."""

    def edit(before: Volunteer) -> Volunteer | Refused:
        if not now < request.until <= now + timedelta(days=PLACE_DAYS_MAX):
            return _refused("/until", f"must be in the next {PLACE_DAYS_MAX} days")
        position = Position(lat_deg=coarse(request.lat_deg, 90), lon_deg=coarse(request.lon_deg, 180))
        return replace(before, place=Place(position=position, until=request.until))

    return edit


def coarse(degrees: float, limit: int) -> float:
    """The middle of the cell that a coordinate lies in; cells begin at `-limit` and the last one ends at `limit`."""
    cells = round(2 * limit / CELL_DEG)
    cell = min(floor((degrees + limit) / CELL_DEG), cells - 1)
    return round((cell + 0.5) * CELL_DEG - limit, 2)


def joined(station_id: UUID) -> Edit:
    """A member of one more station."""

    def edit(before: Volunteer) -> Volunteer | Refused:
        memberships = {*before.memberships, station_id}
        if len(memberships) > MEMBERSHIPS_MAX + 1:
            return _refused("/station_ref", f"a volunteer has at most {MEMBERSHIPS_MAX} stations beside their home")
        return replace(before, memberships=tuple(sorted(memberships)))

    return edit


def left(station_id: UUID) -> Edit:
    """No longer a member of a station; the home is left by moving to another."""

    def edit(before: Volunteer) -> Volunteer | Refused:
        if station_id == before.home_station_id:
            return _refused("path:station_id", "is the home station; a volunteer moves by a batch that names another")
        return replace(before, memberships=tuple(i for i in before.memberships if i != station_id))

    return edit


def _refused(where: str, what: str) -> Refused:
    return Refused(problems=(Finding(where=where, what=what),))
