"""Envelope <-> Kafka record: CloudEvents 1.0 binary content mode. The only place where events become bytes.

Attributes travel as `ce_` headers, the data as JSON in the value, so that any CloudEvents SDK and plain command-line
consumers read them. Reading is tolerant of unknown fields and strict about everything else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Final, Literal
from uuid import UUID

from pydantic import ValidationError

from schemas.envelope import Envelope, Event
from schemas.topics import EVENTS, Topic, topic_of
from schemas.upcast import UPCASTERS

Headers = Sequence[tuple[str, bytes | None]]
Reason = Literal["malformed", "unknown-type", "unknown-version", "invalid"]

_SCHEMA_PREFIX: Final = "urn:thirdrescue:schema:"
_CONTENT_TYPE: Final = b"application/json"


class DecodeError(Exception):
    """A record that cannot be read. `reason` is one of four words, `where` names the header or field."""

    def __init__(self, reason: Reason, where: str, detail: str) -> None:
        super().__init__(f"{reason} at {where}: {detail}")
        self.reason: Reason = reason
        self.where = where
        self.detail = detail


@dataclass(frozen=True, slots=True)
class EncodedRecord:
    """What goes to Kafka."""

    topic: str
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


@cache
def schema_uri(event: type[Event]) -> str:
    """CloudEvents dataschema of an event model."""
    return f"{_SCHEMA_PREFIX}{event.event_type}:{event.version}"


def encode(envelope: Envelope) -> EncodedRecord:
    """Write an envelope as a Kafka record. Raises KeyError if its event is on no topic."""
    topic = topic_of(envelope.data)
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", str(envelope.id).encode()),
        ("ce_source", envelope.source.encode()),
        ("ce_type", envelope.type.encode()),
        ("ce_time", _instant(envelope.time)),
        ("ce_subject", envelope.key.encode()),
        ("ce_dataschema", schema_uri(type(envelope.data)).encode()),
        ("ce_correlationid", str(envelope.correlation_id).encode()),
        ("ce_recordedat", _instant(envelope.recorded_at)),
        ("ce_sequence", str(envelope.sequence).encode()),
        ("ce_exercise", b"true" if envelope.exercise else b"false"),
        ("ce_jurisdiction", ",".join(envelope.jurisdiction).encode()),
        ("content-type", _CONTENT_TYPE),
    ]
    if envelope.causation_id is not None:
        headers.append(("ce_causationid", str(envelope.causation_id).encode()))
    if envelope.traceparent is not None:
        headers.append(("traceparent", envelope.traceparent.encode()))
    return EncodedRecord(topic.name, envelope.key.encode(), envelope.data.model_dump_json().encode(), headers)


def decode(topic: Topic, key: bytes | None, value: bytes | None, headers: Headers) -> Envelope:
    """Read a record of `topic`. Raises DecodeError, and nothing else, for whatever is wrong with it."""
    attributes = _attributes(headers)
    event_type = _required(attributes, "ce_type")
    event = _model(topic, event_type, _required(attributes, "ce_dataschema"))
    subject = _required(attributes, "ce_subject")
    if key is None or key != subject.encode():
        raise DecodeError("malformed", "key", "the key is not the subject")
    if value is None:
        raise DecodeError("malformed", "value", "no value")
    data = _data(event, value)
    causation = attributes.get("ce_causationid")
    jurisdiction = attributes.get("ce_jurisdiction", "")
    return Envelope(
        id=_uuid(attributes, "ce_id"),
        source=_required(attributes, "ce_source"),
        key=subject,
        time=_time(attributes, "ce_time"),
        recorded_at=_time(attributes, "ce_recordedat"),
        sequence=_sequence(attributes),
        correlation_id=_uuid(attributes, "ce_correlationid"),
        causation_id=None if causation is None else _uuid(attributes, "ce_causationid"),
        exercise=_required(attributes, "ce_exercise") == "true",
        jurisdiction=tuple(code for code in jurisdiction.split(",") if code),
        traceparent=attributes.get("traceparent"),
        data=data,
    )


def sequence_of(headers: Headers) -> int | None:
    """The sequence a record claims, or None if that cannot be read. Never raises."""
    try:
        return _sequence(_attributes(headers))
    except DecodeError:
        return None


@lru_cache(maxsize=256)  # the events of one transaction share theirs
def _instant(moment: datetime) -> bytes:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z").encode()


def _attributes(headers: Headers) -> dict[str, str]:
    try:
        return {name: value.decode() for name, value in headers if value is not None}
    except UnicodeDecodeError as error:
        raise DecodeError("malformed", "headers", "not UTF-8") from error


def _required(attributes: dict[str, str], name: str) -> str:
    value = attributes.get(name)
    if not value:
        raise DecodeError("malformed", name, "missing")
    return value


def _uuid(attributes: dict[str, str], name: str) -> UUID:
    try:
        return UUID(_required(attributes, name))
    except ValueError as error:
        raise DecodeError("malformed", name, "not a UUID") from error


def _time(attributes: dict[str, str], name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(_required(attributes, name))
    except ValueError as error:
        raise DecodeError("malformed", name, "not an RFC 3339 time") from error
    if moment.tzinfo is None:
        raise DecodeError("malformed", name, "a time without a zone")
    return moment


def _sequence(attributes: dict[str, str]) -> int:
    text = _required(attributes, "ce_sequence")
    if not text.isascii() or not text.isdigit() or len(text) > 18 or int(text) < 1:
        raise DecodeError("malformed", "ce_sequence", "not a positive whole number")
    return int(text)


def _model(topic: Topic, event_type: str, schema: str) -> type[Event]:
    known = {event.event_type for event in topic.events}
    if event_type not in known:
        raise DecodeError("unknown-type", "ce_type", f"{event_type!r} does not belong on {topic.name}")
    prefix, _, version = schema.rpartition(":")
    if prefix != f"{_SCHEMA_PREFIX}{event_type}" or not version.isdigit():
        raise DecodeError("malformed", "ce_dataschema", f"not the schema of {event_type}")
    event = EVENTS.get((event_type, int(version)))
    if event is None and (event_type, int(version)) in UPCASTERS:
        event = UPCASTERS[event_type, int(version)].reads
    if event is None:
        raise DecodeError("unknown-version", "ce_dataschema", f"version {version} of {event_type} is not known here")
    return event


def _data(event: type[Event], value: bytes) -> Event:
    try:
        data = event.model_validate_json(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = "/".join(str(part) for part in first["loc"]) or "value"
        reason: Reason = "malformed" if first["type"] == "json_invalid" else "invalid"
        raise DecodeError(reason, where, first["msg"]) from error
    upcaster = UPCASTERS.get((event.event_type, event.version))
    return data if upcaster is None else upcaster.upcast(data)
