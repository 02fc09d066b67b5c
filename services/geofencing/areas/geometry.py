"""Which administrative areas a zone touches, and how much of each. Pure.

Only areas whose boundary is known can be found: an empty answer does not say that nobody lives there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cached_property
from typing import Final

import shapely
from shapely import STRtree

from schemas.areas import stands_on
from schemas.vocabulary import Tier
from services.geofencing.areas.model import OutlinedArea, TouchedArea
from services.geofencing.geometry import area_km2, multi

SLIVER_KM2: Final = 1e-6
"""A square metre: less is an edge that two shapes share."""


class AreaIndex:
    """Areas in a search tree. Immutable; sizes and the tree are worked out when first asked for."""

    def __init__(self, areas: Iterable[OutlinedArea] = ()) -> None:
        self._areas: Mapping[str, OutlinedArea] = {area.code: area for area in sorted(areas, key=lambda a: a.code)}
        self._in_order = tuple(self._areas.values())
        self._sizes_km2: dict[str, float] = {}

    @property
    def areas(self) -> Mapping[str, OutlinedArea]:
        """By code, in their order."""
        return self._areas

    def touched(self, zone: shapely.Geometry, on: date, *, tier: Tier | None = None) -> tuple[TouchedArea, ...]:
        """The areas (of one tier, or of all) that stand on that day and share ground with the zone, by code.

        `share` is the covered part of the area, 1 when the zone holds all of it.
        """
        found = (self._in_order[position] for position in sorted(self._tree.query(zone, predicate="intersects")))
        wanted = (area for area in found if stands_on(area, on) and tier in (None, area.tier))
        return tuple(touched for area in wanted if (touched := self._touched(area, zone)) is not None)

    def _touched(self, area: OutlinedArea, zone: shapely.Geometry) -> TouchedArea | None:
        covered_km2 = area_km2(multi(shapely.intersection(area.outline, zone)))
        if covered_km2 <= SLIVER_KM2:
            return None
        return TouchedArea(
            code=area.code,
            name_zh=area.name_zh,
            name_en=area.name_en,
            tier=area.tier,
            covered_km2=covered_km2,
            share=min(1.0, covered_km2 / self._size_km2(area)),
            simplified_m=area.simplified_m,
            population=area.population,
            population_year=area.population_year,
        )

    def _size_km2(self, area: OutlinedArea) -> float:
        if area.code not in self._sizes_km2:
            self._sizes_km2[area.code] = area_km2(area.outline)
        return self._sizes_km2[area.code]

    @cached_property
    def _tree(self) -> STRtree:
        return STRtree([area.outline for area in self._in_order])
