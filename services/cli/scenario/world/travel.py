"""How long a volunteer takes to the site: preparation, then road, or air for what is too far to drive.

Assumed: 60 minutes to get ready. Up to 500 km by road, at 50 km/h along the straight line (about 65 km/h on the road).
Beyond that by air: 4 hours for airports and boarding, 700 km/h, then 100 km of road. Every journey varies by up to
20 % either way.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Final, Literal

from services.cli.scenario.world.draws import uniform

PREPARATION_S: Final = 60 * 60.0
ROAD_MAX_KM: Final = 500.0
ROAD_KM_H: Final = 50.0
AIR_KM_H: Final = 700.0
AIR_FIXED_S: Final = 4 * 60 * 60.0
AIR_LAST_ROAD_KM: Final = 100.0
VARIATION: Final = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Travel:
    """A journey to the site, in incident time. `distance_km` is the straight line."""

    mode: Literal["road", "air"]
    distance_km: float
    preparation_s: float
    travel_s: float

    @property
    def total_s(self) -> float:
        """From the acceptance to the arrival."""
        return self.preparation_s + self.travel_s


def travel_for(seed: int, incident_seed: int | str, traveller_ref: str, distance_km: float) -> Travel:
    """The journey of that volunteer or team. The same arguments always give the same journey."""
    if not isfinite(distance_km) or distance_km < 0:
        raise ValueError(f"distance_km must be a number from 0 up, not {distance_km}")
    mode: Literal["road", "air"] = "road" if distance_km <= ROAD_MAX_KM else "air"
    usual_s = _road_s(distance_km) if mode == "road" else _air_s(distance_km)
    journey = (seed, incident_seed, traveller_ref)
    return Travel(
        mode=mode,
        distance_km=distance_km,
        preparation_s=PREPARATION_S * _varied(*journey, "preparation"),
        travel_s=usual_s * _varied(*journey, "travel"),
    )


def _road_s(distance_km: float) -> float:
    return distance_km / ROAD_KM_H * 3600


def _air_s(distance_km: float) -> float:
    return AIR_FIXED_S + distance_km / AIR_KM_H * 3600 + _road_s(AIR_LAST_ROAD_KM)


def _varied(*names: object) -> float:
    return 1 + VARIATION * (2 * uniform(*names) - 1)
