"""What was felt or measured where: ShakeMap's stationlist.json and other points with an intensity, DYFI's cells."""

from __future__ import annotations

from services.incidents.intake import geojson, safejson
from services.incidents.intake.model import Area, Notes, Observation, Reading, Refused
from services.incidents.intake.safejson import Object
from services.incidents.intake.usgs_product import observation, observed, product


def read_stations(name: str, document: Object, notes: Notes) -> Reading:
    """stationlist.json and other points with an intensity: what was felt or measured, and where."""
    seen: list[Observation] = []
    for where, feature in safejson.items(document.get("features"), "features"):
        path = f"{where}.properties"
        properties = safejson.as_object(feature.get("properties"), path)
        (lat_deg, lon_deg), _ = geojson.point(feature.get("geometry"), f"{where}.geometry")
        intensity = safejson.maybe_real(properties, "intensity", path)
        if intensity is not None and intensity >= 1:
            seen.append(observation(lat_deg, lon_deg, intensity, f"{path}.intensity"))
    return observed("usgs-shakemap-stations", name, seen, notes)


def read_felt_cells(name: str, document: Object, notes: Notes) -> Reading:
    """DYFI geocoded cells: polygons with the intensity (cdi) that people reported, taken at their middles."""
    areas: list[Area] = []
    shapes = Notes()
    seen: list[Observation] = []
    for where, feature in safejson.items(document.get("features"), "features"):
        path = f"{where}.properties"
        properties = safejson.as_object(feature.get("properties"), path)
        intensity = safejson.real(properties, "cdi", path)
        if not 0 <= intensity <= 12:
            raise Refused(f"{path}.cdi", f"{intensity:g} is no intensity: 0 to 12")
        cells = geojson.polygons(feature.get("geometry"), f"{where}.geometry", shapes)
        areas.append(Area(description=safejson.maybe_text(properties, "name") or "", polygons=cells))
        corners = [pair for cell in cells for pair in cell[0][:-1]]
        if intensity >= 1 and corners:
            lat_deg, lon_deg = (sum(numbers) / len(corners) for numbers in zip(*corners, strict=True))
            seen.append(observation(lat_deg, lon_deg, intensity, f"{path}.cdi"))
    if shapes.lines():
        notes.add("features", "has cells that were not closed; they were")
    alert = product(name, notes, areas=tuple(areas), observations=tuple(seen))
    return Reading(format="usgs-dyfi-geojson", alerts=(alert,))
