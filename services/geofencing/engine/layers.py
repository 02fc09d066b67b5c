"""Sorted positions and, beside them, those that moved since they were sorted. For one thread at a time."""

from __future__ import annotations

from typing import Final

import numpy as np

from services.geofencing.engine.shapes import Floats, Integers, Outline
from services.geofencing.engine.sorting import Rows

ABSENT: Final = -1
_ROOM: Final = 64


class Layers:
    """`where[id]` is the place of a position: from 0 on in the rows, below `ABSENT` at -2 - place among the moved."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.gone = np.zeros(len(rows.ids), np.bool_)
        self.gone_count = 0
        self.moved_count = 0
        self._moved_ids: Integers = np.empty(_ROOM, np.int64)
        self._moved_to: Floats = np.empty((_ROOM, 2))
        self._where: Integers = np.full(int(rows.ids.max(initial=-1)) + 1, ABSENT, np.int64)
        self._where[rows.ids] = np.arange(len(rows.ids))

    def __len__(self) -> int:
        return len(self.rows.ids) - self.gone_count + self.moved_count

    @property
    def moved_ids(self) -> Integers:
        """The ids of the moved positions."""
        return self._moved_ids[: self.moved_count]

    @property
    def moved_to(self) -> Floats:
        """Where they are, (n, 2)."""
        return self._moved_to[: self.moved_count]

    def move(self, ids: Integers, lon_lat: Floats) -> None:
        """Set positions; the last one counts if an id comes twice."""
        from services.geofencing.engine import moving

        self._make_room(ids)
        self.moved_count, gone = moving.move(
            self._where, self.gone, self._moved_ids, self._moved_to, self.moved_count, ids, lon_lat
        )
        self.gone_count += gone

    def remove(self, ids: Integers) -> None:
        """Forget positions; ids without one are passed over."""
        from services.geofencing.engine import moving

        self.moved_count, gone = moving.remove(
            self._where, self.gone, self._moved_ids, self._moved_to, self.moved_count, ids
        )
        self.gone_count += gone

    def within(self, lines: Outline) -> Integers:
        """The ids of the positions in a shape."""
        from services.geofencing.engine import loops

        edges, rows = (lines.x, lines.y, lines.first, lines.last), self.rows
        bottom, starts, chain, west, east = loops.spread(*edges, lines.box, rows.low, rows.high)
        ends = np.empty(rows.start[bottom + len(starts) - 1] - rows.start[bottom] + 1, np.int64)
        count = loops.runs(*edges, bottom, starts, chain, west, east, rows.x, rows.y, rows.start, ends)
        most = int((ends[1:count:2] - ends[:count:2]).sum()) + self.moved_count
        found = np.empty(most, np.int64)
        sorted_ones = loops.gather(ends, count, rows.ids, self.gone, self.gone_count > 0, found)
        if not self.moved_count:
            return found[:sorted_ones]
        places = np.empty(self.moved_count, np.int64)
        moved = loops.singles(*edges, lines.box, self.moved_to, places)
        found[sorted_ones : sorted_ones + moved] = self._moved_ids[places[:moved]]
        return found[: sorted_ones + moved]

    def moved_among(self, ids: Integers) -> tuple[Integers, Floats]:
        """Those of some ids that are among the moved, and where they are."""
        places = self._where[ids[ids < len(self._where)]]
        places = -2 - places[places < ABSENT]
        return self._moved_ids[places], self._moved_to[places]

    def _make_room(self, ids: Integers) -> None:
        largest = int(ids.max(initial=-1))
        if largest >= len(self._where):
            wider = np.full(max(largest + 1, 2 * len(self._where)), ABSENT, np.int64)
            wider[: len(self._where)] = self._where
            self._where = wider
        needed = self.moved_count + len(ids)
        if needed > len(self._moved_ids):
            moved_ids, moved_to = self.moved_ids, self.moved_to
            self._moved_ids, self._moved_to = np.empty(2 * needed, np.int64), np.empty((2 * needed, 2))
            self._moved_ids[: self.moved_count], self._moved_to[: self.moved_count] = moved_ids, moved_to
