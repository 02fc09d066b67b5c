"""A record of the log as anybody can read it: CloudEvents 1.0 in Kafka's binary content mode, decoded by hand.

Deliberately apart from the project's own codec, so that what checks a run does not share its mistakes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final

import orjson

_UUID_CHARS: Final = 36


class UnreadableRecord(ValueError):
    """A record that is no CloudEvent."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """One event as it lies in the log. `at` is when the broker took it, `recorded_at` when its service wrote it."""

    topic: str
    partition: int
    offset: int
    at: datetime
    key: str
    id: str
    type: str
    sequence: int
    time: datetime
    recorded_at: datetime
    correlation_id: str
    exercise: bool
    jurisdiction: tuple[str, ...]
    value: bytes

    @cached_property
    def data(self) -> dict[str, Any]:
        """The event's data. Raises UnreadableRecord if it is no JSON object."""
        try:
            document = orjson.loads(self.value)
        except ValueError as error:
            raise UnreadableRecord(f"{self.topic}/{self.partition}/{self.offset}: the value is not JSON") from error
        if not isinstance(document, dict):
            raise UnreadableRecord(f"{self.topic}/{self.partition}/{self.offset}: the value is not an object")
        return document

    @property
    def incident_id(self) -> str | None:
        """The incident it belongs to, if its data names one."""
        found = self.data.get("incident_id")
        return str(found) if found is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRecord:
    """What the broker gives."""

    topic: str
    partition: int
    offset: int
    at: datetime
    key: bytes | None
    value: bytes | None
    headers: Iterable[tuple[str, bytes | None]]


def read_record(raw: RawRecord) -> Record:
    """The event in a record. Raises UnreadableRecord that says where it is and what is missing."""
    where = f"{raw.topic}/{raw.partition}/{raw.offset}"
    try:
        headers = {name: value.decode() for name, value in raw.headers if value is not None}
        return _record(raw, headers)
    except KeyError as error:
        raise UnreadableRecord(f"{where}: no header {error}") from error
    except (ValueError, TypeError) as error:
        raise UnreadableRecord(f"{where}: {error}") from error


def _record(raw: RawRecord, headers: Mapping[str, str]) -> Record:
    if headers["ce_specversion"] != "1.0":
        raise ValueError(f"CloudEvents {headers['ce_specversion']} is not read here")
    if raw.key is None or raw.value is None or raw.key.decode() != headers["ce_subject"]:
        raise ValueError("key, value and subject do not fit together")
    if len(headers["ce_id"]) != _UUID_CHARS:
        raise ValueError("the id is not a UUID")
    return Record(
        topic=raw.topic,
        partition=raw.partition,
        offset=raw.offset,
        at=raw.at,
        key=headers["ce_subject"],
        id=headers["ce_id"],
        type=headers["ce_type"],
        sequence=int(headers["ce_sequence"]),
        time=datetime.fromisoformat(headers["ce_time"]),
        recorded_at=datetime.fromisoformat(headers["ce_recordedat"]),
        correlation_id=headers["ce_correlationid"],
        exercise=headers["ce_exercise"] == "true",
        jurisdiction=tuple(code for code in headers.get("ce_jurisdiction", "").split(",") if code),
        value=raw.value,
    )
