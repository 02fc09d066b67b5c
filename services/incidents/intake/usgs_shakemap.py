"""ShakeMap products: contours of intensity, event information, station lists, the rupture; and DYFI's felt cells.

Sources: ShakeMap manual, https://ghsc.code-pages.usgs.gov/esi/shakemap/; products of versions 3.5 and 4.
They describe an event that another message announces; contours, stations and cells do not say which, and then the
address they come from does (`event_of`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from services.incidents.intake import contours, geojson, place, safejson, values
from services.incidents.intake.model import Alert, Area, Info, Notes, Observation, Quake, Reading, Refused
from services.incidents.intake.safejson import Object

SENDER: Final = "earthquake.usgs.gov"
OBSERVATIONS_MAX: Final = 50_000
_EVENT: Final = re.compile(r"(?:^|/)((?:[a-z]{2}[0-9][0-9a-z]{5,11})|(?:us[0-9a-z]{8})|(?:usp[0-9a-z]{7}))(?:[_/]|$)")
_VERSION: Final = re.compile(r"(?:^|/)([0-9]{13})(?:[_/]|$)")
_LINES: Final = ("MultiLineString", "LineString")


def event_of(name: str) -> tuple[str | None, datetime | None]:
    """The event id and product time in a USGS product address such as us2000h8ty/us/1536172579675/json/alerts.json."""
    path = name.replace("\\", "/")
    event, version = _EVENT.search(path), _VERSION.search(path)
    sent_at = values.epoch_ms(float(version.group(1)), "name") if version else None
    return (event.group(1) if event else None), sent_at


def product(name: str, notes: Notes, *, areas: tuple[Area, ...] = (), **more: Any) -> Alert:
    """A product that does not say in itself which earthquake it is of."""
    event_id, sent_at = event_of(name)
    if event_id is None:
        notes.add("", "does not say which earthquake it is of")
    else:
        notes.add("", f"does not say which earthquake it is of; {event_id} is taken from its address")
    info = Info(language="en", categories=("Geo",), event="Earthquake", urgency="Past", areas=areas)
    return Alert(
        identifier=event_id,
        sender=SENDER,
        sent_at=sent_at,
        infos=(info,),
        hazard="EQ",
        quake=Quake(event_id=event_id),
        **more,
    )


def is_contours(features: Sequence[Any]) -> bool:
    """Whether the first feature is a contour line with a value."""
    first = features[0] if features else None
    return (
        isinstance(first, dict)
        and isinstance(first.get("properties"), dict)
        and "value" in first["properties"]
        and isinstance(first.get("geometry"), dict)
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
        lines[value] += _lines(feature.get("geometry"), f"{where}.geometry")
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
    found = []
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


def read_info(document: Object, notes: Notes) -> Reading:
    """info.json: origin, greatest intensity, version. A scenario is an exercise."""
    path = "input.event_information"
    event = safejson.as_object(safejson.as_object(document["input"], "input").get("event_information"), path)
    output = safejson.as_object(document.get("output", {}), "output")
    motions = safejson.as_object(output.get("ground_motions", {}), "output.ground_motions")
    intensity = next((motions[key] for key in ("intensity", "MMI", "mmi") if isinstance(motions.get(key), dict)), {})
    processing = safejson.as_object(document.get("processing", {}), "processing")
    versions = safejson.as_object(processing.get("shakemap_versions", {}), "processing.shakemap_versions")
    lat_deg, lon_deg = values.position(
        safejson.real(event, "latitude", path), safejson.real(event, "longitude", path), f"{path}.latitude"
    )
    occurred_at = values.time(safejson.text(event, "origin_time", path), f"{path}.origin_time", zone=UTC)
    event_id = _event_id(event, path)
    processed = safejson.maybe_text(versions, "process_time")
    map_version = safejson.maybe_real(versions, "map_version", "processing.shakemap_versions") or 0
    is_scenario = (safejson.maybe_text(event, "event_type") or "ACTUAL").upper() == "SCENARIO"
    if is_scenario:
        notes.add(f"{path}.event_type", "is SCENARIO: an exercise, not an earthquake that happened")
    place_name = safejson.maybe_text(event, "event_description") or safejson.maybe_text(event, "location")
    quake = Quake(
        event_id=event_id,
        occurred_at=occurred_at,
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        depth_km=safejson.maybe_real(event, "depth", path),
        magnitude=safejson.maybe_real(event, "magnitude", path),
        place_name=place_name,
        intensity_max=safejson.maybe_real(intensity, "max", "output.ground_motions.intensity"),
    )
    sent_where = "processing.shakemap_versions.process_time"
    alert = _of_quake(
        quake,
        sent_at=values.time(processed, sent_where, zone=UTC) if processed else None,
        status="Exercise" if is_scenario else "Actual",
        version=int(min(max(map_version, 0), 1e6)),
    )
    return Reading(format="usgs-shakemap-info", alerts=(alert,))


def _event_id(event: Object, path: str) -> str:
    """The id as other products have it: with the network's letters, which version 3.5 leaves out."""
    return safejson.maybe_text(event, "id") or safejson.text(event, "event_id", path)


