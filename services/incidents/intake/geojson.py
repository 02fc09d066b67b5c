"""GeoJSON geometry (RFC 7946: lon, lat) to the rings of `model`, where pairs are (lat, lon)."""

from __future__ import annotations

from typing import Any, Final

from services.incidents.intake import safejson, values
from services.incidents.intake.model import Notes, Pair, Refused

LON_DEG_MAX: Final = 360.0
Polygon = tuple[tuple[Pair, ...], ...]


def point(geometry: object, where: str) -> tuple[Pair, float | None]:
    """(lat, lon) of a Point, and its third number if it has one."""
    record = safejson.as_object(geometry, where)
    if record.get("type") != "Point":
        raise Refused(f"{where}.type", f"must be Point, not {values.shown(record.get('type'))}")
    place = f"{where}.coordinates"
    numbers = safejson.as_list(record.get("coordinates"), place)
    if len(numbers) not in (2, 3):
        raise Refused(place, "must be [lon, lat] or [lon, lat, depth]")
    lon, lat = safejson.real_of(numbers[0], f"{place}[0]"), safejson.real_of(numbers[1], f"{place}[1]")
    third = None if len(numbers) == 2 or numbers[2] is None else safejson.real_of(numbers[2], f"{place}[2]")
    return values.position(lat, lon, place), third


def polygons(geometry: object, where: str, notes: Notes) -> tuple[Polygon, ...]:
    """The polygons of a Polygon, a MultiPolygon or a collection of them."""
    record = safejson.as_object(geometry, where)
    form, place = record.get("type"), f"{where}.coordinates"
    if form == "GeometryCollection":
        members = safejson.items(record.get("geometries"), f"{where}.geometries")
        return tuple(
            shape for path, member in members if _is_flat(member, path) for shape in polygons(member, path, notes)
        )
    if form == "Polygon":
        return (_polygon(record.get("coordinates"), place, notes),)
    if form == "MultiPolygon":
        parts = safejson.as_list(record.get("coordinates"), place)
        return tuple(_polygon(part, f"{place}[{index}]", notes) for index, part in enumerate(parts))
    raise Refused(f"{where}.type", f"must be Polygon or MultiPolygon, not {values.shown(form)}")


def _is_flat(member: dict[str, Any], where: str) -> bool:
    if member.get("type") == "GeometryCollection":
        raise Refused(where, "is a collection inside a collection")
    return True


def _polygon(rings: object, where: str, notes: Notes) -> Polygon:
    found = safejson.as_list(rings, where)
    if not found:
        raise Refused(where, "is empty")
    return tuple(
        values.close(pairs(ring, f"{where}[{index}]"), f"{where}[{index}]", notes) for index, ring in enumerate(found)
    )


def pairs(line: object, where: str, *, lon_max: float = 180.0) -> list[Pair]:
    """(lat, lon) of a line of positions [lon, lat]. Maps over the antimeridian may go on beyond 180: see `lon_max`."""
    found: list[Pair] = []
    for item in safejson.as_list(line, where):
        if not isinstance(item, list) or len(item) not in (2, 3):
            raise Refused(f"{where}[{len(found)}]", "must be a position [lon, lat]")
        lon, lat = item[0], item[1]
        if type(lon) is not float or type(lat) is not float:
            lon = safejson.real_of(lon, f"{where}[{len(found)}][0]")
            lat = safejson.real_of(lat, f"{where}[{len(found)}][1]")
        if not (-90.0 <= lat <= 90.0 and -lon_max <= lon <= lon_max):
            values.position(lat, lon, f"{where}[{len(found)}]")
        found.append((lat, lon))
    return found
