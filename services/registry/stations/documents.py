"""Stations as they are shown. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.registry.stations.decide import as_json, is_open_now, takes_part
from services.registry.stations.hours import next_change_at
from services.registry.stations.model import Station


def station_document(station: Station) -> dict[str, Any]:
    """A station in a list."""
    return {
        "station_id": station.station_id,
        "ref": station.ref,
        **as_json(station),
        "is_stale": station.is_stale,
    }


def detailed_document(station: Station, now: datetime) -> dict[str, Any]:
    """One station, with whether somebody can be helped there now (None: its hours are not known) and until when."""
    hours = station.opening_hours
    changes_at = None if hours is None or not takes_part(station) else next_change_at(hours, now)
    return {**station_document(station), "open_now": is_open_now(station, now), "open_now_changes_at": changes_at}
