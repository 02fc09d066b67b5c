"""PAGER: people living at each intensity, and how bad it probably is. Parts in JSON, and pager.xml.

Source: USGS PAGER, https://earthquake.usgs.gov/data/pager/. The JSON parts do not name their earthquake: see
`usgs_product`. Successive versions of one earthquake revise one event, the newest by the product's time.
"""

from __future__ import annotations

import dataclasses
from datetime import UTC
from typing import Final

from lxml import etree

from services.incidents.intake import safejson, values
from services.incidents.intake.model import Alert, Area, Info, Notes, Quake, Reading, Refused
from services.incidents.intake.safejson import Object
from services.incidents.intake.safexml import child, children
from services.incidents.intake.usgs_product import SENDER, event_of, product

COLOURS: Final = ("green", "yellow", "orange", "red")
PEOPLE_MAX: Final = 10_000_000_000


def read_exposures(name: str, document: Object, notes: Notes) -> Reading:
    """exposures.json: people at MMI 1 to 10, added up over countries."""
    path = "population_exposure"
    exposure = safejson.as_object(document.get(path), path)
    levels = safejson.as_list(exposure.get("mmi"), f"{path}.mmi")
    people = safejson.as_list(exposure.get("aggregated_exposure"), f"{path}.aggregated_exposure")
    if len(levels) != len(people):
        raise Refused(f"{path}.aggregated_exposure", f"has {len(people)} numbers for {len(levels)} intensities")
    found: dict[int, int] = {}
    for index, (level, count) in enumerate(zip(levels, people, strict=True)):
        mmi = _whole(level, f"{path}.mmi[{index}]", 12)
        if mmi in found:
            raise Refused(f"{path}.mmi[{index}]", f"is {mmi} once more")
        found[mmi] = _whole(count, f"{path}.aggregated_exposure[{index}]", PEOPLE_MAX)
    return Reading(format="usgs-pager-exposures", alerts=(product(name, notes, exposure=found),))


def read_alert_levels(name: str, document: Object, notes: Notes) -> Reading:
    """alerts.json: the colour of probable deaths and of probable losses; the summary is the worse one."""
    found = []
    for part in ("fatality", "economic"):
        level = safejson.as_object(document.get(part), part)
        found.append(_colour(safejson.text(level, "level", part), f"{part}.level"))
    return Reading(format="usgs-pager-alerts", alerts=(product(name, notes, colour=_worse(found)),))


def read_losses(name: str, document: Object, notes: Notes) -> Reading:
    """losses.json: estimated deaths and losses. Read so that the version is known; the colour says as much."""
    losses = safejson.as_object(document.get("empirical_fatality"), "empirical_fatality")
    deaths = safejson.real(losses, "total_fatalities", "empirical_fatality")
    if not 0 <= deaths <= PEOPLE_MAX:
        raise Refused("empirical_fatality.total_fatalities", f"{deaths:g} is no number of people")
    return Reading(format="usgs-pager-losses", alerts=(product(name, notes),))


def read_event(name: str, document: Object, notes: Notes) -> Reading:
    """event.json: origin, version and summary colour of one PAGER run."""
    event = safejson.as_object(document.get("event"), "event")
    pager = safejson.as_object(document.get("pager"), "pager")
    lat, lon = safejson.real(event, "lat", "event"), safejson.real(event, "lon", "event")
    point = values.position(lat, lon, "event.lat")
    quake = Quake(
        event_id=safejson.maybe_text(event, "eventid") or event_of(name)[0],
        occurred_at=values.time(safejson.text(event, "time", "event"), "event.time", zone=UTC),
        lat_deg=point[0],
        lon_deg=point[1],
        depth_km=safejson.maybe_real(event, "depth", "event"),
        magnitude=values.magnitude(safejson.maybe_real(event, "mag", "event"), "event.mag"),
        place_name=safejson.maybe_text(event, "location"),
        intensity_max=safejson.maybe_real(pager, "maxmmi", "pager"),
    )
    version = int(min(max(safejson.maybe_real(pager, "version_number", "pager") or 0, 0), 1e6))
    colour = safejson.maybe_text(pager, "alert_level")
    processed = safejson.maybe_text(pager, "processing_time")
    alert = _alert(
        quake,
        sent=processed,
        where="pager.processing_time",
        version=version,
        colour=None if colour is None or colour == "pending" else _colour(colour, "pager.alert_level"),
    )
    return Reading(format="usgs-pager-event", alerts=(alert,))


