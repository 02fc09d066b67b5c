"""What was kept and may never have left goes out before what is new, wherever the work was stopped."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast

import orjson
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.coverage.agents import Stream
from services.coverage.guard import Sender
from services.coverage.model import Partial
from services.kit.bus import Outgoing, Partition
from services.kit.clock import ManualClock
from tests.support.properties import examples
from tests.unit.coverage.test_observe import FACTS, HOLD_OFF, NOW, ZONE


class Stopped(Exception):
    """The process ends here."""


class Table(dict[str, Any]):
    """What outlives a process: rows as they were written."""

    async def confirm(self) -> None:
        """At once."""


class Log:
    """What arrived; `is_down` ends the process instead."""

    def __init__(self) -> None:
        self.is_down = False
        self.sequences: dict[str, list[int]] = defaultdict(list)

    async def partition_of(self, topic: str, key: bytes) -> Partition:
        return Partition(topic, 0)

    async def send(self, partition: Partition, records: Sequence[Outgoing]) -> None:
        if self.is_down:
            raise Stopped
        self.sequences[partition.topic] += [int(dict(record.headers)["ce_sequence"]) for record in records]


def begun(table: Table, log: Log, clock: ManualClock) -> Stream:
    """A stream processor after a start: what it keeps in memory is empty."""
    stream = Stream.__new__(Stream)
    stream.areas = cast(Any, table)
    stream.sender = cast(Sender, log)
    stream._clock, stream._hold_off = clock, HOLD_OFF
    stream._seen, stream._due, stream._due_of = set(), [], {}
    return stream


class Message:
    """A record of totals."""

    def __init__(self, version: int, accepted: int) -> None:
        cells = {"needed:counsellor:khg": 2} | ({"accepted:counsellor:khg": accepted} if accepted else {})
        partial = Partial(area=ZONE, partition=1, version=version, cells=cells, facts=FACTS)
        self.value = orjson.dumps({"partials": [partial.to_json()]})


async def driven(steps: Sequence[tuple[int, bool, bool]]) -> dict[str, list[int]]:
    table, log, clock = Table(), Log(), ManualClock(NOW)
    stream = begun(table, log, clock)
    for version, (accepted, is_lost, is_long_after) in enumerate([*steps, (0, False, True), (2, False, True)], start=1):
        clock.advance(timedelta(seconds=10 if is_long_after else 1))
        log.is_down = is_lost
        try:
            await stream._take_partials(Message(version, accepted))
        except Stopped:
            stream = begun(table, log, clock)
    return log.sequences


@settings(max_examples=examples(100))
@given(st.lists(st.tuples(st.sampled_from((0, 2)), st.booleans(), st.booleans()), max_size=12))
@example([(0, False, False), (0, True, True), (2, False, False)])
@example([(0, False, False), (0, True, True), (2, True, False)])
def test_wherever_a_process_ends_nothing_that_was_kept_stays_unsent(steps: list[tuple[int, bool, bool]]) -> None:
    for topic, sequences in asyncio.run(driven(steps)).items():
        assert list(dict.fromkeys(sequences)) == list(range(1, max(sequences) + 1)), topic
