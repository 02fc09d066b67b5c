"""Records that cannot be handled: kept with their reason, the other keys go on, an operator decides."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

from schemas import codec
from schemas.envelope import Envelope
from schemas.events.volunteer import VolunteerBecameAvailable
from schemas.topics import TOPICS, Topic
from services.kit.bus import Headers
from services.kit.clock import SystemClock
from services.kit.delivery import Delivery, Halted
from services.kit.errors import Poison
from services.kit.quarantine import StoredRecord
from services.kit.quarantine_desk import NotPossible, UnknownEntry
from services.kit.service import Subscription
from services.kit.unit import Unit, Units
from tests.integration.kit.rig import TOPIC, Rig, open_rig, record_effect, until, until_effects
from tests.support.postgres_server import TestDatabase

pytestmark = [pytest.mark.integration, pytest.mark.timeout(90)]
Make = Callable[..., TestDatabase]


class Moody:
    """A handler that refuses or fails for chosen keys until it is mended."""

    def __init__(self) -> None:
        self.poison: set[str] = set()
        self.bug: set[str] = set()

    async def __call__(self, unit: Unit, envelope: Envelope) -> None:
        await record_effect(unit, envelope)
        if envelope.key in self.poison:
            raise Poison("the station it names was never registered")
        if envelope.key in self.bug:
            raise ZeroDivisionError("a bug")


def encoded(key: UUID, sequence: int, **changes: str | None) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
    """A good record, with some headers changed or (None) left out."""
    now, event_id = datetime.now(UTC), uuid4()
    record = codec.encode(
        Envelope(id=event_id, source="/test", key=str(key), time=now, recorded_at=now, sequence=sequence,
                 correlation_id=event_id, causation_id=None, exercise=True, jurisdiction=(), traceparent=None,
                 data=VolunteerBecameAvailable(volunteer_id=key))
    )  # fmt: skip
    headers = [(name, value) for name, value in record.headers if name not in changes]
    headers += [(name, text.encode()) for name, text in changes.items() if text is not None]
    return record.key, record.value, headers


async def entries(rig: Rig, key: UUID) -> list[tuple[int | None, str, str]]:
    """Open entries of a key: sequence, state, reason."""
    rows = await rig.consumer.rows(
        "SELECT sequence, state, reason FROM quarantine WHERE key_text = $1 AND resolved_at IS NULL ORDER BY sequence",
        str(key),
    )
    return [tuple(row) for row in rows]


async def entry_id(rig: Rig, key: UUID, state: str = "quarantined") -> UUID:
    """The only entry of a key in this state."""
    found: UUID = await rig.consumer.value(
        "SELECT id FROM quarantine WHERE key_text = $1 AND state = $2 ORDER BY sequence LIMIT 1", str(key), state
    )
    return found


async def until_entries(rig: Rig, key: UUID, expected: list[tuple[int | None, str, str]]) -> None:
    async def as_expected() -> bool:
        return await entries(rig, key) == expected

    await until(as_expected)


GOOD = b"(a good value)"
BROKEN = [
    pytest.param(b"not json", {}, "malformed", id="a value that is no JSON"),
    pytest.param(None, {}, "malformed", id="no value"),
    pytest.param(b"{}", {}, "invalid", id="a value that lacks a field"),
    pytest.param(b"\xff\xfe", {}, "malformed", id="a value that is no UTF-8"),
    pytest.param(b"{}", {"ce_type": "volunteer.exploded"}, "unknown-type", id="a type nobody knows"),
    pytest.param(
        b"{}", {"ce_dataschema": "urn:thirdrescue:schema:volunteer.became-available:99"}, "unknown-version",
        id="a version nobody knows",
    ),
    pytest.param(GOOD, {"ce_id": None}, "malformed", id="no id"),
    pytest.param(GOOD, {"ce_time": "yesterday"}, "malformed", id="a time that is none"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "changes", "reason"), BROKEN)
async def test_a_broken_record_is_kept_its_key_waits_and_others_go_on(
    kafka_topics: str, make_database: Make, value: bytes | None, changes: dict[str, str | None], reason: str
) -> None:
    async with open_rig(make_database("registry", "alerts").dsns, kafka_topics) as rig:
        rig.start(rig.consumer_loop())
        broken, other = uuid4(), uuid4()
        for sequence in (1, 2, 3):
            key, good, headers = encoded(broken, sequence)
            if sequence == 2:
                _, _, headers = encoded(broken, 2, **changes)
                value = good if value == GOOD else value
            await rig.inject(key, value if sequence == 2 else good, headers)
            await rig.inject(*encoded(other, sequence))
        await until_effects(rig, {str(other): [1, 2, 3], str(broken): [1]})
        await until_entries(rig, broken, [(2, "quarantined", reason), (3, "parked", "sequence-gap")])
        letters = await rig.consumer.rows("SELECT topic, value, headers FROM outbox WHERE key = $1", key)
        assert [(row["topic"], row["value"]) for row in letters] == [(TOPIC.dlq, value)]
        assert reason.encode() in letters[0]["headers"]
        await rig.desk.discard(await entry_id(rig, broken), "operator", "a broken program wrote it")
        await until_effects(rig, {str(broken): [1, 3]})
        assert await entries(rig, broken) == []


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
async def test_malformed_unknown_version_and_key_less_records_of_every_topic_are_kept(
    make_database: Make, topic: Topic
) -> None:
    from pathlib import Path

    from services.kit import db
    from services.kit.migrate import migrate
    from tests.integration.kit.rig import SETTINGS

    dsn = make_database("alerts").dsn("alerts")
    pool = await db.create_pool(dsn, "alerts", SETTINGS)
    try:
        async with pool.acquire() as connection:
            await migrate(connection, "alerts", Path("/nonexistent"))
        subscription = Subscription(topic=topic, handlers={}, ignored=frozenset(topic.events))
        delivery = Delivery(Units("alerts", pool, SystemClock()), [subscription])
        event = topic.events[0]
        version = [("ce_type", event.event_type.encode()),
                   ("ce_dataschema", f"urn:thirdrescue:schema:{event.event_type}:99".encode())]  # fmt: skip
        await delivery.deliver(topic.name, [
            _stored(topic, 0, b"k", b"not json", []), _stored(topic, 1, b"k", b"{}", version),
            _stored(topic, 2, None, None, []), _stored(topic, 3, b"\xff\x00", b"\x00", [("ce_id", b"\x00\xff")]),
        ])  # fmt: skip
        found = await pool.fetch("SELECT reason, state FROM quarantine ORDER BY record_offset")
        expected = ["malformed", "unknown-version", "malformed", "malformed"]
        assert [(row["reason"], row["state"]) for row in found] == [(reason, "quarantined") for reason in expected]
        assert await pool.fetchval("SELECT count(*) FROM outbox WHERE topic = $1", topic.dlq) == 4
    finally:
        await pool.close()


def _stored(topic: Topic, offset: int, key: bytes | None, value: bytes | None, headers: Headers) -> StoredRecord:
    return StoredRecord(
        topic=topic.name, partition=0, offset=offset, timestamp=1, key=key, value=value, headers=headers
    )


async def test_poison_is_kept_at_once_and_released_when_its_cause_is_mended(
    kafka_topics: str, make_database: Make
) -> None:
    moody = Moody()
    async with open_rig(make_database("registry", "alerts").dsns, kafka_topics, handler=moody) as rig:
        rig.start(rig.relay(), rig.consumer_loop())
        bad, good = uuid4(), uuid4()
        moody.poison.add(str(bad))
        await rig.emit_together([bad, good], per_key=3)
        await until_effects(rig, {str(good): [1, 2, 3]})
        await until_entries(
            rig, bad, [(1, "quarantined", "poison"), (2, "parked", "sequence-gap"), (3, "parked", "sequence-gap")]
        )
        with pytest.raises(NotPossible, match="failed again"):
            await rig.desk.release(await entry_id(rig, bad), "operator")
        with pytest.raises(NotPossible, match="Sequence 1 of the same key comes first"):
            await rig.desk.release(await entry_id(rig, bad, "parked"), "operator")
        moody.poison.clear()
        released = await entry_id(rig, bad)
        await rig.desk.release(released, "operator")
        await until_effects(rig, {str(bad): [1, 2, 3]})
        assert await entries(rig, bad) == []
        with pytest.raises(NotPossible, match="already released"):
            await rig.desk.release(released, "operator")
        with pytest.raises(UnknownEntry):
            await rig.desk.discard(uuid4(), "operator", "no such thing")


async def test_a_bug_in_the_handler_leaves_no_effect_and_hurts_only_its_key(
    kafka_topics: str, make_database: Make
) -> None:
    moody = Moody()
    async with open_rig(make_database("registry", "alerts").dsns, kafka_topics, handler=moody) as rig:
        rig.start(rig.relay(), rig.consumer_loop())
        bad, good = uuid4(), uuid4()
        moody.bug.add(str(bad))
        await rig.emit_together([good, bad, good], per_key=5)
        await until_effects(rig, {str(good): list(range(1, 11))})
        await until_entries(
            rig, bad, [(1, "quarantined", "handler-error"), *((n, "parked", "sequence-gap") for n in range(2, 6))]
        )
        assert str(bad) not in await rig.effects()


async def test_a_gap_is_waited_for_and_then_drained_in_order(kafka_topics: str, make_database: Make) -> None:
    async with open_rig(make_database("registry", "alerts").dsns, kafka_topics) as rig:
        rig.start(rig.consumer_loop())
        key = uuid4()
        records = {sequence: encoded(key, sequence) for sequence in range(1, 6)}
        for sequence in (1, 4, 3, 4, 5, 3):  # late, and twice
            await rig.inject(*records[sequence])
        await until_entries(rig, key, [(n, "parked", "sequence-gap") for n in (3, 4, 5)])
        await until_effects(rig, {str(key): [1]})
        await rig.inject(*records[2])
        await until_effects(rig, {str(key): [1, 2, 3, 4, 5]})
        assert await entries(rig, key) == []


async def test_a_broken_record_that_claims_a_turn_does_not_hide_the_true_event(
    kafka_topics: str, make_database: Make
) -> None:
    async with open_rig(make_database("registry", "alerts").dsns, kafka_topics) as rig:
        rig.start(rig.consumer_loop())
        key = uuid4()
        raw_key, _, headers = encoded(key, 1)
        await rig.inject(raw_key, b"not json", headers)
        await until_entries(rig, key, [(1, "quarantined", "malformed")])
        await rig.inject(*encoded(key, 1))
        await until_effects(rig, {str(key): [1]})
        await rig.desk.release(await entry_id(rig, key), "operator")  # its turn has passed: nothing left to do
        await until_effects(rig, {str(key): [1]})


async def test_going_on_without_an_event_that_never_came(kafka_topics: str, make_database: Make) -> None:
    async with open_rig(make_database("registry", "alerts").dsns, kafka_topics) as rig:
        rig.start(rig.consumer_loop())
        key = uuid4()
        for sequence in (3, 4):
            await rig.inject(*encoded(key, sequence))
        await until_entries(rig, key, [(3, "parked", "sequence-gap"), (4, "parked", "sequence-gap")])
        await rig.desk.release(await entry_id(rig, key, "parked"), "operator")
        await until_effects(rig, {str(key): [3, 4]})


async def test_many_handler_errors_in_a_row_halt_instead_of_filling_the_quarantine(make_database: Make) -> None:
    moody = Moody()
    async with open_rig(make_database("registry", "alerts").dsns, "127.0.0.1:1", handler=moody) as rig:
        rig.delivery._halt_after = 5
        keys = [uuid4() for _ in range(20)]
        moody.bug.update(str(key) for key in keys)
        records = [_as_record(n, *encoded(key, 1)) for n, key in enumerate(keys)]
        with pytest.raises(Halted):
            await rig.delivery.deliver(TOPIC.name, records)
        assert rig.delivery.is_halted
        assert await rig.consumer.value("SELECT count(*) FROM quarantine") == 4
        moody.bug.clear()
        await rig.delivery.deliver(TOPIC.name, records)
        assert rig.delivery._failures_in_a_row == 0
        assert len(await rig.effects()) == 16


@pytest.mark.parametrize("known", [0, 1], ids=["a new key", "a known key"])
async def test_two_consumers_that_both_believe_to_own_a_partition_double_nothing(
    make_database: Make, known: int
) -> None:
    async def slow(unit: Unit, envelope: Envelope) -> None:
        await record_effect(unit, envelope)
        await asyncio.sleep(0.2)

    async with open_rig(make_database("registry", "alerts").dsns, "127.0.0.1:1", handler=slow) as rig:
        key = uuid4()
        records = [_as_record(n, *encoded(key, n + 1)) for n in range(3)]
        await rig.delivery.deliver(TOPIC.name, records[:known])
        outcomes: Sequence[Any] = await asyncio.gather(
            *(rig.delivery.deliver(TOPIC.name, records) for _ in range(3)), return_exceptions=True
        )
        assert any(outcome is None for outcome in outcomes)
        await rig.delivery.deliver(TOPIC.name, records)
        assert await rig.effects() == {str(key): [1, 2, 3]}


def _as_record(offset: int, key: bytes, value: bytes, headers: Headers) -> Any:
    return SimpleNamespace(
        topic=TOPIC.name, partition=0, offset=offset, timestamp=1, key=key, value=value, headers=headers
    )
