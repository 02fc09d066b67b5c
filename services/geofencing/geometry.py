"""The plane and the globe. Pure: shapely for shapes, geodesics on the WGS-84 ellipsoid by PROJ for lengths and areas.

Shapes are built in an azimuthal equidistant frame around the place: distances and directions from its origin are
exact, which is what buffers around an epicentre need. 1,000 km away from the origin lengths across are 0.4 % too
long. Back on the globe, edges are straight in longitude and latitude, as RFC 7946 has it, shapes over the
antimeridian are cut there, and shapes over a pole reach down to its parallel.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Geod
from shapely import MultiPolygon, Polygon, affinity
from shapely.geometry import shape
from shapely.geometry.polygon import orient

Floats = NDArray[np.float64]

GLOBE: Final = Geod(ellps="WGS84")
QUARTER_CIRCLE_SEGMENTS: Final = 12
"""A circle has 48 corners: its area is 0.3 % too small and its edge 0.2 % of the radius too near."""
EDGE_DEG: Final = 0.5
"""Longer edges get corners in between before they are taken into the plane."""
OUTLINE_VERTICES_MAX: Final = 200
"""Corners of one outline. A zone has its own outline and, as a hole, that of the graver one."""
DECIMALS: Final = 6
"""Of degrees: 0.1 m."""
MEAN_RADIUS_M: Final = 6_371_009.0
SLACK: Final = 1.01
"""Distances on the ball of the mean radius are true to less than a hundredth."""
CLUSTER_M: Final = 500_000.0
"""Parts of a shape whose middles lie farther apart are measured in planes of their own."""
FARTHEST_M: Final = 9_000_000.0
"""Less than a quarter of the way round: beyond, the frame is of no use."""


@dataclass(frozen=True)
class Frame:
    """A plane that touches the globe at its origin; lengths in metres."""

    lat_deg: float
    lon_deg: float

    def to_plane(self, lon_lat: Floats) -> Floats:
        """Positions (n, 2) in degrees to metres east and north of the origin."""
        count = len(lon_lat)
        azimuth, _, distance_m = GLOBE.inv(
            np.full(count, self.lon_deg), np.full(count, self.lat_deg), lon_lat[:, 0], lon_lat[:, 1]
        )
        return np.column_stack((distance_m * np.sin(np.radians(azimuth)), distance_m * np.cos(np.radians(azimuth))))

    def to_globe(self, plane: Floats) -> Floats:
        """The way back. Longitudes lie within -180 and 180."""
        count = len(plane)
        azimuth = np.degrees(np.arctan2(plane[:, 0], plane[:, 1]))
        lon, lat, _ = GLOBE.fwd(
            np.full(count, self.lon_deg), np.full(count, self.lat_deg), azimuth, np.hypot(plane[:, 0], plane[:, 1])
        )
        return np.column_stack((lon, lat))

    def shape_to_plane(self, place: shapely.Geometry) -> shapely.Geometry:
        """A shape on the globe as a valid shape in the plane. The two halves of a shape that was cut join again."""
        dense = shapely.segmentize(place, EDGE_DEG)
        plane = shapely.transform(dense, self.to_plane)
        return shapely.union_all(shapely.make_valid(shapely.get_parts(plane)), grid_size=0.01)

    def shape_to_globe(self, plane: shapely.Geometry) -> MultiPolygon:
        """A shape in the plane as a MultiPolygon on the globe, cut at the antimeridian where it crosses it."""
        parts: list[Polygon] = []
        for part in polygons(plane):
            globe = shapely.transform(part, self.to_globe)
            parts.extend([globe] if isinstance(globe, Polygon) and not _jumps(globe) else _cut(globe))
        globe_shape = MultiPolygon(parts)
        if not globe_shape.is_valid:  # edges that bend on the way may touch
            globe_shape = multi(shapely.union_all(shapely.make_valid(parts)))
        return MultiPolygon([orient(part) for part in globe_shape.geoms])


def directions(lon_lat: Floats) -> Floats:
    """Positions (n, 2) in degrees as directions (n, 3) from the middle of a ball."""
    lon, lat = np.radians(lon_lat).T
    return np.column_stack((np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)))


def frame_around(place: shapely.Geometry) -> Frame:
    """A frame at a shape's middle, by the mean direction of its corners; right across the antimeridian and at poles."""
    x, y, z = np.mean(directions(shapely.get_coordinates(place)), axis=0)
    return Frame(float(np.degrees(np.arctan2(z, np.hypot(x, y)))), float(np.degrees(np.arctan2(y, x))))


def place_shape(geometry: Any) -> tuple[shapely.Geometry, bool]:
    """A GeoJSON geometry as a shape, and whether invalid rings were repaired, which keeps the area they enclose."""
    place = shape(geometry)
    return (place, False) if place.is_valid else (shapely.make_valid(place), True)


