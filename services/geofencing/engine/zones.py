"""Standing zones and members that move: which zones a new position entered and left."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import ArrayLike

from services.geofencing.engine.grid import Grid, lay_out
from services.geofencing.engine.points import checked, checked_ids
from services.geofencing.engine.shapes import Booleans, Floats, Integers

_BITS: Final = 64
_ROWS_MIN: Final = 1024


@dataclass(frozen=True, slots=True)
class Crossings:
    """Who entered or left what: three columns of one length, in the order of the positions that caused them."""

    member: Integers
    zone: Integers
    entered: Booleans
    """False: left."""

    def __len__(self) -> int:
        return len(self.member)


class ZoneIndex:
    """Zones by id, members by id; `update` tells which zones members entered and left.

    Member ids are row numbers in a table of the caller's: memory grows with the largest (16 bytes, and 8 for every 64
    zones). Zone ids are any integers. Zones may lie over one another. Positions are degrees, longitude first. May be
    called from any thread.
    """

    def __init__(self, zones: Mapping[int, shapely.Geometry]) -> None:
        """Valid Polygons and MultiPolygons. Raises TypeError and ValueError as `PointIndex.query` does."""
        self._lock = threading.Lock()
        self._zones: Integers = _ids(zones)
        self._grid = lay_out(list(zones.values()))
        self._at: Floats = np.empty((0, 2))
        """Where members are; not a number where nobody knows."""
        self._held: Integers = np.empty((0, _words(len(zones))), np.int64)
        """A bit per zone that holds the member."""

    def update(self, members: ArrayLike, lon_lat: ArrayLike) -> Crossings:
        """Set n members' positions (n, 2), in order, and tell what they crossed. Raises ValueError for bad ones."""
        numbers, positions = checked(members, lon_lat)
        with self._lock:
            self._make_room(numbers)
            return self._cross(numbers, positions)

    def forget(self, members: ArrayLike) -> Crossings:
        """Members without a position leave all zones; those that have none are passed over."""
        numbers = np.unique(checked_ids(members))
        with self._lock:
            numbers = numbers[numbers < len(self._at)]
            left = self._crossings(numbers, self._held[numbers], entered=False)
            self._at[numbers], self._held[numbers] = np.nan, 0
            return left

    def redraw(self, zones: Mapping[int, shapely.Geometry]) -> Crossings:
        """Put these zones in place of all there were, and tell whom that puts into other zones than before: first who
        left zones that are no more."""
        ids, grid = _ids(zones), lay_out(list(zones.values()))
        places = {zone: place for place, zone in enumerate(ids.tolist())}
        with self._lock:
            held = np.zeros((len(self._at), _words(len(ids))), np.int64)
            lifted = np.zeros(self._held.shape[1], np.int64)
            for old, zone in enumerate(self._zones.tolist()):
                if zone in places:
                    held[:, places[zone] // _BITS] |= _bit(self._held, old) << places[zone] % _BITS
                else:
                    lifted[old // _BITS] |= np.int64(1) << old % _BITS
            known = np.flatnonzero(~np.isnan(self._at[:, 0]))
            left = self._crossings(known, self._held[known] & lifted, entered=False)
            self._zones, self._grid, self._held = ids, grid, held
            moved = self._cross(known, self._at[known])
        return Crossings(
            np.concatenate((left.member, moved.member)),
            np.concatenate((left.zone, moved.zone)),
            np.concatenate((left.entered, moved.entered)),
        )

    def holding(self, lon_lat: ArrayLike) -> tuple[Integers, Integers]:
        """Which zones hold which of n positions (n, 2), of nobody in particular: two columns, the places of positions
        and the ids of zones."""
        nobody, positions = checked(np.arange(np.shape(lon_lat)[0]), lon_lat)
        with self._lock:
            grid, zones = self._grid, self._zones
        place, zone, _ = _crossed(grid, np.zeros((len(nobody), _words(len(zones))), np.int64), nobody, positions)
        return place, zones[zone]

    def zones_of(self, member: int) -> list[int]:
        """The ids of the zones that hold a member."""
        with self._lock:
            if not 0 <= member < len(self._held):
                return []
            return [int(zone) for zone in self._crossings(np.array([member]), self._held[[member]], entered=True).zone]

    def _make_room(self, members: Integers) -> None:
        largest = int(members.max(initial=-1))
        if largest < len(self._at):
            return
        size = max(largest + 1, 2 * len(self._at), _ROWS_MIN)
        at, held = np.full((size, 2), np.nan), np.zeros((size, self._held.shape[1]), np.int64)
        at[: len(self._at)], held[: len(self._at)] = self._at, self._held
        self._at, self._held = at, held

    def _cross(self, members: Integers, lon_lat: Floats) -> Crossings:
        self._at[members] = lon_lat  # the last one of those that come twice
        member, place, entered = _crossed(self._grid, self._held, members, lon_lat)
        return Crossings(member, self._zones[place], entered != 0)

    def _crossings(self, members: Integers, held: Integers, *, entered: bool) -> Crossings:
        """One for every bit of each member's row."""
        bits = np.unpackbits(held.astype("<i8").view(np.uint8), axis=1, bitorder="little")
        row, place = np.nonzero(bits)
        return Crossings(members[row], self._zones[place], np.full(len(row), entered))


_NOBODY: Final = np.empty((0, 3), np.int64)


def _crossed(grid: Grid, held: Integers, members: Integers, lon_lat: Floats) -> Integers:
    """Members, places of zones, and 1 for entered or 0 for left, as three rows; `held` is brought up to date."""
    from services.geofencing.engine import loops

    found, done = [], 0
    while done < len(members):
        crossed = np.empty((_BITS * held.shape[1] + len(members), 3), np.int64)
        done, count = loops.cross(*grid, held, done, members, lon_lat, crossed)
        found.append(crossed[:count])
    return (found[0] if len(found) == 1 else np.concatenate((_NOBODY, *found))).T


def _ids(zones: Mapping[int, shapely.Geometry]) -> Integers:
    return np.array(list(zones), dtype=np.int64)


def _words(zones: int) -> int:
    return max(-(-zones // _BITS), 1)


def _bit(held: Integers, place: int) -> Integers:
    return (held[:, place // _BITS] >> place % _BITS) & 1
