"""Reading a place: GeoJSON (RFC 7946) or a plain position, with every fault told by its JSON pointer.

A place is refused rather than repaired: an emergency is fenced from it, and a guess could fence the wrong people.
Plain points take no shapely.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import shapely

from schemas.values import Geometry, MultiPolygonGeometry, PointGeometry, PolygonGeometry
from services.kit.problems import Finding

VERTICES_MAX: Final = 10_000
FINDINGS_MAX: Final = 20
"""Enough to mend a drawing; a file of ten thousand wrong numbers is wrong in one way."""
POINTER: Final = "/place"
_COORDINATES: Final = "/place/coordinates"
_FORMS: Final = 'a GeoJSON Point, Polygon or MultiPolygon (WGS-84: [lon, lat]), or {"lat_deg": ..., "lon_deg": ...}'

Ring = tuple[tuple[float, float], ...]
Rings = tuple[Ring, ...]


class PlaceRefused(Exception):
    """The place cannot be used; `findings` say what is wrong and where."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__(findings[0].what)
        self.findings = tuple(findings)


@dataclass(frozen=True, slots=True)
class Box:
    """The smallest lon/lat rectangle around something, in degrees."""

    west_deg: float
    south_deg: float
    east_deg: float
    north_deg: float

    def meets(self, other: Box) -> bool:
        """Whether they share at least a point."""
        return (
            self.west_deg <= other.east_deg
            and other.west_deg <= self.east_deg
            and self.south_deg <= other.north_deg
            and other.south_deg <= self.north_deg
        )

    def swapped(self) -> Box:
        """The rectangle if lat and lon had been given in the wrong order."""
        return Box(self.south_deg, self.west_deg, self.north_deg, self.east_deg)


def read_place(place: dict[str, Any]) -> Geometry:
    """The geometry that is meant, or `PlaceRefused`."""
    form = place.get("type")
    if form is None and ("lat_deg" in place or "lon_deg" in place):
        return _read_position(place)
    if form not in ("Point", "Polygon", "MultiPolygon"):
        raise _refused(POINTER + ("/type" if "type" in place else ""), f"must be {_FORMS}")
    _only_fields(place, {"type", "coordinates", "bbox"})
    coordinates = place.get("coordinates")
    if not isinstance(coordinates, list):
        raise _refused(_COORDINATES, "must be an array" if "coordinates" in place else "is missing")
    if form == "Point":
        return PointGeometry.model_construct(type="Point", coordinates=_read_pair(coordinates, _COORDINATES))
    return _read_area(form, coordinates)


def box_of(geometry: Geometry) -> Box:
    """The bounds of a geometry that was read."""
    pairs = [geometry.coordinates] if isinstance(geometry, PointGeometry) else list(_pairs(geometry))
    lons, lats = [lon for lon, _ in pairs], [lat for _, lat in pairs]
    return Box(min(lons), min(lats), max(lons), max(lats))


def vertices_of(geometry: PolygonGeometry | MultiPolygonGeometry) -> int:
    """How many positions all rings have."""
    polygons = (geometry.coordinates,) if isinstance(geometry, PolygonGeometry) else geometry.coordinates
    return sum(len(ring) for rings in polygons for ring in rings)


def _pairs(geometry: PolygonGeometry | MultiPolygonGeometry) -> Iterator[tuple[float, float]]:
    polygons = (geometry.coordinates,) if isinstance(geometry, PolygonGeometry) else geometry.coordinates
    return (pair for rings in polygons for pair in rings[0])


def _refused(where: str, what: str) -> PlaceRefused:
    return PlaceRefused([Finding(where=where, what=what)])


def _only_fields(place: dict[str, Any], known: set[str]) -> None:
    unknown = sorted(set(place) - known)
    if unknown:
        raise PlaceRefused([Finding(where=f"{POINTER}/{name}", what="is not known here") for name in unknown])


def _read_position(place: dict[str, Any]) -> PointGeometry:
    _only_fields(place, {"lat_deg", "lon_deg"})
    missing = [name for name in ("lat_deg", "lon_deg") if name not in place]
    if missing:
        raise _refused(f"{POINTER}/{missing[0]}", "is missing")
    pair = (place["lon_deg"], place["lat_deg"])
    findings = _pair_faults(pair, (f"{POINTER}/lon_deg", f"{POINTER}/lat_deg"))
    if findings:
        raise PlaceRefused(findings)
    return PointGeometry.model_construct(type="Point", coordinates=(float(pair[0]), float(pair[1])))


def _read_pair(value: object, where: str) -> tuple[float, float]:
    """A GeoJSON position; a third number (height) is read and left out. Raises PlaceRefused."""
    if not isinstance(value, list) or not 2 <= len(value) <= 3:
        raise _refused(where, "must be a position [lon, lat]")
    findings = _pair_faults((value[0], value[1]), (f"{where}/0", f"{where}/1"))
    if findings:
        raise PlaceRefused(findings)
    return float(value[0]), float(value[1])


def _pair_faults(pair: tuple[Any, Any], where: tuple[str, str]) -> list[Finding]:
    findings = [
        Finding(where=place, what="must be a finite number of degrees")
        for number, place in zip(pair, where, strict=True)
        if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number)
    ]
    if findings:
        return findings
    lon, lat = pair
    if abs(lat) > 90:
        swapped = " Are lon and lat swapped? GeoJSON has [lon, lat]." if abs(lon) <= 90 and abs(lat) <= 180 else ""
        findings.append(Finding(where=where[1], what=f"latitude {lat:g} is not between -90 and 90 degrees.{swapped}"))
    if abs(lon) > 180:
        what = f"longitude {lon:g} is not between -180 and 180 degrees. {_HOW_TO_CUT}"
        findings.append(Finding(where=where[0], what=what))
    return findings


