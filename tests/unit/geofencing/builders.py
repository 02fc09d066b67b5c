"""Circumstances and stations for the tests of geofencing."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import shapely
from shapely import MultiPolygon

from schemas.values import IntensityObservation
from schemas.vocabulary import IncidentKind, Level
from services.geofencing.drawing import draw
from services.geofencing.measure import MeasuredZones
from services.geofencing.model import Circumstances, Drawn, Rules, StationTable
from services.geofencing.settings import GeofencingSettings

RULES: Rules = GeofencingSettings().rules()


def at_point(lon: float, lat: float, **more: object) -> Circumstances:
    """A fire of level IV at a point, unless told otherwise."""
    facts: dict[str, object] = {"kind": IncidentKind.FIRE, "level": Level.IV, **more}
    return Circumstances(place={"type": "Point", "coordinates": [lon, lat]}, **facts)  # type: ignore[arg-type]


def observed(points: Iterable[tuple[float, float, float]], **more: object) -> Circumstances:
    """An earthquake near Yingxiu with intensities seen at (lon, lat)."""
    seen = tuple(IntensityObservation(lon_deg=lon, lat_deg=lat, intensity=value) for lon, lat, value in points)
    return at_point(103.4, 31.0, kind=IncidentKind.EARTHQUAKE, level=Level.I, observations=seen, **more)


def zones(circumstances: Circumstances, rules: Rules = RULES) -> dict[str, MultiPolygon]:
    """The zones by kind."""
    return {zone.kind.value: zone.globe for zone in draw(circumstances, rules)}


def station_table(*positions: tuple[float, float]) -> StationTable:
    """Stations numbered from 1 at (lon, lat)."""
    return StationTable.of([(UUID(int=number), lon, lat) for number, (lon, lat) in enumerate(positions, start=1)])


def measured(drawn: Iterable[Drawn]) -> MeasuredZones:
    """Zones made ready to be measured against."""
    return MeasuredZones.of((zone.kind, zone.globe) for zone in drawn)


def overlap(drawn: Iterable[Drawn]) -> float:
    """Ground that belongs to two zones, in square degrees."""
    shapes = [zone.globe for zone in drawn]
    pairs = ((a, b) for i, a in enumerate(shapes) for b in shapes[i + 1 :])
    return float(sum(shapely.intersection(a, b).area for a, b in pairs))


def polygon(*corners: tuple[float, float]) -> dict[str, object]:
    """A GeoJSON polygon from its corners (lon, lat)."""
    return {"type": "Polygon", "coordinates": [[*corners, corners[0]]]}


__all__ = ["RULES", "at_point", "measured", "observed", "overlap", "polygon", "station_table", "zones"]
