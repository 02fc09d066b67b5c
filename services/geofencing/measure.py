"""Distance, direction and zone of many positions against the zones of one incident. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from shapely import MultiPolygon

from schemas.vocabulary import ZoneKind
from services.geofencing.geometry import Floats, Target


@dataclass(frozen=True, slots=True)
class Measures:
    """Of each position: the geodesic distance to the gravest zone (0 inside it), the direction from there, and where in
    `MeasuredZones.kinds` the zone stands that it lies in, -1 for none."""

    distance_m: Floats
    bearing_deg: Floats
    inside: NDArray[np.intp]


@dataclass(frozen=True)
class MeasuredZones:
    """The zones of an incident, gravest first, made ready to be measured against."""

    kinds: tuple[ZoneKind, ...]
    targets: tuple[Target, ...]

    @classmethod
    def of(cls, zones: Iterable[tuple[ZoneKind, MultiPolygon]]) -> MeasuredZones:
        """From zones, gravest first; at least one."""
        pairs = list(zones)
        return cls(tuple(kind for kind, _ in pairs), tuple(Target(globe) for _, globe in pairs))

    def measure(self, lon_lat: Floats) -> Measures:
        """Positions are (n, 2) in degrees."""
        gravest, *others = self.targets
        distance_m, bearing_deg = gravest.distances(lon_lat)
        inside = np.where(distance_m == 0.0, 0, -1)
        for number, other in enumerate(others, start=1):
            inside = np.where((inside < 0) & other.contains(lon_lat), number, inside)
        return Measures(distance_m, bearing_deg, inside.astype(np.intp))

    def kind_at(self, number: int) -> ZoneKind | None:
        """The kind that `Measures.inside` speaks of."""
        return self.kinds[number] if number >= 0 else None
