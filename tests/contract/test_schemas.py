"""Generated files are fresh, released ones never change, and the topic list is consistent."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from schemas import generate
from schemas.topics import EVENTS, MAX_RECORD_BYTES, TOPICS, consumed_by
from services.catalog import SERVICES

EXAMPLES = generate.FOLDER / "examples"


def test_generated_files_are_fresh() -> None:
    assert generate.drifted() == [], "run python -m schemas.generate"


def test_released_schemas_never_change() -> None:
    changed = [
        name
        for name, digest in generate.released().items()
        if generate.digest(generate.FOLDER / "json" / name) != digest
    ]
    assert changed == [], "a released schema is a promise: raise the version and add an upcaster"
    assert generate.released(), "nothing is released"


def test_no_example_is_an_orphan() -> None:
    wanted = {f"{kind}.v{version}" for kind, version in EVENTS}
    assert {path.name for path in EXAMPLES.iterdir()} == wanted


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*/*.json")), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_examples_validate_against_the_generated_schema(path: Path) -> None:
    schema = json.loads((generate.FOLDER / "json" / f"{path.parent.name}.schema.json").read_text(encoding="utf-8"))
    # A minimal example leaves out what a writer always fills in; a reader's view requires only the rest.
    example = json.loads(path.read_text(encoding="utf-8"))
    if path.stem == "minimal":
        kind, _, version = path.parent.name.rpartition(".v")
        schema = EVENTS[kind, int(version)].model_json_schema()
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(example)


def test_topic_names_are_kebab_case_and_unique() -> None:
    names = [topic.name for topic in TOPICS]
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in names)
    assert len(set(names)) == len(names)


def test_every_event_is_on_one_topic_and_is_a_past_fact() -> None:
    owners = [event for topic in TOPICS for event in topic.events]
    assert len(set(owners)) == len(owners)
    vague = [event.event_type for event in owners if event.event_type.endswith((".updated", ".changed"))]
    assert vague == []


def test_producers_and_consumers_are_services() -> None:
    names = {service.name for service in SERVICES}
    assert {topic.producer for topic in TOPICS} <= names
    assert {consumer for topic in TOPICS for consumer in topic.consumers} <= names
    assert consumed_by("registry") == ()


def test_the_event_log_is_kept_for_ever() -> None:
    assert all(topic.retention_ms == -1 for topic in TOPICS)
    assert MAX_RECORD_BYTES < 1_048_576 - 12_000, "room for the batch and record framing below the broker's limit"


def test_no_event_has_a_field_for_identity() -> None:
    forbidden = re.compile(r"(^|_)(name|phone|mobile|email|address|id_card|birth)(_|$)")
    found = [
        f"{event.event_type}.{field}"
        for event in EVENTS.values()
        for field in event.model_fields
        if forbidden.search(field) and not field.startswith(("name_zh", "name_en"))
    ]
    named = {f"{event.event_type}" for event in EVENTS.values() if "name_zh" in event.model_fields}
    assert found == []
    public = {"station.registered", "station.corrected", "station.state", "area.state"}
    assert named == public, "only stations and administrative areas have public names"
