"""Whether two incidents may be the same, by kind, place and time. Pure; the thresholds are data."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from schemas.vocabulary import IncidentKind
from services.incidents.geometry import Box

_KM_PER_DEGREE: Final = 111.2
"""Along a meridian; far more exact than the thresholds, which are assumptions."""
_SLACK_DEG: Final = 0.01
_NEAR_POLE: Final = 0.01
ANYWHERE: Final = Box(-180.0, -90.0, 180.0, 90.0)
ALIKE_MAX: Final = 5
"""The nearest so many are asked about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Incidents of one kind that are no farther apart than this may be the same."""

    apart: timedelta
    apart_km: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """When and where an incident was; the box is the smallest around its place."""

    incident_id: UUID
    occurred_at: datetime
    box: Box


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """An incident that may be the same as another, and how far apart they are."""

    incident_id: UUID
    apart_km: float
    apart_minutes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """A kept proposal that two incidents are one, and when somebody said that they are not."""

    told_apart_at: datetime | None


def read_thresholds(document: Mapping[str, Any]) -> dict[IncidentKind, Thresholds]:
    """The thresholds of every kind. Raises KeyError or ValueError if one is missing or wrong."""
    kinds = document["kinds"]
    return {
        kind: Thresholds(apart=timedelta(minutes=kinds[kind]["minutes"]), apart_km=float(kinds[kind]["km"]))
        for kind in IncidentKind
    }


def alike(new: Happening, others: Iterable[Happening], thresholds: Thresholds) -> tuple[Likeness, ...]:
    """Of the others the nearest `ALIKE_MAX` that may be the same as the new one. All are of its kind and world."""
    found = [
        Likeness(
            incident_id=other.incident_id,
            apart_km=round(apart_km(new.box, other.box), 1),
            apart_minutes=round(abs(new.occurred_at - other.occurred_at) / timedelta(minutes=1), 1),
        )
        for other in others
        if other.incident_id != new.incident_id
        and abs(new.occurred_at - other.occurred_at) <= thresholds.apart
        and apart_km(new.box, other.box) <= thresholds.apart_km
    ]
    return tuple(sorted(found, key=lambda one: (one.apart_km, one.apart_minutes, one.incident_id))[:ALIKE_MAX])


def around(box: Box, reach_km: float) -> Box:
    """A box that whatever is no farther than that from the given one meets. It goes all round the globe when it would
    cross the antimeridian or come near a pole, so it may hold more, never less."""
    north_deg = reach_km / _KM_PER_DEGREE + _SLACK_DEG
    south, north = max(box.south_deg - north_deg, -90.0), min(box.north_deg + north_deg, 90.0)
    shrink = math.cos(math.radians(max(abs(south), abs(north))))
    east_deg = north_deg / shrink if shrink > _NEAR_POLE else 360.0
    west, east = box.west_deg - east_deg, box.east_deg + east_deg
    if west < -180.0 or east > 180.0:
        west, east = -180.0, 180.0
    return Box(west, south, east, north)


def apart_km(one: Box, other: Box) -> float:
    """How far two boxes are apart at least; 0 if they meet. The shorter way round the globe counts."""
    north_deg = _gap(one.south_deg, one.north_deg, other.south_deg, other.north_deg)
    east_deg = min(
        _gap(one.west_deg + turn, one.east_deg + turn, other.west_deg, other.east_deg) for turn in (-360, 0, 360)
    )
    nearest_pole = max(abs(lat) for lat in (one.south_deg, one.north_deg, other.south_deg, other.north_deg))
    return _KM_PER_DEGREE * math.hypot(north_deg, east_deg * math.cos(math.radians(nearest_pole)))


def _gap(low: float, high: float, other_low: float, other_high: float) -> float:
    return max(0.0, other_low - high, low - other_high)
