"""Many positions, which may move, and which of them a polygon holds."""

from __future__ import annotations

import threading
from typing import Final

import numpy as np
import shapely
from numpy.typing import ArrayLike

from services.geofencing.engine.layers import Layers
from services.geofencing.engine.shapes import Floats, Integers, check_domain, outline
from services.geofencing.engine.sorting import sort_into_rows


class PointIndex:
    """Positions by id; `query` tells which of them a polygon holds.

    An id is a row number in a table of the caller's: memory grows with the largest id (8 bytes each; 25 more for each
    position). Positions are degrees, longitude first.

    Most positions lie sorted; those that moved since wait beside them and are looked at one by one, so queries slow
    down until `resort` is called: after every few thousand moves, in a thread. Everything may be called from any
    thread, and queries see at once what was moved and removed before.
    """

    def __init__(self, ids: ArrayLike, lon_lat: ArrayLike) -> None:
        """`ids` are n different integers from 0 on, `lon_lat` is (n, 2). Raises ValueError for anything else."""
        numbers, positions = checked(ids, lon_lat)
        if len(np.unique(numbers)) != len(numbers):
            raise ValueError("an id is there twice")
        self._lock = threading.Lock()
        self._one_resort = threading.Lock()
        self._touched: list[Integers] | None = None
        """What moved or went while a resort works."""
        self._layers = Layers(sort_into_rows(numbers, positions[:, 0], positions[:, 1]))

    def __len__(self) -> int:
        return len(self._layers)

    @property
    def unsorted(self) -> int:
        """How many positions wait for the next `resort`."""
        return self._layers.moved_count

    def query(self, shape: shapely.Polygon | shapely.MultiPolygon) -> Integers:
        """The ids of the positions in a valid shape or on its edge, in no order.

        Raises TypeError for what is no polygon, ValueError for corners outside the numbers that can be exact.
        """
        lines = outline(shape)
        with self._lock:
            return self._layers.within(lines)

    def move(self, ids: ArrayLike, lon_lat: ArrayLike) -> None:
        """Set the positions of ids, new ones included; the last one counts if an id comes twice."""
        numbers, positions = checked(ids, lon_lat)
        with self._lock:
            self._note(numbers)
            self._layers.move(numbers, positions)

    def remove(self, ids: ArrayLike) -> None:
        """Forget positions; ids that have none are passed over."""
        numbers = checked_ids(ids)
        with self._lock:
            self._note(numbers)
            self._layers.remove(numbers)

    def resort(self) -> None:
        """Sort the moved positions in among the others. Queries and moves go on meanwhile."""
        with self._one_resort:
            with self._lock:
                rows, staying = self._layers.rows, ~self._layers.gone
                moved_ids, moved_to = self._layers.moved_ids.copy(), self._layers.moved_to.copy()
                self._touched = []
            layers = Layers(
                sort_into_rows(
                    np.concatenate((rows.ids[staying], moved_ids)),
                    np.concatenate((rows.x[staying], moved_to[:, 0])),
                    np.concatenate((rows.y[staying], moved_to[:, 1])),
                )
            )
            with self._lock:
                touched = np.unique(np.concatenate((*self._touched, moved_ids[:0])))
                layers.remove(touched)
                layers.move(*self._layers.moved_among(touched))
                self._layers, self._touched = layers, None

    def _note(self, ids: Integers) -> None:
        if self._touched is not None:
            self._touched.append(ids.copy())


_LAYOUT: Final = ("C_CONTIGUOUS", "WRITEABLE")
"""Loops are compiled anew for every other one."""


def checked_ids(ids: ArrayLike) -> Integers:
    """Ids as an array. Raises ValueError unless they are integers from 0 on."""
    given = np.asarray(ids)
    if given.ndim != 1 or (given.size and given.dtype.kind not in "iu"):
        raise ValueError("ids are a row of integers")
    numbers = np.require(given, np.int64, _LAYOUT)
    if numbers.size and numbers.min() < 0:
        raise ValueError("ids are from 0 on")
    return numbers


def checked(ids: ArrayLike, lon_lat: ArrayLike) -> tuple[Integers, Floats]:
    """Ids and as many positions as arrays. Raises ValueError for anything else."""
    numbers = checked_ids(ids)
    positions = np.require(lon_lat, np.float64, _LAYOUT)
    if positions.shape != (len(numbers), 2):
        raise ValueError(f"{len(numbers)} ids need positions of shape ({len(numbers)}, 2), not {positions.shape}")
    check_domain(positions, "position")
    return numbers, positions