def circle(lat_deg: float, lon_deg: float, radius_m: float) -> MultiPolygon:
    """Everything within a distance of a point, on the globe."""
    return Frame(lat_deg, lon_deg).shape_to_globe(buffered(shapely.Point(0.0, 0.0), radius_m))


def polygons(geometry: shapely.Geometry) -> list[Polygon]:
    """The polygons of any geometry; points and lines are dropped."""
    parts = shapely.get_parts(geometry, return_index=False)
    found = [part for part in parts if isinstance(part, Polygon) and not part.is_empty]
    for part in parts:
        if not isinstance(part, Polygon) and hasattr(part, "geoms"):
            found.extend(polygons(part))
    return found


def multi(geometry: shapely.Geometry) -> MultiPolygon:
    """Any geometry as the MultiPolygon of its areas."""
    return MultiPolygon(polygons(geometry))


def buffered(plane: shapely.Geometry, radius_m: float) -> shapely.Geometry:
    """Everything within a distance, in the plane."""
    return shapely.buffer(plane, radius_m, quad_segs=QUARTER_CIRCLE_SEGMENTS)


def simplified(plane: MultiPolygon, tolerance_m: float) -> MultiPolygon:
    """With at most `OUTLINE_VERTICES_MAX` corners: the tolerance doubles until that is so; at last the largest stay."""
    outline, tolerance = plane, tolerance_m
    while shapely.get_num_coordinates(outline) > OUTLINE_VERTICES_MAX and tolerance <= 256 * tolerance_m:
        outline = multi(shapely.simplify(plane, tolerance))
        tolerance *= 2
    if shapely.get_num_coordinates(outline) <= OUTLINE_VERTICES_MAX:
        return outline
    by_size = sorted((Polygon(part.exterior) for part in outline.geoms), key=lambda part: -part.area)
    counts = np.cumsum([shapely.get_num_coordinates(part) for part in by_size])
    return MultiPolygon(by_size[: max(1, int(np.searchsorted(counts, OUTLINE_VERTICES_MAX, side="right")))])


def rounded(globe: MultiPolygon) -> MultiPolygon:
    """With coordinates of `DECIMALS` places: enough for a zone, and half as long to send."""
    short = shapely.transform(globe, lambda coordinates: np.round(coordinates, DECIMALS))
    return short if short.is_valid else multi(shapely.make_valid(short))


def area_km2(globe: MultiPolygon) -> float:
    """Area on the ellipsoid."""
    return sum(_ring_m2(part.exterior) - sum(map(_ring_m2, part.interiors)) for part in globe.geoms) / 1e6


def _ring_m2(ring: shapely.LinearRing) -> float:
    lon, lat = shapely.get_coordinates(ring).T
    return abs(float(GLOBE.polygon_area_perimeter(lon, lat)[0]))


def inner_point(globe: MultiPolygon) -> tuple[float, float]:
    """A point (lon, lat) inside the largest part: its centroid if that lies inside."""
    largest = max(globe.geoms, key=lambda part: part.area)
    centre = largest.centroid
    if not shapely.intersects(largest, centre):
        centre = shapely.point_on_surface(largest)
    return float(centre.x), float(centre.y)


def _jumps(globe: Polygon) -> bool:
    return any(bool(np.any(np.abs(np.diff(shapely.get_coordinates(ring)[:, 0])) > 180.0)) for ring in _rings(globe))


def _rings(polygon: Polygon) -> Iterable[shapely.LinearRing]:
    yield polygon.exterior
    yield from polygon.interiors


def _cut(globe: Polygon) -> list[Polygon]:
    """Cut a polygon whose rings jump by 360 degrees: unroll it, then take the pieces between the antimeridians.

    Those of a ring around a pole touch where it was unrolled; the caller joins them.
    """
    unrolled = _unrolled(globe)
    pieces: list[Polygon] = []
    for turn in (-2, -1, 0, 1, 2):
        strip = shapely.box(360.0 * turn - 180.0, -90.0, 360.0 * turn + 180.0, 90.0)
        piece = shapely.intersection(unrolled, strip)
        if turn:
            piece = affinity.translate(piece, xoff=-360.0 * turn)
        pieces.extend(polygons(piece))
    return pieces


def _unrolled(globe: Polygon) -> shapely.Geometry:
    """The polygon in continuous longitudes: what lies inside the shell and in no hole."""
    outer = _closed(shapely.get_coordinates(globe.exterior))
    reference = float(shapely.get_coordinates(outer)[0, 0])
    holes: list[shapely.Geometry] = []
    for ring in globe.interiors:
        hole = _closed(shapely.get_coordinates(ring))
        offset = round((reference - float(shapely.get_coordinates(hole)[0, 0])) / 360.0)
        holes.extend(affinity.translate(hole, xoff=360.0 * (offset + turn)) for turn in (-2, -1, 0, 1, 2))
    return shapely.difference(outer, shapely.union_all(holes)) if holes else outer