def read_xml(root: etree._Element, notes: Notes) -> Reading:
    """pager.xml: origin, version, colours and exposure in one."""
    event = child(root, "event")
    if event is None:
        raise Refused("pager/event", "is missing")
    point = values.position(_attribute(event, "lat"), _attribute(event, "lon"), "pager/event/@lat")
    when = event.get("event_timestamp") or ""
    quake = Quake(
        event_id=(event.get("eventcode") or "").strip() or None,
        occurred_at=values.time(when, "pager/event/@event_timestamp", zone=UTC),
        lat_deg=point[0],
        lon_deg=point[1],
        depth_km=_attribute(event, "depth"),
        magnitude=values.magnitude(_attribute(event, "magnitude"), "pager/event/@magnitude"),
        place_name=event.get("event_description"),
        intensity_max=_attribute(event, "maxmmi"),
    )
    alerts = child(root, "alerts")
    colours = [] if alerts is None else [
        _colour((item.get("level") or "").strip(), f"pager/alerts/alert[{number}]/@level")
        for number, item in enumerate(children(alerts, "alert"), 1)
    ]  # fmt: skip
    alert = _alert(
        quake,
        sent=root.get("process_timestamp"),
        where="pager/@process_timestamp",
        version=int(min(max(_attribute(event, "number"), 0), 1e6)),
        colour=_worse(colours) if colours else None,
    )
    exposure = dict(_exposure(item, number) for number, item in enumerate(children(root, "exposure"), 1))
    return Reading(format="usgs-pager-xml", alerts=(dataclasses.replace(alert, exposure=exposure),))


def _alert(quake: Quake, *, sent: str | None, where: str, version: int, colour: str | None) -> Alert:
    points = () if quake.lat_deg is None or quake.lon_deg is None else ((quake.lat_deg, quake.lon_deg),)
    info = Info(
        language="en",
        categories=("Geo",),
        event="Earthquake",
        urgency="Past",
        onset_at=quake.occurred_at,
        areas=(Area(description=quake.place_name or "", points=points),),
    )
    return Alert(
        identifier=quake.event_id,
        sender=SENDER,
        sent_at=values.time(sent, where, zone=UTC) if sent else None,
        msg_type="Update" if version > 1 else "Alert",
        infos=(info,),
        version=version,
        hazard="EQ",
        colour=colour,
        quake=quake,
    )


def _exposure(item: etree._Element, number: int) -> tuple[int, int]:
    """People between dmin and dmax, which are half a step below and above a whole intensity."""
    where = f"pager/exposure[{number}]"
    low, high = _attribute(item, "dmin", where), _attribute(item, "dmax", where)
    if not 0 <= low < high <= 13:
        raise Refused(f"{where}/@dmin", f"{low:g} to {high:g} is no range of intensity")
    return round((low + high) / 2), _whole(_attribute(item, "exposure", where), f"{where}/@exposure", PEOPLE_MAX)


def _attribute(element: etree._Element, name: str, where: str = "pager/event") -> float:
    text = element.get(name)
    if text is None:
        raise Refused(f"{where}/@{name}", "is missing")
    return values.number(text, f"{where}/@{name}")


def _colour(text: str, where: str) -> str:
    if text not in COLOURS:
        raise Refused(where, f"{values.shown(text)} is none of {', '.join(COLOURS)}")
    return text


def _worse(colours: list[str]) -> str:
    return max(colours, key=COLOURS.index)


def _whole(value: object, where: str, most: int) -> int:
    number = safejson.real_of(value, where)
    if not 0 <= number <= most:
        raise Refused(where, f"{number:g} is not between 0 and {most}")
    return int(number)
