"""Who is simulated, where they live and how the drill's clock runs: what phones and teams need to know of the world."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from geopy.distance import geodesic

from services.cli.scenario.network_model import Network

Place = tuple[float, float]
"""Latitude and longitude in WGS-84 degrees."""


@dataclass(frozen=True, kw_only=True)
class SimulatedWorld:
    """The seeds, the drill clock, and every simulated volunteer's reference and home by id."""

    seed: int
    incident_seed: str
    factor: float
    epicentre: Place
    refs: Mapping[str, str]
    homes: Mapping[str, Place]
    patience_s: float = 120.0

    def distance_km(self, volunteer_id: str, place: Place) -> float:
        """Geodesic distance from a volunteer's home station."""
        return float(geodesic(self.homes[volunteer_id], place).km)

    def real_s(self, incident_s: float) -> float:
        """How long a wait of incident time takes."""
        return incident_s / self.factor

    async def wait(self, incident_s: float, since: datetime | None = None) -> None:
        """Wait so much incident time, from `since` (real time) or from now."""
        due = (since or datetime.now(UTC)) + timedelta(seconds=self.real_s(incident_s))
        await asyncio.sleep(max(0.0, (due - datetime.now(UTC)).total_seconds()))


def world_of(
    network: Network, ids: Mapping[str, str], *, seed: int, incident_seed: str, factor: float, epicentre: Place
) -> SimulatedWorld:
    """The world that a registered network makes; `ids` gives the register's ids by reference."""
    homes = {station.external_ref: (station.lat_deg, station.lon_deg) for station in network.stations}
    refs = {ids[volunteer.external_ref]: volunteer.external_ref for volunteer in network.volunteers}
    by_id = {ids[volunteer.external_ref]: homes[volunteer.home_station_ref] for volunteer in network.volunteers}
    return SimulatedWorld(
        seed=seed, incident_seed=incident_seed, factor=factor, epicentre=epicentre, refs=refs, homes=by_id
    )
