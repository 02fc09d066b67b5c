"""The quarantine: records a service could not handle, and those that wait behind them, as rows and dead letters.

"quarantined": cannot be read, or its handler refuses it; a person decides. "parked": fine, but an earlier event of its
key is missing or held; it is handled by itself as soon as its turn comes. A quarantined record is also copied to
`<topic>-dlq` with its bytes unchanged, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from schemas import codec
from schemas.envelope import Envelope
from schemas.ids import derived_id, referenced_id
from schemas.topics import BY_NAME, Topic
from services.kit.bus import Headers, Record
from services.kit.outbox import DeadLetter, pack_headers, unpack_headers
from services.kit.sql import statement
from services.kit.unit import UnitBatch

State = Literal["quarantined", "parked", "released", "discarded"]
Reason = Literal["malformed", "unknown-type", "unknown-version", "invalid", "poison", "handler-error", "sequence-gap"]
OPEN_STATES: Final = ("quarantined", "parked")
DETAIL_MAX: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRecord:
    """A record as it was kept; reads like one from the bus."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers


@dataclass(frozen=True, slots=True)
class Item:
    """A record after the attempt to read it: with its envelope, or with what is wrong."""

    record: Record
    key: str | None
    sequence: int | None
    envelope: Envelope | None
    error: codec.DecodeError | None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a record could not be handled."""

    reason: Reason
    detail: str


def read(topic: Topic, record: Record) -> Item:
    """Decode a record; never raises for what is in it."""
    key = _text(record.key)
    try:
        envelope = codec.decode(topic, record.key, record.value, record.headers)
    except codec.DecodeError as error:
        return Item(record, key, codec.sequence_of(record.headers) if key is not None else None, None, error)
    return Item(record, envelope.key, envelope.sequence, envelope, None)


async def hold(
    batch: UnitBatch, service: str, item: Item, failure: Failure, *, state: State = "quarantined", attempts: int = 0
) -> bool:
    """Keep a record back, with a dead letter if it is quarantined. False if it, or its turn, was already held."""
    record = item.record
    event_type, event_id = _claimed(record.headers)
    place = f"{record.topic}/{record.partition}/{record.offset}/{record.timestamp}"
    entry_id = await batch.connection.fetchval(
        statement("hold"),
        derived_id(referenced_id("quarantine", service), place),
        record.topic,
        record.partition,
        record.offset,
        record.timestamp,
        record.key,
        item.key,
        item.sequence,
        event_id,
        event_type,
        state,
        failure.reason,
        failure.detail[:DETAIL_MAX],
        attempts,
        record.value,
        pack_headers(clean_headers(record.headers)),
        batch.now,
    )
    if entry_id is not None and state == "quarantined":
        add_dead_letter(batch, service, record, failure, attempts)
    return entry_id is not None


def add_dead_letter(batch: UnitBatch, service: str, record: Record, failure: Failure, attempts: int) -> None:
    """Have the record copied to its dead-letter topic: key, value and headers unchanged, and why in `dlq_` headers."""
    why = {
        "dlq_original_topic": record.topic,
        "dlq_original_partition": str(record.partition),
        "dlq_original_offset": str(record.offset),
        "dlq_consumer_group": group_of(service),
        "dlq_error_class": failure.reason,
        "dlq_error_message": failure.detail[:DETAIL_MAX],
        "dlq_attempts": str(attempts),
        "dlq_failed_at": batch.now.isoformat(),
    }
    headers = [*clean_headers(record.headers), *((name, text.encode()) for name, text in why.items())]
    batch.dead_letters.append(DeadLetter(BY_NAME[record.topic].dlq, record.key, record.value, pack_headers(headers)))


def group_of(service: str) -> str:
    """The consumer group of a service."""
    return f"thirdrescue-{service}"


def stored_record(row: Any) -> StoredRecord:
    """The record of a quarantine row."""
    return StoredRecord(
        topic=row["topic"],
        partition=row["partition"],
        offset=row["record_offset"],
        timestamp=row["record_at_ms"],
        key=row["key"],
        value=row["value"],
        headers=unpack_headers(row["headers"]),
    )


async def resolve(connection: Any, entry_id: UUID, state: State, now: datetime, actor: str, why: str) -> None:
    """Close an entry."""
    await connection.execute(statement("resolve"), entry_id, state, now, actor, why[:DETAIL_MAX])


async def entries(
    connection: Any, *, state: str | None, topic: str | None, before: tuple[datetime, UUID], limit: int
) -> Sequence[Any]:
    """Rows of entries without their content, newest first."""
    rows: Sequence[Any] = await connection.fetch(statement("entries"), state, topic, *before, limit)
    return rows


def clean_headers(headers: Headers) -> list[tuple[str, bytes]]:
    """Headers as this code base has them: a header without a value (Kafka allows it) has an empty one."""
    return [(name, value or b"") for name, value in headers]


def _text(key: bytes | None) -> str | None:
    """A key as text, if PostgreSQL can keep it as such."""
    try:
        text = None if key is None else key.decode()
    except UnicodeDecodeError:
        return None
    return None if text is None or "\x00" in text else text


def _claimed(headers: Headers) -> tuple[str | None, UUID | None]:
    """Type and id that a record claims, as far as they can be read."""
    claimed = dict(clean_headers(headers))
    event_type = _text(claimed.get("ce_type"))
    try:
        event_id = UUID(_text(claimed.get("ce_id")) or "")
    except ValueError:
        event_id = None
    return None if event_type is None else event_type[:200], event_id
