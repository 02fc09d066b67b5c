"""Which standing zones may concern which positions. Pure: a search tree over all zones of all incidents."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import STRtree

from services.geofencing.geometry import Floats, directions
from services.geofencing.measure import MeasuredZones


class ZoneIndex:
    """The zones of incidents, in a tree that is made once. It leaves out only pairs that are certainly apart."""

    def __init__(self, zones: Mapping[UUID, MeasuredZones]) -> None:
        self.zones = zones
        pairs = [(number, target) for number, one in enumerate(zones.values()) for target in one.targets]
        self._owner = np.array([number for number, _ in pairs], dtype=np.intp)
        self._tree = STRtree([target.globe for _, target in pairs])

    def candidates(self, lon_lat: Floats, near_km: float, only: Collection[UUID]) -> dict[UUID, NDArray[np.intp]]:
        """By incident of some: the positions inside one of its zones, and those that may lie near its gravest."""
        points, hits = self._tree.query(shapely.points(lon_lat), predicate="intersects")
        owners, towards = self._owner[hits], directions(lon_lat)
        found = {}
        for number, (incident_id, zones) in enumerate(self.zones.items()):
            if incident_id not in only:
                continue
            wanted = zones.targets[0].may_lie_within(towards, near_km * 1000.0)
            wanted[points[owners == number]] = True
            if wanted.any():
                found[incident_id] = np.flatnonzero(wanted)
        return found
