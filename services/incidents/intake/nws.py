"""Alerts of api.weather.gov and other GeoJSON that carries CAP's own fields in `properties`."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from services.incidents.intake import geojson, safejson, values
from services.incidents.intake.cap import read_references
from services.incidents.intake.cap_rules import V1_2
from services.incidents.intake.model import ALERTS_MAX, Alert, Area, Geocode, Info, Notes, Reading, Reference, Refused
from services.incidents.intake.safejson import Object

_MARKS: Final = ("severity", "certainty", "urgency", "event")


def is_alert(feature: object) -> bool:
    """Whether a feature speaks the words of CAP."""
    properties = feature.get("properties") if isinstance(feature, dict) else None
    return isinstance(properties, dict) and all(mark in properties for mark in _MARKS)


def read_features(document: Object, notes: Notes) -> Reading:
    """One alert for each identifier: features that share one are areas of the same alert."""
    features = [("", document)] if document.get("type") == "Feature" else list(
        safejson.items(document.get("features"), "features")
    )  # fmt: skip
    if len(features) > ALERTS_MAX:
        raise Refused("features", f"has {len(features)} alerts; at most {ALERTS_MAX} are read")
    alerts: dict[str, list[Alert]] = {}
    first: Refused | None = None
    for where, feature in features:
        try:
            alert = _alert(feature, where, notes)
        except Refused as refused:
            first = first or refused
            notes.add(refused.where, f"{refused.why}; this alert was left out")
        else:
            alerts.setdefault(alert.identifier or "", []).append(alert)
    if first is not None and not alerts:
        raise first
    return Reading(format="cap-geojson", alerts=tuple(_joined(same) for same in alerts.values()))


def _joined(same: Sequence[Alert]) -> Alert:
    """Areas of equal infos are put together; what differs stays an info of its own."""
    if len(same) == 1:
        return same[0]
    infos: dict[Info, list[Area]] = {}
    for alert in same:
        for info in alert.infos:
            infos.setdefault(dataclasses.replace(info, areas=()), []).extend(info.areas)
    whole = tuple(dataclasses.replace(info, areas=tuple(areas)) for info, areas in infos.items())
    return dataclasses.replace(same[0], infos=whole)


def _alert(feature: Object, where: str, notes: Notes) -> Alert:
    path = safejson.under(where, "properties")
    record = safejson.as_object(feature.get("properties"), path)
    msg_type = _word(record, "msgType", "msgType" if "msgType" in record else "messageType", path)
    if "identifier" not in record and "id" not in record and isinstance(feature.get("id"), str):
        record = {**record, "id": feature["id"]}
    sent = safejson.text(record, "sent", path)
    info = Info(
        language=safejson.maybe_text(record, "language") or "en",
        categories=(_word(record, "category", "category", path),) if record.get("category") else (),
        event=safejson.text(record, "event", path),
        urgency=_word(record, "urgency", "urgency", path),
        severity=_word(record, "severity", "severity", path),
        certainty=_word(record, "certainty", "certainty", path),
        effective_at=_time(record, "effective", path),
        onset_at=_time(record, "onset", path),
        expires_at=_time(record, "expires", path),
        sender_name=safejson.maybe_text(record, "senderName"),
        headline=safejson.maybe_text(record, "headline"),
        areas=(_area(feature, record, where, notes),),
    )
    return Alert(
        identifier=safejson.text(record, "identifier" if "identifier" in record else "id", path),
        sender=safejson.text(record, "sender", path),
        sent_at=values.time(sent, f"{path}.sent", zone=UTC),
        status=_word(record, "status", "status", path),
        msg_type=msg_type,
        scope=_word(record, "scope", "scope", path) if record.get("scope") else "Public",
        references=_references(record, msg_type, path),
        infos=(info,),
    )


def _area(feature: Object, record: Object, where: str, notes: Notes) -> Area:
    geometry = feature.get("geometry")
    path = safejson.under(where, "geometry")
    shapes: tuple[geojson.Polygon, ...] = ()
    points: tuple[tuple[float, float], ...] = ()
    if isinstance(geometry, dict) and geometry.get("type") == "Point":
        points = (geojson.point(geometry, path)[0],)
    elif geometry is not None:
        shapes = geojson.polygons(geometry, path, notes)
    return Area(
        description=safejson.maybe_text(record, "areaDesc") or "",
        polygons=shapes,
        points=points,
        geocodes=_geocodes(record, safejson.under(where, "properties")),
    )


def _geocodes(record: Object, where: str) -> tuple[Geocode, ...]:
    found = []
    for name, codes in safejson.as_object(record.get("geocode") or {}, f"{where}.geocode").items():
        for index, code in enumerate(safejson.as_list(codes, f"{where}.geocode.{name}")):
            if not isinstance(code, str):
                raise Refused(f"{where}.geocode.{name}[{index}]", f"must be a text, not {values.shown(code)}")
            found.append(Geocode(name, code))
    return tuple(found)


def _references(record: Object, msg_type: str, where: str) -> tuple[Reference, ...]:
    path, given = f"{where}.references", record.get("references") or []
    if isinstance(given, str):
        return read_references(given, path)
    found = []
    for place, item in safejson.items(given, path):
        sent = values.time(safejson.text(item, "sent", place), f"{place}.sent", zone=UTC)
        found.append(Reference(safejson.text(item, "sender", place), safejson.text(item, "identifier", place), sent))
    if not found and msg_type in ("Update", "Cancel"):
        raise Refused(path, f"is empty: {msg_type} of which message?")
    return tuple(found)


def _word(record: Object, kind: str, name: str, where: str) -> str:
    text = safejson.text(record, name, where)
    if text not in V1_2.words[kind]:
        allowed = ", ".join(sorted(V1_2.words[kind]))
        raise Refused(f"{where}.{name}", f"{values.shown(text)} is none of {allowed}")
    return text


def _time(record: Object, name: str, where: str) -> datetime | None:
    text = safejson.maybe_text(record, name)
    return values.time(text, f"{where}.{name}", zone=UTC) if text else None
