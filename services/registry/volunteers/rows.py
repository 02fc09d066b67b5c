"""Volunteers as rows of the tables, both ways. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from schemas.events.volunteer import VolunteerState
from schemas.values import Position
from schemas.vocabulary import ContactChannel, Role
from services.registry.volunteers.calendar.model import (
    NO_CALENDAR,
    Calendar,
    CalendarException,
    Duty,
    ExceptionKind,
)
from services.registry.volunteers.model import (
    Credential,
    OptOut,
    Place,
    Settled,
    Vetting,
    VettingStatus,
    Volunteer,
)


def volunteer_row(settled: Settled) -> dict[str, Any]:
    """A volunteer as a row; what was published last stands in columns of its own too, to be counted."""
    volunteer = settled.volunteer
    told = volunteer.told
    assert told is not None, "only settled volunteers are saved"
    vetting, opted_out, place = volunteer.vetting, volunteer.opted_out, volunteer.place
    return {
        "volunteer_id": volunteer.volunteer_id,
        "ref": volunteer.ref,
        "home_station_id": volunteer.home_station_id,
        "roles": volunteer.roles,
        "languages": volunteer.languages,
        "dialects": volunteer.dialects,
        "available": volunteer.available,
        "available_until": volunteer.available_until,
        "is_adult": volunteer.is_adult,
        "is_retired": volunteer.is_retired,
        "calendar": None if volunteer.calendar == NO_CALENDAR else calendar_document(volunteer.calendar),
        "activation_minutes": volunteer.activation_minutes,
        "vetting_status": vetting.status,
        "vetting_authority": vetting.authority,
        "vetting_checked_on": vetting.checked_on,
        "vetting_valid_until": vetting.valid_until,
        "opted_out_since": None if opted_out is None else opted_out.since,
        "opted_out_until": None if opted_out is None else opted_out.until,
        "place_lat_deg": None if place is None else place.position.lat_deg,
        "place_lon_deg": None if place is None else place.position.lon_deg,
        "place_until": None if place is None else place.until,
        "channels": volunteer.channels,
        "channels_assumed": volunteer.channels_assumed,
        "usable_roles": told.roles,
        "deployable": told.deployable,
        "reasons": told.reasons,
        "told_state": told.model_dump(mode="json"),
        "next_change_at": settled.next_change_at,
    }


def read_volunteer(row: Mapping[str, Any], credentials: Sequence[Credential]) -> Volunteer:
    """A volunteer from their row."""
    position = Position(lat_deg=row["place_lat_deg"], lon_deg=row["place_lon_deg"]) if row["place_until"] else None
    return Volunteer(
        volunteer_id=row["volunteer_id"],
        ref=row["ref"],
        home_station_id=row["home_station_id"],
        memberships=tuple(row["memberships"]),
        roles=tuple(map(Role, row["roles"])),
        languages=tuple(row["languages"]),
        credentials=tuple(sorted(credentials, key=lambda credential: (credential.kind, credential.number))),
        available=row["available"],
        is_adult=row["is_adult"],
        is_retired=row["is_retired"],
        available_until=row["available_until"],
        calendar=NO_CALENDAR if row["calendar"] is None else read_calendar(row["calendar"]),
        activation_minutes=row["activation_minutes"],
        dialects=tuple(row["dialects"]),
        vetting=Vetting(
            status=VettingStatus(row["vetting_status"]),
            authority=row["vetting_authority"],
            checked_on=row["vetting_checked_on"],
            valid_until=row["vetting_valid_until"],
        ),
        opted_out=(
            OptOut(since=row["opted_out_since"], until=row["opted_out_until"]) if row["opted_out_since"] else None
        ),
        place=None if position is None else Place(position=position, until=row["place_until"]),
        channels=None if row["channels"] is None else tuple(map(ContactChannel, row["channels"])),
        channels_assumed=row["channels_assumed"],
        told=None if row["told_state"] is None else VolunteerState.model_validate(row["told_state"]),
    )


def credential_row(volunteer_id: UUID, credential: Credential) -> dict[str, Any]:
    """A credential as a row."""
    return {
        "volunteer_id": volunteer_id,
        "kind": credential.kind,
        "number": credential.number,
        "issuer": credential.issuer,
        "roles": credential.roles,
        "expires_on": credential.expires_on,
        "expiry_told": credential.expiry_told,
        "notice_told": credential.notice_told,
    }


def read_credential(row: Mapping[str, Any]) -> Credential:
    """A credential from its row."""
    return Credential(
        kind=row["kind"],
        issuer=row["issuer"],
        number=row["number"],
        roles=tuple(map(Role, row["roles"])),
        expires_on=row["expires_on"],
        expiry_told=row["expiry_told"],
        notice_told=row["notice_told"],
    )


def calendar_document(calendar: Calendar) -> dict[str, Any]:
    """A calendar as JSON; the beginnings of duties are in the civil time of China."""
    return {
        "duties": [
            {
                "begins_at": duty.begins_at.isoformat(),
                "minutes": duty.minutes,
                "rrule": duty.rrule,
                "excluded": [begins_at.isoformat() for begins_at in duty.excluded],
            }
            for duty in calendar.duties
        ],
        "exceptions": [
            {"kind": e.kind.value, "begins_at": e.begins_at.isoformat(), "ends_at": e.ends_at.isoformat()}
            for e in calendar.exceptions
        ],
    }


def read_calendar(document: Mapping[str, Any]) -> Calendar:
    """A calendar from its JSON."""
    at = datetime.fromisoformat
    return Calendar(
        duties=tuple(
            Duty(
                begins_at=at(duty["begins_at"]),
                minutes=duty["minutes"],
                rrule=duty["rrule"],
                excluded=tuple(map(at, duty["excluded"])),
            )
            for duty in document["duties"]
        ),
        exceptions=tuple(
            CalendarException(kind=ExceptionKind(e["kind"]), begins_at=at(e["begins_at"]), ends_at=at(e["ends_at"]))
            for e in document["exceptions"]
        ),
    )
