"""GDACS RSS (Global Disaster Alert and Coordination System): one message per item.

Its bounding box is `lonmin lonmax latmin latmax`, and is the extent of a map rather than the affected area; the place
is `geo:Point`. An event is followed by event type and id; episode and version count its revisions.
"""

from __future__ import annotations

from typing import Final

from lxml import etree

from services.incidents.intake import values
from services.incidents.intake.model import Alert, Area, Geocode, Info, Notes, Pair, Quake, Reading, Refused
from services.incidents.intake.safexml import child, children, local, namespace, text_of

NAMESPACE: Final = "http://www.gdacs.org"
HAZARDS: Final = frozenset({"EQ", "TC", "FL", "DR", "VO", "WF", "TS"})
COLOURS: Final = frozenset({"green", "orange", "red"})
_CATEGORY: Final = {"EQ": "Geo", "VO": "Geo", "TS": "Geo", "TC": "Met", "DR": "Met", "FL": "Met", "WF": "Fire"}


def is_gdacs(root: etree._Element) -> bool:
    """Whether an RSS feed has elements of GDACS' own."""
    channel = child(root, "channel")
    if channel is None:
        return False
    return any(namespace(part) == NAMESPACE for item in children(channel, "item") for part in children(item))


def read_gdacs(root: etree._Element, notes: Notes) -> Reading:
    """All items that say what happened and where. One that does not is noted; if none does, the file is refused."""
    channel = child(root, "channel")
    if channel is None:
        raise Refused("rss/channel", "is missing")
    alerts: list[Alert] = []
    first: Refused | None = None
    for number, item in enumerate(children(channel, "item"), 1):
        try:
            alerts.append(_item(item, f"rss/channel/item[{number}]", notes))
        except Refused as refused:
            first = first or refused
            notes.add(refused.where, f"{refused.why}; this item was left out")
    if first is not None and not alerts:
        raise first
    return Reading(format="gdacs-rss", alerts=tuple(alerts))


def _item(item: etree._Element, where: str, notes: Notes) -> Alert:
    hazard = _need(item, "eventtype", where)
    if hazard not in HAZARDS:
        raise Refused(f"{where}/eventtype", f"{values.shown(hazard)} is none of {', '.join(sorted(HAZARDS))}")
    event_id = _need(item, "eventid", where)
    point = _point(item, where)
    colour = _need(item, "alertlevel", where).lower()
    if colour not in COLOURS:
        raise Refused(f"{where}/alertlevel", f"{values.shown(colour)} is none of green, orange, red")
    began_at = values.mail_time(_need(item, "fromdate", where), f"{where}/fromdate")
    published = text_of(child(item, "datemodified")) or text_of(child(item, "pubDate"))
    episode, version = _count(item, "episodeid", where), _count(item, "version", where)
    area = Area(
        description=text_of(child(item, "country")), points=(point,), extent=_extent(item, where), geocodes=_codes(item)
    )
    info = Info(
        language="en",
        categories=(_CATEGORY[hazard],),
        event=text_of(child(item, "eventname")) or hazard,
        headline=text_of(child(item, "title")) or None,
        onset_at=began_at,
        areas=(area,),
    )
    return Alert(
        identifier=f"{hazard}{event_id}",
        sender="gdacs.org",
        sent_at=values.mail_time(published, f"{where}/pubDate") if published else began_at,
        msg_type="Update" if episode > 1 or version > 1 else "Alert",
        infos=(info,),
        version=episode * 1_000 + version,
        hazard=hazard,
        colour=colour,
        quake=_quake(item, hazard, event_id, point, info, where) if hazard == "EQ" else None,
    )


def _quake(item: etree._Element, hazard: str, event_id: str, point: Pair, info: Info, where: str) -> Quake:
    severity = child(item, "severity")
    size, place = None if severity is None else severity.get("value"), f"{where}/severity/@value"
    return Quake(
        event_id=f"{hazard}{event_id}",
        occurred_at=info.onset_at,
        lat_deg=point[0],
        lon_deg=point[1],
        magnitude=values.magnitude(values.number(size, place), place) if size else None,
        place_name=info.areas[0].description or None,
    )


def _need(item: etree._Element, name: str, where: str) -> str:
    text = text_of(child(item, name))
    if not text:
        raise Refused(f"{where}/{name}", "is missing or empty")
    return text


def _count(item: etree._Element, name: str, where: str) -> int:
    text = text_of(child(item, name))
    count = values.number(text, f"{where}/{name}") if text else 0
    if not 0 <= count < 1e9:
        raise Refused(f"{where}/{name}", f"{values.shown(text)} is no count")
    return int(count)


def _point(item: etree._Element, where: str) -> Pair:
    point = next((part for part in children(item) if local(part) == "Point"), None)
    if point is not None:
        lat, lon = text_of(child(point, "lat")), text_of(child(point, "long"))
        place = f"{where}/Point"
    else:
        place = f"{where}/point"
        lat, _, lon = text_of(child(item, "point")).partition(" ")
    if not (lat and lon):
        raise Refused(place, "is missing: the item does not say where")
    return values.position(values.number(lat, f"{place}/lat"), values.number(lon, f"{place}/long"), place)


def _extent(item: etree._Element, where: str) -> tuple[float, float, float, float] | None:
    text = text_of(child(item, "bbox"))
    if not text:
        return None
    numbers = [values.number(word, f"{where}/bbox") for word in text.split()[:5]]
    if len(numbers) != 4:
        raise Refused(f"{where}/bbox", "is not lonmin lonmax latmin latmax")
    west, east, south, north = numbers
    if not (-90 <= south <= north <= 90):
        raise Refused(f"{where}/bbox", f"{values.shown(text)} is not lonmin lonmax latmin latmax")
    return south, west, north, east


def _codes(item: etree._Element) -> tuple[Geocode, ...]:
    return tuple(Geocode("ISO 3166-1 alpha-3", code) for code in text_of(child(item, "iso3")).split() if code)
