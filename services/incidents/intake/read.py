"""Any file from a feed: what it is, by its content, and what it says. Never raises for any bytes."""

from __future__ import annotations

import dataclasses
from typing import Any, Final

from lxml import etree

from services.incidents.intake import (
    cap_json,
    containers,
    edxl_json,
    gdacs,
    nws,
    pager,
    quake_xml,
    relay,
    safejson,
    safexml,
    usgs_contours,
    usgs_event,
    usgs_observed,
    usgs_origin,
)
from services.incidents.intake.cap import looks_like_alert
from services.incidents.intake.cap_rules import V1_2, version_of
from services.incidents.intake.encoding import as_utf8
from services.incidents.intake.model import FILE_BYTES_MAX, NOT_AN_ALERT, Notes, Reading, Refusal, Refused
from services.incidents.intake.safejson import Object
from services.incidents.intake.safexml import local, namespace
from services.incidents.intake.values import shown

_BOM_TWICE: Final = b"\xc3\xaf\xc2\xbb\xc2\xbf"
"""A byte order mark that was taken for Latin-1 and written as UTF-8 once more."""
_MARKS: Final = {
    b"\x1f\x8b": "is compressed (gzip); unpack it first",
    b"PK\x03\x04": "is an archive (zip); unpack it first",
    b"BZh": "is compressed (bzip2); unpack it first",
    b"\xfd7zXZ": "is compressed (xz); unpack it first",
    b"%PDF": "is a PDF",
}
_WRAPPERS: Final = ("Data", "data")
_FAMILIES: Final = ("xml", "json")
"""Not well-formed, so that nobody knows what it was meant to be."""


class _Unknown(Refused):
    """Not a kind that is read here: refused without a format."""


def read(name: str, data: bytes, *, bytes_max: int = FILE_BYTES_MAX, charset: str | None = None) -> Reading:
    """What a file says. `name` is a path or an address; it only helps where a product does not name its event.

    `charset` is the encoding as the sender states it.
    """
    notes = Notes()
    form: list[str] = []
    try:
        reading = _read(name, data, bytes_max, charset, notes, form)
    except Refused as refused:
        known = None if isinstance(refused, _Unknown) or not form or form[0] in _FAMILIES else form[0]
        refusal = Refusal(refused.where or "file", refused.why)
        return Reading(format=known, refused=refusal, warnings=() if known is None else notes.lines())
    return dataclasses.replace(reading, warnings=notes.lines())


def _read(name: str, data: bytes, bytes_max: int, charset: str | None, notes: Notes, form: list[str]) -> Reading:
    if len(data) > bytes_max:
        raise _Unknown("", f"has {len(data)} bytes; at most {bytes_max} are read")
    for mark, why in _MARKS.items():
        if data.startswith(mark):
            raise _Unknown("", why)
    body = as_utf8(data, notes, charset).removeprefix(_BOM_TWICE).lstrip()
    if b"\x00" in body:
        raise _Unknown("", f"{NOT_AN_ALERT}: it has NUL bytes")
    if body[:1] == b"<":
        return _xml(name, body, notes, form)
    if body[:1] in (b"{", b"["):
        return _json(name, body, notes, form)
    raise _Unknown("", NOT_AN_ALERT if body else "is empty")


def _xml(name: str, body: bytes, notes: Notes, form: list[str]) -> Reading:
    start = body[:40].lower()
    if start.startswith(b"<html") or (start.startswith(b"<!doctype") and b"html" in start):
        raise _Unknown("html", f"{NOT_AN_ALERT}: it is a web page")
    form.append("xml")
    roots = safexml.parse(body, notes)
    root = roots[0]
    root_name = local(root)
    if containers.is_edxl(root):
        form[0] = "edxl-de-1.0"
        return containers.read_edxl(root, notes)
    if root_name == "feed" and namespace(root) in (containers.ATOM, ""):
        form[0] = "atom"
        return containers.read_atom(root, notes)
    if root_name == "rss":
        form[0] = "gdacs-rss" if gdacs.is_gdacs(root) else "rss"
        return gdacs.read_gdacs(root, notes) if form[0] == "gdacs-rss" else containers.read_rss(root, notes)
    return _quake_xml(name, root, notes, form) or _alerts(roots, notes, form)


def _quake_xml(name: str, root: etree._Element, notes: Notes, form: list[str]) -> Reading | None:
    root_name = local(root)
    if root_name == "quakeml":
        form[0] = "quakeml"
        return quake_xml.read_quakeml(root, notes)
    if root_name == "pager":
        form[0] = "usgs-pager-xml"
        return pager.read_xml(root, notes)
    if root_name in ("earthquake", "shakemap-data", "stationlist"):
        form[0] = "shakemap-event-xml"
        return quake_xml.read_shakemap(root, name, notes)
    return None


