"""Stations with complete defaults."""

from __future__ import annotations

from typing import Any

from services.registry.stations.decide import station_of
from services.registry.stations.model import Station, StationEntry


def station_item(**changes: Any) -> dict[str, Any]:
    """A station as it stands in a batch."""
    return {
        "ref": "S-001",
        "kind": "emergency-station",
        "tier": "county",
        "name_zh": "都江堰心理应急站",
        "name_en": "Dujiangyan emergency station",
        "area_code": "510181",
        "lat_deg": 31.0,
        "lon_deg": 103.6,
        "languages": ["cmn"],
        **changes,
    }


def station(**changes: Any) -> Station:
    """A station as it stands in the register."""
    return station_of(StationEntry.model_validate(station_item(**changes)))


def station_entry(**changes: Any) -> StationEntry:
    """The entry of such a station."""
    return StationEntry.model_validate(station_item(**changes))
