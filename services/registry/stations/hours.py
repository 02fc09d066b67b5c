"""Opening hours: a weekly pattern with exceptions, in China's civil time. Pure.

A period lies within one day and is half open: who closes at 17:30 is closed at 17:30. What goes on past midnight is
given as two periods, the first until 24:00. A day within an exception has that exception's periods and no others.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from services.registry.decide import CIVIL_TIME
from services.registry.model import Request

WEEKLY_MAX: Final = 40
EXCEPTIONS_MAX: Final = 100
PERIODS_MAX: Final = 10
DAY_MINUTES: Final = 24 * 60

ClockTime = Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")]
"""`HH:MM`; 24:00 is the end of the day."""


class Weekday(StrEnum):
    """Days of the week in their order."""

    MONDAY = "mon"
    TUESDAY = "tue"
    WEDNESDAY = "wed"
    THURSDAY = "thu"
    FRIDAY = "fri"
    SATURDAY = "sat"
    SUNDAY = "sun"


_WEEK: Final = tuple(Weekday)


class Period(Request):
    """From when to when on one day."""

    opens: ClockTime
    closes: ClockTime

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> Self:
        if self.opens >= self.closes:
            raise ValueError("must close after it opens; give what goes past midnight as two periods, one until 24:00")
        return self

    @property
    def minutes(self) -> tuple[int, int]:
        """Begin and end in minutes of the day."""
        return _minute(self.opens), _minute(self.closes)


class WeeklyPeriod(Period):
    """A period on these days of every week."""

    days: Annotated[tuple[Weekday, ...], Field(min_length=1, max_length=7)]


class HoursException(Request):
    """Other hours from one day through another; without periods it is closed on those days."""

    from_on: date
    through_on: date
    periods: Annotated[tuple[Period, ...], Field(max_length=PERIODS_MAX)] = ()

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.through_on < self.from_on:
            raise ValueError("through_on lies before from_on")
        _refuse_overlaps(self.periods, "the exception's periods")
        return self


class OpeningHours(Request):
    """When a station can be visited or called."""

    weekly: Annotated[tuple[WeeklyPeriod, ...], Field(max_length=WEEKLY_MAX)]
    exceptions: Annotated[tuple[HoursException, ...], Field(max_length=EXCEPTIONS_MAX)] = ()

    @model_validator(mode="after")
    def _does_not_overlap(self) -> Self:
        for day in _WEEK:
            _refuse_overlaps([period for period in self.weekly if day in period.days], f"the periods of {day}")
        for earlier, later in pairwise(sorted(self.exceptions, key=lambda e: e.from_on)):
            if later.from_on <= earlier.through_on:
                raise ValueError(f"two exceptions hold on {later.from_on}")
        return self


def is_open_at(hours: OpeningHours, at: datetime) -> bool:
    """Whether it is open at that instant."""
    local = at.astimezone(CIVIL_TIME)
    minute = local.hour * 60 + local.minute
    return any(begin <= minute < end for begin, end in spans_on(hours, local.date()))


def spans_on(hours: OpeningHours, day: date) -> list[tuple[int, int]]:
    """The day's periods in minutes of the day, in order."""
    for exception in hours.exceptions:
        if exception.from_on <= day <= exception.through_on:
            return sorted(period.minutes for period in exception.periods)
    weekday = _WEEK[day.weekday()]
    return sorted(period.minutes for period in hours.weekly if weekday in period.days)


def least_daily_minutes(hours: OpeningHours) -> int:
    """How long it is open on its shortest day of the week; exceptions do not count."""
    return min(
        sum(end - begin for period in hours.weekly if day in period.days for begin, end in [period.minutes])
        for day in _WEEK
    )


def next_change_at(hours: OpeningHours, at: datetime) -> datetime | None:
    """When it next opens or closes after that instant; None if that is more than a year away."""
    local = at.astimezone(CIVIL_TIME)
    was_open = is_open_at(hours, at)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    for day in (midnight + timedelta(days=number) for number in range(366)):
        for minute in sorted({0, *(edge for span in spans_on(hours, day.date()) for edge in span)} - {DAY_MINUTES}):
            moment = day + timedelta(minutes=minute)
            if moment > local and is_open_at(hours, moment) != was_open:
                return moment
    return None


def _minute(clock_time: str) -> int:
    return int(clock_time[:2]) * 60 + int(clock_time[3:])


def _refuse_overlaps(periods: Iterable[Period], whose: str) -> None:
    for (_, earlier_ends), (later_begins, _) in pairwise(sorted(period.minutes for period in periods)):
        if later_begins < earlier_ends:
            raise ValueError(f"{whose} overlap")
