"""Zones as answers, and back as shapes."""

from __future__ import annotations

from typing import Any, Final

import orjson
from fastapi import Response
from shapely import MultiPolygon
from shapely.geometry import shape

from schemas.events.zone import Zone

GEO_JSON: Final = "application/geo+json"


def geo_json(document: dict[str, Any]) -> Response:
    """A document that is GeoJSON."""
    return Response(orjson.dumps(document), media_type=GEO_JSON)


def globe_of(zone: Zone) -> MultiPolygon:
    """A zone's ground."""
    return shape(zone.geometry.model_dump())