def _alerts(roots: list[etree._Element], notes: Notes, form: list[str]) -> Reading:
    if looks_like_alert(roots[0]):
        version, _ = version_of(namespace(roots[0]))
        form[0] = V1_2.name if version is None else version.name
        return containers.read_alerts(roots, notes)
    form[0] = "cap"
    try:
        return containers.read_alerts(roots, notes)
    except Refused as refused:
        if refused.why == "has no alert inside":
            raise _Unknown(local(roots[0]), f"{NOT_AN_ALERT}: this element is not known") from refused
        raise


def _json(name: str, body: bytes, notes: Notes, form: list[str]) -> Reading:
    form.append("json")
    document = safejson.parse(body, notes)
    if not isinstance(document, dict):
        raise _Unknown("", f"{NOT_AN_ALERT}: it is a JSON array")
    for key in _WRAPPERS:
        inner = document.get(key)
        if isinstance(inner, dict) and (relay.is_cea(inner) or relay.is_warning(inner) or relay.is_list(inner)):
            document = inner
    if document.get("type") in ("Feature", "FeatureCollection"):
        return _geojson(name, document, notes, form)
    reading = _product(name, document, notes, form)
    if reading is None:
        keys = ", ".join(list(map(str, document))[:5])
        raise _Unknown("", f"{NOT_AN_ALERT}: a JSON object with {shown(keys) if keys else 'nothing in it'}")
    return reading


def _geojson(name: str, document: Object, notes: Notes, form: list[str]) -> Reading:
    features: list[Any] = document["features"] if isinstance(document.get("features"), list) else []
    first = document if document["type"] == "Feature" else (features[0] if features else None)
    if first is None:
        return _no_features(document, notes, form)
    if nws.is_alert(first):
        form[0] = "cap-geojson"
        return nws.read_features(document, notes)
    if isinstance(first, dict) and usgs_event.is_event(first):
        form[0] = "usgs-event" if first is document else "usgs-events"
        return usgs_event.read_events(document, notes)
    return _features(name, document, features, notes, form)


def _features(name: str, document: Object, features: list[Any], notes: Notes, form: list[str]) -> Reading:
    properties = features[0].get("properties") if features and isinstance(features[0], dict) else None
    has = properties if isinstance(properties, dict) else {}
    if usgs_contours.is_contours(features):
        form[0] = "usgs-shakemap-contours"
        return usgs_contours.read_contours(name, document, notes)
    if "cdi" in has:
        form[0] = "usgs-dyfi-geojson"
        return usgs_observed.read_felt_cells(name, document, notes)
    if "intensity" in has:
        form[0] = "usgs-shakemap-stations"
        return usgs_observed.read_stations(name, document, notes)
    meta = document.get("metadata")
    if isinstance(meta, dict) and {"lat", "lon", "mag"} <= meta.keys():
        form[0] = "usgs-shakemap-rupture"
        return usgs_origin.read_rupture(name, document, notes)
    raise _Unknown("features[0].properties", f"{NOT_AN_ALERT}: GeoJSON of no feed that is known")


def _no_features(document: Object, notes: Notes, form: list[str]) -> Reading:
    if not isinstance(document.get("features"), list):
        raise _Unknown("features", "is missing or no array")
    if isinstance(document.get("metadata"), dict):
        form[0] = "usgs-events"
        return usgs_event.read_events(document, notes)
    notes.add("features", "is empty")
    return Reading(format="geojson")


def _product(name: str, document: Object, notes: Notes, form: list[str]) -> Reading | None:
    """The JSON kinds that are not GeoJSON, told by the fields that only they have."""
    if "population_exposure" in document:
        form[0] = "usgs-pager-exposures"
        return pager.read_exposures(name, document, notes)
    if "fatality" in document and "economic" in document:
        form[0] = "usgs-pager-alerts"
        return pager.read_alert_levels(name, document, notes)
    if "empirical_fatality" in document:
        form[0] = "usgs-pager-losses"
        return pager.read_losses(name, document, notes)
    if "pager" in document and "event" in document:
        form[0] = "usgs-pager-event"
        return pager.read_event(name, document, notes)
    if isinstance(document.get("input"), dict) and "event_information" in document["input"]:
        form[0] = "usgs-shakemap-info"
        return usgs_origin.read_info(name, document, notes)
    return _message(document, notes, form)


def _message(document: Object, notes: Notes, form: list[str]) -> Reading | None:
    if "edxl" in document or "distributionID" in document:
        form[0] = "edxl-de-json"
        return edxl_json.read_envelope(document, notes)
    if isinstance(document.get("alert"), dict) and "capXml" in document["alert"]:
        form[0] = "cap-json"
        return edxl_json.read_hub(document, notes)
    if cap_json.is_alert(document) or cap_json.is_feed(document):
        form[0] = f"{V1_2.name}-json"
        return cap_json.read(document, notes)
    if relay.is_cea(document):
        form[0] = "cea"
        return relay.read_cea(document, notes)
    if relay.is_warning(document):
        form[0] = "eew"
        return relay.read_warning(document, notes)
    if relay.is_list(document):
        form[0] = "cenc-eqlist"
        return relay.read_list(document, notes)
    return None
