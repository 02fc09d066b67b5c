"""What a volunteer is told of what the register keeps about them: the list behind the notice on their phone. Pure."""

from __future__ import annotations

from datetime import date
from typing import Any

from services.registry.volunteers.decide import NOTICES
from services.registry.volunteers.model import Volunteer


def notices(volunteer: Volunteer, today: date) -> list[dict[str, Any]]:
    """Credentials that ran out or do so within the longest notice, the most urgent first; without their numbers.

    `notice_days` is the last notice that was told of each, of those at 90, 30 and 7 days.
    """
    found: list[dict[str, Any]] = []
    for credential in volunteer.credentials:
        days_left = None if credential.expires_on is None else (credential.expires_on - today).days
        if days_left is not None and days_left <= max(NOTICES):
            found.append(
                {
                    "subject": "credential-expiring" if credential.is_valid(today) else "credential-expired",
                    "kind": credential.kind,
                    "roles": credential.roles,
                    "expires_on": credential.expires_on,
                    "days_left": days_left,
                    "notice_days": credential.notice_told,
                }
            )
    return sorted(found, key=lambda one: (one["expires_on"], one["kind"]))
