"""JSON from strangers: bounded, and every access checked, so that a wrong type is a reason and not a crash."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import orjson

from services.incidents.intake.encoding import why_not_utf8
from services.incidents.intake.model import Notes, Refused
from services.incidents.intake.values import number, shown

CONTAINERS_MAX: Final = 2_500_000
_NOT_FINITE: Final = re.compile(rb"\b(?:NaN|Infinity)\b")

Object = dict[str, Any]


def parse(data: bytes, notes: Notes) -> Any:
    """The document. Raises Refused."""
    if data.count(b"{") + data.count(b"[") > CONTAINERS_MAX:
        raise Refused("", f"has more than {CONTAINERS_MAX} objects and arrays")
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        if _NOT_FINITE.search(data):
            document = _with_nan(data)
            if document is not None:
                notes.add("", "has NaN or Infinity, which JSON does not know; read as null")
                return document
        if (why_not := why_not_utf8(data)) is not None:
            raise Refused("encoding", why_not) from error
        raise Refused(f"line {error.lineno}", f"is not JSON: {error.msg}") from error
    _check_names(data)
    return document


def _check_names(data: bytes) -> None:
    """Of a field that is given twice most readers take the last and some the first: nobody knows which is meant."""
    try:
        # Nothing of it is kept: numbers become their lengths, objects nothing.
        json.loads(data, object_pairs_hook=_check_object, parse_float=len, parse_int=len)
    except RecursionError as error:
        raise Refused("", "is nested too deeply") from error


def _check_object(fields: list[tuple[str, Any]]) -> None:
    if len(dict(fields)) != len(fields):
        twice = next(name for name, count in Counter(name for name, _ in fields).items() if count > 1)
        raise Refused(twice if twice.isidentifier() else "file", f"the field {shown(twice)} is twice in one object")


def _with_nan(data: bytes) -> Any:
    """Many programs write NaN into JSON. None if that is not the only thing wrong."""
    try:
        document = json.loads(data, parse_constant=lambda _: None)
        orjson.dumps(document)
    except (ValueError, RecursionError, TypeError):
        return None
    return document


def as_object(value: object, where: str) -> Object:
    """A JSON object."""
    if not isinstance(value, dict):
        raise Refused(where, f"must be an object, not {shown(value)}")
    return value


def as_list(value: object, where: str) -> list[Any]:
    """A JSON array."""
    if not isinstance(value, list):
        raise Refused(where, f"must be an array, not {shown(value)}")
    return value


def field(record: Object, name: str, where: str) -> Any:
    """A field that must be there."""
    value = record.get(name)
    if value is None:
        raise Refused(under(where, name), "is missing")
    return value


def text(record: Object, name: str, where: str) -> str:
    """A text that must be there and say something. Numbers are taken as they are written."""
    value = field(record, name, where)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Refused(under(where, name), f"must be a text, not {shown(value)}")
    stripped = str(value).strip()
    if not stripped:
        raise Refused(under(where, name), "is empty")
    return stripped


def maybe_text(record: Object, name: str) -> str | None:
    """A text if there is one."""
    value = record.get(name)
    return (value.strip() or None) if isinstance(value, str) else None


def real(record: Object, name: str, where: str) -> float:
    """A number that must be there; many feeds write numbers as text."""
    return real_of(field(record, name, where), under(where, name))


def maybe_real(record: Object, name: str, where: str) -> float | None:
    """A number if there is one; null, an empty text and "null" are none."""
    value = record.get(name)
    if value is None or (isinstance(value, str) and value.strip().lower() in ("", "null", "none", "-", "nan")):
        return None
    return real_of(value, under(where, name))


def real_of(value: object, where: str) -> float:
    """A JSON number or a text that is one."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Refused(where, f"must be a number, not {shown(value)}")
    if isinstance(value, str):
        return number(value, where)
    try:
        converted = float(value)
    except OverflowError:
        converted = math.inf
    if not math.isfinite(converted):
        raise Refused(where, "is too large")
    return converted


def under(where: str, name: str | int) -> str:
    """The path of a field or of an item."""
    if isinstance(name, int):
        return f"{where}[{name}]"
    return f"{where}.{name}" if where else name


def items(value: object, where: str) -> Iterator[tuple[str, Object]]:
    """The objects of an array, each with its path."""
    for index, item in enumerate(as_list(value, where)):
        yield under(where, index), as_object(item, under(where, index))
