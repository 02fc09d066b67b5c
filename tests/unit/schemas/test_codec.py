"""Envelope <-> record: nothing is lost on the way, and whatever is wrong is said."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from uuid import UUID

import pytest
from cloudevents.core.bindings import kafka
from hypothesis import given
from hypothesis import strategies as st

from schemas import codec
from schemas.envelope import Envelope
from schemas.events.incident import IncidentClosed, IncidentDeclared
from schemas.topics import BY_NAME, EVENTS, TOPICS, topic_of

EXAMPLES = Path(codec.__file__).parent / "examples"
NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
ID = UUID("2f0b3c1a-9d51-5c1e-8a56-0c5a7e1f2b10")


def envelope(**changes: object) -> Envelope:
    base = Envelope(
        id=ID,
        source="/services/incidents",
        key=str(ID),
        time=NOW,
        recorded_at=NOW,
        sequence=7,
        correlation_id=ID,
        causation_id=None,
        exercise=True,
        jurisdiction=("510000", "620000"),
        traceparent=None,
        data=IncidentClosed(incident_id=ID, closed_at=NOW),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def decoded(record: codec.EncodedRecord, **changes: object) -> Envelope:
    parts = {"key": record.key, "value": record.value, "headers": record.headers} | changes
    return codec.decode(BY_NAME[record.topic], **parts)  # type: ignore[arg-type]


def headers_with(name: str, value: bytes | None) -> list[tuple[str, bytes]]:
    kept = [(n, v) for n, v in codec.encode(envelope()).headers if n != name]
    return kept if value is None else [*kept, (name, value)]


@pytest.mark.parametrize("event", EVENTS.values(), ids=lambda event: f"{event.event_type}.v{event.version}")
@pytest.mark.parametrize("form", ["minimal", "full"])
def test_every_example_survives_the_wire(event: type, form: str) -> None:
    path = EXAMPLES / f"{event.event_type}.v{event.version}" / f"{form}.json"  # type: ignore[attr-defined]
    written = json.loads(path.read_text(encoding="utf-8"))
    sent = envelope(data=event.model_validate_json(path.read_text(encoding="utf-8")))  # type: ignore[attr-defined]
    record = codec.encode(sent)
    received = decoded(record)
    assert received == sent
    if form == "full":
        assert json.loads(record.value) == written, "a full example names every field"


@given(
    sequence=st.integers(1, 10**15),
    exercise=st.booleans(),
    jurisdiction=st.lists(st.from_regex(r"\A[1-9]\d{5}\Z"), max_size=4).map(tuple),
    causation=st.none() | st.uuids(),
    moment=st.datetimes(timezones=st.just(UTC), min_value=datetime(1970, 1, 1), max_value=datetime(2100, 1, 1)),  # noqa: DTZ001
)
def test_envelope_round_trip(
    sequence: int, exercise: bool, jurisdiction: tuple[str, ...], causation: UUID | None, moment: datetime
) -> None:
    sent = envelope(
        sequence=sequence, exercise=exercise, jurisdiction=jurisdiction, causation_id=causation, time=moment
    )
    assert decoded(codec.encode(sent)) == sent


def test_the_cloudevents_sdk_reads_every_example() -> None:
    for kind, event in EVENTS.items():
        path = EXAMPLES / f"{kind[0]}.v{kind[1]}" / "full.json"
        sent = envelope(data=event.model_validate_json(path.read_text(encoding="utf-8")), causation_id=ID)
        record = codec.encode(sent)
        read = kafka.from_binary_event(kafka.KafkaMessage(dict(record.headers), record.key, record.value))
        assert (read.get_id(), read.get_source(), read.get_type()) == (str(ID), sent.source, kind[0])
        assert (read.get_subject(), read.get_time(), read.get_specversion()) == (sent.key, sent.time, "1.0")
        assert read.get_dataschema() == codec.schema_uri(event)
        assert (read.get_extension("sequence"), read.get_extension("causationid")) == ("7", str(ID))
        assert read.get_data() == json.loads(path.read_text(encoding="utf-8"))


def test_times_are_written_in_utc() -> None:
    beijing = NOW.astimezone(timezone(timedelta(hours=8)))
    headers = dict(codec.encode(envelope(time=beijing)).headers)
    assert headers["ce_time"] == b"2026-01-02T03:04:05.678901Z"


def test_a_reader_ignores_fields_it_does_not_know() -> None:
    record = codec.encode(envelope())
    later = json.dumps(json.loads(record.value) | {"added_later": 1}).encode()
    assert decoded(record, value=later) == envelope()


MAY_BE_ABSENT = {"ce_jurisdiction", "ce_specversion"}  # an empty list, and a constant
REQUIRED = [n for n, _ in codec.encode(envelope()).headers if n.startswith("ce_") and n not in MAY_BE_ABSENT]


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_attribute_is_named(name: str) -> None:
    with pytest.raises(codec.DecodeError) as caught:
        decoded(codec.encode(envelope()), headers=headers_with(name, None))
    assert (caught.value.reason, caught.value.where) == ("malformed", name)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        pytest.param("ce_type", b"incident.exploded", "unknown-type", id="a type nobody declared"),
        pytest.param("ce_type", b"zone.fenced", "unknown-type", id="a type of another topic"),
        pytest.param("ce_dataschema", b"urn:thirdrescue:schema:incident.closed:99", "unknown-version", id="newer"),
        pytest.param("ce_dataschema", b"urn:thirdrescue:schema:incident.closed:x", "malformed", id="no version"),
        pytest.param("ce_dataschema", b"urn:thirdrescue:schema:zone.fenced:1", "malformed", id="other schema"),
        pytest.param("ce_sequence", b"0", "malformed", id="sequence zero"),
        pytest.param("ce_sequence", "٣".encode(), "malformed", id="sequence in other digits"),
        pytest.param("ce_sequence", b"9" * 5000, "malformed", id="sequence too long"),
        pytest.param("ce_id", b"not-a-uuid", "malformed", id="id"),
        pytest.param("ce_time", b"yesterday", "malformed", id="time"),
        pytest.param("ce_time", b"2026-01-02T03:04:05", "malformed", id="time without zone"),
        pytest.param("ce_source", b"\xff\xfe", "malformed", id="not UTF-8"),
        pytest.param("ce_subject", b"somebody-else", "malformed", id="key is not the subject"),
    ],
)
def test_a_wrong_attribute_is_refused(name: str, value: bytes, reason: str) -> None:
    with pytest.raises(codec.DecodeError) as caught:
        decoded(codec.encode(envelope()), headers=headers_with(name, value))
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        pytest.param(None, "malformed", id="no value"),
        pytest.param(b"", "malformed", id="empty"),
        pytest.param(b"{", "malformed", id="cut off"),
        pytest.param(b"[]", "invalid", id="not an object"),
        pytest.param(b'{"incident_id": 1}', "invalid", id="wrong types"),
        pytest.param(b"\xff\x00\x01", "malformed", id="binary"),
        pytest.param(b"[" * 100_000, "malformed", id="nested too deep"),
    ],
)
def test_a_wrong_value_is_refused(value: bytes | None, reason: str) -> None:
    with pytest.raises(codec.DecodeError) as caught:
        decoded(codec.encode(envelope()), value=value)
    assert caught.value.reason == reason


@given(
    value=st.binary(max_size=200), headers=st.lists(st.tuples(st.text(max_size=20), st.binary(max_size=40)), max_size=8)
)
def test_decode_raises_nothing_but_its_own_error(value: bytes, headers: list[tuple[str, bytes]]) -> None:
    with pytest.raises(codec.DecodeError):
        codec.decode(TOPICS[0], b"key", value, headers)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400"])
def test_no_number_that_is_none(number: str) -> None:
    text = (EXAMPLES / "incident.declared.v1" / "full.json").read_text(encoding="utf-8").replace("7.9", number)
    record = codec.encode(envelope(data=IncidentDeclared.model_validate_json(text.replace(number, "7.9"))))
    with pytest.raises(codec.DecodeError):
        decoded(record, value=text.encode())


def test_sequence_of_never_raises() -> None:
    assert codec.sequence_of(codec.encode(envelope()).headers) == 7
    assert codec.sequence_of([]) is None
    assert codec.sequence_of([("ce_sequence", b"\xff")]) is None


def test_an_event_goes_to_the_topic_that_declares_it() -> None:
    assert topic_of(IncidentClosed).name == "incident-events"
