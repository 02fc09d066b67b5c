"""XML from strangers: no entity is expanded, nothing is fetched, size, depth and number of elements are bounded.

An XML document may name files and addresses that a parser is asked to read, or entities that grow a thousandfold; a
document that declares any entity is refused by that entity's name, whether or not it is used.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any, Final

from lxml import etree

from services.incidents.intake.encoding import ASCII_LIKE, why_not_utf8
from services.incidents.intake.model import Notes, Refused
from services.incidents.intake.values import shown

TAGS_MAX: Final = 1_000_000
"""Marks of opening and closing tags; an element costs about a kilobyte of memory at worst."""
ATTRIBUTES_MAX: Final = 1_000_000
PIECES_MAX: Final = 10_000
DEPTH_MAX: Final = 256
"""libxml2's own bound, as that of a text is (10 MB)."""

_DECLARED: Final = re.compile(rb"""\A\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([^"']{1,40})["']""")
_DOCTYPE: Final = re.compile(rb"<!DOCTYPE\s+[^\s>\[]+\s+(SYSTEM|PUBLIC)\b")
_ENTITY: Final = re.compile(rb"<!ENTITY\s+(?:%\s+)?([^\s>]{1,80})")
_PREFIX: Final = rb"(?:[A-Za-z_][\w.-]{0,30}:)?"
_PIECE: Final = re.compile(rb"</" + _PREFIX + rb"alert\s*>\s*(?=<\?xml\s|<" + _PREFIX + rb"alert[\s>])")


def _tag(element: etree._Element) -> str:
    tag: Any = element.tag  # a function, for comments and instructions
    return tag if isinstance(tag, str) else ""


def local(element: etree._Element) -> str:
    """The name without namespace, also when its prefix was never declared. Empty for comments and instructions."""
    tag = _tag(element)
    return tag.rpartition("}")[2].rpartition(":")[2]


def namespace(element: etree._Element) -> str:
    """The namespace, or an empty text."""
    tag = _tag(element)
    return tag[1:].partition("}")[0] if tag.startswith("{") else ""


def children(element: etree._Element, name: str | None = None) -> Iterator[etree._Element]:
    """Child elements (of a name), without comments and processing instructions."""
    return (child for child in element if _tag(child) and (name is None or local(child) == name))


def child(element: etree._Element, name: str) -> etree._Element | None:
    """The first child of a name."""
    return next(children(element, name), None)


def text_of(element: etree._Element | None) -> str:
    """The text of an element with comments taken out, stripped. Empty if there is none."""
    if element is None:
        return ""
    parts = [element.text or "", *(node.tail or "" for node in element if not _tag(node))]
    return "".join(parts).strip()


def parse(data: bytes, notes: Notes) -> list[etree._Element]:
    """The root of the document; several when whole alerts were strung together in one file. Raises Refused."""
    _check(data)
    try:
        return [_parse_one(data, notes)]
    except Refused:
        ends = [match.end() for match in _PIECE.finditer(data)]
        if not ends:
            raise
        if len(ends) >= PIECES_MAX:
            raise Refused("file", f"is more than {PIECES_MAX} documents in a row") from None
    bounds = [0, *ends, len(data)]
    notes.add("", f"the file is {len(bounds) - 1} documents in a row")
    return [_parse_one(data[a:b].strip(), notes) for a, b in itertools.pairwise(bounds)]


def _check(data: bytes) -> None:
    declared = _DECLARED.match(data)
    if declared and not ASCII_LIKE.fullmatch(name := declared.group(1).decode("ascii", "replace")):
        raise Refused("?xml encoding", f"{shown(name)} is not read; use UTF-8")
    entity = _ENTITY.search(data)
    if entity:
        raise Refused("!DOCTYPE", f"declares the entity {shown(entity.group(1).decode('ascii', 'replace'))}")
    if _DOCTYPE.search(data):
        raise Refused("!DOCTYPE", "names an outside document type; none is fetched")
    if data.count(b"<") > TAGS_MAX:
        raise Refused("", f"has more than {TAGS_MAX} tags")
    if data.count(b"=") > ATTRIBUTES_MAX:
        raise Refused("", f"has more than {ATTRIBUTES_MAX} attributes")


def _parser(*, recover: bool) -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        recover=recover,
        remove_pis=True,
        remove_comments=False,
    )


def _parse_one(data: bytes, notes: Notes) -> etree._Element:
    parser = _parser(recover=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        root = _with_undeclared_prefix(data, error, notes)
    except (ValueError, LookupError, etree.LxmlError) as error:
        raise Refused("", f"is not XML: {error}") from error
    doctype: Any = root.getroottree().docinfo.internalDTD
    entities = [] if doctype is None else list(doctype.entities())
    if entities:
        raise Refused("!DOCTYPE", f"declares the entity {shown(entities[0].name)}")
    return root


def _with_undeclared_prefix(data: bytes, error: etree.XMLSyntaxError, notes: Notes) -> etree._Element:
    """Real feeds use `cap:` without declaring it: read again, and take it if that was the only thing wrong."""
    fatal = _fault(error, data)
    if "Namespace prefix" not in (error.msg or ""):
        raise fatal from error
    parser = _parser(recover=True)
    try:
        root = etree.fromstring(data, parser)
    except (etree.LxmlError, ValueError) as again:
        raise fatal from again
    others = [line for line in parser.error_log if line.domain != etree.ErrorDomains.NAMESPACE]
    if root is None or others:
        what = others[0] if others else None
        raise (fatal if what is None else Refused(f"line {what.line}", f"is not well-formed XML: {what.message}"))
    notes.add(f"line {error.lineno}", "uses a namespace prefix that is not declared")
    return root


def _fault(error: etree.XMLSyntaxError, data: bytes) -> Refused:
    if "character encoding" in (error.msg or ""):
        why_not = why_not_utf8(data)
        found = "" if why_not is None else f": the document {why_not}"
        what = f"has bytes that are not in its encoding, at column {error.offset}{found}"
        return Refused(f"line {error.lineno or 1}", what)
    if "XML_PARSE_HUGE" in (error.msg or ""):
        is_deep = "depth" in (error.msg or "")
        what = f"elements more than {DEPTH_MAX} deep" if is_deep else "a text, a value or a gap of more than 10 MB"
        return Refused(f"line {error.lineno or 1}", f"has {what}; no more is read")
    message = re.sub(r", line \d+, column \d+.*$", "", error.msg or "no element")
    return Refused(f"line {error.lineno or 1}", f"is not well-formed XML: {message}")
