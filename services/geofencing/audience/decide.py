"""Who would be asked and who would not, and who is inside the zones or near them. Pure.

Whom an alert asks is decided by where their home station stands, so the preview counts by that; where somebody is now
is what the resolved view shows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import numpy as np

from schemas.events.zone import StationInReach
from schemas.vocabulary import ZoneKind
from services.geofencing.audience.model import Somebody
from services.geofencing.measure import MeasuredZones

MEMBERS_MAX: Final = 1000
"""People listed one by one; counts are of all."""
SHOWN_KM: Final = 1.0
SHOWN_DEG: Final = 10.0
"""Distances and directions of people are rounded to these: enough to choose by, too little to find a door."""
IN_CORE_ZONE: Final = "in-core-zone"
OUT_OF_REACH: Final = "out-of-reach"
NO_CHANNEL: Final = "no-channel"
"""Reachable by nothing: the register says that there is no channel."""
NOT_STATED: Final = "not-stated"
"""Nobody said by what channels."""


def audience(
    stations: Sequence[StationInReach], people: Iterable[Somebody], rings_km: Sequence[float]
) -> dict[str, Any]:
    """How many stations and volunteers an alert could reach, by ring, role, language and channel; why not the others.

    Whoever has promised something else, or is being asked, is not known here and is counted as reachable.
    """
    in_reach = {station.station_id: station for station in stations}
    reachable: list[tuple[Somebody, float]] = []
    others: Counter[str] = Counter()
    for person in people:
        station = in_reach.get(person.home_station_id)
        obstacle = _obstacle(person, station)
        if obstacle is None and station is not None:
            reachable.append((person, station.distance_km))
        else:
            others[obstacle or OUT_OF_REACH] += 1
    return {
        "stations": {"in_reach": len(stations), "by_ring": by_ring((s.distance_km for s in stations), rings_km)},
        "volunteers": {
            "reachable": len(reachable),
            "by_ring": by_ring((km for _, km in reachable), rings_km),
            "by_role": _counted(role for person, _ in reachable for role in person.roles),
            "by_language": _counted(language for person, _ in reachable for language in person.languages),
            "by_channel": _counted(channel for person, _ in reachable for channel in _channels(person)),
            "not_reachable": dict(sorted(others.items())),
        },
    }


def _obstacle(person: Somebody, station: StationInReach | None) -> str | None:
    """Why an alert would not reach somebody: the first reason of the register's, the place of the home station, or that
    no channel leads to them."""
    if not person.deployable:
        return person.reasons[0] if person.reasons else "not-deployable"
    if station is None:
        return OUT_OF_REACH
    if station.inside is ZoneKind.CORE:
        return IN_CORE_ZONE
    return NO_CHANNEL if person.channels == () else None


def _channels(person: Somebody) -> tuple[str, ...]:
    """Under which channels somebody is counted: under each of theirs, or under the word for none."""
    return (NOT_STATED,) if person.channels is None else person.channels or (NO_CHANNEL,)


def by_ring(distances_km: Iterable[float], rings_km: Sequence[float]) -> list[dict[str, Any]]:
    """How many lie in each ring: beyond the one before, and not beyond its own distance."""
    counts = np.bincount(np.searchsorted(rings_km, list(distances_km)), minlength=len(rings_km)).tolist()
    return [{"within_km": km, "count": count} for km, count in zip(rings_km, counts, strict=False)]


def _counted(words: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(words).items()))


def members_here(zones: MeasuredZones, people: Iterable[Somebody], near_km: float, now: datetime) -> dict[str, Any]:
    """Those who may be asked, inside a zone or near the gravest, nearest first, with how their place is known."""
    able = [person for person in people if person.deployable]
    measures = zones.measure(np.array([(p.lon_deg, p.lat_deg) for p in able], dtype=np.float64).reshape(-1, 2))
    km, inside = measures.distance_m / 1000.0, measures.inside
    order = [index for index in np.argsort(km, kind="stable").tolist() if inside[index] >= 0 or km[index] <= near_km]
    kinds = Counter(zones.kind_at(int(inside[index])) for index in order)
    members = [
        _member(able[index], zones.kind_at(int(inside[index])), km[index], measures.bearing_deg[index], now)
        for index in order[:MEMBERS_MAX]
    ]
    return {
        "inside": {kind.value: kinds[kind] for kind in zones.kinds},
        "near": kinds[None],
        "near_km": near_km,
        "by_channel": _counted(channel for index in order for channel in _channels(able[index])),
        "members": members,
        "is_cut": len(order) > MEMBERS_MAX,
    }


def _member(person: Somebody, inside: ZoneKind | None, km: float, bearing_deg: float, now: datetime) -> dict[str, Any]:
    return {
        "volunteer_id": str(person.volunteer_id),
        "home_station_id": str(person.home_station_id),
        "roles": list(person.roles),
        "languages": list(person.languages),
        "channels": None if person.channels is None else list(person.channels),
        "inside": None if inside is None else inside.value,
        "distance_km": float(round(km / SHOWN_KM) * SHOWN_KM),
        "bearing_deg": float(round(bearing_deg / SHOWN_DEG) * SHOWN_DEG % 360.0),
        "position": {
            "source": person.source.value,
            "age_s": max(0, round((now - person.known_at).total_seconds())),
            "accuracy_m": person.accuracy_m,
            "is_exact": person.is_exact,
        },
    }
