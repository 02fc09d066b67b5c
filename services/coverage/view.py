"""The published picture in memory: read from `coverage-state` and `coverage-events`, from the beginning.

It is what everybody else can read, of all instances, and never ahead of it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from schemas.codec import DecodeError, decode
from schemas.envelope import Envelope
from schemas.events.coverage import CoverageObserved, CoverageVoidClosed, CoverageVoidOpened
from schemas.topics import BY_NAME, topic_of
from services.coverage.model import Skill
from services.kit.log import describe_error, get_logger

log = get_logger(__name__)
_TOPICS: Final = tuple(topic_of(model) for model in (CoverageObserved, CoverageVoidOpened))
_RETRY_S: Final = 1.0
_POLL_MS: Final = 500
_RECORDS_MAX: Final = 2_000


@dataclass(frozen=True, slots=True)
class Seen:
    """A published area and who may see it."""

    observed: CoverageObserved
    envelope: Envelope


@dataclass(frozen=True, slots=True)
class OpenVoid:
    """A void that was opened and not closed."""

    opened: CoverageVoidOpened
    envelope: Envelope


class View:
    """Areas as last published and voids that are open."""

    def __init__(self) -> None:
        self.areas: dict[str, Seen] = {}
        self.voids: dict[tuple[str, str], OpenVoid] = {}
        self._sequences: dict[tuple[str, str], int] = {}
        self.caught_up = False

    def take(self, envelope: Envelope) -> None:
        """Apply a published event; one that was seen before changes nothing."""
        place = (topic_of(envelope.data).name, envelope.key)
        if envelope.sequence <= self._sequences.get(place, 0):
            return
        self._sequences[place] = envelope.sequence
        match envelope.data:
            case CoverageObserved() as observed:
                self.areas[observed.area_id] = Seen(observed, envelope)
            case CoverageVoidOpened() as opened:
                self.voids[opened.area_id, Skill(opened.role, opened.language).name] = OpenVoid(opened, envelope)
            case CoverageVoidClosed() as closed:
                self.voids.pop((closed.area_id, Skill(closed.role, closed.language).name), None)
            case _:
                raise TypeError(f"{envelope.type} is not published by this service")

    async def follow(self, bootstrap: str) -> None:
        """Read for ever; starts over from the beginning after a fault. Runs until cancelled."""
        while True:
            try:
                await self._read(bootstrap)
            except (KafkaError, OSError, TimeoutError) as error:
                log.info("coverage.view-waits", error=describe_error(error))
                await asyncio.sleep(_RETRY_S)

    async def _read(self, bootstrap: str) -> None:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False, fetch_max_wait_ms=500
        )
        await consumer.start()
        try:
            partitions = [TopicPartition(topic.name, no) for topic in _TOPICS for no in range(topic.partitions)]
            consumer.assign(partitions)
            await consumer.seek_to_beginning(*partitions)
            ends = await consumer.end_offsets(partitions)
            while True:
                found = await consumer.getmany(timeout_ms=_POLL_MS, max_records=_RECORDS_MAX)
                for tp, records in found.items():
                    for record in records:
                        self._take_record(tp.topic, record)
                if not self.caught_up:
                    positions = [await consumer.position(tp) >= ends[tp] for tp in partitions]
                    self.caught_up = all(positions)
        finally:
            await consumer.stop()

    def _take_record(self, topic: str, record: Any) -> None:
        try:
            self.take(decode(BY_NAME[topic], record.key, record.value, record.headers))
        except DecodeError as error:
            # Our own topics; whoever wrote this, it is not ours to show.
            log.error("coverage.view-unreadable", topic=topic, offset=record.offset, reason=error.reason)
