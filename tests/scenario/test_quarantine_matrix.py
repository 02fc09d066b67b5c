"""What cannot be read or taken, on every consumed topic at every service that consumes it, on a whole instance.

Three records per topic, each with a key of its own:

- malformed: bytes that are no event;
- unknown-version: an event of a version that nobody has released;
- poison: its place, turn and version are right, but the data breaks the event's own model ("invalid"). What a
  handler itself refuses is tested with handlers made for it (tests/integration/kit/test_quarantine.py).

The instance is this test's own, because broken records stay in the log, where the drills' outside checks would find
them. THIRDRESCUE_TEST_MATRIX_HOME names one that runs already and is left running.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaProducer

from schemas import codec, generate
from schemas.envelope import Envelope, Event
from schemas.events.incident import IncidentClosed, IncidentLevelRaised
from schemas.topics import BY_NAME, TOPICS, Topic
from schemas.vocabulary import Level
from services.cli.access import Instance as Operator
from services.cli.bench.whole.load import Target
from services.cli.bench.whole.network import declaration, network_for
from services.cli.bench.whole.stage import Stage, close_stage, open_stage, own_instance
from services.cli.bench.whole.trace import Tracer
from services.cli.instance.layout import PROJECT, Layout
from services.cli.quarantine import sign_in
from services.cli.scenario.log_reader import LogReader

pytestmark = [pytest.mark.scenario, pytest.mark.timeout(300)]

HOME = "THIRDRESCUE_TEST_MATRIX_HOME"
CONSUMED = tuple(topic for topic in TOPICS if topic.consumers)
REASONS = {"malformed": "malformed", "unknown-version": "unknown-version", "poison": "invalid"}
"""What was sent, and the reason under which it must be kept."""
ARRIVES_WITHIN_S = 60.0
Headers = list[tuple[str, bytes]]
Offset = tuple[int, int]


@dataclass(frozen=True)
class Broken:
    """A record that was produced straight to Kafka."""

    topic: Topic
    what: str
    key: str
    at: Offset


@pytest.fixture(scope="module")
def layout() -> Iterator[Layout]:
    given = os.environ.get(HOME)
    if given:
        yield Layout(Path(given))
        return
    with own_instance() as (fresh, _):
        yield fresh


def envelope_of(event: Event, key: str, sequence: int = 1) -> Envelope:
    now = datetime.now(UTC)
    return Envelope(
        id=uuid4(), source="/thirdrescue/test", key=key, time=now, recorded_at=now, sequence=sequence, data=event,
        correlation_id=uuid4(), causation_id=None, exercise=True, jurisdiction=("990000",), traceparent=None,
    )  # fmt: skip


def example_of(topic: Topic) -> Event:
    """A well-formed event of the topic."""
    kind = topic.events[0]
    file = generate.FOLDER / "examples" / f"{kind.event_type}.v{kind.version}" / "full.json"
    return kind.model_validate_json(file.read_bytes())


def broken_record(topic: Topic, what: str, key: str) -> tuple[bytes, Headers]:
    """Value and headers of a record that cannot be handled."""
    record = codec.encode(envelope_of(example_of(topic), key))
    if what == "malformed":
        return b"\xff\x00 no event", [("content-type", b"application/json")]
    if what == "unknown-version":
        headers = [
            (name, value.rpartition(b":")[0] + b":999" if name == "ce_dataschema" else value)
            for name, value in record.headers
        ]
        return record.value, headers
    broken = {field: {"impossible": True} for field in json.loads(record.value)}
    return json.dumps(broken).encode(), list(record.headers)


Produced = tuple[str, str, bytes, Headers]
"""Topic, key, value and headers."""


def encoded(envelope: Envelope) -> Produced:
    """A good event."""
    record = codec.encode(envelope)
    return record.topic, envelope.key, record.value, list(record.headers)


async def produce(kafka: str, *records: Produced) -> list[Offset]:
    """Records straight to Kafka, past every outbox; where each came to lie."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all")
    await producer.start()
    try:
        places = []
        for topic, key, value, headers in records:
            sent = await producer.send_and_wait(topic, value, key=key.encode(), headers=headers)
            places.append((sent.partition, sent.offset))
        return places
    finally:
        await producer.stop()


