"""CAP 1.2 written in JSON, field by field as in XML: one alert (Germany's NINA), or `warnings` that hold one each
(MeteoAlarm). The standard has no such form, so fields of the publisher's own are left out and noted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lxml import etree

from services.incidents.intake import cap_rules, safejson
from services.incidents.intake.containers import Found, read_all
from services.incidents.intake.model import Notes, Reading, Refused
from services.incidents.intake.safejson import Object
from services.incidents.intake.values import shown

_NAMESPACE: Final = next(name for name, version in cap_rules.NAMESPACES.items() if version is cap_rules.V1_2)
_MARKS: Final = ("identifier", "sender", "sent", "status", "msgType")
_INSIDE: Final[Mapping[str, cap_rules.Order]] = {
    "info": cap_rules.V1_2.info, "area": cap_rules.AREA, "eventCode": cap_rules.PAIR, "parameter": cap_rules.PAIR,
    "geocode": cap_rules.PAIR,
}  # fmt: skip
_UNREAD: Final = frozenset({"resource"})


def is_alert(document: Object) -> bool:
    """Whether an object has the fields that every CAP alert has; one of them may have been forgotten."""
    return (
        sum(mark in document for mark in _MARKS) >= len(_MARKS) - 1 and document.keys() & {"msgType", "info"} != set()
    )


def is_feed(document: Object) -> bool:
    """Whether it is a list of warnings with an alert in each."""
    warnings = document.get("warnings")
    return isinstance(warnings, list) and any(isinstance(item, dict) and "alert" in item for item in warnings)


def read(document: Object, notes: Notes) -> Reading:
    """The alert or the alerts. One bad alert among good ones is noted and left out."""
    found: list[Found] = []
    if is_alert(document):
        found.append(("alert", _root(document, "alert", notes)))
    else:
        for where, item in safejson.items(document["warnings"], "warnings"):
            place = f"{where}.alert"
            try:
                found.append((place, _root(safejson.as_object(item.get("alert"), place), place, notes)))
            except Refused as refused:
                found.append((place, refused))
    formats, alerts = read_all(found, notes)
    return Reading(format=f"{formats[0]}-json", alerts=tuple(alerts))


def _root(record: Object, where: str, notes: Notes) -> etree._Element:
    root = etree.Element(f"{{{_NAMESPACE}}}alert")
    _fill(root, record, cap_rules.V1_2.alert, where, notes)
    return root


def _fill(parent: etree._Element, record: Object, order: cap_rules.Order, where: str, notes: Notes) -> None:
    """Children in the standard's order, which an object does not have."""
    foreign = [key for key in record if key not in order]
    if foreign:
        notes.add(where, f"has fields that are not CAP's ({shown(', '.join(foreign))}); they were left out")
    for name in (name for name in order if name in record and name not in _UNREAD):
        value = record[name]
        items = value if isinstance(value, list) else [value]
        for index, item in enumerate(item for item in items if item is not None):
            place = f"{where}/{name}" if len(items) == 1 else f"{where}/{name}[{index + 1}]"
            child = etree.SubElement(parent, f"{{{_NAMESPACE}}}{name}")
            if name in _INSIDE:
                _fill(child, safejson.as_object(item, place), _INSIDE[name], place, notes)
            else:
                _write(child, item, place)


def _write(element: etree._Element, item: object, where: str) -> None:
    if isinstance(item, bool) or not isinstance(item, str | int | float):
        raise Refused(where, f"must be a text, not {shown(item)}")
    try:
        element.text = str(item)
    except ValueError as error:
        raise Refused(where, "has characters that no text may have") from error
