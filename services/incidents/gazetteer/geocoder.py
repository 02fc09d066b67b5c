"""The gazetteer as a geopy geocoder, so that code written for geopy can use it. It opens no connection.

`geocode` answers None rather than a guess: with `exactly_one=False` it answers all candidates, guesses marked in `raw`.
Positions are asked as tuples, never as text: geopy's parser of positions has been slow on hostile text.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import numpy as np
from geopy.geocoders.base import Geocoder
from geopy.location import Location
from numpy.typing import NDArray

from services.incidents.gazetteer.model import CANDIDATES_MAX, Candidate, Entry
from services.incidents.gazetteer.search import Index

EARTH_M: Final = 6_371_009.0


class OfflineGazetteer(Geocoder):  # type: ignore[misc]  # geopy has no types
    """Geocodes over an index as it stands on a day."""

    def __init__(self, index: Index, on: date) -> None:
        super().__init__()
        self._index = index
        self._on = on
        self._placed = [entry for entry in index.entries.values() if entry.position is not None]
        self._radians: NDArray[np.float64] = np.radians(
            np.array([(e.position.lat_deg, e.position.lon_deg) for e in self._placed if e.position]).reshape(-1, 2)
        )

    def geocode(self, query: str, *, exactly_one: bool = True, limit: int = CANDIDATES_MAX) -> Any:
        """The place that is certainly meant, or None; with `exactly_one=False` all candidates with a position."""
        found = self._index.find(query, self._on, limit=limit)
        if exactly_one:
            certain = found.certain
            return None if certain is None or certain.entry.position is None else _location(certain)
        return [_location(one) for one in found.candidates if one.entry.position is not None] or None

    def reverse(self, query: tuple[float, float], *, exactly_one: bool = True, limit: int = CANDIDATES_MAX) -> Any:
        """The nearest places to (lat, lon) in degrees, nearest first, with their distance in `raw`."""
        near = self.nearest(*query, limit=1 if exactly_one else limit)
        locations = [
            Location(self._address(entry), query, {"key": entry.key, "distance_m": distance_m})
            for entry, distance_m in near
        ]
        return (locations[0] if locations else None) if exactly_one else (locations or None)

    def _address(self, entry: Entry) -> str:
        return _address(entry, self._index.parents_of(entry))

    def nearest(self, lat_deg: float, lon_deg: float, *, limit: int) -> list[tuple[Entry, float]]:
        """The nearest entries with a position, and how far they are on the sphere."""
        lat, lon = np.radians((lat_deg, lon_deg))
        lats, lons = self._radians[:, 0], self._radians[:, 1]
        half = np.sin((lats - lat) / 2) ** 2 + np.cos(lat) * np.cos(lats) * np.sin((lons - lon) / 2) ** 2
        distances = 2 * EARTH_M * np.arcsin(np.minimum(1.0, np.sqrt(half)))
        order = np.argsort(distances, kind="stable")[:limit]
        return [(self._placed[i], float(distances[i])) for i in order]


def _location(candidate: Candidate) -> Location:
    position = candidate.entry.position
    assert position is not None
    raw = {"key": candidate.entry.key, "score": candidate.score, "is_guess": candidate.is_guess, "rest": candidate.rest}
    return Location(_address(candidate.entry, candidate.parents), (position.lat_deg, position.lon_deg), raw)


def _address(entry: Entry, parents: tuple[Entry, ...]) -> str:
    return "".join(one.name_zh or f" {one.name_en}" for one in (*parents, entry)).strip()
