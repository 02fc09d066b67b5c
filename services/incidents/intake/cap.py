"""One CAP alert (1.0, 1.1, 1.2) from its element.

What leaves the meaning open is refused by the element's name: something required missing or doubled, a word outside
its list, an unknown element of CAP's own, a shape that is none. What does not (order, namespace, empty optional
elements, an open ring) is read and noted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final, TypeVar

from lxml import etree

from services.incidents.intake import cap_rules as rules
from services.incidents.intake import values
from services.incidents.intake.model import Alert, Area, Circle, Geocode, Info, Notes, Pair, Reference, Refused
from services.incidents.intake.safexml import child, children, local, namespace, text_of

_DSIG: Final = "http://www.w3.org/2000/09/xmldsig#"
_FORBIDDEN: Final = re.compile(r"[\s,<&]")
_SPACED_COMMA: Final = re.compile(r"\s*,\s*")
_TIME_INSIDE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\S*[,;]")
_FOLLOWS: Final = frozenset({"Update", "Cancel", "Ack", "Error"})
REFERENCES_MAX: Final = 1_000

Children = Mapping[str, list[etree._Element]]
T = TypeVar("T")


def looks_like_alert(element: etree._Element) -> bool:
    """Whether an element is a CAP alert, also one whose namespace is missing or slightly wrong."""
    if local(element) != "alert":
        return False
    known, _ = rules.version_of(namespace(element))
    return known is not None or child(element, "identifier") is not None or child(element, "msgType") is not None


def read_alert(element: etree._Element, where: str, notes: Notes) -> tuple[str, Alert]:
    """The format and the alert. Raises Refused with a path that begins with `where`."""
    version = _version(element, where, notes)
    parts = _parts(element, version.alert, where, notes)
    status = _word(parts, "status", version, where)
    msg_type = _word(parts, "msgType", version, where)
    scope = _word(parts, "scope", version, where) if parts["scope"] else "Public"
    infos = tuple(
        _info(item, version, _nth(where, "info", index, parts), notes) for index, item in enumerate(parts["info"])
    )
    if not infos and msg_type in ("Alert", "Update"):
        notes.add(where, "has no info: it does not say what happened")
    references = _references(parts, msg_type, where, notes)
    _check_profile(parts, infos, where)
    return version.name, Alert(
        identifier=_name(parts, "identifier", where),
        sender=_name(parts, "sender", where),
        sent_at=_time(parts, "sent", version, where, notes),
        status=status,
        msg_type=msg_type,
        scope=scope,
        references=references,
        infos=infos,
    )


def _version(element: etree._Element, where: str, notes: Notes) -> rules.Version:
    space = namespace(element)
    version, is_exact = rules.version_of(space)
    if version is None:
        # An undeclared prefix, or none at all. The newest version is the most common by far.
        version = rules.V1_2
    if not is_exact:
        named = f"the namespace {values.shown(space)} is not CAP's" if space else "has no namespace"
        notes.add(where, f"{named}; read as {version.name}")
    return version


def _parts(element: etree._Element, order: rules.Order, where: str, notes: Notes) -> Children:
    """The children by name, after checking which there are, how many, and their order."""
    parts: dict[str, list[etree._Element]] = {name: [] for name in order}
    ranks = {name: rank for rank, name in enumerate(order)}
    space, highest = namespace(element), -1
    for item in children(element):
        name, own = local(item), namespace(item)
        if own not in ("", space) and rules.version_of(own)[0] is None:
            said = "is signed; the signature was not checked" if own == _DSIG else f"has a foreign element {name!r}"
            notes.add(where, said)
            continue
        if name not in parts:
            raise Refused(f"{where}/{name}", "is no element of CAP here")
        if ranks[name] < highest:
            notes.add(f"{where}/{name}", "comes later than the standard says")
        highest = max(highest, ranks[name])
        parts[name].append(item)
    for name, (least, most) in order.items():
        if len(parts[name]) < least:
            raise Refused(f"{where}/{name}", "is missing")
        if most is not None and len(parts[name]) > most:
            raise Refused(f"{where}/{name}[{most + 1}]", "may not be repeated")
    return parts


def _info(element: etree._Element, version: rules.Version, where: str, notes: Notes) -> Info:
    parts = _parts(element, version.info, where, notes)
    urgency, severity = _word(parts, "urgency", version, where), _word(parts, "severity", version, where)
    certainty = _word(parts, "certainty", version, where).replace("Very Likely", "Likely")
    categories = tuple(
        _allowed(text_of(item), "category", version, _nth(where, "category", index, parts))
        for index, item in enumerate(parts["category"])
    )
    event = _text(parts, "event")
    if not event:
        notes.add(f"{where}/event", "is empty")
    areas = tuple(
        _area(item, version, _nth(where, "area", index, parts), notes) for index, item in enumerate(parts["area"])
    )
    return Info(
        language=_text(parts, "language") or None,
        categories=categories,
        event=event,
        urgency=urgency,
        severity=severity,
        certainty=certainty,
        effective_at=_maybe_time(parts, "effective", version, where, notes),
        onset_at=_maybe_time(parts, "onset", version, where, notes),
        expires_at=_maybe_time(parts, "expires", version, where, notes),
        sender_name=_text(parts, "senderName") or None,
        headline=_text(parts, "headline") or None,
        event_codes=_pairs(parts, "eventCode", version, where, notes),
        parameters=_pairs(parts, "parameter", version, where, notes),
        areas=areas,
    )


def _area(element: etree._Element, version: rules.Version, where: str, notes: Notes) -> Area:
    parts = _parts(element, rules.AREA, where, notes)
    rings: list[tuple[Pair, ...]] = _each(parts, "polygon", where, notes, lambda t, w: values.ring(t, w, notes))
    circles: list[Circle] = _each(parts, "circle", where, notes, values.circle)
    geocodes = _pairs(parts, "geocode", version, where, notes)
    if not (rings or circles or geocodes):
        notes.add(where, "names no place but its description")
    return Area(
        description=_text(parts, "areaDesc"),
        polygons=tuple((ring,) for ring in rings),
        circles=tuple(circles),
        geocodes=geocodes,
    )


def _each(parts: Children, name: str, where: str, notes: Notes, read: Callable[[str, str], T]) -> list[T]:
    found = []
    for index, item in enumerate(parts[name]):
        text, place = text_of(item), _nth(where, name, index, parts)
        if text:
            found.append(read(text, place))
        else:
            notes.add(place, "is empty; it was left out")
    return found


def _pairs(parts: Children, name: str, version: rules.Version, where: str, notes: Notes) -> tuple[Geocode, ...]:
    """Elements with a valueName and a value. An empty value says nothing and is left out."""
    found = []
    for index, item in enumerate(parts[name]):
        place = _nth(where, name, index, parts)
        if version.is_pair_text:
            key, equals, value = text_of(item).partition("=")
            key, value = (key.strip(), value.strip()) if equals else ("", key.strip())
        else:
            both = _parts(item, rules.PAIR, place, notes)
            key, value = _text(both, "valueName"), _text(both, "value")
        if value:
            found.append(Geocode(key, value))
        else:
            notes.add(place, "is empty; it was left out")
    return tuple(found)


def _references(parts: Children, msg_type: str, where: str, notes: Notes) -> tuple[Reference, ...]:
    """Triples sender,identifier,sent. What updates or cancels must say what; in other messages a fault is noted."""
    place, text = f"{where}/references", _text(parts, "references")
    if not text:
        if msg_type in _FOLLOWS:
            raise Refused(place, f"is {'empty' if parts['references'] else 'missing'}: {msg_type} of which message?")
        if parts["references"]:
            notes.add(place, "is empty")
        return ()
    try:
        return read_references(text, place)
    except Refused as refused:
        if msg_type in _FOLLOWS:
            raise
        notes.add(refused.where, refused.why)
        return ()


def read_references(text: str, where: str) -> tuple[Reference, ...]:
    """References as CAP writes them. A time without zone is taken as UTC, as for `sent`."""
    words = _SPACED_COMMA.sub(",", text).split()
    if len(words) > REFERENCES_MAX:
        raise Refused(where, f"has {len(words)} references; at most {REFERENCES_MAX} are read")
    found = []
    for word in words:
        sender, _, rest = word.partition(",")
        identifier, _, sent = rest.rpartition(",")
        if not (sender and identifier and sent) or _TIME_INSIDE.search(identifier):
            # Two triples without a space between them would be one that refers to nothing.
            raise Refused(where, f"{values.shown(word)} is not sender,identifier,sent")
        found.append(Reference(sender, identifier, values.time(sent, where, zone=UTC), word))
    return tuple(found)


def _check_profile(parts: Children, infos: tuple[Info, ...], where: str) -> None:
    """CAP-CP (Canada): all infos of a message are of one event, so that languages cannot contradict each other."""
    if not any(text_of(code).startswith("profile:CAP-CP:") for code in parts["code"]):
        return
    first: frozenset[str] | None = None
    for index, info in enumerate(infos):
        codes = frozenset(code.value for code in info.event_codes if code.name.startswith("profile:CAP-CP:Event:"))
        place = _nth(where, "info", index, parts)
        if not codes:
            raise Refused(f"{place}/eventCode", "is missing: the profile CAP-CP asks for its event code")
        if first is not None and codes != first:
            raise Refused(f"{place}/eventCode", "names another event than the first info does, against CAP-CP")
        first = codes


def _nth(where: str, name: str, index: int, parts: Children) -> str:
    return f"{where}/{name}" if len(parts[name]) == 1 else f"{where}/{name}[{index + 1}]"


def _text(parts: Children, name: str) -> str:
    return text_of(parts[name][0]) if parts[name] else ""


def _name(parts: Children, name: str, where: str) -> str:
    text = _text(parts, name)
    if not text:
        raise Refused(f"{where}/{name}", "is empty")
    if _FORBIDDEN.search(text):
        raise Refused(f"{where}/{name}", f"{values.shown(text)} has spaces, commas, < or &, which CAP forbids here")
    return text


def _word(parts: Children, name: str, version: rules.Version, where: str) -> str:
    return _allowed(_text(parts, name), name, version, f"{where}/{name}")


def _allowed(text: str, name: str, version: rules.Version, where: str) -> str:
    allowed = version.words[name]
    if text not in allowed:
        why = f"{values.shown(text)} is none of" if text else "is empty; it must be one of"
        raise Refused(where, f"{why} {', '.join(sorted(allowed))}")
    return text


def _time(parts: Children, name: str, version: rules.Version, where: str, notes: Notes) -> datetime:
    text, place = _text(parts, name), f"{where}/{name}"
    if version.is_zone_required or values.has_zone(text):
        return values.time(text, place)
    found = values.time(text, place, zone=UTC)
    notes.add(place, "has no time zone; taken as UTC")
    return found


def _maybe_time(parts: Children, name: str, version: rules.Version, where: str, notes: Notes) -> datetime | None:
    if not parts[name]:
        return None
    if not _text(parts, name):
        notes.add(f"{where}/{name}", "is empty")
        return None
    return _time(parts, name, version, where, notes)
