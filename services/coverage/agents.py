"""The stream processor: a Faust app of two agents over two tables.

coverage-inputs -> `contribute`: one row per contributor, totals per partition and area -> coverage-partials
coverage-partials -> `observe`: one row per area -> coverage-state and coverage-events

At-least-once throughout, and harmless under repetition: rows ignore what they have seen (sequence, version), totals are
absolute, and what is published was kept before with its sequence, so that it is published again unchanged.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from heapq import heappop, heappush
from typing import Any, Final

import faust
import orjson
from aiokafka.errors import KafkaError
from faust.app.base import BootStrategy

from schemas import codec
from schemas.envelope import Event
from schemas.events.coverage import CoverageObserved, CoverageVoidClosed, CoverageVoidOpened
from schemas.topics import PARTITIONS
from services.coverage import fold
from services.coverage.guard import Guard, Sender, dead_letter
from services.coverage.mends import apply_mends
from services.coverage.model import Change, ContributorRow, Partial
from services.coverage.observe import AreaRow, carried, envelope_of, observe, take_in
from services.coverage.settings import CoverageSettings
from services.coverage.tables import STORE, make_table
from services.coverage.topics import APP_ID, AREAS, CONTRIBUTORS, INPUTS, PARTIALS
from services.coverage.totals import Totals
from services.kit.bus import Bus, Outgoing, Partition
from services.kit.clock import Clock
from services.kit.log import describe_error, get_logger

log = get_logger(__name__)
PERSIST_EVERY_S: Final = 10.0
ROWS_PER_TURN: Final = 500
PARTIALS_PER_RECORD: Final = 100
"""An area's totals are some kilobytes at most; a record stays far below the broker's limit."""
_MODELS: Final[Mapping[str, type[Event]]] = {
    model.event_type: model for model in (CoverageObserved, CoverageVoidOpened, CoverageVoidClosed)
}


Batch = dict[str, tuple[ContributorRow | None, ContributorRow]]
"""Contributor -> its row before and after a batch of changes."""


def make_app(settings: CoverageSettings) -> faust.App:
    """The Faust app, as measurement has taught to configure it. Starts nothing."""
    apply_mends()
    return CoverageApp(
        APP_ID,
        broker=";".join(f"kafka://{server}" for server in settings.kafka_required().split(",")),
        autodiscover=False,
        web_enabled=False,
        store=STORE,
        datadir=settings.tables_dir(),
        processing_guarantee="at_least_once",
        topic_allow_declare=False,
        topic_disable_leader=True,
        topic_partitions=PARTITIONS,
        table_standby_replicas=0,
        stream_wait_empty=False,
        stream_buffer_maxsize=256,
        stream_recovery_delay=0.0,
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=f"coverage-{settings.member}",
        broker_session_timeout=10,
        broker_heartbeat_interval=2.5,
        broker_rebalance_timeout=20,
        broker_request_timeout=30,
        broker_max_poll_interval=2_000_000,  # faust-streaming 138: an idle instance would leave the group for good
        broker_commit_interval=1.0,
        broker_max_poll_records=500,
    )


class NoProducer(BootStrategy):
    """Faust's own producer is not started: everything goes out through the process's one producer."""

    enable_kafka_producer = False


class CoverageApp(faust.App):
    """The Faust app of this service."""

    BootStrategy = NoProducer


def _raw_topic(app: faust.App, name: str) -> Any:
    """Bytes in: what Faust cannot decode it drops without a word; here it is decoded in the agent."""
    return app.topic(name, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")


class Stream:
    """One run of the stream processor. `recovered` turns true when the tables are complete."""

    def __init__(self, app: faust.App, bus: Bus, clock: Clock, settings: CoverageSettings) -> None:
        self.app = app
        self.guard = Guard()
        self.sender = Sender(bus)
        self.contributors = make_table(app, self.sender, CONTRIBUTORS)
        self.areas = make_table(app, self.sender, AREAS)
        self._clock = clock
        self._hold_off = timedelta(seconds=settings.coverage_void_hold_off_s)
        self._publish_every_s = settings.coverage_publish_every_s
        self._totals = Totals()
        self._contributing = asyncio.Lock()
        """Held while rows are written and counted, so that a rebuild counts each row once."""
        self._changed = asyncio.Event()
        self._seen: set[str] = set()
        """Areas of which it is known that all their rows hold was sent, since the tables were recovered."""
        self._due: list[tuple[datetime, str]] = []
        self._due_of: dict[str, datetime] = {}
        self.contributors.on_recover(self._rebuild_totals)
        self.areas.on_recover(self._forget_seen)
        app.agent(_raw_topic(app, INPUTS), name="contribute", concurrency=1)(self._contribute)
        app.agent(_raw_topic(app, PARTIALS), name="observe", concurrency=1)(self._observe)

    @property
    def recovered(self) -> bool:
        """Whether the tables are complete and the agents at work."""
        return bool(self.app.tables.actives_ready) and not self.app.rebalancing

    @property
    def to_recover(self) -> int:
        """How many changelog records are still to be read."""
        tables: Any = self.app.tables
        return int(tables.recovery.active_remaining_total())

    # --- the first agent

    async def _contribute(self, stream: Any) -> None:
        async for event in stream.events():
            await self.guard.run("contribute", event.message, partial(self._take_batch, event.message))

    async def _take_batch(self, message: Any) -> None:
        try:
            changes = [Change.of_json(item) for item in orjson.loads(message.value or b"")]
        except (ValueError, TypeError) as error:
            await dead_letter(self.sender, message, message.value, f"not a batch of changes: {error}")
            return
        async with self._contributing:
            refused = await self._count(message, changes)
        for change, reason in refused:
            await dead_letter(self.sender, message, orjson.dumps([change.to_json()]), reason)
        if self._totals.has_changed:
            self._changed.set()

    async def _count(self, message: Any, changes: Sequence[Change]) -> list[tuple[Change, str]]:
        batch, refused = self._applied(changes, message.offset)
        for name, (_, row) in batch.items():
            self.contributors[name] = {**row.to_json(), "partition": message.partition}
        await self.contributors.confirm()
        for old, new in batch.values():
            self._totals.replace(message.partition, old, new)
        return refused

    def _applied(self, changes: Sequence[Change], at: int) -> tuple[Batch, list[tuple[Change, str]]]:
        """Old and new row of each contributor, and what no fold could take. Writes nothing."""
        batch: Batch = {}
        refused = []
        for change in changes:
            old, row = batch.get(change.contributor) or [self._contributor(change.contributor)] * 2
            try:
                applied = fold.apply(row, change, at)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                refused.append((change, f"{change.type}: {type(error).__name__}: {error}"))
                continue
            if applied is not None:
                batch[change.contributor] = (old, applied)
            elif row is not None and row.sequence == change.sequence:
                # Seen before, and written again: after a crash its changelog record may be missing.
                batch[change.contributor] = (old, row)
        return batch, refused

    def _contributor(self, name: str) -> ContributorRow | None:
        value = self.contributors.get(name)
        return None if value is None else ContributorRow.of_json(value)

    async def _rebuild_totals(self) -> None:
        """From the recovered rows, while none is written."""
        totals = Totals()
        async with self._contributing:
            for count, (_, value) in enumerate(self.contributors.rows(), start=1):
                totals.replace(value["partition"], None, ContributorRow.of_json(value))
                if count % ROWS_PER_TURN == 0:
                    await asyncio.sleep(0)
            self._totals = totals
        self._changed.set()

    # --- between the agents

    async def publish_totals(self) -> None:
        """Publish changed totals, at once after a pause and a few times a second under load. Runs until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            by_target: dict[int, list[Partial]] = {}
            for changed in self._totals.take_changed():
                target = await self.sender.partition_of(PARTIALS, changed.area.encode())
                by_target.setdefault(target.number, []).append(changed)
            for target_no, partials in by_target.items():
                for start in range(0, len(partials), PARTIALS_PER_RECORD):
                    items = [changed.to_json() for changed in partials[start : start + PARTIALS_PER_RECORD]]
                    await self._send(PARTIALS, target_no, b"partials", {"partials": items})
            await asyncio.sleep(self._publish_every_s)

    async def remind(self) -> None:
        """Have areas looked at again whose hold-off ends, through the log, so that an agent does it."""
        while True:
            now = self._clock.now()
            while self._due and self._due[0][0] <= now:
                due_at, area = heappop(self._due)
                if self._due_of.get(area) == due_at:
                    del self._due_of[area]
                    target = await self.sender.partition_of(PARTIALS, area.encode())
                    await self._send(PARTIALS, target.number, b"due", {"due": [area]})
            await asyncio.sleep(0.1)

    async def _send(self, topic: str, partition: int, key: bytes, value: Any) -> None:
        await self.sender.send(Partition(topic, partition), [Outgoing(key, orjson.dumps(value), [])])

    async def persist_offsets_now_and_then(self) -> None:
        """Keep what a restart need not read again. Runs until cancelled."""
        while True:
            await asyncio.sleep(PERSIST_EVERY_S)
            try:
                await self.persist_offsets()
            except (KafkaError, OSError, TimeoutError) as error:
                log.info("coverage.persist-later", error=describe_error(error))

    async def persist_offsets(self) -> None:
        """Note in each table how far its changelog is contained in it.

        That is its end: only this instance writes it, and writes the table first.
        """
        actives = {tp for tp in self.app.assignor.assigned_actives() if tp.topic in self.app.tables.changelog_topics}
        if not self.recovered or not actives:
            return
        ends = await self.app.consumer.highwaters(*actives)
        if actives <= self.app.assignor.assigned_actives():
            for table in (self.contributors, self.areas):
                for tp, end in ends.items():
                    if tp.topic == table.changelog_topic_name and end:
                        table.data.set_persisted_offset(tp, end - 1)

    # --- the second agent

    async def _observe(self, stream: Any) -> None:
        async for event in stream.events():
            await self.guard.run("observe", event.message, partial(self._take_partials, event.message))

    async def _take_partials(self, message: Any) -> None:
        try:
            partials, due = _read_partials(message.value)
        except (ValueError, TypeError) as error:
            await dead_letter(self.sender, message, message.value, f"not partials: {error}")
            return
        now = self._clock.now()
        to_send: dict[str, AreaRow] = {}
        refused = []
        for area in {**partials, **dict.fromkeys(due)}:
            try:
                kept, row, due_at = self._observed(area, partials.get(area, ()), now)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                refused.append(f"{area}: {type(error).__name__}: {error}")
                continue
            self._remember_due(area, due_at)
            is_sent = area in self._seen
            if not is_sent:
                row = carried(kept, row)
            if row is not kept or not is_sent:
                self.areas[area] = row.to_json()
            if row.latest is not kept.latest or not is_sent:
                to_send[area] = row
        self._seen.difference_update(to_send)  # until it is sent: this may be stopped anywhere from here on
        await self.areas.confirm()
        await self._publish(to_send)
        self._seen.update(to_send)
        for reason in refused:
            await dead_letter(self.sender, message, message.value, reason)

    def _observed(
        self, area: str, partials: Sequence[Partial], now: datetime
    ) -> tuple[AreaRow, AreaRow, datetime | None]:
        value = self.areas.get(area)
        kept = row = AreaRow() if value is None else AreaRow.of_json(value)
        for newer in partials:
            row = take_in(row, newer)
        row, due_at = observe(area, row, now, self._hold_off)
        return kept, row, due_at

    async def _publish(self, rows: Mapping[str, AreaRow]) -> None:
        """Send the latest records of each area; they are already kept."""
        by_target: dict[Partition, list[Outgoing]] = {}
        for area, row in rows.items():
            for record in row.latest:
                encoded = codec.encode(envelope_of(area, row, record, _MODELS[record["type"]]))
                target = await self.sender.partition_of(encoded.topic, encoded.key)
                by_target.setdefault(target, []).append(Outgoing(encoded.key, encoded.value, encoded.headers))
        await asyncio.gather(*(self.sender.send(target, records) for target, records in by_target.items()))

    def _remember_due(self, area: str, due_at: datetime | None) -> None:
        if due_at is None:
            self._due_of.pop(area, None)
        elif self._due_of.get(area) != due_at:
            self._due_of[area] = due_at
            heappush(self._due, (due_at, area))

    async def _forget_seen(self) -> None:
        """After a recovery every area sends its latest records again: the totals, all published again, ask for it."""
        self._seen.clear()


def _read_partials(value: bytes | None) -> tuple[dict[str, list[Partial]], list[str]]:
    """Partials by area, or areas that are due. Raises ValueError or TypeError."""
    match orjson.loads(value or b""):
        case {"partials": list(items)}:
            by_area: dict[str, list[Partial]] = {}
            for newer in map(Partial.of_json, items):
                by_area.setdefault(newer.area, []).append(newer)
            return by_area, []
        case {"due": list(areas)}:
            return {}, [str(area) for area in areas]
        case _:
            raise ValueError("neither partials nor areas that are due")
