"""From what a feed calls an area to GeoJSON: (lat, lon) becomes (lon, lat), circles become rings, seams are cut."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy
import shapely
from pyproj import Geod
from shapely import affinity
from shapely.geometry import Polygon

from schemas.values import Geometry, MultiPolygonGeometry, PointGeometry, PolygonGeometry
from services.incidents.intake.contours import polygons_of
from services.incidents.intake.crowding import is_tangled, union
from services.incidents.intake.model import Area, Circle, Pair

VERTICES_MAX: Final = 10_000
RING_VERTICES_MAX: Final = 50_000
JOINED_VERTICES_MAX: Final = 100_000
MENDS_MAX: Final = 1_000
"""Mending takes milliseconds; when so many polygons of one message cross themselves, the others get their hulls."""
_BOX_VERTICES: Final = 5
_TOLERANCES_DEG: Final = (0.0005, 0.002, 0.01, 0.05)
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
    whole = _joined(shapes, notes)
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
    shell, *holes = (_unrolled(_thinned(ring, notes)) for ring in rings)
    shape = Polygon(shell, [_beside(hole, shell) for hole in holes])
    if not shape.is_valid:
        is_hopeless = len(notes) >= MENDS_MAX or is_tangled([shape])
        notes.append(f"a polygon was {'replaced by its hull' if is_hopeless else 'mended'}: {_reason(shape)}")
        shape = shapely.convex_hull(shape) if is_hopeless else shapely.make_valid(shape)
    parts = cut(shape)
    if not any(part.area > 0 for part in parts):
        notes.append("a polygon encloses no area; it was left out")
    return parts


def _reason(shape: Any) -> str:
    return str(shapely.is_valid_reason(shape))


def _thinned(ring: tuple[Pair, ...], notes: list[str]) -> tuple[Pair, ...]:
    """A ring with far too many corners, with one of every so many."""
    step = -(-len(ring) // RING_VERTICES_MAX)
    if step == 1:
        return ring
    notes.append(f"a ring of {len(ring)} corners was thinned to every {step}th")
    return (*ring[:-1:step], ring[-1])


def _unrolled(ring: Sequence[Pair], toward: float | None = None) -> Any:
    """(lon, lat) with every step taken the short way round; a ring round a pole is closed over that pole.

    `toward` tells the pole by the latitude of a centre; otherwise it is the nearer one.
    """
    corners = numpy.array(ring, dtype=float)[:, ::-1]
    corners[:, 0] += 0.0  # no -0.0: the same place is written the same
    lons = corners[:, 0]
    if numpy.abs(numpy.diff(lons)).max(initial=0) <= 180 and abs(lons[-1] - lons[0]) <= 180:
        return corners  # as nearly all are
    out: list[tuple[float, float]] = []
    lon_before = ring[0][1]
    for lat, lon in ring:
        lon_before = lon + 360 * round((lon_before - lon) / 360)
        out.append((lon_before, lat))
    turned = out[-1][0] - out[0][0]
    if abs(turned) > 180:
        middle = math.fsum(lat for _, lat in out) / len(out) if toward is None else toward
        pole = math.copysign(90.0, middle)
        out += [(out[-1][0], pole), (out[0][0], pole), out[0]]
    return out


def _beside(hole: Any, shell: Any) -> Any:
    """A hole laid out on the same turn as its shell."""
    off = round((shell[0][0] - hole[0][0]) / 360) * 360
    return [(lon + off, lat) for lon, lat in hole]


def _joined(shapes: list[Polygon], notes: list[str]) -> Any:
    """All shapes as one, in at most `VERTICES_MAX` corners; the outline may move by what is noted."""
    if is_tangled(shapes):
        notes.append("the shapes cross each other too often to be joined; their hull was taken")
        return shapely.convex_hull(shapely.geometrycollections(shapes))
    parts = numpy.array(shapes)
    if shapely.get_num_coordinates(parts).sum() > JOINED_VERTICES_MAX:
        parts = _simpler(parts, _TOLERANCES_DEG[0])
        notes.append(f"the outlines were simplified by up to {_TOLERANCES_DEG[0]:g} degrees")
    whole = union(parts)
    if shapely.get_num_coordinates(whole) <= VERTICES_MAX:
        return whole
    parts = shapely.get_parts(whole)
    for tolerance_deg in _TOLERANCES_DEG if len(parts) * _BOX_VERTICES <= VERTICES_MAX else ():
        simple = union(_simpler(parts, tolerance_deg))
        if shapely.get_num_coordinates(simple) <= VERTICES_MAX:
            notes.append(f"the outline was simplified by up to {tolerance_deg:g} degrees")
            return simple
    notes.append("the outline has too many parts; its hull was taken")
    return shapely.convex_hull(whole)


def _simpler(parts: Any, tolerance_deg: float) -> Any:
    """Fewer corners; a part that would vanish is drawn as its box, so that nobody in it is lost."""
    simple = shapely.simplify(parts, tolerance_deg, preserve_topology=False)
    gone = shapely.area(simple) == 0
    simple[gone] = shapely.envelope(parts[gone])
    broken = ~shapely.is_valid(simple)
    simple[broken] = shapely.make_valid(simple[broken])
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
