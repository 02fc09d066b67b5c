"""The outbox: events leave a service by being written in the same transaction as what they tell of.

The sequence is given by the database in the statement that writes the row, and joins the headers when the relay sends
it. Headers are packed into one column in a form that is quick to unpack: the relay does it for every event.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import orjson

from schemas import codec
from schemas.envelope import Envelope
from schemas.topics import MAX_RECORD_BYTES
from services.kit.bus import Headers
from services.kit.sql import statement

SEQUENCE_HEADER: Final = "ce_sequence"
_SEQUENCE_DIGITS: Final = 20
_RECORD_OVERHEAD_BYTES: Final = 8
"""Upper bound of what Kafka adds per header: two lengths as varints."""


class EventTooLarge(Exception):
    """An event that the log would not take. Nothing of its unit is committed."""

    def __init__(self, event_type: str, size_bytes: int) -> None:
        super().__init__(f"{event_type} has {size_bytes} bytes; at most {MAX_RECORD_BYTES} fit into one event")
        self.event_type = event_type
        self.size_bytes = size_bytes


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """An event, encoded but for its sequence."""

    topic: str
    key: str
    value: bytes
    headers: bytes


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that could not be handled, as it goes to its dead-letter topic."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: bytes


def pack_headers(headers: Headers) -> bytes:
    """Headers as bytes for one column. Reversed by `unpack_headers`, for any bytes.

    "Z": the names, then each value, with NUL between; the names are the same for most rows and are read once.
    "J": JSON with the values read as latin-1, for headers that contain what "Z" cannot hold.
    """
    names = "\n".join(name for name, _ in headers).encode()
    parts = [names, *(value for _, value in headers)]
    packed = b"\0".join(parts)
    if headers and packed.count(b"\0") == len(headers) and names.count(b"\n") == len(headers) - 1:
        return b"Z" + packed
    return b"J" + orjson.dumps([(name, value.decode("latin-1")) for name, value in headers])


def unpack_headers(packed: bytes) -> list[tuple[str, bytes]]:
    """The headers that were packed."""
    if packed[:1] == b"Z":
        names, *values = packed[1:].split(b"\0")
        return list(zip(_names(names), values, strict=True))
    return [(name, value.encode("latin-1")) for name, value in orjson.loads(packed[1:])]


@lru_cache(maxsize=256)
def _names(block: bytes) -> tuple[str, ...]:
    return tuple(block.decode().split("\n"))


def record_bytes(key: bytes | None, value: bytes | None, headers: Headers) -> int:
    """Size of a record, rounded up."""
    size = len(key or b"") + len(value or b"") + _RECORD_OVERHEAD_BYTES
    return size + sum(len(name) + len(content) + _RECORD_OVERHEAD_BYTES for name, content in headers)


def encode_row(envelope: Envelope) -> OutboxRow:
    """An event as an outbox row; the envelope's sequence is left out. Raises EventTooLarge."""
    record = codec.encode(envelope)
    headers = [header for header in record.headers if header[0] != SEQUENCE_HEADER]
    packed = pack_headers(headers)  # holds every name and value, so that its length is theirs
    size = len(record.key) + len(record.value) + len(packed) + _RECORD_OVERHEAD_BYTES * (len(headers) + 2)
    if size + len(SEQUENCE_HEADER) + _SEQUENCE_DIGITS > MAX_RECORD_BYTES:
        raise EventTooLarge(envelope.type, size + len(SEQUENCE_HEADER) + _SEQUENCE_DIGITS)
    return OutboxRow(record.topic, envelope.key, record.value, packed)


async def append(connection: Any, rows: Sequence[OutboxRow], now: datetime) -> None:
    """Write the rows in order, each with the next sequence of its topic and key, in one statement."""
    if len(rows) == 1:
        row = rows[0]
        await connection.execute(statement("append_event"), row.topic, row.key, row.value, row.headers, now)
    elif rows:
        await connection.execute(statement("append_events"), *columns(rows), now)


def columns(rows: Sequence[OutboxRow]) -> list[list[Any]]:
    """Topics, keys, values and headers."""
    return [
        [row.topic for row in rows], [row.key for row in rows], [row.value for row in rows],
        [row.headers for row in rows],
    ]  # fmt: skip


async def append_dead_letters(connection: Any, letters: Sequence[DeadLetter], now: datetime) -> None:
    """Write dead letters; they have no sequence, because they are no events of this service."""
    for letter in letters:
        await connection.execute(
            statement("append_dead_letter"), letter.topic, letter.key, letter.value, letter.headers, now
        )
