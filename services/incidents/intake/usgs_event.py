"""USGS event GeoJSON: one event in full, or the answer to a query. https://earthquake.usgs.gov/earthquakes/feed/v1.0/

Times are milliseconds since 1970 and may lie long before; magnitudes may be negative or unknown. A new message of an
event has the same id and a later `updated`.
"""

from __future__ import annotations

from services.incidents.intake import geojson, safejson, values
from services.incidents.intake.model import ALERTS_MAX, Alert, Area, Info, Notes, Quake, Reading, Refused
from services.incidents.intake.safejson import Object

SENDER = "earthquake.usgs.gov"


def is_event(feature: Object) -> bool:
    """Whether a feature is an event as USGS publishes it."""
    properties = feature.get("properties")
    return isinstance(properties, dict) and "mag" in properties and "time" in properties and "id" in feature


def read_events(document: Object, notes: Notes) -> Reading:
    """An event, or all events of a collection; one that cannot be read is noted, and refused if it is the only one."""
    if document.get("type") == "Feature":
        return Reading(format="usgs-event", alerts=(_event(document, "", notes),))
    features = safejson.as_list(document.get("features"), "features")
    if len(features) > ALERTS_MAX:
        raise Refused("features", f"has {len(features)} events; at most {ALERTS_MAX} are read")
    alerts: list[Alert] = []
    first: Refused | None = None
    for index, feature in enumerate(features):
        where = safejson.under("features", index)
        try:
            alerts.append(_event(safejson.as_object(feature, where), where, notes))
        except Refused as refused:
            first = first or refused
            notes.add(refused.where, f"{refused.why}; this event was left out")
    if first is not None and not alerts:
        raise first
    if not features:
        notes.add("features", "is empty: no event matched")
    return Reading(format="usgs-events", alerts=tuple(alerts))


def _event(feature: Object, where: str, notes: Notes) -> Alert:
    path = safejson.under(where, "properties")
    properties = safejson.as_object(feature.get("properties"), path)
    event_id = safejson.text(feature, "id", where)
    kind = safejson.maybe_text(properties, "type") or "earthquake"
    (lat_deg, lon_deg), depth_km = geojson.point(feature.get("geometry"), safejson.under(where, "geometry"))
    occurred_at = values.epoch_ms(safejson.real(properties, "time", path), f"{path}.time")
    updated = safejson.maybe_real(properties, "updated", path)
    place_name = safejson.maybe_text(properties, "place") or ""
    intensities = [safejson.maybe_real(properties, name, path) for name in ("mmi", "cdi")]
    colour = safejson.maybe_text(properties, "alert")
    if colour is not None and colour not in ("green", "yellow", "orange", "red"):
        raise Refused(f"{path}.alert", f"{values.shown(colour)} is none of green, yellow, orange, red")
    status = safejson.maybe_text(properties, "status")
    if kind != "earthquake":
        notes.add(f"{path}.type", f"is {values.shown(kind)}, not an earthquake")
    info = Info(
        language="en",
        categories=("Geo",),
        event=kind.capitalize(),
        certainty="Observed" if status == "reviewed" else "Likely",
        urgency="Past",
        onset_at=occurred_at,
        headline=safejson.maybe_text(properties, "title"),
        areas=(Area(description=place_name, points=((lat_deg, lon_deg),)),),
    )
    quake = Quake(
        event_id=event_id,
        aliases=tuple(
            alias for alias in (safejson.maybe_text(properties, "ids") or "").split(",") if alias and alias != event_id
        ),
        occurred_at=occurred_at,
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        depth_km=depth_km,
        magnitude=values.magnitude(safejson.maybe_real(properties, "mag", path), f"{path}.mag"),
        place_name=place_name or None,
        intensity_max=max((value for value in intensities if value is not None), default=None),
    )
    return Alert(
        identifier=event_id,
        sender=SENDER,
        sent_at=occurred_at if updated is None else values.epoch_ms(updated, f"{path}.updated"),
        msg_type="Cancel" if status == "deleted" else "Alert",
        infos=(info,),
        hazard="EQ" if kind == "earthquake" else None,
        colour=colour,
        quake=quake,
    )
