"""Making the loops ready before they are needed."""

from __future__ import annotations

import shapely

from services.geofencing.engine.points import PointIndex
from services.geofencing.engine.zones import ZoneIndex


def warm_up() -> None:
    """Compile all loops, or read them from disk: seconds the first time on a machine, else a fraction of one. For a
    thread at the start of whoever uses the engine."""
    square = shapely.box(0, 0, 1, 1)
    points = PointIndex([0, 1], [(0.5, 0.5), (2.0, 2.0)])
    points.move([1, 2], [(0.5, 0.5), (1.0, 1.0)])
    points.query(square)
    points.remove([1])
    points.resort()
    ZoneIndex({0: square}).update([0], [(0.5, 0.5)])
