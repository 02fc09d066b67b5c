"""The router: every event decided, changes packed in order and within bounds, sent before the commit."""

from __future__ import annotations

import orjson
import pytest

from schemas.topics import consumed_by
from services.coverage.handlers import CHANGES_PER_RECORD, Router, pack, subscriptions
from services.coverage.model import Change
from services.coverage.topics import INPUTS
from services.coverage.translate import MEANINGS
from services.kit.bus import Partition, RecordTooLarge
from services.kit.memory import MemoryBus


def change(number: int, size: int = 1) -> Change:
    return Change(contributor=f"volunteer-state/{number}", sequence=1, type="volunteer", data={"x": "y" * size})


def test_every_consumed_topic_is_subscribed_to_and_every_meaning_is_reached() -> None:
    bus = MemoryBus()
    declared = subscriptions(Router(bus))
    assert [s.topic for s in declared] == list(consumed_by("coverage"))
    assert {event for s in declared for event in s.handlers} == set(MEANINGS)


@pytest.mark.parametrize(("count", "size"), [(0, 1), (1, 1), (CHANGES_PER_RECORD * 2 + 1, 1), (7, 300_000)])
def test_packing_keeps_order_and_bounds(count: int, size: int) -> None:
    changes = [change(number, size) for number in range(count)]
    records = pack(changes)
    assert [Change.of_json(item) for record in records for item in orjson.loads(record)] == changes
    assert all(len(record) <= 1_000_000 and len(orjson.loads(record)) <= CHANGES_PER_RECORD for record in records)


def test_a_change_that_fits_into_no_record_is_refused() -> None:
    with pytest.raises(RecordTooLarge):
        pack([change(0, 900_000)])


async def test_changes_go_to_the_partition_they_were_given_in_one_record() -> None:
    bus = MemoryBus()
    await bus.start()
    reader = bus.reader([INPUTS], group="test")
    await reader.start()
    target = Partition(INPUTS, 3)
    await Router(bus).send([(target, change(1)), (target, change(2))])
    found = await reader.fetch(max_records=10, timeout_s=1)
    assert [[c[0] for c in orjson.loads(r.value or b"")] for r in found[target]] == [
        ["volunteer-state/1", "volunteer-state/2"]
    ]
