"""Keeps the gazetteer in memory, made when first asked and anew when the areas have changed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from functools import partial
from pathlib import Path

from services.incidents.areas import store
from services.incidents.areas.model import KnownArea
from services.incidents.gazetteer.entries import area_entries, list_entries, merged, town_entries
from services.incidents.gazetteer.geocoder import OfflineGazetteer
from services.incidents.gazetteer.model import Entry
from services.incidents.gazetteer.search import Index
from services.kit.runtime import Runtime


class Desk:
    """The index of all places that are known. Only what needs a name to be found pays for it."""

    def __init__(self, runtime: Runtime, places_file: Path | None = None) -> None:
        self._runtime = runtime
        self._places_file = places_file
        self._fixed: list[Entry] | None = None
        self._fingerprint: store.Fingerprint | None = None
        self._index = Index(())
        self._making = asyncio.Lock()

    async def index(self) -> Index:
        """The index as the areas now stand. Making it takes one or two seconds, beside the event loop."""
        async with self._making:
            async with self._runtime.pool.acquire(timeout=self._runtime.settings.pool_acquire_timeout_s) as connection:
                fingerprint = await store.fingerprint(connection)
                if fingerprint == self._fingerprint:
                    return self._index
                areas = await store.load_all(connection)
            self._index = await asyncio.to_thread(self._make, areas)
            self._fingerprint = fingerprint
            return self._index

    async def gazetteer(self, on: date) -> OfflineGazetteer:
        """The index as geopy's geocoder, on a day."""
        return await asyncio.to_thread(partial(OfflineGazetteer, await self.index(), on))

    def _make(self, areas: Sequence[KnownArea]) -> Index:
        if self._fixed is None:
            self._fixed = [*town_entries(), *(list_entries(self._places_file) if self._places_file else ())]
        return Index(merged(area_entries(areas), self._fixed))
