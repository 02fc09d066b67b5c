"""The open incidents as this process knows them, so that declaring need not ask the database what lies near.

Its own come in at once, those of other processes with the next reload. What is missed in between the second look finds.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from schemas.vocabulary import IncidentKind
from services.incidents.geometry import Box
from services.incidents.sameness import store
from services.incidents.sameness.decide import Happening, Thresholds, around
from services.incidents.templates.store import Templates
from services.kit.db import is_transient
from services.kit.log import describe_error, get_logger

log = get_logger(__name__)

RELOAD_S: Final = 10.0
LOOKED_AT_MAX: Final = 1_000
"""Incidents looked at on either side of the moment; more are open at once only in a flood."""
_AT: Final = attrgetter("occurred_at")


class KnownOpen:
    """Open incidents by kind and world, each list in the order of time."""

    def __init__(self) -> None:
        self._lists: dict[tuple[IncidentKind, bool], list[Happening]] = defaultdict(list)
        self._kept: dict[UUID, tuple[IncidentKind, bool]] = {}
        self.is_loaded = False

    def add(self, kind: IncidentKind, exercise: bool, happening: Happening) -> None:
        """An incident was declared."""
        if happening.incident_id not in self._kept:
            self._kept[happening.incident_id] = kind, exercise
            insort(self._lists[kind, exercise], happening, key=_AT)

    def forget(self, incident_id: UUID) -> None:
        """An incident is open no more."""
        kept = self._kept.pop(incident_id, None)
        if kept is not None:
            self._lists[kept] = [one for one in self._lists[kept] if one.incident_id != incident_id]

    def replace(self, found: Iterable[tuple[IncidentKind, bool, Happening]]) -> None:
        """These are all."""
        self._lists, self._kept = defaultdict(list), {}
        for kind, exercise, happening in sorted(found, key=lambda one: one[2].occurred_at):
            self._kept[happening.incident_id] = kind, exercise
            self._lists[kind, exercise].append(happening)
        self.is_loaded = True

    def near(
        self, kind: IncidentKind, exercise: bool, at: datetime, box: Box, thresholds: Thresholds
    ) -> tuple[Happening, ...]:
        """What `store.look_around` would find, as far as it is known here."""
        listed = self._lists.get((kind, exercise), [])
        middle = bisect_right(listed, at, key=_AT)
        within = around(box, thresholds.apart_km)
        before = _near(reversed(listed[max(middle - LOOKED_AT_MAX, 0) : middle]), at, within, thresholds.apart)
        after = _near(listed[middle : middle + LOOKED_AT_MAX], at, within, thresholds.apart)
        return (*islice(before, store.NEARBY_MAX), *islice(after, store.NEARBY_MAX))


def _near(listed: Iterable[Happening], at: datetime, within: Box, apart: timedelta) -> Iterator[Happening]:
    for one in listed:
        if abs(one.occurred_at - at) > apart:
            return
        if one.box.meets(within):
            yield one


async def reload_for_ever(pool: Any, known: KnownOpen, templates: Templates) -> None:
    """Keep what this process knows fresh."""
    while True:
        try:
            async with pool.acquire() as connection:
                known.replace(await store.read_open(connection))
                await templates.now(connection)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("incidents.reload-postponed", error=describe_error(error))
        await asyncio.sleep(RELOAD_S)