def _of_quake(quake: Quake, *, sent_at: datetime | None, status: str, version: int) -> Alert:
    points = () if quake.lat_deg is None or quake.lon_deg is None else ((quake.lat_deg, quake.lon_deg),)
    area = Area(description=quake.place_name or "", points=points)
    info = Info(
        language="en",
        categories=("Geo",),
        event="Earthquake",
        urgency="Past",
        onset_at=quake.occurred_at,
        areas=(area,),
    )
    return Alert(
        identifier=quake.event_id,
        sender=SENDER,
        sent_at=sent_at,
        status=status,
        infos=(info,),
        hazard="EQ",
        quake=quake,
        version=version,
    )


def read_rupture(name: str, document: Object, notes: Notes) -> Reading:
    """rupture.json: where the fault broke, as seen from above, and the origin in its metadata."""
    meta = safejson.as_object(document.get("metadata"), "metadata")
    polygons: list[geojson.Polygon] = []
    for where, feature in safejson.items(document.get("features"), "features"):
        geometry = safejson.as_object(feature.get("geometry"), f"{where}.geometry")
        if geometry.get("type") == "Point":
            geojson.point(geometry, f"{where}.geometry")
            continue
        polygons += geojson.polygons(geometry, f"{where}.geometry", notes)
    lat_deg, lon_deg = values.position(
        safejson.real(meta, "lat", "metadata"), safejson.real(meta, "lon", "metadata"), "metadata.lat"
    )
    when = safejson.maybe_text(meta, "time")
    quake = Quake(
        event_id=safejson.maybe_text(meta, "id") or event_of(name)[0],
        occurred_at=values.time(when, "metadata.time", zone=UTC) if when else None,
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        depth_km=safejson.maybe_real(meta, "depth", "metadata"),
        magnitude=safejson.maybe_real(meta, "mag", "metadata"),
        place_name=safejson.maybe_text(meta, "locstring"),
    )
    info = Info(
        language="en",
        categories=("Geo",),
        event="Earthquake",
        urgency="Past",
        onset_at=quake.occurred_at,
        areas=(Area(description="rupture", polygons=tuple(polygons), points=((lat_deg, lon_deg),)),),
    )
    alert = Alert(
        identifier=quake.event_id,
        sender=SENDER,
        sent_at=event_of(name)[1],
        infos=(info,),
        hazard="EQ",
        quake=quake,
    )
    return Reading(format="usgs-shakemap-rupture", alerts=(alert,))


def read_stations(name: str, document: Object, notes: Notes) -> Reading:
    """stationlist.json and other points with an intensity: what was felt or measured, and where."""
    seen: list[Observation] = []
    for where, feature in safejson.items(document.get("features"), "features"):
        path = f"{where}.properties"
        properties = safejson.as_object(feature.get("properties"), path)
        (lat_deg, lon_deg), _ = geojson.point(feature.get("geometry"), f"{where}.geometry")
        intensity = safejson.maybe_real(properties, "intensity", path)
        if intensity is not None and intensity >= 1:
            seen.append(_observation(lat_deg, lon_deg, intensity, f"{path}.intensity"))
    return observed("usgs-shakemap-stations", name, seen, notes)


def read_felt_cells(name: str, document: Object, notes: Notes) -> Reading:
    """DYFI geocoded cells: polygons with the intensity (cdi) that people reported in them."""
    areas: list[Area] = []
    for where, feature in safejson.items(document.get("features"), "features"):
        path = f"{where}.properties"
        properties = safejson.as_object(feature.get("properties"), path)
        intensity = safejson.real(properties, "cdi", path)
        if not 0 <= intensity <= 12:
            raise Refused(f"{path}.cdi", f"{intensity:g} is no intensity: 0 to 12")
        cells = geojson.polygons(feature.get("geometry"), f"{where}.geometry", notes)
        areas.append(Area(description=safejson.maybe_text(properties, "name") or "", polygons=cells, intensity=intensity))
    return Reading(format="usgs-dyfi-geojson", alerts=(product(name, notes, areas=tuple(areas)),))


def observed(form: str, name: str, seen: list[Observation], notes: Notes) -> Reading:
    """A message that has nothing but observations."""
    if len(seen) > OBSERVATIONS_MAX:
        raise Refused("", f"has more than {OBSERVATIONS_MAX} observations")
    if not seen:
        notes.add("", "has no intensity in it")
    return Reading(format=form, alerts=(product(name, notes, observations=tuple(seen)),))


def _observation(lat_deg: float, lon_deg: float, intensity: float, where: str) -> Observation:
    if not 1 <= intensity <= 12:
        raise Refused(where, f"{intensity:g} is no intensity: 1 to 12")
    return Observation(lat_deg=lat_deg, lon_deg=lon_deg, intensity=intensity)
