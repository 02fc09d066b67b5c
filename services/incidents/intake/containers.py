"""Documents that carry CAP alerts: one alert, many in a row or a wrapper, EDXL-DE distributions, ATOM and RSS feeds.

One bad alert among good ones is noted and left out; if none is good the file is refused for the first fault. Feeds
that only link to their alerts are read as what they are: no alerts, and the addresses, which nobody follows here.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Final

from lxml import etree

from services.incidents.intake import safexml, values
from services.incidents.intake.cap import looks_like_alert, read_alert
from services.incidents.intake.model import ALERTS_MAX, Alert, Notes, Reading, Refused
from services.incidents.intake.safexml import child, children, local, namespace, text_of

ATOM: Final = "http://www.w3.org/2005/Atom"
_EDXL_NEEDS: Final = ("distributionID", "senderID", "dateTimeSent", "distributionStatus")
_EDXL_STATUS: Final = frozenset({"Actual", "Exercise", "System", "Test", "Unknown", "NoAppropriateDefault"})
_ATOM_ELEMENTS: Final = {
    "feed": {"author", "category", "contributor", "generator", "icon", "id", "link", "logo", "rights", "subtitle",
             "title", "updated", "entry"},
    "entry": {"author", "category", "content", "contributor", "id", "link", "published", "rights", "source", "summary",
              "title", "updated"},
}  # fmt: skip
_UNREAL: Final = ("Exercise", "System", "Test")
LINKS_MAX: Final = 10_000
_ESCAPED: Final = (
    ".//text()[contains(., 'urn:oasis:names:tc:emergency:cap') and contains(., 'alert') and contains(., '<')]"
)

LinkOf = Callable[[etree._Element, str], list[str]]
Found = tuple[str, etree._Element | Refused]
"""An alert's path and its element, or why there is none."""


def read_alerts(roots: list[etree._Element], notes: Notes) -> Reading:
    """One alert as the root, several documents in a row, or a wrapper that has alerts somewhere inside."""
    found: list[Found] = []
    for number, root in enumerate(roots, 1):
        top = local(root) if len(roots) == 1 else f"document[{number}]"
        if looks_like_alert(root):
            found.append(("alert" if len(roots) == 1 else f"{top}/alert", root))
        else:
            found += list(_inside(root, top))
    if not found:
        raise Refused(local(roots[0]), "has no alert inside")
    formats, alerts = read_all(found, notes)
    return Reading(format=formats[0], alerts=tuple(alerts))


def read_edxl(root: etree._Element, notes: Notes) -> Reading:
    """An EDXL-DE distribution. Its own status says whether what it carries is real."""
    top, version = local(root), "2.0" if namespace(root).endswith("2.0") else "1.0"
    for name in _EDXL_NEEDS:
        if not _said(root, name):
            raise Refused(f"{top}/{name}", "is missing or empty")
    values.time(text_of(child(root, "dateTimeSent")), f"{top}/dateTimeSent")
    status = _said(root, "distributionStatus")
    if version == "1.0" and status not in _EDXL_STATUS:
        raise Refused(f"{top}/distributionStatus", f"{values.shown(status)} is none of Actual, Exercise, ...")
    found = list(_inside(root, top))
    if not found:
        notes.add(f"{top}/contentObject", "has no CAP alert inside")
        return Reading(format=f"edxl-de-{version}")
    _, alerts = read_all(found, notes)
    if status in _UNREAL:
        notes.add(f"{top}/distributionStatus", f"is {status}; so are the alerts in it")
        alerts = [_downgraded(alert, status) for alert in alerts]
    return Reading(format=f"edxl-de-{version}", alerts=tuple(alerts))


def is_edxl(element: etree._Element) -> bool:
    """Whether it is a distribution: `EDXLDistribution` in version 1.0, `edxlDistribution` in 2.0."""
    return local(element).lower() == "edxldistribution"


def _said(root: etree._Element, name: str) -> str:
    """A field's text; version 2.0 has some of them in an element of their own (`statusKindDefault`)."""
    element = child(root, name)
    return "" if element is None else text_of(element) or text_of(next(children(element), None))


def read_atom(root: etree._Element, notes: Notes) -> Reading:
    """An ATOM feed (RFC 4287) whose entries hold alerts, or link to them."""
    _check_atom(root, "feed", ("id", "title", "updated"))
    return _feed("atom", root, "feed", "entry", _atom_link, notes)


def read_rss(root: etree._Element, notes: Notes) -> Reading:
    """An RSS 2.0 feed whose items hold alerts, or link to them."""
    channel = child(root, "channel")
    if channel is None:
        raise Refused("rss/channel", "is missing")
    for name in ("title", "link", "description"):
        if child(channel, name) is None:
            raise Refused(f"rss/channel/{name}", "is missing")
    return _feed("rss", channel, "rss/channel", "item", _rss_link, notes)


def _feed(form: str, root: etree._Element, top: str, name: str, link_of: LinkOf, notes: Notes) -> Reading:
    found: list[Found] = list(_inside(root, top, skip=name))
    links: list[str] = []
    for number, entry in enumerate(children(root, name), 1):
        where = f"{top}/{name}[{number}]"
        inside = list(_inside(entry, where))
        try:
            links += [] if inside else link_of(entry, where)
        except Refused as refused:
            inside = [(where, refused)]
        found += inside
        if len(links) > LINKS_MAX:
            raise Refused(where, f"is one link too many: at most {LINKS_MAX} are read")
    if links:
        notes.add("", f"{len(links)} entries only link to their alerts, which were not fetched")
    alerts = read_all(found, notes, is_link_enough=bool(links))[1] if found else []
    return Reading(format=form, alerts=tuple(alerts), links=tuple(links))