_HOW_TO_CUT: Final = (
    "A shape over the antimeridian is cut there into a MultiPolygon whose parts end at 180 and begin at -180 "
    "(RFC 7946 section 3.1.9)."
)
_HOW_TO_CUT_AT_A_POLE: Final = (
    "Cut it along the antimeridian: begin at longitude -180, go round to 180, then up to latitude 90 (or down to -90), "
    "back along that latitude to -180 and close, with no edge over more than 180 degrees (RFC 7946 section 3.1.9)."
)


def _read_area(form: str, coordinates: list[Any]) -> PolygonGeometry | MultiPolygonGeometry:
    if not coordinates:
        raise _refused(_COORDINATES, "the polygon is empty")
    if form == "Polygon":
        rings = _read_rings(coordinates, _COORDINATES, VERTICES_MAX)
        _check_rings(rings, _COORDINATES)
        _check_shape(shapely.Polygon(rings[0], rings[1:]), _COORDINATES)
        return PolygonGeometry.model_construct(type="Polygon", coordinates=rings)
    left = VERTICES_MAX
    polygons: list[Rings] = []
    for number, part in enumerate(coordinates):
        where = f"{_COORDINATES}/{number}"
        if not isinstance(part, list) or not part:
            raise _refused(where, "the polygon is empty" if part == [] else "must be an array of rings")
        polygons.append(_read_rings(part, where, left))
        left -= sum(len(ring) for ring in polygons[-1])
    for number, rings in enumerate(polygons):
        _check_rings(rings, f"{_COORDINATES}/{number}")
        _check_shape(shapely.Polygon(rings[0], rings[1:]), f"{_COORDINATES}/{number}")
    _check_shape(shapely.MultiPolygon([(rings[0], rings[1:]) for rings in polygons]), _COORDINATES)
    return MultiPolygonGeometry.model_construct(type="MultiPolygon", coordinates=tuple(polygons))


def _read_rings(coordinates: list[Any], where: str, vertices_max: int) -> Rings:
    """The rings with every number checked. Raises PlaceRefused with at most `FINDINGS_MAX` findings."""
    for number, ring in enumerate(coordinates):
        if not isinstance(ring, list):
            raise _refused(f"{where}/{number}", "must be a ring: an array of positions [lon, lat]")
    if sum(len(ring) for ring in coordinates) > vertices_max:
        raise _refused(where, f"has too many vertices: at most {VERTICES_MAX} in all are taken; simplify the outline")
    findings: list[Finding] = []
    rings: list[Ring] = []
    for number, ring in enumerate(coordinates):
        pairs: list[tuple[float, float]] = []
        for position, value in enumerate(ring):
            try:
                pairs.append(_read_pair(value, f"{where}/{number}/{position}"))
            except PlaceRefused as refused:
                findings += refused.findings
                if len(findings) >= FINDINGS_MAX:
                    raise PlaceRefused(findings[:FINDINGS_MAX]) from None
        rings.append(tuple(pairs))
    if findings:
        raise PlaceRefused(findings)
    return tuple(rings)


def _check_rings(rings: Rings, where: str) -> None:
    findings = [
        Finding(where=f"{where}/{number}", what=fault)
        for number, ring in enumerate(rings)
        if (fault := _ring_fault(ring)) is not None
    ]
    if findings:
        raise PlaceRefused(findings)


def _ring_fault(ring: Ring) -> str | None:
    if not ring:
        return "the ring is empty"
    if ring[0] != ring[-1]:
        return f"the ring is not closed: its last position must repeat its first, [{ring[0][0]:g}, {ring[0][1]:g}]"
    if len(ring) < 4:
        return f"a ring needs at least 4 positions, the last repeating the first; this has {len(ring)}"
    if any(abs(b[0] - a[0]) > 180 for a, b in pairwise(ring)):
        return _wrap_fault(ring)
    if not shapely.LinearRing(ring).is_simple:
        return _crossing(shapely.is_valid_reason(shapely.Polygon(ring)))
    if shapely.Polygon(ring).area == 0:
        return "the ring encloses no area"
    return None


def _wrap_fault(ring: Ring) -> str:
    """An edge over more than half the globe: the ring was drawn across the antimeridian, or round a pole.

    Taking each step the short way round, a ring that crosses the antimeridian comes back to where it began; one round
    a pole has turned by 360 degrees.
    """
    turned_deg = sum((b[0] - a[0] + 180) % 360 - 180 for a, b in pairwise(ring))
    if abs(turned_deg) > 180:
        return f"the ring goes round a pole. {_HOW_TO_CUT_AT_A_POLE}"
    return f"the ring crosses the antimeridian uncut. {_HOW_TO_CUT}"


def _check_shape(shape: shapely.Geometry, where: str) -> None:
    """What single rings cannot show: holes outside, rings that cross each other, parts that overlap."""
    if not shape.is_valid:
        raise _refused(where, _crossing(shapely.is_valid_reason(shape)))


def _crossing(reason: str) -> str:
    """shapely's words, such as `Self-intersection[103.5 31.02]`, made readable."""
    name, _, rest = reason.partition("[")
    lon, _, lat = rest.rstrip("]").partition(" ")
    if not lat:
        return f"the shape is not valid: {reason}"
    name = "the outline crosses itself (self-intersection)" if name == "Self-intersection" else name.lower()
    return f"{name} at or near lon {float(lon):g}, lat {float(lat):g}"
