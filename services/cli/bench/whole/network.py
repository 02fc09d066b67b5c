"""What `bench path` asks about: a small simulated network far from anybody, and the drills declared there. Pure.

The places lie in the empty south of three oceans, more than 3,000 km from every station in China (farther than help
reaches), so that nobody but the simulated members is ever asked, whatever else the instance knows. Groups of stations
stand far enough apart that an incident is near one group only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from math import ceil
from typing import Any, Final

from schemas.vocabulary import ContactChannel, IncidentKind, Level, Role, StationKind, Tier, ZoneKind

AREA_CODE: Final = "990000"
"""No code of GB/T 2260, so the bench stands apart from every real area."""
_OCEANS: Final = ((-126.0, -118.0, -110.0, -102.0), (-30.0, -22.0, -14.0, -6.0), (66.0, 74.0, 82.0, 90.0))
"""Longitudes of the groups in the Pacific, the Atlantic and the Indian Ocean."""
GROUPS: Final = tuple((lat, lon) for lat in (-34.0, -42.0) for ocean in _OCEANS for lon in ocean)
STATIONS_PER_GROUP: Final = 5
_OFFSETS_DEG: Final = ((0.30, 0.0), (-0.30, 0.0), (0.0, 0.45), (0.0, -0.45), (0.40, 0.40))
"""Where a group's stations stand around its middle: 30 to 60 km away, inside the first ring, outside the zones."""
ASKED_PER_INCIDENT: Final = 3
"""Two places, one and a half times as many people asked."""
SPARE_SHARE: Final = 0.3
"""People more than are asked at once, so that nobody's absence decides anything."""
NOBODY_NEAR: Final = (60.0, -30.0)
"""A place in the Atlantic without any station in reach, for declarations that are only timed."""
_OCCURRED_AT: Final = datetime(2008, 5, 12, 14, 28, 1, tzinfo=timezone(timedelta(hours=8)))
_APART: Final = timedelta(hours=13)
"""Farther apart in time than fires that may be the same: each declaration is an incident of its own."""


@dataclass(frozen=True, kw_only=True)
class BenchNetwork:
    """Items as the register takes them."""

    stations: tuple[dict[str, Any], ...]
    volunteers: tuple[dict[str, Any], ...]


def network_for(incidents: int) -> BenchNetwork:
    """A network in which so many incidents can be open at once and each still finds its people."""
    per_group = ceil(ceil(incidents / len(GROUPS)) * ASKED_PER_INCIDENT * (1 + SPARE_SHARE))
    members = max(ceil(per_group / STATIONS_PER_GROUP), 2)
    stations = [_station(group, seat) for group in range(len(GROUPS)) for seat in range(STATIONS_PER_GROUP)]
    volunteers = [_volunteer(station["ref"], number) for number in range(1, members + 1) for station in stations]
    return BenchNetwork(stations=tuple(stations), volunteers=tuple(volunteers))


def declaration(number: int, *, somebody_near: bool = True) -> dict[str, Any]:
    """The body of one POST /incidents: a drill at the wall's speed, a small circle, one need of two people."""
    lat, lon = GROUPS[number % len(GROUPS)] if somebody_near else NOBODY_NEAR
    return {
        "kind": IncidentKind.FIRE.value,
        "level": Level.IV.value,
        "title_zh": f"压力测试演练 {number}",
        "title_en": f"Load drill {number}",
        "occurred_at": (_OCCURRED_AT - number * _APART).isoformat(),
        "place": {"lat_deg": lat, "lon_deg": lon},
        "radius_m": 500,
        "area_codes": [AREA_CODE],
        "needs": [
            {
                "need_id": "first-aid", "zone_kind": ZoneKind.CORE.value, "role": Role.PFA_TRAINED.value,
                "per_team": 2, "teams": 1,
            }
        ],
        "exercise": True,
        "drill_factor": 1,
    }  # fmt: skip


def batches(items: Sequence[dict[str, Any]], size: int) -> list[Sequence[dict[str, Any]]]:
    """The items in calls of at most that size."""
    return [items[start : start + size] for start in range(0, len(items), size)]


def _station(group: int, seat: int) -> dict[str, Any]:
    lat, lon = GROUPS[group]
    lat_off, lon_off = _OFFSETS_DEG[seat]
    return {
        "ref": f"bench-station-{group:02d}-{seat}",
        "kind": StationKind.EMERGENCY_STATION.value,
        "tier": Tier.COUNTY.value,
        "name_zh": f"压力测试站 {group}-{seat}",
        "name_en": f"Bench station {group}-{seat}",
        "area_code": AREA_CODE,
        "lat_deg": round(lat + lat_off, 6),
        "lon_deg": round(lon + lon_off, 6),
        "languages": ["cmn"],
    }


def _volunteer(station_ref: str, number: int) -> dict[str, Any]:
    ref = f"{station_ref}-member-{number:04d}"
    return {
        "ref": ref,
        "home_station_ref": station_ref,
        "roles": [Role.PFA_TRAINED.value],
        "languages": ["cmn"],
        "credentials": [
            {"kind": "pfa-training", "issuer": "bench (simulated)", "number": ref, "roles": [Role.PFA_TRAINED.value]}
        ],
        "channels": [ContactChannel.APP_PUSH.value],
        "available": True,
        "is_adult": True,
    }