def _atom_link(entry: etree._Element, where: str) -> list[str]:
    _check_atom(entry, where, ("id", "title", "updated"))
    hrefs = [href for link in children(entry, "link") if (href := (link.get("href") or "").strip())]
    if not hrefs:
        raise Refused(where, "has neither an alert nor a link to one")
    return hrefs[:1]


def _rss_link(item: etree._Element, where: str) -> list[str]:
    link = text_of(child(item, "link"))
    if not (link or text_of(child(item, "title")) or text_of(child(item, "description"))):
        raise Refused(where, "has neither a title nor a description")
    return [link] if link else []


def _check_atom(element: etree._Element, where: str, needs: tuple[str, ...]) -> None:
    names = {local(item) for item in children(element) if namespace(item) in (ATOM, "")}
    for name in needs:
        if name not in names:
            raise Refused(f"{where}/{name}", "is missing")
    unknown = sorted(names - _ATOM_ELEMENTS[local(element)])
    if unknown:
        raise Refused(f"{where}/{unknown[0]}", "is no element of ATOM")


def _inside(root: etree._Element, where: str, skip: str | None = None) -> Iterator[Found]:
    """Outermost alerts below an element, as elements or as escaped text, with their paths."""
    seen: set[etree._Element] = set()
    paths: dict[etree._Element, str] = {root: where}
    for item in root.iter("{*}alert", "cap:alert"):
        if item is root or not looks_like_alert(item) or not _is_outermost(item, root, seen, skip):
            continue
        seen.add(item)
        yield _path(item, paths), item
    for text in _quoted(root):
        parent = text.getparent()
        if parent is not None and _is_outermost(parent, root, seen, skip):
            place = _path(parent, paths)
            yield f"{place}/alert", escaped(str(text), place)


def _quoted(root: etree._Element) -> list[Any]:
    """Texts that hold the XML of an alert."""
    found: Any = root.xpath(_ESCAPED)
    return list(found)


def _is_outermost(item: etree._Element, root: etree._Element, seen: set[etree._Element], skip: str | None) -> bool:
    """Whether neither it nor what is around it, up to `root`, is an alert already or to be skipped."""
    node: etree._Element | None = item
    while node is not None and node is not root:
        if node in seen or local(node) == skip:
            return False
        node = node.getparent()
    return True


def _path(item: etree._Element, paths: dict[etree._Element, str]) -> str:
    """The path of an element; those of its siblings are found with it, so that many cost little."""
    if item not in paths:
        parent = item.getparent()
        if parent is None:
            return local(item)
        above = _path(parent, paths)
        paths.update({sibling: place for place, sibling in _numbered(parent, above)})
    return paths[item]


def _numbered(element: etree._Element, where: str) -> list[tuple[str, etree._Element]]:
    """The children with their paths, numbered from 1 where there are several of a name."""
    names = [local(item) for item in children(element)]
    total, seen = Counter(names), Counter[str]()
    paths = []
    for name in names:
        seen[name] += 1
        paths.append(f"{where}/{name}[{seen[name]}]" if total[name] > 1 else f"{where}/{name}")
    return list(zip(paths, children(element), strict=True))


def escaped(text: str, where: str) -> etree._Element | Refused:
    """The root of XML written as text inside another document, or why it cannot be read."""
    # Its own encoding no longer counts: it has been decoded with the document around it.
    bare = re.sub(r"\A\s*<\?xml[^>]{0,200}\?>", "", text).strip()
    try:
        return safexml.parse(bare.encode(), Notes())[0]
    except Refused as refused:
        return refused.under(where)


def read_all(found: list[Found], notes: Notes, *, is_link_enough: bool = False) -> tuple[list[str], list[Alert]]:
    if len(found) > ALERTS_MAX:
        raise Refused("", f"has {len(found)} alerts; at most {ALERTS_MAX} are read")
    formats: list[str] = []
    alerts: list[Alert] = []
    first: Refused | None = None
    for where, element in found:
        try:
            if isinstance(element, Refused):
                raise element
            name, alert = read_alert(element, where, notes)
            alert = _as_distributed(alert, element, notes)
        except Refused as refused:
            first = first or refused
            if len(found) > 1 or is_link_enough:
                notes.add(refused.where, f"{refused.why}; it was left out")
        else:
            formats.append(name)
            alerts.append(alert)
    if first is not None and not alerts and not is_link_enough:
        raise first
    return formats, alerts


def _as_distributed(alert: Alert, element: etree._Element, notes: Notes) -> Alert:
    """The alert as real as the distributions around it, wherever they are (in a SOAP envelope, in one another)."""
    for around in element.iterancestors():
        if is_edxl(around) and (status := _said(around, "distributionStatus")) in _UNREAL:
            notes.add(f"{local(around)}/distributionStatus", f"is {status}; so are the alerts in it")
            return _downgraded(alert, status)
    return alert


def _downgraded(alert: Alert, status: str) -> Alert:
    return dataclasses.replace(alert, status=status) if alert.status == "Actual" else alert
