"""A zone in terms of administrative areas and of people living there. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import shapely

from schemas.vocabulary import Tier
from services.geofencing.areas.geometry import AreaIndex
from services.geofencing.areas.model import TouchedArea

_RANKS: Final = (
    (Tier.PROVINCE,),
    (Tier.PREFECTURE,),
    (Tier.COUNTY, Tier.DISTRICT),
    (Tier.TOWNSHIP, Tier.STREET),
    (Tier.VILLAGE, Tier.COMMUNITY),
)
"""Tiers from coarse to fine; those of a rank stand side by side on the ground."""
NEARLY_WHOLE: Final = 0.9
"""A rank whose known areas cover this share of a zone is fine enough to count by."""


def resolved(index: AreaIndex, zone: shapely.Geometry, zone_km2: float, on: date) -> dict[str, Any]:
    """The areas a zone touches on a day, by code, and an estimate of the people living in it, None if unknown."""
    touched = index.touched(zone, on)
    return {"areas": [_shown(area) for area in touched], "people": people_living(touched, zone_km2)}


def people_living(touched: Sequence[TouchedArea], zone_km2: float) -> dict[str, Any] | None:
    """People in the zone if those of each area lived evenly spread over it, which is assumed and said so.

    Counted by the finest rank whose areas of known population cover nearly all of the zone, else by the one that covers
    most.
    """
    by_rank: dict[int, list[TouchedArea]] = defaultdict(list)
    for area in touched:
        if area.population is not None:
            by_rank[next(number for number, tiers in enumerate(_RANKS) if area.tier in tiers)].append(area)
    if not by_rank:
        return None
    covered = {rank: min(1.0, sum(a.covered_km2 for a in areas) / zone_km2) for rank, areas in by_rank.items()}
    whole = [rank for rank, share in covered.items() if share >= NEARLY_WHOLE]
    rank = max(whole) if whole else max(covered, key=lambda one: (covered[one], one))
    counted = by_rank[rank]
    years = [area.population_year for area in counted if area.population_year is not None]
    return {
        "estimate": round(sum((area.population or 0) * area.share for area in counted)),
        "by": "/".join(tier.value for tier in _RANKS[rank]),
        "share_of_zone_known": round(covered[rank], 3),
        "oldest_year": min(years, default=None),
        "assumed": "people live evenly spread over each area",
    }


def _shown(area: TouchedArea) -> dict[str, Any]:
    return {
        "code": area.code,
        "name_zh": area.name_zh,
        "name_en": area.name_en,
        "tier": area.tier.value,
        "covered_km2": round(area.covered_km2, 3),
        "share": round(area.share, 6),
        "simplified_m": area.simplified_m,
    }
