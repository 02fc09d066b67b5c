"""ShakeMap contours of intensity (cont_mmi.json) to areas. Source: the ShakeMap manual, product formats."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from services.incidents.intake import contours, geojson, place, safejson, values
from services.incidents.intake.model import Area, Notes, Reading, Refused
from services.incidents.intake.safejson import Object
from services.incidents.intake.usgs_product import product

_LINES: Final = ("MultiLineString", "LineString")


def is_contours(features: Sequence[Any]) -> bool:
    """Whether the first feature that has a geometry is a contour line with a value."""
    first = next((one for one in features if isinstance(one, dict) and isinstance(one.get("geometry"), dict)), None)
    return (
        first is not None
        and isinstance(first.get("properties"), dict)
        and "value" in first["properties"]
        and first["geometry"].get("type") in _LINES
    )


def read_contours(name: str, document: Object, notes: Notes) -> Reading:
    """cont_mmi.json: one area for each level, the strongest first."""
    lines: defaultdict[float, list[contours.Line]] = defaultdict(list)
    for where, feature in safejson.items(document.get("features"), "features"):
        path = f"{where}.properties"
        properties = safejson.as_object(feature.get("properties"), path)
        units = (safejson.maybe_text(properties, "units") or "mmi").lower()
        if units not in ("mmi", "intensity", "mi"):
            raise Refused(f"{path}.units", f"{values.shown(units)} is not intensity (mmi)")
        value = safejson.real(properties, "value", path)
        if not 0 <= value <= 12:
            raise Refused(f"{path}.value", f"{value:g} is no intensity: 0 to 12")
        if feature.get("geometry") is None:
            notes.add(f"{where}.geometry", "is null: this contour has no line")
            continue
        lines[value] += _lines(feature["geometry"], f"{where}.geometry")
    levels = contours.areas(_unwrapped(lines), notes)
    areas = tuple(
        Area(
            description=f"MMI {level.intensity:g} or more",
            polygons=place.to_rings(place.cut(level.shape)),
            intensity=level.intensity,
        )
        for level in levels
    )
    for area in areas:
        for polygon in area.polygons:
            notes.spend(sum(len(ring) for ring in polygon), area.description)
    return Reading(format="usgs-shakemap-contours", alerts=(product(name, notes, areas=areas),))


def _lines(geometry: object, where: str) -> list[contours.Line]:
    record = safejson.as_object(geometry, where)
    if record.get("type") not in _LINES:
        raise Refused(f"{where}.type", f"must be MultiLineString, not {values.shown(record.get('type'))}")
    coordinates = safejson.as_list(record.get("coordinates"), f"{where}.coordinates")
    parts = [coordinates] if record["type"] == "LineString" else coordinates
    found: list[contours.Line] = []
    for index, part in enumerate(parts):
        path = f"{where}.coordinates[{index}]"
        found.append([(lon, lat) for lat, lon in geojson.pairs(part, path, lon_max=geojson.LON_DEG_MAX)])
    return found


def _unwrapped(lines: dict[float, list[contours.Line]]) -> dict[float, list[contours.Line]]:
    """A map over the antimeridian that jumps from 180 to -180 is laid out in one piece."""
    lons = [lon for level in lines.values() for line in level for lon, _ in line]
    if not lons or max(lons) - min(lons) <= 180:
        return dict(lines)
    return {
        value: [[(lon + 360 if lon < 0 else lon, lat) for lon, lat in line] for line in level]
        for value, level in lines.items()
    }
