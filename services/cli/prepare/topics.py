"""Every declared topic with its dead-letter topic. What exists is compared, never quietly changed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from schemas.topics import FOR_EVER, TOPICS
from services.cli.instance.errors import InstanceError

MOST_REPLICAS: Final = 3
DLQ_PARTITIONS: Final = 1
RETRY_EVERY_S: Final = 0.2
VISIBLE_WAIT_S: Final = 20
REQUEST_TIMEOUT_MS: Final = 20_000


@dataclass(frozen=True)
class WantedTopic:
    """A topic as the broker knows it."""

    name: str
    partitions: int
    settings: Mapping[str, str]


def wanted_topics() -> list[WantedTopic]:
    """The declared topics, each followed by its dead-letter topic (kept for ever: it holds what is owed an answer)."""
    wanted = []
    for topic in TOPICS:
        settings: dict[str, str] = {"cleanup.policy": topic.cleanup}
        if topic.cleanup == "delete":
            settings["retention.ms"] = str(topic.retention_ms)
        wanted.append(WantedTopic(topic.name, topic.partitions, settings))
        wanted.append(
            WantedTopic(topic.dlq, DLQ_PARTITIONS, {"cleanup.policy": "delete", "retention.ms": str(FOR_EVER)})
        )
    return wanted


async def ensure_topics(bootstrap: str, wait_s: float, wanted: Iterable[WantedTopic] | None = None) -> list[str]:
    """Create what is missing and give its names; refuse where an existing topic differs. Waits for Kafka to answer."""
    wanted = wanted_topics() if wanted is None else list(wanted)
    admin = await _connect(bootstrap, wait_s)
    try:
        existing = set(await admin.list_topics())
        created = await _create(admin, [topic for topic in wanted if topic.name not in existing])
        await _wait_visible(admin, {topic.name for topic in wanted})
        await _compare(admin, [topic for topic in wanted if topic.name not in created])
        return created
    finally:
        await admin.close()


async def _create(admin: Any, missing: list[WantedTopic]) -> list[str]:
    """Create these; the names of those that really were created now (somebody else may have been faster)."""
    if not missing:
        return []
    created = []
    brokers = len((await admin.describe_cluster())["brokers"])
    replicas = max(1, min(MOST_REPLICAS, brokers))
    answer = await admin.create_topics(
        [NewTopic(topic.name, topic.partitions, replicas, topic_configs=dict(topic.settings)) for topic in missing]
    )
    for name, code, *rest in answer.topic_errors:
        if code == 0:
            created.append(name)
        elif code != TopicAlreadyExistsError.errno:
            said = next((part for part in rest if part), None) or for_code(code).__name__
            raise InstanceError(f"Kafka did not create the topic {name}: {said}")
    return created


async def _wait_visible(admin: Any, names: set[str]) -> None:
    """A topic that was created reaches the brokers' metadata a moment later."""
    deadline = time.monotonic() + VISIBLE_WAIT_S
    while absent := names - set(await admin.list_topics()):
        if time.monotonic() > deadline:
            raise InstanceError(f"Kafka created these topics but does not show them: {', '.join(sorted(absent))}")
        await asyncio.sleep(RETRY_EVERY_S)


async def _compare(admin: Any, existing: list[WantedTopic]) -> None:
    if not existing:
        return
    described = {t["topic"]: t for t in await admin.describe_topics([topic.name for topic in existing])}
    settings = await _settings(admin, [topic.name for topic in existing])
    for topic in existing:
        found = len(described[topic.name]["partitions"])
        if found != topic.partitions:
            raise InstanceError(
                f"the topic {topic.name} has {found} partitions and not {topic.partitions}: "
                "changing that would break the order per key, so it must be migrated by hand"
            )
        for key, value in topic.settings.items():
            if settings[topic.name].get(key) != value:
                raise InstanceError(
                    f"the topic {topic.name} has {key}={settings[topic.name].get(key)} and not {value}: "
                    "set it by hand if that is meant"
                )


async def _settings(admin: Any, names: list[str]) -> dict[str, dict[str, str]]:
    answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names])
    found: dict[str, dict[str, str]] = {}
    for answer in answers:
        for _code, _message, _kind, name, entries in answer.resources:
            found[name] = {entry[0]: entry[1] for entry in entries}
    return found


async def _connect(bootstrap: str, wait_s: float) -> Any:
    deadline = time.monotonic() + wait_s
    while True:
        admin = AIOKafkaAdminClient(
            bootstrap_servers=bootstrap, client_id="thirdrescue-prepare", request_timeout_ms=REQUEST_TIMEOUT_MS
        )
        try:
            await admin.start()
            return admin
        except (KafkaError, OSError) as error:
            await admin.close()
            if time.monotonic() > deadline:
                raise InstanceError(f"Kafka at {bootstrap} did not answer in {wait_s:.0f} s") from error
            await asyncio.sleep(RETRY_EVERY_S)
