"""The people behind the zones, by id only. Nothing here does I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.geofencing.whereabouts.freshness import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Somebody:
    """A volunteer, and the place of theirs that counts: where it is known from, since when, and how exactly.

    `channels` are the kinds by which they can be paged; None: nobody said.
    """

    volunteer_id: UUID
    home_station_id: UUID
    roles: tuple[str, ...]
    languages: tuple[str, ...]
    deployable: bool
    reasons: tuple[str, ...]
    channels: tuple[str, ...] | None
    lat_deg: float
    lon_deg: float
    source: Source
    known_at: datetime
    accuracy_m: float | None
    is_exact: bool
