"""Intensity contours (lines) to areas of at least that intensity, also where lines run off the map's edge.

Lines of one level and the map's frame cut the map into faces. A face that holds part of a higher contour is inside,
one that holds part of a lower contour is outside, and across a contour inside and outside alternate. The frame is the
box around all contours, which is where those that run off the map end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import shapely
from shapely.geometry import LineString, Point, Polygon

from services.incidents.intake.crowding import is_tangled
from services.incidents.intake.model import Notes, Refused

LINES_MAX: Final = 20_000
POINTS_MAX: Final = 300_000
FACES_MAX: Final = 2_000
LEVELS_MAX: Final = 100
CROSSINGS_MAX: Final = 50
_EDGE_SHARE: Final = 0.03
"""A line that ends this near to the frame (as a share of the map's size) is taken to run off the map."""

Line = Sequence[tuple[float, float]]
"""(lon, lat) positions; longitudes go on beyond 180 where a map lies over the antimeridian."""


@dataclass(frozen=True, slots=True)
class Level:
    """Where at least this intensity was felt, as far as the map goes."""

    intensity: float
    shape: Any


def areas(lines: Mapping[float, Sequence[Line]], notes: Notes) -> tuple[Level, ...]:
    """One (multi)polygon for each intensity, the strongest first. Raises Refused if there are too many lines."""
    if len(lines) > LEVELS_MAX:
        raise Refused("features", f"has more than {LEVELS_MAX} levels of intensity")
    if sum(len(level) for level in lines.values()) > LINES_MAX:
        raise Refused("features", f"has more than {LINES_MAX} contour lines")
    if sum(len(line) for level in lines.values() for line in level) > POINTS_MAX:
        raise Refused("features", f"has more than {POINTS_MAX} contour points")
    kept = {value: [LineString(line) for line in level if len(set(line)) > 1] for value, level in lines.items()}
    kept = {value: level for value, level in kept.items() if level}
    if not kept:
        return ()
    for value, level in kept.items():
        if is_tangled(level, crossings_max=CROSSINGS_MAX):
            raise Refused(f"contour {value:g}", "its lines cross each other, as contours never do")
    frame = shapely.box(*shapely.total_bounds([line for level in kept.values() for line in level]))
    samples = {value: _samples(level) for value, level in kept.items()}
    levels = [
        Level(value, shape)
        for value in sorted(kept, reverse=True)
        if (shape := _area(value, kept[value], frame, samples, notes)) is not None
    ]
    return tuple(levels)


def _samples(lines: Sequence[Any]) -> list[Any]:
    """One point of every line, from its middle: a frame or another level's line does not run through it."""
    return [line.interpolate(0.5, normalized=True) for line in lines]


def _area(value: float, lines: list[Any], frame: Any, samples: Mapping[float, list[Any]], notes: Notes) -> Any | None:
    where = f"contour {value:g}"
    merged = shapely.line_merge(shapely.union_all(lines))
    parts = [part for part in shapely.get_parts(merged) if part.length > 0]
    closed = [_closed(part, frame, where, notes) for part in parts]
    noded = shapely.union_all([frame.boundary, *closed])
    faces = list(shapely.get_parts(shapely.polygonize(shapely.get_parts(noded).tolist())))
    if len(faces) > FACES_MAX:
        raise Refused(where, f"cuts the map into more than {FACES_MAX} parts")
    inside = _inside(value, faces, frame, samples)
    if not inside:
        notes.add(where, "encloses no area")
        return None
    return shapely.union_all(inside)


def _closed(line: Any, frame: Any, where: str, notes: Notes) -> Any:
    """The line with its loose ends taken to the frame, or joined if neither is near it."""
    if line.is_closed:
        return line
    ends = [Point(line.coords[0]), Point(line.coords[-1])]
    west, south, east, north = frame.bounds
    near = _EDGE_SHARE * max(east - west, north - south)
    gaps = [frame.boundary.distance(end) for end in ends]
    if min(gaps) > near:
        notes.add(where, "ends within the map; its ends were joined")
        return LineString([*line.coords, line.coords[0]])
    if max(gaps) > near:
        notes.add(where, "ends within the map; it was taken on to the edge")
    first, last = (frame.boundary.interpolate(frame.boundary.project(end)).coords[0] for end in ends)
    return LineString([first, *line.coords, last])


def _inside(value: float, faces: list[Any], frame: Any, samples: Mapping[float, list[Any]]) -> list[Any]:
    tree = shapely.STRtree(faces)
    known: dict[int, bool] = {}
    for other, points in sorted(samples.items(), key=lambda item: abs(item[0] - value), reverse=True):
        if other != value:
            _, hits = tree.query(points, predicate="within")
            known.update({int(face): other > value for face in hits})
    if not known:
        # A single level, with nothing to compare: what the frame does not touch is enclosed.
        known = {n: not face.boundary.intersection(frame.boundary).length for n, face in enumerate(faces)}
        if not any(known.values()) and len(faces) > 1:
            smallest = min(range(len(faces)), key=lambda n: faces[n].area)
            known = {smallest: True}
    _spread(known, faces, tree)
    return [face for number, face in enumerate(faces) if known.get(number)]


def _spread(known: dict[int, bool], faces: list[Polygon], tree: Any) -> None:
    """From faces that are known to their neighbours: two faces with a line between them differ."""
    pending = list(known)
    while pending:
        face = pending.pop()
        for other in tree.query(faces[face], predicate="touches"):
            number = int(other)
            if number not in known and faces[number].boundary.intersection(faces[face].boundary).length > 0:
                known[number] = not known[face]
                pending.append(number)


def polygons_of(shape: Any) -> list[Polygon]:
    """The polygons of a polygon, a multipolygon or a collection."""
    if isinstance(shape, Polygon):
        return [] if shape.is_empty else [shape]
    if hasattr(shape, "geoms"):
        return [polygon for part in shape.geoms for polygon in polygons_of(part)]
    return []
