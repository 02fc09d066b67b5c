"""ShakeMap products that hold the origin: info.json (versions 3.5 and 4) and rupture.json."""

from __future__ import annotations

from datetime import UTC, datetime

from services.incidents.intake import geojson, safejson, values
from services.incidents.intake.model import Alert, Area, Info, Notes, Quake, Reading
from services.incidents.intake.safejson import Object
from services.incidents.intake.usgs_product import SENDER, event_of


def read_info(name: str, document: Object, notes: Notes) -> Reading:
    """info.json: origin, greatest intensity, version. A scenario is an exercise."""
    path = "input.event_information"
    event = safejson.as_object(safejson.as_object(document["input"], "input").get("event_information"), path)
    output = safejson.as_object(document.get("output", {}), "output")
    motions = safejson.as_object(output.get("ground_motions", {}), "output.ground_motions")
    intensity: Object = next(
        (motions[key] for key in ("intensity", "MMI", "mmi") if isinstance(motions.get(key), dict)), {}
    )
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
    called = event_of(name)[0] or ""
    quake = Quake(
        event_id=event_id,
        aliases=(called,) if called != event_id and called.endswith(event_id) else (),
        occurred_at=occurred_at,
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        depth_km=safejson.maybe_real(event, "depth", path),
        magnitude=values.magnitude(safejson.maybe_real(event, "magnitude", path), f"{path}.magnitude"),
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
        magnitude=values.magnitude(safejson.maybe_real(meta, "mag", "metadata"), "metadata.mag"),
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
