"""Write the generated forms of the schemas: JSON Schemas, AsyncAPI 3, and the lock of what is released.

Usage: `python -m schemas.generate` writes; `--check` says what has drifted and exits 1; `--release` also records
the hashes of all present schema files in `released.lock`. A released file must never change again: change the
model's version instead.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from schemas.codec import schema_uri
from schemas.envelope import Event
from schemas.topics import EVENTS, TOPICS, Topic

FOLDER: Final = Path(__file__).parent
DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
HEADERS: Final[Mapping[str, str]] = {
    "ce_specversion": "CloudEvents version, 1.0",
    "ce_id": "id of the event; derived from its cause, so that a repeated handling repeats the id",
    "ce_source": "the service that says so",
    "ce_type": "what happened",
    "ce_time": "when it happened (RFC 3339, UTC)",
    "ce_subject": "id of the aggregate; equals the record's key",
    "ce_dataschema": "schema and version of the value",
    "ce_correlationid": "shared by everything that follows from one request",
    "ce_causationid": "id of the event or command that caused it",
    "ce_recordedat": "when it was written to the log",
    "ce_sequence": "1, 2, 3 ... without gaps per topic and key",
    "ce_exercise": "true for drills",
    "ce_jurisdiction": "area codes whose readers may see it",
    "content-type": "application/json",
    "traceparent": "W3C trace context",
}


class _WithDraft(GenerateJsonSchema):
    """JSON Schema that names its draft."""

    def generate(self, schema: Any, mode: Any = "validation") -> JsonSchemaValue:
        return {"$schema": DRAFT, **super().generate(schema, mode)}


def json_schema(event: type[Event]) -> dict[str, Any]:
    """The JSON Schema of an event's data, as a reader may rely on it."""
    schema = event.model_json_schema(schema_generator=_WithDraft, mode="serialization")
    return {"$schema": schema.pop("$schema"), "$id": schema_uri(event), **schema}


def schema_file(event: type[Event]) -> Path:
    """Where the schema of an event is kept."""
    return FOLDER / "json" / f"{event.event_type}.v{event.version}.schema.json"


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI 3 document of all topics."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Third Rescue event log",
            "version": "1.0.0",
            "description": "CloudEvents 1.0 in Kafka binary content mode. Order is kept per key.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic) for topic in TOPICS},
        "operations": _operations(),
        "components": {
            "messages": {_message_name(event): _message(event) for event in EVENTS.values()},
            "messageTraits": {"cloudEvent": {"headers": _header_schema()}},
        },
    }


def _channel(topic: Topic) -> dict[str, Any]:
    return {
        "address": topic.name,
        "description": topic.description,
        "messages": {
            _message_name(event): {"$ref": f"#/components/messages/{_message_name(event)}"} for event in topic.events
        },
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": {"cleanup.policy": [topic.cleanup], "retention.ms": topic.retention_ms},
                "bindingVersion": "0.5.0",
            }
        },
    }


def _operations() -> dict[str, Any]:
    operations: dict[str, Any] = {}
    for topic in TOPICS:
        channel = {"$ref": f"#/channels/{topic.name}"}
        operations[f"{topic.producer}-sends-{topic.name}"] = {"action": "send", "channel": channel}
        for consumer in topic.consumers:
            operations[f"{consumer}-receives-{topic.name}"] = {"action": "receive", "channel": channel}
    return operations


def _message_name(event: type[Event]) -> str:
    return f"{event.event_type}.v{event.version}"


def _message(event: type[Event]) -> dict[str, Any]:
    return {
        "name": event.event_type,
        "title": event.__name__,
        "summary": (event.__doc__ or "").strip().splitlines()[0],
        "contentType": "application/json",
        "traits": [{"$ref": "#/components/messageTraits/cloudEvent"}],
        "payload": {"$ref": f"./json/{schema_file(event).name}"},
        "bindings": {"kafka": {"key": {"type": "string", "description": "aggregate id"}, "bindingVersion": "0.5.0"}},
    }


def _header_schema() -> dict[str, Any]:
    optional = {"ce_causationid", "traceparent"}
    return {
        "type": "object",
        "required": [name for name in HEADERS if name not in optional],
        "properties": {name: {"type": "string", "description": text} for name, text in HEADERS.items()},
    }


def rendered() -> dict[Path, str]:
    """Every generated file and what it must hold."""
    files = {
        schema_file(event): json.dumps(json_schema(event), indent=2, ensure_ascii=False) + "\n"
        for event in EVENTS.values()
    }
    files[FOLDER / "asyncapi.yaml"] = "# Generated by `python -m schemas.generate`.\n" + yaml.safe_dump(
        asyncapi(), sort_keys=False, allow_unicode=True, width=120
    )
    return files


def drifted() -> list[Path]:
    """Generated files that differ from the models, are missing, or belong to no model."""
    wanted = rendered()
    stray = [path for path in (FOLDER / "json").glob("*.json") if path not in wanted]
    wrong = [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    return sorted(stray + wrong)


def released() -> dict[str, str]:
    """Hashes of the schema files that are released, by file name."""
    path = FOLDER / "released.lock"
    if not path.exists():
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, name in (line.split() for line in lines if line and not line.startswith("#"))}


def digest(path: Path) -> str:
    """SHA-256 of a file, as `released.lock` keeps it."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _write(release: bool) -> None:
    (FOLDER / "json").mkdir(exist_ok=True)
    for path, text in rendered().items():
        path.write_text(text, encoding="utf-8")
    for path in drifted():
        path.unlink()
    if release:
        lines = [f"{digest(path)}  {path.name}" for path in sorted((FOLDER / "json").glob("*.json"))]
        header = "# SHA-256 of released schemas. A released schema never changes; a new version is a new file.\n"
        (FOLDER / "released.lock").write_text(header + "\n".join(lines) + "\n", encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Entry point; returns the exit status."""
    if "--check" in arguments:
        stale = drifted()
        for path in stale:
            sys.stdout.write(f"out of date: {path.relative_to(FOLDER.parent)} (run python -m schemas.generate)\n")
        return 1 if stale else 0
    _write(release="--release" in arguments)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
