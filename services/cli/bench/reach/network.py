"""Whom `bench reach` moves: simulated people of two stations in an empty ocean, and the drill they come near. Pure.

As with `bench path` the place is farther from every station in China than help reaches. Nobody here has the role that
the drill asks for, so nobody is paged.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from schemas.ids import referenced_id
from schemas.vocabulary import IncidentKind, Level, Role, StationKind, Tier, ZoneKind
from services.cli.bench.whole.network import AREA_CODE, BenchNetwork

PLACE: Final = (-38.0, -126.0)
"""Latitude and longitude of the drill, between the groups of `bench path`."""
NEAR: Final = (-37.0, -126.0)
"""A station some 111 km away: its people are in reach."""
FAR: Final = (-35.0, -126.0)
"""One some 333 km away: too far."""
BESIDE: Final = (-37.73, -126.0)
"""Some 30 km away: in reach, outside the zones until they grow."""
GROWN_M: Final = (40_000, 41_000)
"""Radii of the two revisions: the first takes in who is beside, the second nobody more."""
_YEARS_AHEAD: Final = "2090-01-05T08:00:00+08:00"
WALKER: Final = "bench-reach-walker"
ON_CALL: Final = "bench-reach-on-call"


def recruit(number: int) -> str:
    """The reference of somebody who is enrolled while it is timed."""
    return f"bench-reach-recruit-{number:04d}"


def rostered(number: int) -> str:
    """The reference of somebody whose duty begins by itself."""
    return f"bench-reach-rostered-{number:04d}"


def crowd(number: int) -> str:
    """The reference of somebody who stays where they are."""
    return f"bench-reach-crowd-{number:04d}"


def volunteer_id(ref: str) -> str:
    """The id that the register derives."""
    return str(referenced_id("volunteer", ref))


def network_for(rounds: int, people: int) -> BenchNetwork:
    """Everybody but the recruits, who come later."""
    near = [ON_CALL, *map(rostered, range(rounds)), *map(crowd, range(people))]
    return BenchNetwork(
        stations=(_station("bench-reach-near", *NEAR), _station("bench-reach-far", *FAR)),
        volunteers=(volunteer(WALKER, "bench-reach-far"), *(volunteer(ref) for ref in near)),
    )


def volunteer(ref: str, home: str = "bench-reach-near", *, is_retired: bool = False) -> dict[str, Any]:
    """Somebody whose role needs no credential."""
    return {
        "ref": ref, "home_station_ref": home, "roles": [Role.LOGISTICS.value], "languages": ["cmn"], "available": True,
        "is_adult": True, "is_retired": is_retired,
    }  # fmt: skip


def _station(ref: str, lat_deg: float, lon_deg: float) -> dict[str, Any]:
    return {
        "ref": ref, "kind": StationKind.EMERGENCY_STATION.value, "tier": Tier.COUNTY.value, "area_code": AREA_CODE,
        "name_zh": "压力测试站", "name_en": "Bench station", "languages": ["cmn"], "lat_deg": lat_deg,
        "lon_deg": lon_deg,
    }  # fmt: skip


def declaration(occurred_at: datetime) -> dict[str, Any]:
    """A drill that asks for somebody nobody here is."""
    return {
        "kind": IncidentKind.FIRE.value, "level": Level.IV.value, "title_zh": "到达范围测试演练",
        "title_en": "Reach drill", "occurred_at": occurred_at.isoformat(),
        "place": {"lat_deg": PLACE[0], "lon_deg": PLACE[1]}, "radius_m": 500, "area_codes": [AREA_CODE],
        "needs": [
            {
                "need_id": "nobody", "zone_kind": ZoneKind.CORE.value, "role": Role.PSYCHIATRIST.value,
                "per_team": 1, "teams": 1,
            }
        ],
        "exercise": True, "drill_factor": 1,
    }  # fmt: skip


def position(ref: str, place: tuple[float, float]) -> dict[str, Any]:
    """What a phone says now."""
    return {
        "volunteer_id": volunteer_id(ref), "lat_deg": place[0], "lon_deg": place[1], "accuracy_m": 10,
        "fixed_at": datetime.now(UTC).isoformat(),
    }  # fmt: skip


def duty(begins_at: datetime | None = None, lasts: timedelta = timedelta(0)) -> dict[str, Any]:
    """A calendar that has its holder off duty, but for one extra duty."""
    extra = [] if begins_at is None else [
        {"kind": "extra-duty", "begins_at": begins_at.isoformat(), "ends_at": (begins_at + lasts).isoformat()}
    ]  # fmt: skip
    return {"recurring": [{"begins_at": _YEARS_AHEAD, "minutes": 60}], "exceptions": extra}
