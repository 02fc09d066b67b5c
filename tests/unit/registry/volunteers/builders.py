"""Volunteers with complete defaults."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from schemas.vocabulary import ContactChannel, Role
from services.registry.stations.decide import station_id_of
from services.registry.volunteers.decide import volunteer_id_of
from services.registry.volunteers.model import Credential, Volunteer, VolunteerEntry

TODAY = date(2026, 5, 12)
NOW = datetime(2026, 5, 12, 4, 0, tzinfo=UTC)
"""Noon of that day in China."""


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
        "channels": (ContactChannel.VOICE_CALL,),
        "channels_assumed": True,
    }
    return Volunteer(**{**complete, **changes})
