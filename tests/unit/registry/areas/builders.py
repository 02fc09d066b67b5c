"""Areas with complete defaults."""

from __future__ import annotations

from typing import Any

from schemas.events.area import AreaSource

SOURCE = {"name": "Test pack", "licence": "CC0", "sha256": "ab" * 32}
PACK = AreaSource(**SOURCE)


def square(west: float, south: float, size: float = 1.0) -> dict[str, Any]:
    """A GeoJSON square."""
    east, north = west + size, south + size
    return {
        "type": "Polygon",
        "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]],
    }


def area_item(**changes: Any) -> dict[str, Any]:
    """An area as it stands in a batch."""
    return {"code": "513221", "name_zh": "汶川县", "name_en": "Wenchuan County", "tier": "county", **changes}
