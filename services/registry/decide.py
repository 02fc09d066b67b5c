"""Pure decisions that stations and volunteers share: the civil day."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Final

CIVIL_TIME: Final = timezone(timedelta(hours=8), "CST")
"""The civil time of China, which has one time zone and no summer time."""


def civil_day(now: datetime) -> date:
    """The civil day in China."""
    return now.astimezone(CIVIL_TIME).date()


def next_civil_day_begins(now: datetime) -> datetime:
    """When the next civil day in China begins."""
    day = civil_day(now) + timedelta(days=1)
    return datetime(day.year, day.month, day.day, tzinfo=CIVIL_TIME)
