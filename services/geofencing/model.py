"""What geofencing works with. Nothing here does I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from shapely import MultiPolygon

from schemas.events.zone import StationInReach, Zone
from schemas.values import Explanation, IntensityContour, IntensityObservation, Venue
from schemas.vocabulary import IncidentKind, Level, ZoneKind

GRAVEST_FIRST: Final = (ZoneKind.CORE, ZoneKind.AFFECTED, ZoneKind.RIPPLE)


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What is known of an incident when its zones are drawn. `place` is a GeoJSON geometry."""

    kind: IncidentKind
    level: Level
    place: Mapping[str, Any]
    radius_m: float = 0.0
    magnitude: float | None = None
    observations: tuple[IntensityObservation, ...] = ()
    contours: tuple[IntensityContour, ...] = ()
    venues: tuple[Venue, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Rings:
    """How far the affected and the ripple zone reach from the edge of the core, where nothing better is known."""

    affected_km: float
    ripple_km: float


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What an operator may set."""

    rings: Mapping[Level, Rings]
    core_radius_min_m: float
    reach_km: float
    stations_max: int
    members_near_km: float
    rings_km: tuple[float, ...]


@dataclass(frozen=True)
class Drawn:
    """A zone before it has an id."""

    kind: ZoneKind
    globe: MultiPolygon
    explanation: Explanation


@dataclass(frozen=True)
class People:
    """Volunteers who may be asked now, as columns. `lon_lat` is (n, 2) in degrees."""

    ids: tuple[UUID, ...]
    lon_lat: NDArray[np.float64]

    @classmethod
    def of(cls, rows: Iterable[tuple[UUID, float, float]]) -> People:
        """From (id, lon, lat) in any order; kept in that of the ids."""
        ordered = sorted(rows, key=lambda row: row[0].bytes)
        positions = np.array([(lon, lat) for _, lon, lat in ordered], dtype=np.float64).reshape(-1, 2)
        return cls(tuple(volunteer_id for volunteer_id, _, _ in ordered), positions)

    def at(self, positions: NDArray[np.intp]) -> People:
        """Those at these places of the columns."""
        return People(tuple(self.ids[position] for position in positions.tolist()), self.lon_lat[positions])


@dataclass(frozen=True)
class StationTable:
    """The open stations, as columns in the order of their ids. `lon_lat` is (n, 2) in degrees."""

    ids: tuple[UUID, ...]
    lon_lat: NDArray[np.float64]

    @classmethod
    def of(cls, rows: list[tuple[UUID, float, float]]) -> StationTable:
        """From (id, lon, lat) in any order."""
        rows = sorted(rows, key=lambda row: row[0].bytes)
        positions = np.array([(lon, lat) for _, lon, lat in rows], dtype=np.float64).reshape(-1, 2)
        return cls(tuple(station_id for station_id, _, _ in rows), positions)


@dataclass(frozen=True)
class Fence:
    """The zones of an incident, gravest first, and the stations in reach, nearest first."""

    zones: tuple[Zone, ...]
    stations: tuple[StationInReach, ...]


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What of a fence is different from the one before. Zones and stations by id, in the order of the fence."""

    zones_new: tuple[UUID, ...] = ()
    zones_changed: tuple[UUID, ...] = ()
    zones_lifted: tuple[UUID, ...] = ()
    stations_entered: tuple[UUID, ...] = ()
    stations_left: tuple[UUID, ...] = ()
    stations_moved: bool = False
    """Whether a station is at another distance, in another direction or in another zone than before."""

    def __bool__(self) -> bool:
        return self != Difference()
