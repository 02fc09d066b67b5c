"""What a caller may say about trainings."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from schemas.ids import derived_id
from services.registry.model import Request
from services.registry.volunteers.calendar.model import Reason


class TrainingRequest(Request):
    """Hours of a course that a volunteer took part in. Course, issuer and day make it one entry."""

    course: Annotated[str, Field(min_length=1, max_length=120)]
    issuer: Annotated[str, Field(min_length=1, max_length=200)]
    hours: Annotated[float, Field(gt=0, le=1000, multiple_of=0.25)]
    held_on: date


class WithdrawalRequest(Request):
    """Why an entry does not count."""

    reason: Reason


def training_id_of(volunteer_id: UUID, training: TrainingRequest) -> UUID:
    """The id of an entry: the same course on the same day is the same entry, however often it is sent."""
    return derived_id(volunteer_id, f"training/{training.course}/{training.issuer}", training.held_on.isoformat())
