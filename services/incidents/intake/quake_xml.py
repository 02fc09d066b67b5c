"""Earthquakes in XML: QuakeML 1.2 (BED), ShakeMap's event.xml, and its stationlist.xml, which DYFI writes as well."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from lxml import etree

from services.incidents.intake import values
from services.incidents.intake.model import ALERTS_MAX, Alert, Area, Info, Notes, Observation, Quake, Reading, Refused
from services.incidents.intake.safexml import child, children, local, text_of
from services.incidents.intake.usgs_product import SENDER, observation, observed

_CATALOG: Final = "{http://anss.org/xmlns/catalog/0.1}"
_CLOCK: Final = ("year", "month", "day", "hour", "minute", "second")


def read_quakeml(root: etree._Element, notes: Notes) -> Reading:
    """Every event with its preferred origin and magnitude, or the first if none is preferred."""
    parameters = child(root, "eventParameters")
    if parameters is None:
        raise Refused("quakeml/eventParameters", "is missing")
    alerts = []
    for number, event in enumerate(children(parameters, "event"), 1):
        if number > ALERTS_MAX:
            raise Refused("quakeml/eventParameters", f"has more than {ALERTS_MAX} events")
        alerts.append(_event(event, f"quakeml/eventParameters/event[{number}]"))
    if not alerts:
        notes.add("quakeml/eventParameters", "has no event")
    return Reading(format="quakeml", alerts=tuple(alerts))


def _event(event: etree._Element, where: str) -> Alert:
    origin = _preferred(event, "origin", where)
    path = f"{where}/origin"
    when = values.time(_value(origin, "time"), f"{path}/time/value", zone=UTC)
    lat = values.number(_value(origin, "latitude"), f"{path}/latitude/value")
    lon = values.number(_value(origin, "longitude"), f"{path}/longitude/value")
    depth = _value(origin, "depth")
    magnitude = None if child(event, "magnitude") is None else _value(_preferred(event, "magnitude", where), "mag")
    public_id = (event.get("publicID") or "").strip()
    source, code = event.get(f"{_CATALOG}eventsource"), event.get(f"{_CATALOG}eventid")
    event_id = f"{source}{code}".lower() if source and code else public_id.rpartition("/")[2]
    if not event_id:
        raise Refused(f"{where}/@publicID", "is missing")
    updated = text_of(child(c, "creationTime")) if (c := child(event, "creationInfo")) is not None else ""
    quake = Quake(
        event_id=event_id,
        occurred_at=when,
        lat_deg=lat,
        lon_deg=lon,
        depth_km=values.number(depth, f"{path}/depth/value") / 1000 if depth else None,
        magnitude=_size(magnitude, f"{where}/magnitude/mag/value"),
        place_name=next((text_of(child(d, "text")) for d in children(event, "description")), "") or None,
    )
    sent_at = values.time(updated, f"{where}/creationInfo/creationTime", zone=UTC) if updated else None
    return _alert(quake, sent_at, path)


def _preferred(event: etree._Element, name: str, where: str) -> etree._Element:
    wanted = text_of(child(event, f"preferred{name.capitalize()}ID"))
    found = list(children(event, name))
    if not found:
        raise Refused(f"{where}/{name}", "is missing")
    return next((item for item in found if wanted and item.get("publicID") == wanted), found[0])


def _value(element: etree._Element, name: str) -> str:
    part = child(element, name)
    return "" if part is None else text_of(child(part, "value"))


def read_shakemap(root: etree._Element, name: str, notes: Notes) -> Reading:
    """`<earthquake>` alone or in `<shakemap-data>`, with or without a station list; or a station list alone."""
    earthquake = root if local(root) == "earthquake" else child(root, "earthquake")
    stations = root if local(root) == "stationlist" else child(root, "stationlist")
    seen = () if stations is None else tuple(_stations(stations))
    if earthquake is None:
        if stations is None:
            raise Refused(f"{local(root)}/earthquake", "is missing")
        return observed("shakemap-stations-xml", name, list(seen), notes)
    where = "earthquake" if earthquake is root else f"{local(root)}/earthquake"
    quake = Quake(
        event_id=(earthquake.get("id") or "").strip() or None,
        occurred_at=_when(earthquake, where),
        lat_deg=_number(earthquake, "lat", where),
        lon_deg=_number(earthquake, "lon", where),
        depth_km=_number(earthquake, "depth", where) if earthquake.get("depth") else None,
        magnitude=_size(earthquake.get("mag"), f"{where}/@mag"),
        place_name=earthquake.get("locstring") or None,
    )
    alert = _alert(quake, None, where, observations=seen)
    return Reading(format="shakemap-event-xml" if stations is None else "shakemap-stations-xml", alerts=(alert,))


def _alert(quake: Quake, sent_at: datetime | None, where: str, *, observations: tuple[Observation, ...] = ()) -> Alert:
    if quake.lat_deg is None or quake.lon_deg is None:
        raise Refused(f"{where}/@lat", "is missing")
    point = values.position(quake.lat_deg, quake.lon_deg, where)
    info = Info(
        language="en",
        categories=("Geo",),
        event="Earthquake",
        urgency="Past",
        onset_at=quake.occurred_at,
        areas=(Area(description=quake.place_name or "", points=(point,)),),
    )
    return Alert(
        identifier=quake.event_id,
        sender=SENDER,
        sent_at=sent_at,
        infos=(info,),
        hazard="EQ",
        quake=quake,
        observations=observations,
    )


def _when(earthquake: etree._Element, where: str) -> datetime:
    """The time as one attribute, or as six numbers with a time zone that must be UTC."""
    if earthquake.get("time"):
        return values.time(earthquake.get("time") or "", f"{where}/@time", zone=UTC)
    numbers = [_number(earthquake, name, where) for name in _CLOCK]
    zone = (earthquake.get("timezone") or "GMT").strip().upper()
    if zone not in ("GMT", "UTC", "Z"):
        raise Refused(f"{where}/@timezone", f"{values.shown(zone)} is not UTC")
    try:
        return datetime(*(int(value) for value in numbers), tzinfo=UTC)  # type: ignore[arg-type,misc]
    except (ValueError, OverflowError) as error:
        raise Refused(f"{where}/@year", f"is no possible time: {error}") from error


def _stations(stations: etree._Element) -> list[Observation]:
    seen = []
    for number, station in enumerate(children(stations, "station"), 1):
        where = f"stationlist/station[{number}]"
        intensity = station.get("intensity")
        if intensity is None or intensity.strip().lower() in ("", "nan"):
            continue  # not measured: ShakeMap writes NaN
        felt = values.number(intensity, f"{where}/@intensity")
        point = values.position(_number(station, "lat", where), _number(station, "lon", where), where)
        if felt >= 1:
            seen.append(observation(*point, felt, f"{where}/@intensity"))
    return seen


def _size(text: str | None, where: str) -> float | None:
    return values.magnitude(values.number(text, where), where) if text else None


def _number(element: etree._Element, name: str, where: str) -> float:
    text = element.get(name)
    if text is None:
        raise Refused(f"{where}/@{name}", "is missing")
    return values.number(text, f"{where}/@{name}")