def _closed(ring: Floats) -> shapely.Geometry:
    """A ring in continuous longitudes as a valid area; one that goes round a pole is closed along the pole."""
    lon = np.degrees(np.unwrap(np.radians(ring[:, 0])))
    lat = ring[:, 1]
    if abs(lon[-1] - lon[0]) > 180.0:
        pole = 90.0 if float(np.mean(lat)) > 0 else -90.0
        lon = np.concatenate((lon, [lon[-1], lon[0], lon[0]]))
        lat = np.concatenate((lat, [pole, pole, lat[0]]))
    return shapely.make_valid(Polygon(np.column_stack((lon, lat))))


class Target:
    """A shape that many positions are measured against."""

    def __init__(self, globe: MultiPolygon) -> None:
        self.globe = globe
        shapely.prepare(globe)

    @cached_property
    def _clusters(self) -> list[tuple[Frame, shapely.Geometry]]:
        """The shape in planes. Parts far from each other have planes of their own, which are true only near them."""
        clusters: list[list[Polygon]] = []
        for part in self.globe.geoms:
            near = next((parts for parts in clusters if _apart_m(parts[0], part) <= CLUSTER_M), None)
            if near is None:
                clusters.append([part])
            else:
                near.append(part)
        shapes = [MultiPolygon(parts) for parts in clusters]
        frames = [frame_around(shape) for shape in shapes]
        return [(frame, frame.shape_to_plane(shape)) for frame, shape in zip(frames, shapes, strict=True)]

    @cached_property
    def _discs(self) -> list[tuple[Floats, float]]:
        """Discs that hold the shape: their middles as directions, and how far they reach."""
        return [
            (
                directions(np.array([[frame.lon_deg, frame.lat_deg]]))[0],
                float(np.max(np.hypot(*shapely.get_coordinates(plane).T))),
            )
            for frame, plane in self._clusters
        ]

    def may_lie_within(self, towards: Floats, distance_m: float) -> NDArray[np.bool_]:
        """Whether what lies in each direction may be within a distance of the shape; never False for what is."""
        found = np.zeros(len(towards), dtype=bool)
        for middle, extent_m in self._discs:
            angle = min((extent_m + distance_m) * SLACK / MEAN_RADIUS_M, np.pi)
            found |= towards @ middle >= np.cos(angle)
        return found

    def contains(self, lon_lat: Floats) -> NDArray[np.bool_]:
        """Whether each position lies in the shape or on its edge, in longitude and latitude."""
        return np.asarray(shapely.intersects_xy(self.globe, lon_lat[:, 0], lon_lat[:, 1]))

    def distances(self, lon_lat: Floats) -> tuple[Floats, Floats]:
        """Geodesic distance in m and bearing in degrees from the shape's nearest point to each position.

        The nearest point is found in the plane, the distance is taken on the ellipsoid from there: it is never too
        short, and too long by less than 0.1 % for the sizes that zones have. Inside the shape the distance is 0 and
        the bearing is the one from its middle.
        """
        inside = self.contains(lon_lat)
        nearest_m, bearing_deg = np.full(len(lon_lat), np.inf), np.zeros(len(lon_lat))
        for frame, plane in self._clusters:
            lines = shapely.shortest_line(plane, shapely.points(frame.to_plane(lon_lat)))
            nearest = np.where(inside[:, None], 0.0, shapely.get_coordinates(lines)[::2])
            start = frame.to_globe(nearest)
            azimuth, _, distance_m = GLOBE.inv(start[:, 0], start[:, 1], lon_lat[:, 0], lon_lat[:, 1])
            is_nearer = distance_m < nearest_m
            nearest_m = np.where(is_nearer, distance_m, nearest_m)
            bearing_deg = np.where(is_nearer, np.mod(azimuth, 360.0), bearing_deg)
        return np.where(inside, 0.0, nearest_m), bearing_deg


def _apart_m(one: Polygon, other: Polygon) -> float:
    """Distance between the middles of two shapes."""
    a, b = one.centroid, other.centroid
    return float(GLOBE.inv(a.x, a.y, b.x, b.y)[2])


def disjoint(nested: Sequence[shapely.Geometry]) -> list[shapely.Geometry]:
    """Nested shapes, gravest first, as shapes that share no ground: each without the graver ones."""
    taken: shapely.Geometry = MultiPolygon()
    result = []
    for area in nested:
        result.append(shapely.difference(area, taken) if not taken.is_empty else area)
        taken = shapely.union(taken, area) if not taken.is_empty else area
    return result
