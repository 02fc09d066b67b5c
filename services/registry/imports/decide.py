"""Decisions of imports: pure. What an entry would say of something as it stands, what changed, and how to undo it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

import orjson
from pydantic import BaseModel, TypeAdapter, ValidationError

from schemas.vocabulary import JurisdictionLevel
from services.registry.model import Entry, Fact
from services.registry.stations.decide import record_between
from services.registry.stations.facts import facts_between
from services.registry.stations.model import Record, Station, StationEntry
from services.registry.volunteers.decide import settle
from services.registry.volunteers.model import (
    Credential,
    CredentialEntry,
    Identity,
    Settled,
    Volunteer,
    VolunteerEntry,
)

Thing = Station | Volunteer
T = TypeVar("T", Station, Volunteer)
E = TypeVar("E", bound=Entry)
Refs = Mapping[UUID, str]
"""References of stations by their ids, which cannot be turned back."""

_STATIONS: Final[TypeAdapter[Station]] = TypeAdapter(Station)
_VOLUNTEERS: Final[TypeAdapter[Volunteer]] = TypeAdapter(Volunteer)
_STATION_FIELDS: Final[Mapping[str, Callable[[Station, Refs], Any]]] = {
    "lat_deg": lambda station, _: station.position.lat_deg,
    "lon_deg": lambda station, _: station.position.lon_deg,
    "detachment_ref": lambda station, refs: None if station.detachment_id is None else refs[station.detachment_id],
    "parent_ref": lambda station, refs: None if station.parent_id is None else refs[station.parent_id],
}
_VOLUNTEER_FIELDS: Final[Mapping[str, Callable[[Volunteer, Refs], Any]]] = {
    "home_station_ref": lambda volunteer, refs: refs[volunteer.home_station_id],
    "membership_refs": lambda volunteer, refs: tuple(
        sorted(refs[station_id] for station_id in volunteer.memberships if station_id != volunteer.home_station_id)
    ),
    "credentials": lambda volunteer, _: tuple(
        {name: getattr(credential, name) for name in CredentialEntry.model_fields}
        for credential in volunteer.credentials
    ),
    "channels": lambda volunteer, _: None if volunteer.channels_assumed else volunteer.channels,
}
"""Fields whose value has another name or form in the register; the others are attributes of the same name."""
IDENTITY_FIELDS: Final = frozenset({"name", "phone"})
VAULT_FIELDS: Final = IDENTITY_FIELDS | {"credentials", "vetting"}
"""What a file has only for those who may know who people are: certificates have numbers that lead to a person, and a
background check is nobody else's business."""


def station_values(station: Station, refs: Refs) -> dict[str, Any]:
    """What an entry would say, to leave the station as it is."""
    return {
        field: _STATION_FIELDS[field](station, refs) if field in _STATION_FIELDS else getattr(station, field)
        for field in StationEntry.model_fields
    }


def volunteer_values(volunteer: Volunteer, refs: Refs, identity: Identity | None) -> dict[str, Any]:
    """What an entry would say, to leave the volunteer as they are."""
    values = {
        field: _VOLUNTEER_FIELDS[field](volunteer, refs) if field in _VOLUNTEER_FIELDS else getattr(volunteer, field)
        for field in VolunteerEntry.model_fields
        if field not in IDENTITY_FIELDS
    }
    return {**values, **{field: getattr(identity, field, None) for field in IDENTITY_FIELDS}}


def refs_needed(thing: Thing) -> Sequence[UUID]:
    """The stations whose references its entry would name."""
    if isinstance(thing, Station):
        return [one for one in (thing.detachment_id, thing.parent_id) if one is not None]
    return [thing.home_station_id, *thing.memberships]


def completed(entry: E, absent: frozenset[str], values: Mapping[str, Any]) -> E:
    """The entry with what the file has no column for taken from how it stands."""
    return entry.model_copy(update={field: values[field] for field in absent if field not in IDENTITY_FIELDS})


def replaces(given: Identity, former: Identity | None) -> bool:
    """Whether a name or number that is given is new or different; what is not given stays."""
    return any(
        getattr(given, field) is not None and (former is None or getattr(given, field) != getattr(former, field))
        for field in IDENTITY_FIELDS
    )


# --- what stood before, and whether it still stands


def form_of(thing: Thing) -> bytes:
    """All of it as JSON, to be read by `station_from` or `volunteer_from`."""
    return orjson.dumps(thing, default=_plain)


def digest_of(thing: Thing) -> bytes:
    """Tells two forms apart; what time alone has changed and was told meanwhile is no change that anybody made."""
    if isinstance(thing, Station):
        thing = replace(thing, is_stale=False)
    else:
        thing = replace(thing, told=None, credentials=tuple(map(_as_anybody_may_change_it, thing.credentials)))
    return hashlib.blake2b(form_of(thing), digest_size=16).digest()


def station_from(form: bytes) -> Station | None:
    """The station of a form; None for one of another version that lacks something."""
    return _from(_STATIONS, form)


def volunteer_from(form: bytes) -> Volunteer | None:
    """The volunteer of a form; None for one of another version that lacks something."""
    return _from(_VOLUNTEERS, form)


def _from(adapter: TypeAdapter[T], form: bytes) -> T | None:
    try:
        return adapter.validate_json(form)
    except ValidationError:
        return None


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump()
    raise TypeError(type(value).__name__)


# --- undo


def undo_station(
    now: Station, before: Station | None, level: JurisdictionLevel
) -> tuple[Station, tuple[Fact, ...], Record | None]:
    """The station as it was, with the facts and the record; one that was created is told as closed before it goes."""
    if before is None:
        restored = replace(now, is_open=False)
    else:
        is_stale = now.is_stale if now.verified_on == before.verified_on else before.is_stale
        restored = replace(before, is_stale=is_stale)
    facts = facts_between(now, restored, level)
    return restored, facts, None if restored == now else record_between(now, restored)


def undo_volunteer(now: Volunteer, before: Volunteer | None, homes: Mapping[UUID, Station], at: datetime) -> Settled:
    """The volunteer as they were, with the facts; one who was created is told as retired before they go.

    What was told meanwhile of a credential that stays as it was is not told again.
    """
    if before is None:
        return settle(now, replace(now, is_retired=True), homes[now.home_station_id], at)
    known = {_as_anybody_may_change_it(credential): credential for credential in now.credentials}
    credentials = tuple(known.get(_as_anybody_may_change_it(one), one) for one in before.credentials)
    wanted = replace(before, credentials=credentials, told=now.told)
    return settle(now, wanted, homes[before.home_station_id], at)


def _as_anybody_may_change_it(credential: Credential) -> Credential:
    return replace(credential, expiry_told=False, notice_told=None)
