"""A record of the log as the live streams show it: a CloudEvent in structured JSON mode, made once for all readers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import orjson

from services.kit.bus import Record

_ATTRIBUTES: Final = (
    "specversion", "id", "source", "type", "time", "subject", "dataschema", "correlationid", "causationid",
    "recordedat", "sequence", "exercise", "jurisdiction",
)  # fmt: skip
_UNREADABLE: Final = "unreadable"


@dataclass(frozen=True, slots=True)
class Entry:
    """One record. `data` is None for what readers are not shown: tombstones and what cannot be read."""

    topic: str
    partition: int
    offset: int
    type: str
    jurisdiction: tuple[str, ...]
    data: str | None


def entry_of(record: Record) -> Entry:
    """Read a record; never raises, because a stream must go on past what consumers put into quarantine."""
    headers = {name: value for name, value in record.headers if name.startswith("ce_")}
    try:
        attributes: dict[str, Any] = {
            name: headers[f"ce_{name}"].decode() for name in _ATTRIBUTES if f"ce_{name}" in headers
        }
        kind = attributes["type"]
        codes = tuple(code for code in attributes.get("jurisdiction", "").split(",") if code)
        attributes["sequence"] = int(attributes["sequence"])
        attributes["exercise"] = attributes["exercise"] == "true"
        attributes["jurisdiction"] = codes
        attributes["datacontenttype"] = "application/json"
        attributes["data"] = orjson.loads(record.value or b"")
        text = orjson.dumps(attributes).decode()
    except (KeyError, ValueError):
        return Entry(record.topic, record.partition, record.offset, _UNREADABLE, (), None)
    return Entry(record.topic, record.partition, record.offset, kind, codes, text)
