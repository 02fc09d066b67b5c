"""The loops that keep track of moved positions."""

from __future__ import annotations

from services.geofencing.engine.compiled import compiled
from services.geofencing.engine.layers import ABSENT
from services.geofencing.engine.shapes import Booleans, Floats, Integers


@compiled
def move(
    where: Integers, gone: Booleans, moved_ids: Integers, moved_to: Floats, count: int, ids: Integers, lon_lat: Floats
) -> tuple[int, int]:
    """Put positions among the moved. Returns how many are there now, and how many went from the rows."""
    newly_gone = 0
    for number in range(len(ids)):
        place = where[ids[number]]
        if place >= ABSENT:
            if place != ABSENT:
                gone[place] = True
                newly_gone += 1
            place = -2 - count
            where[ids[number]] = place
            moved_ids[count] = ids[number]
            count += 1
        moved_to[-2 - place, 0], moved_to[-2 - place, 1] = lon_lat[number, 0], lon_lat[number, 1]
    return count, newly_gone


@compiled
def remove(
    where: Integers, gone: Booleans, moved_ids: Integers, moved_to: Floats, count: int, ids: Integers
) -> tuple[int, int]:
    """Take positions away. Returns as `move` does."""
    newly_gone = 0
    for number in range(len(ids)):
        if ids[number] >= len(where):
            continue
        place = where[ids[number]]
        where[ids[number]] = ABSENT
        if place > ABSENT:
            gone[place] = True
            newly_gone += 1
        elif place < ABSENT:
            count -= 1
            hole = -2 - place
            if hole != count:  # the last one takes its place
                moved_ids[hole] = moved_ids[count]
                moved_to[hole, 0], moved_to[hole, 1] = moved_to[count, 0], moved_to[count, 1]
                where[moved_ids[hole]] = place
    return count, newly_gone
