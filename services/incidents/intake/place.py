"""From what a feed calls an area to GeoJSON: (lat, lon) becomes (lon, lat), circles become rings, seams are cut."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Final

import shapely
from pyproj import Geod
from shapely import affinity
from shapely.geometry import Polygon

from schemas.values import Geometry, MultiPolygonGeometry, PointGeometry, PolygonGeometry
from services.incidents.intake.contours import polygons_of
from services.incidents.intake.model import Area, Circle, Pair

VERTICES_MAX: Final = 10_000
POINT_RADIUS_KM: Final = 1.0
"""Several bare points of one alert are drawn as small circles, so that one shape holds them all."""
_CIRCLE_POINTS: Final = 72
_GEOD: Final = Geod(ellps="WGS84")
_WORLD: Final = shapely.box(-180, -90, 180, 90)
_MERIDIAN_KM: Final = 20_003.9
"""From pole to pole on the ellipsoid."""


def geometry_of(areas: Sequence[Area]) -> tuple[Geometry | None, float, tuple[str, ...]]:
    """The place (None: none is named), the radius in metres around a point, and what had to be mended."""
    notes: list[str] = []
    rings = {polygon for area in areas for polygon in area.polygons}
    circles = {circle for area in areas for circle in area.circles}
    points = {Circle(lat, lon, 0.0) for area in areas for lat, lon in area.points}
    circles = circles or points
    if not rings and len(circles) == 1:
        only = next(iter(circles))
        return PointGeometry(coordinates=(only.lon_deg, only.lat_deg)), only.radius_km * 1_000, ()
    if not rings and not circles:
        return None, 0, ()
    shapes = [shape for polygon in sorted(rings) for shape in _polygon(polygon, notes)]
    if rings and any(not circle.radius_km for circle in circles):
        circles = {circle for circle in circles if circle.radius_km}
        notes.append("points beside the polygons were left out")
    order = sorted(circles, key=lambda circle: (circle.lat_deg, circle.lon_deg, circle.radius_km))
    shapes += [shape for circle in order for shape in circle_polygons(circle)]
    whole = _small(shapely.union_all(shapes), notes)
    return _geojson(polygons_of(whole)), 0, tuple(notes)


def cut(shape: Any) -> list[Polygon]:
    """Polygons whose longitudes go beyond 180 are cut at the antimeridian (RFC 7946 section 3.1.9)."""
    west, _, east, _ = shape.bounds if not shape.is_empty else (0, 0, 0, 0)
    if west >= -180 and east <= 180:
        return polygons_of(shape)
    moved = (affinity.translate(shape, xoff=turn).intersection(_WORLD) for turn in (-360, 0, 360))
    return [polygon for part in moved for polygon in polygons_of(part) if polygon.area > 0]


def to_rings(polygons: Iterable[Polygon]) -> tuple[tuple[tuple[Pair, ...], ...], ...]:
    """Back to rings of (lat, lon)."""
    return tuple(
        tuple(tuple((lat, lon) for lon, lat in ring.coords) for ring in (polygon.exterior, *polygon.interiors))
        for polygon in polygons
    )


def circle_polygons(circle: Circle) -> list[Polygon]:
    """A circle on the ellipsoid as a polygon, cut at the antimeridian and drawn round a pole that it holds."""
    radius_km = circle.radius_km or POINT_RADIUS_KM
    if radius_km >= _MERIDIAN_KM:
        return [_WORLD]
    azimuths = [360.0 * n / _CIRCLE_POINTS for n in range(_CIRCLE_POINTS)]
    count = len(azimuths)
    lons, lats, _ = _GEOD.fwd([circle.lon_deg] * count, [circle.lat_deg] * count, azimuths, [radius_km * 1_000] * count)
    ring = [(float(lat), float(lon)) for lat, lon in zip(lats, lons, strict=True)]
    shape = Polygon(_unrolled([*ring, ring[0]], toward=circle.lat_deg))
    return cut(shape if shape.is_valid else shapely.make_valid(shape))


def _polygon(rings: tuple[tuple[Pair, ...], ...], notes: list[str]) -> list[Polygon]:
    shell, *holes = (_unrolled(ring) for ring in rings)
    shape = Polygon(shell, [_beside(hole, shell) for hole in holes])
    if not shape.is_valid:
        notes.append(f"a polygon was mended: {shapely.is_valid_reason(shape)}")
        shape = shapely.make_valid(shape)
    return cut(shape)


def _unrolled(ring: Sequence[Pair], toward: float | None = None) -> list[tuple[float, float]]:
    """(lon, lat) with every step taken the short way round; a ring round a pole is closed over that pole.

    `toward` tells the pole by the latitude of a centre; otherwise it is the nearer one.
    """
    out: list[tuple[float, float]] = []
    lon_before = ring[0][1]
    for lat, lon in ring:
        lon_before += (lon - lon_before + 180) % 360 - 180 if abs(lon - lon_before) > 180 else lon - lon_before
        out.append((lon_before, lat))
    turned = out[-1][0] - out[0][0]
    if abs(turned) > 180:
        middle = math.fsum(lat for _, lat in out) / len(out) if toward is None else toward
        pole = math.copysign(90.0, middle)
        out += [(out[-1][0], pole), (out[0][0], pole), out[0]]
    return out


def _beside(hole: list[tuple[float, float]], shell: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """A hole laid out on the same turn as its shell."""
    off = round((shell[0][0] - hole[0][0]) / 360) * 360
    return [(lon + off, lat) for lon, lat in hole]


def _small(shape: Any, notes: list[str]) -> Any:
    """At most `VERTICES_MAX` corners, by leaving out the least ones; the outline may move by what is noted."""
    tolerance_deg = 0.0001
    simple = shape
    while shapely.get_num_coordinates(simple) > VERTICES_MAX and tolerance_deg < 10:
        simple = shape.simplify(tolerance_deg)
        tolerance_deg *= 2
    if simple is not shape:
        notes.append(f"the outline was simplified by up to {tolerance_deg / 2:g} degrees")
    return simple


def _geojson(polygons: list[Polygon]) -> Geometry | None:
    parts = [
        tuple(tuple((lon, lat) for lon, lat in ring.coords) for ring in (polygon.exterior, *polygon.interiors))
        for polygon in polygons
        if polygon.area > 0
    ]
    if not parts:
        return None
    return PolygonGeometry(coordinates=parts[0]) if len(parts) == 1 else MultiPolygonGeometry(coordinates=tuple(parts))
