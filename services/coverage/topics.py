"""The stream processor's own topics. Nobody else reads or writes them; they can be made anew from the event log.

All have as many partitions as the log's topics: a contributor keeps its partition number from its source topic to
`coverage-inputs` and that table's changelog. Changelogs are compacted and nothing else: deletion would make Faust's
recovery wait for records that are gone (faust-streaming issue 176).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from schemas.topics import PARTITIONS

APP_ID: Final = "thirdrescue-coverage-stream"
CONTRIBUTORS: Final = "contributors"
AREAS: Final = "areas"
INPUTS: Final = "coverage-inputs"
PARTIALS: Final = "coverage-partials"
DEAD_LETTER_SUFFIX: Final = "-dlq"
_WEEK_MS: Final = 7 * 24 * 3600 * 1000
_REPLICAS_MAX: Final = 3
_REQUEST_TIMEOUT_MS: Final = 10_000


@dataclass(frozen=True, kw_only=True)
class InternalTopic:
    """A topic of the stream processor: its name and its settings at the broker."""

    name: str
    config: dict[str, str]
    partitions: int = PARTITIONS


def _log(name: str) -> InternalTopic:
    return InternalTopic(name=name, config={"cleanup.policy": "delete", "retention.ms": str(_WEEK_MS)})


def _changelog(table: str) -> InternalTopic:
    config = {
        "cleanup.policy": "compact",
        "segment.ms": "600000",
        "segment.bytes": str(16 * 2**20),
        "min.cleanable.dirty.ratio": "0.2",
    }
    return InternalTopic(name=f"{APP_ID}-{table}-changelog", config=config)


INTERNAL_TOPICS: Final[tuple[InternalTopic, ...]] = (
    _log(INPUTS),
    _log(PARTIALS),
    _log(INPUTS + DEAD_LETTER_SUFFIX),
    _log(PARTIALS + DEAD_LETTER_SUFFIX),
    _changelog(CONTRIBUTORS),
    _changelog(AREAS),
)


async def ensure_topics(bootstrap: str) -> None:
    """Create those that are missing, with up to three replicas. Raises KafkaError or OSError; may be called again."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=_REQUEST_TIMEOUT_MS)
    try:
        await admin.start()
        existing = set(await admin.list_topics())
        missing = [topic for topic in INTERNAL_TOPICS if topic.name not in existing]
        if not missing:
            return
        brokers = len((await admin.describe_cluster())["brokers"])
        replicas = min(_REPLICAS_MAX, max(brokers, 1))
        answer = await admin.create_topics([
            NewTopic(topic.name, topic.partitions, replicas, topic_configs=topic.config) for topic in missing
        ])  # fmt: skip
        for name, code, *_ in answer.topic_errors:
            if code and for_code(code) is not TopicAlreadyExistsError:
                raise KafkaError(f"{name}: {for_code(code).__name__}")
    finally:
        async with asyncio.timeout(5):
            await admin.close()
