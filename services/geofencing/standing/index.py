"""Which standing zones may concern which positions. Pure: a search tree over all zones of all incidents, and for whole
nations of positions the compiled engine, whose loading alone takes longer than the tree takes for some thousands."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property
from typing import Final
from uuid import UUID

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import STRtree

from services.geofencing import engine
from services.geofencing.geometry import Floats, directions
from services.geofencing.measure import MeasuredZones

MANY: Final = 20_000
"""From so many positions on the engine is asked."""


class ZoneIndex:
    """The zones of incidents, in a tree that is made once. It leaves out only pairs that are certainly apart."""

    def __init__(self, zones: Mapping[UUID, MeasuredZones]) -> None:
        self.zones = zones
        pairs = [(number, target) for number, one in enumerate(zones.values()) for target in one.targets]
        self._owner = np.array([number for number, _ in pairs], dtype=np.intp)
        self._globes = [target.globe for _, target in pairs]
        self._tree = STRtree(self._globes)

    def candidates(self, lon_lat: Floats, near_km: float, only: Collection[UUID]) -> dict[UUID, NDArray[np.intp]]:
        """By incident of some: the positions inside one of its zones, and those that may lie near its gravest."""
        points, hits = self._inside(lon_lat)
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

    def _inside(self, lon_lat: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Positions and the zones that hold them, as two columns."""
        if len(lon_lat) >= MANY:
            return self._compiled.holding(lon_lat)
        points, hits = self._tree.query(shapely.points(lon_lat), predicate="intersects")
        return points, hits

    @cached_property
    def _compiled(self) -> engine.ZoneIndex:
        return engine.ZoneIndex(dict(enumerate(self._globes)))
