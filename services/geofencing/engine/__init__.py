"""The geofence engine: who is in this shape, and which zones has this position entered or left. Pure.

Everything is planar in longitude and latitude, edges are straight lines in degrees, and answers are exact: a
position on an edge or a corner is inside, and rounding never decides. How it works: docs/geofencing.md.

- `PointIndex` holds many positions, which may move, and answers which of them a polygon holds.
- `ZoneIndex` holds many zones and tells, when positions move, which zones they entered and left.

Nothing here imports Numba until the first index is made; `warm_up` gets that and compiling over with beforehand.
"""

from services.geofencing.engine.points import PointIndex
from services.geofencing.engine.warm import warm_up
from services.geofencing.engine.zones import Crossings, ZoneIndex

__all__ = ["Crossings", "PointIndex", "ZoneIndex", "warm_up"]