async def produce_all(kafka: str) -> list[Broken]:
    """One broken record of each kind on every consumed topic."""
    named = [(topic, what, str(uuid4())) for topic in CONSUMED for what in REASONS]
    records = [(topic.name, key, *broken_record(topic, what, key)) for topic, what, key in named]
    places = await produce(kafka, *records)
    return [Broken(*one, at) for one, at in zip(named, places, strict=True)]


async def command(layout: Layout, *arguments: str, code: int = 0) -> str:
    """What the operator's command says, as a process of its own."""
    line = [sys.executable, "-m", "services.cli", "quarantine", *arguments, "--home", str(layout.home)]
    done = await asyncio.to_thread(
        subprocess.run, line, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == code, done.stderr
    return (done.stdout if code == 0 else done.stderr).strip()


def rows_of(operator: Operator, service: str) -> list[dict[str, Any]]:
    """A service's entries, by the API that the command uses."""
    rows: list[dict[str, Any]] = operator.ask(service, "GET", "/quarantine", params={"limit": 200})["entries"]
    return rows


Entries = dict[tuple[str, str, Offset], dict[str, Any]]


async def entries_when_there(layout: Layout, wanted: set[tuple[str, str, Offset]]) -> Entries:
    """Held records by service, topic and place, from the command's list, once all that are wanted are there."""
    deadline = time.monotonic() + ARRIVES_WITHIN_S
    while True:
        told = await command(layout, "list", "--json", "--limit", "200", "--state", "quarantined")
        rows = json.loads(told)
        found = {(row["service"], row["topic"], (row["partition"], row["offset"])): row for row in rows}
        missing = wanted - found.keys()
        if not missing:
            return {place: found[place] for place in wanted}
        assert time.monotonic() < deadline, f"not in quarantine: {sorted(missing)[:5]} and {len(missing)} in all"
        await asyncio.sleep(0.5)


async def dead_letters(kafka: str, wanted: int) -> dict[tuple[str, str, Offset], Mapping[str, str]]:
    """What lies in the dead-letter topics, by consumer group, topic and place."""
    reader = LogReader(kafka, [topic.dlq for topic in CONSUMED])
    await reader.start(from_beginning=True)
    found: dict[tuple[str, str, Offset], Mapping[str, str]] = {}
    deadline = time.monotonic() + ARRIVES_WITHIN_S
    try:
        while len(found) < wanted and time.monotonic() < deadline:
            for raw in await reader.read(0.5):
                why = {name: (value or b"").decode() for name, value in raw.headers if name.startswith("dlq_")}
                place = (int(why["dlq_original_partition"]), int(why["dlq_original_offset"]))
                found[why["dlq_consumer_group"], why["dlq_original_topic"], place] = why
        return found
    finally:
        await reader.stop()


async def first_page_of_a_new_incident(stage: Stage) -> None:
    """Declare through the API and wait until somebody is paged."""
    tracer = await Tracer.begin(stage.kafka, stage.gateway)
    try:
        async with Target(stage.url("incidents"), 1) as target:
            sent = await target.one(target.post("/incidents", declaration(0), await stage.headers()))
        await tracer.follow({sent.document["incident_id"]: sent}, ARRIVES_WITHIN_S)
    finally:
        await tracer.stop()


async def wait_for_state(operator: Operator, service: str, key: UUID, sequence: int, state: str) -> dict[str, Any]:
    deadline = time.monotonic() + ARRIVES_WITHIN_S
    while True:
        for row in await asyncio.to_thread(rows_of, operator, service):
            if (row["key"], row["sequence"], row["state"]) == (str(key), sequence, state):
                return row
        assert time.monotonic() < deadline, f"{service}: sequence {sequence} of the key is not {state}"
        await asyncio.sleep(0.2)


async def test_every_broken_record_ends_in_quarantine_and_the_rest_goes_on(layout: Layout) -> None:
    stage = await open_stage(layout)
    try:
        await stage.register(network_for(24))
        broken = await produce_all(stage.kafka)
        wanted = {(service, one.topic.name, one.at): one for one in broken for service in one.topic.consumers}
        entries = await entries_when_there(layout, set(wanted))
        assert [place for place, one in wanted.items() if entries[place]["reason"] != REASONS[one.what]] == []

        letters = await dead_letters(stage.kafka, len(wanted))
        for (service, topic, place), one in wanted.items():
            why = letters[f"thirdrescue-{service}", topic, place]
            assert why["dlq_error_class"] == REASONS[one.what]
            assert why["dlq_error_message"]

        await first_page_of_a_new_incident(stage)
        await show_and_discard(layout, entries, wanted)
    finally:
        await close_stage(stage)


async def show_and_discard(layout: Layout, entries: Entries, wanted: Mapping[tuple[str, str, Offset], Broken]) -> None:
    """Show each kind, see a release refused in words, discard one by the command; the rest by its API."""
    shown = {one.what: entries[place] for place, one in wanted.items() if place[0] == "alerts"}
    for what, entry in shown.items():
        assert json.loads(await command(layout, "show", "alerts", entry["id"], "--json"))["reason"] == REASONS[what]
    refused = await command(layout, "release", "alerts", shown["unknown-version"]["id"], code=1)
    assert refused.startswith("error: alerts answers 409: It still cannot be read")
    for entry in shown.values():
        told = await command(layout, "discard", "alerts", entry["id"], "--reason", "broken on purpose")
        assert told == f"{entry['id']} is discarded."
    done = {entry["id"] for entry in shown.values()}
    operator = await asyncio.to_thread(sign_in, layout.home, None, "admin")
    for (service, _, _), entry in entries.items():
        if entry["id"] not in done:
            operator.ask(service, "POST", f"/quarantine/{entry['id']}/discard", json={"reason": "broken on purpose"})
    assert json.loads(await command(layout, "list", "--state", "quarantined", "--json")) == []


async def test_what_waits_behind_a_broken_event_follows_the_operators_decision(layout: Layout) -> None:
    """Behind a poison event its successor is parked, and a discard lets it follow. One whose predecessor never came is
    released by hand."""
    stage = await open_stage(layout)
    try:
        topic = BY_NAME["incident-events"]
        held, early = uuid4(), uuid4()
        raised = IncidentLevelRaised(incident_id=held, level_before=Level.III, level=Level.II)
        closed = IncidentClosed(incident_id=early, closed_at=datetime.now(UTC))
        await produce(
            stage.kafka,
            (topic.name, str(held), *broken_record(topic, "poison", str(held))),
            encoded(envelope_of(raised, str(held), sequence=2)),
            encoded(envelope_of(closed, str(early), sequence=2)),
        )
        operator = await asyncio.to_thread(sign_in, layout.home, None, "admin")
        for service in topic.consumers:
            first = await wait_for_state(operator, service, held, 1, "quarantined")
            await wait_for_state(operator, service, held, 2, "parked")
            waiting = await wait_for_state(operator, service, early, 2, "parked")
            assert waiting["reason"] == "sequence-gap"
            await command(layout, "discard", service, first["id"], "--reason", "broken on purpose")
            await wait_for_state(operator, service, held, 2, "released")
            assert await command(layout, "release", service, waiting["id"]) == f"{waiting['id']} is released."
            await wait_for_state(operator, service, early, 2, "released")
    finally:
        await close_stage(stage)
