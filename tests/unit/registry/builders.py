"""Stations and volunteers with complete defaults."""

from __future__ import annotations

from datetime import date
from typing import Any

from schemas.vocabulary import Role
from services.registry.decide import station_id_of, station_of, volunteer_id_of
from services.registry.model import Credential, Station, StationEntry, Volunteer, VolunteerEntry

TODAY = date(2026, 5, 12)


def station_item(**changes: Any) -> dict[str, Any]:
    """A station as it stands in a batch."""
    return {
        "ref": "S-001",
        "kind": "emergency-station",
        "tier": "county",
        "name_zh": "都江堰心理应急站",
        "name_en": "Dujiangyan emergency station",
        "area_code": "510181",
        "lat_deg": 31.0,
        "lon_deg": 103.6,
        "languages": ["cmn"],
        **changes,
    }


def volunteer_item(**changes: Any) -> dict[str, Any]:
    """A volunteer as they stand in a batch."""
    return {
        "ref": "V-001",
        "home_station_ref": "S-001",
        "name": "模拟队员0001",
        "phone": "+999 100 0001",
        "roles": ["pfa-trained", "support"],
        "languages": ["cmn"],
        "credentials": [credential_item()],
        "available": True,
        "is_adult": True,
        **changes,
    }


def credential_item(**changes: Any) -> dict[str, Any]:
    """A credential as it stands in a batch."""
    complete = {
        "kind": "pfa-training",
        "issuer": "CAST",
        "number": "P-1",
        "roles": ["pfa-trained"],
        "expires_on": "2027-01-01",
    }
    return {**complete, **changes}


def station(**changes: Any) -> Station:
    """A station as it stands in the register."""
    return station_of(StationEntry.model_validate(station_item(**changes)))


def station_entry(**changes: Any) -> StationEntry:
    """The entry of such a station."""
    return StationEntry.model_validate(station_item(**changes))


def volunteer_entry(**changes: Any) -> VolunteerEntry:
    """The entry of such a volunteer."""
    return VolunteerEntry.model_validate(volunteer_item(**changes))


def credential(**changes: Any) -> Credential:
    """A credential as it stands in the register."""
    complete: dict[str, Any] = {
        "kind": "pfa-training",
        "issuer": "CAST",
        "number": "P-1",
        "roles": (Role.PFA_TRAINED,),
        "expires_on": date(2027, 1, 1),
    }
    return Credential(**{**complete, **changes})


def volunteer(**changes: Any) -> Volunteer:
    """A volunteer as they stand in the register."""
    complete: dict[str, Any] = {
        "volunteer_id": volunteer_id_of("V-001"),
        "ref": "V-001",
        "home_station_id": station_id_of("S-001"),
        "memberships": (station_id_of("S-001"),),
        "roles": (Role.PFA_TRAINED, Role.SUPPORT),
        "languages": ("cmn",),
        "credentials": (credential(),),
        "available": True,
        "is_adult": True,
        "is_retired": False,
    }
    return Volunteer(**{**complete, **changes})
