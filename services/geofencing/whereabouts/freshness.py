"""Which of the places known of somebody counts, how old it is, and how exactly it may be kept. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import floor
from typing import Final
from uuid import UUID

CELL_DEG: Final = 0.05
"""Off duty a position is kept as the middle of a cell of this size: about 5 km from north to south."""
KEPT: Final = timedelta(hours=24)
"""A reported position is forgotten after this."""
AHEAD_MAX: Final = timedelta(minutes=5)
"""Clocks of phones may be fast by as much."""


class Source(StrEnum):
    """Where a place is known from; the first that is known counts."""

    LIVE = "live"
    DECLARED = "declared"
    HOME_STATION = "home-station"


class Kept(StrEnum):
    """What became of a reported position."""

    EXACT = "exact"
    COARSE = "coarse"
    OLDER = "older-than-known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """A position as it was reported, or as it is kept."""

    volunteer_id: UUID
    lat_deg: float
    lon_deg: float
    accuracy_m: float
    fixed_at: datetime
    is_exact: bool = True


def coarse(fix: Fix) -> Fix:
    """The middle of the fix's cell. Doing it again changes nothing."""
    if not fix.is_exact:
        return fix
    return Fix(
        volunteer_id=fix.volunteer_id,
        lat_deg=_middle(fix.lat_deg, 90.0),
        lon_deg=_middle(fix.lon_deg, 180.0),
        accuracy_m=max(fix.accuracy_m, CELL_DEG * 111_000.0 / 2),
        fixed_at=fix.fixed_at,
        is_exact=False,
    )


def _middle(degrees: float, end: float) -> float:
    """The middle of a cell; the end of the scale belongs to the last."""
    cell = min(floor(degrees / CELL_DEG), round(end / CELL_DEG) - 1)
    return round((cell + 0.5) * CELL_DEG, 6)


def to_keep(fix: Fix, *, on_duty: bool) -> Fix:
    """The fix as it may be kept."""
    return fix if on_duty else coarse(fix)


def out_of_time(fixed_at: datetime, now: datetime) -> str | None:
    """Why a fix of this time is refused; None if it is not."""
    if fixed_at > now + AHEAD_MAX:
        return "lies in the future"
    if fixed_at < now - KEPT:
        return f"is older than {KEPT.total_seconds() / 3600:.0f} hours"
    return None
