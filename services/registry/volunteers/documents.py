"""Volunteers as they are shown: what they can do and whether they can be asked, not who they are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from services.registry.decide import CIVIL_TIME, civil_day
from services.registry.stations.model import Station
from services.registry.volunteers.calendar.decide import exception_id_of
from services.registry.volunteers.decide import deployable, next_change, usable_roles, volunteer_state
from services.registry.volunteers.model import Volunteer
from services.registry.volunteers.rows import calendar_document


def volunteer_document(volunteer: Volunteer, home: Station, now: datetime) -> dict[str, Any]:
    """A volunteer as of now. The numbers of credentials are not shown."""
    today = civil_day(now)
    can_be_asked, reasons = deployable(volunteer, home, now)
    state = volunteer_state(volunteer, home, now)
    opted_out = volunteer.opted_out
    return {
        "volunteer_id": volunteer.volunteer_id,
        "home_station_id": volunteer.home_station_id,
        "area_code": home.area_code,
        "membership_station_ids": volunteer.memberships,
        "roles": volunteer.roles,
        "usable_roles": usable_roles(volunteer, today),
        "languages": volunteer.languages,
        "dialects": volunteer.dialects,
        "credentials": [
            {
                "kind": credential.kind,
                "issuer": credential.issuer,
                "roles": credential.roles,
                "expires_on": credential.expires_on,
                "is_valid": credential.is_valid(today),
                "days_left": None if credential.expires_on is None else (credential.expires_on - today).days,
            }
            for credential in volunteer.credentials
        ],
        "vetting": {
            "status": volunteer.vetting.status,
            "authority": volunteer.vetting.authority,
            "checked_on": volunteer.vetting.checked_on,
            "valid_until": volunteer.vetting.valid_until,
        },
        "available": volunteer.available,
        "available_until": volunteer.available_until,
        "activation_minutes": volunteer.activation_minutes,
        "on_duty_until": state.on_duty_until,
        "channels": state.channels,
        "channels_assumed": volunteer.channels_assumed,
        "opted_out": None if opted_out is None else {"since": opted_out.since, "until": opted_out.until},
        "position": {"lat_deg": state.position.lat_deg, "lon_deg": state.position.lon_deg},
        "position_source": state.position_source,
        "position_until": volunteer.place.until if volunteer.place and state.position_source == "declared" else None,
        "is_adult": volunteer.is_adult,
        "is_retired": volunteer.is_retired,
        "deployable": can_be_asked,
        "reasons": reasons,
        "next_change_at": next_change(volunteer, now),
    }


def calendar_shown(volunteer: Volunteer) -> Mapping[str, Any]:
    """A volunteer's calendar as it is shown: every time with its zone, every exception with its id."""
    calendar = volunteer.calendar
    document = calendar_document(calendar)
    for duty, shown in zip(calendar.duties, document["duties"], strict=True):
        shown["begins_at"] = duty.begins_at.replace(tzinfo=CIVIL_TIME)
        shown["first_ends_at"] = shown["begins_at"] + timedelta(minutes=duty.minutes)
        shown["excluded"] = [begins_at.replace(tzinfo=CIVIL_TIME) for begins_at in duty.excluded]
    for exception, shown in zip(calendar.exceptions, document["exceptions"], strict=True):
        shown["exception_id"] = exception_id_of(volunteer.volunteer_id, exception)
    return {**document, "activation_minutes": volunteer.activation_minutes}
