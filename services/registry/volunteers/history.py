"""What a change was, for the history of a volunteer: pure. No identity, no number of a credential, no place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from services.registry.volunteers.calendar.model import Calendar
from services.registry.volunteers.model import Volunteer


def differences(before: Volunteer | None, after: Volunteer) -> dict[str, list[Any]]:
    """Every field that differs, as a pair of what was and what is. Somebody new differs from nobody."""
    if before is None:
        return {}
    was = dict(_fields(before))
    return {name: [was[name], value] for name, value in _fields(after) if was[name] != value}


def _fields(volunteer: Volunteer) -> Iterator[tuple[str, Any]]:
    for name in ("roles", "languages", "dialects", "available", "is_adult", "is_retired", "activation_minutes"):
        value = getattr(volunteer, name)
        yield name, list(value) if isinstance(value, tuple) else value
    yield "channels", None if volunteer.channels is None else list(volunteer.channels)
    yield "home_station_id", str(volunteer.home_station_id)
    yield "membership_station_ids", [str(station_id) for station_id in volunteer.memberships]
    yield "available_until", _time(volunteer.available_until)
    yield (
        "credentials",
        [
            {"kind": c.kind, "roles": list(c.roles), "expires_on": None if c.expires_on is None else str(c.expires_on)}
            for c in volunteer.credentials
        ],
    )
    vetting = volunteer.vetting
    yield (
        "vetting",
        {
            "status": vetting.status.value,
            "valid_until": None if vetting.valid_until is None else str(vetting.valid_until),
        },
    )
    yield "calendar", _calendar(volunteer.calendar)
    yield "opted_out_since", None if volunteer.opted_out is None else _time(volunteer.opted_out.since)
    yield "opted_out_until", None if volunteer.opted_out is None else _time(volunteer.opted_out.until)
    yield "place_until", None if volunteer.place is None else _time(volunteer.place.until)


def _calendar(calendar: Calendar) -> Mapping[str, Any]:
    return {
        "duties": [[str(duty.begins_at), duty.minutes, duty.rrule, len(duty.excluded)] for duty in calendar.duties],
        "exceptions": [[e.kind.value, _time(e.begins_at), _time(e.ends_at)] for e in calendar.exceptions],
    }


def _time(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
