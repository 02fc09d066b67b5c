"""What a caller may say about a volunteer's calendar, and what the register keeps of it.

Everything is in the civil time of China. A calendar without duties means: always, except on leave.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import AwareDatetime, Field

from services.registry.model import Request

DUTIES_MAX: Final = 100
EXCEPTIONS_MAX: Final = 400
EXCLUDED_MAX: Final = 500
"""Single days taken out of one duty."""
DUTY_MINUTES_MAX: Final = 7 * 24 * 60
EXCEPTION_DAYS_MAX: Final = 366
ACTIVATION_MINUTES_MAX: Final = 7 * 24 * 60

Weekday = Literal["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
ClockTime = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
ActivationMinutes = Annotated[int, Field(ge=0, le=ACTIVATION_MINUTES_MAX)]
Reason = Annotated[str, Field(min_length=1, max_length=500)]


class ExceptionKind(StrEnum):
    """`leave` beats everything; `extra-duty` adds to the duties."""

    LEAVE = "leave"
    EXTRA_DUTY = "extra-duty"


class WeeklySlot(Request):
    """A duty on days of the week. One that ends at or before its beginning ends on the next day."""

    days: Annotated[tuple[Weekday, ...], Field(min_length=1, max_length=7)]
    begins: ClockTime
    ends: ClockTime
    from_day: date | None = None
    through_day: date | None = None


class RecurringDuty(Request):
    """A duty that begins at a time (of China, if it names no zone) and recurs by an RFC 5545 rule, or not at all."""

    begins_at: datetime
    minutes: Annotated[int, Field(ge=1, le=DUTY_MINUTES_MAX)]
    rrule: Annotated[str, Field(min_length=1, max_length=300)] | None = None


class ExceptionRequest(Request):
    """Leave or extra duty from one instant until another."""

    kind: ExceptionKind
    begins_at: AwareDatetime
    ends_at: AwareDatetime


class CalendarRequest(Request):
    """The whole calendar as it shall stand; it replaces the former. `reason` stays in the history."""

    weekly: Annotated[tuple[WeeklySlot, ...], Field(max_length=DUTIES_MAX)] = ()
    recurring: Annotated[tuple[RecurringDuty, ...], Field(max_length=DUTIES_MAX)] = ()
    exceptions: Annotated[tuple[ExceptionRequest, ...], Field(max_length=EXCEPTIONS_MAX)] = ()
    activation_minutes: ActivationMinutes | None = None
    reason: Reason | None = None


class AddedException(ExceptionRequest):
    """One more exception."""

    reason: Reason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """A duty: its first beginning (civil time of China, without a zone), how long it lasts, and how it recurs.

    `rrule` is a rule that `rules.read_rule` has written; `excluded` are beginnings that do not take place.
    """

    begins_at: datetime
    minutes: int
    rrule: str | None = None
    excluded: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarException:
    """Leave or extra duty, from an instant until (not including) another; aware times."""

    kind: ExceptionKind
    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """A volunteer's calendar."""

    duties: tuple[Duty, ...] = ()
    exceptions: tuple[CalendarException, ...] = ()


NO_CALENDAR: Final = Calendar()


class Standing(StrEnum):
    """What a calendar says about an instant. The two that are not `ON_DUTY` are reasons why somebody is not asked."""

    ON_DUTY = "on-duty"
    OFF_DUTY = "off-duty"
    ON_LEAVE = "on-leave"
