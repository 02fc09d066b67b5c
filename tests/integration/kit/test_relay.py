"""The relay under faults, on real Kafka and PostgreSQL: nothing missing, nothing doubled, order per key."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

import pytest

from schemas.events.station import StationRegistered
from schemas.topics import MAX_RECORD_BYTES
from schemas.values import Position
from schemas.vocabulary import StationKind, Tier
from services.kit.bus import Outgoing, Partition
from services.kit.db import is_transient
from services.kit.kafka import KafkaBus
from services.kit.outbox import SEQUENCE_HEADER, EventTooLarge
from tests.integration.kit.rig import TOPIC, Rig, open_rig, until, until_effects
from tests.support.kafka_server import KafkaServer
from tests.support.postgres_server import PostgresServer, TestDatabase, create_database

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]
Make = Callable[..., TestDatabase]


async def test_ten_thousand_units_make_one_producer(kafka_topics: str, make_database: Make) -> None:
    async with open_rig(make_database("registry", "alerts").dsns, kafka_topics) as rig:
        rig.start(rig.relay())
        keys = [uuid4() for _ in range(8)]
        await asyncio.gather(*(rig.emit(key, 1250) for key in keys))
        await until(lambda: _is_empty(rig), timeout_s=60)
        assert isinstance(rig.bus, KafkaBus)
        assert rig.bus.producers_made == 1


async def test_events_leave_in_the_order_of_their_commits_and_once(kafka_topics: str, make_database: Make) -> None:
    """As they are sent: a consumer would put what comes too early into its place, and leave doubles out."""
    async with open_rig(make_database("registry", "alerts").dsns, kafka_topics) as rig:
        keys = [uuid4() for _ in range(3)]
        await rig.emit_together(keys, per_key=200)
        await rig.emit_together(keys, per_key=200)
        await rig.emit(keys[0], 2)
        sent: dict[str, list[int]] = {}
        real_send = rig.bus.send

        async def noting(partition: Partition, records: Sequence[Outgoing]) -> None:
            for record in records:
                assert record.key is not None
                sent.setdefault(record.key.decode(), []).append(int(dict(record.headers)[SEQUENCE_HEADER]))
            await real_send(partition, records)

        rig.bus.send = noting  # type: ignore[method-assign]
        rig.start(rig.relay())
        await until(lambda: _is_empty(rig))
        assert sent == {str(key): list(range(1, 403 if key == keys[0] else 401)) for key in keys}


async def test_a_kill_between_acknowledgement_and_deletion_doubles_no_effect(
    kafka_topics: str, make_database: Make
) -> None:
    async with open_rig(make_database("registry", "alerts").dsns, kafka_topics) as rig:
        keys = [uuid4() for _ in range(4)]
        await rig.emit_together(keys, per_key=25)
        acknowledged = asyncio.Event()
        real_send = rig.bus.send

        async def send_then_die(partition: Partition, records: Sequence[Outgoing]) -> None:
            await real_send(partition, records)
            acknowledged.set()
            await asyncio.Event().wait()  # the relay never learns of it

        rig.bus.send = send_then_die  # type: ignore[method-assign]
        (dying,) = rig.start(rig.relay())
        await acknowledged.wait()
        await asyncio.sleep(0.5)
        dying.cancel()
        await asyncio.gather(dying, return_exceptions=True)
        assert await rig.producer.value("SELECT count(*) FROM outbox") == 100
        rig.bus.send = real_send  # type: ignore[method-assign]
        rig.start(rig.relay(), rig.consumer_loop())
        await until_effects(rig, {str(key): list(range(1, 26)) for key in keys})
        await until(lambda: _all_read(rig))
        assert sum(len(seen) for seen in (await rig.effects()).values()) == 100


async def test_kafka_away_for_longer_than_the_request_timeout(own_kafka: KafkaServer, make_database: Make) -> None:
    from services.cli.prepare.topics import ensure_topics

    await ensure_topics(own_kafka.bootstrap, wait_s=30)
    dsns = make_database("registry", "alerts").dsns
    async with open_rig(dsns, own_kafka.bootstrap, request_timeout_s=3) as rig:
        rig.start(rig.relay(), rig.consumer_loop())
        keys = [uuid4() for _ in range(6)]
        await rig.emit_together(keys, per_key=10)
        await until_effects(rig, {str(key): list(range(1, 11)) for key in keys})
        busy = asyncio.create_task(_keep_emitting(rig, keys, rounds=60))
        await asyncio.sleep(0.3)
        await asyncio.to_thread(own_kafka.kill)
        await asyncio.sleep(9)  # three times the request timeout
        await busy  # declaring goes on all the time
        await asyncio.to_thread(own_kafka.start)
        await until_effects(rig, {str(key): list(range(1, 71)) for key in keys}, timeout_s=60)
        await until(lambda: _is_empty(rig))
        assert isinstance(rig.bus, KafkaBus)
        assert rig.bus.producers_made > 1, "a producer that lost a batch may not be used again"


async def test_postgresql_restarts_under_relay_and_consumer(kafka_topics: str, own_postgres: PostgresServer) -> None:
    dsns = create_database(own_postgres.admin_dsn, ("registry", "alerts")).dsns
    async with open_rig(dsns, kafka_topics) as rig:
        rig.start(rig.relay(), rig.consumer_loop())
        keys = [uuid4() for _ in range(4)]
        for number in range(3):
            await rig.emit_together(keys, per_key=200)
            if number == 0:
                await until(lambda: _some_effects(rig))
            await asyncio.to_thread(own_postgres.kill)
            await asyncio.to_thread(own_postgres.start)
            await until(lambda: _answers(rig))
        await until_effects(rig, {str(key): list(range(1, 601)) for key in keys}, timeout_s=60)


async def test_an_event_that_is_too_large_is_refused_and_changes_nothing(
    kafka_topics: str, make_database: Make
) -> None:
    async with open_rig(make_database("registry", "alerts").dsns, kafka_topics) as rig:
        station = StationRegistered(
            station_id=uuid4(), kind=StationKind.SERVICE_CENTRE, tier=Tier.COUNTY, name_zh="站", name_en="s",
            area_code="510722", position=Position(lat_deg=31, lon_deg=104), languages=("zho",) * 200_000,
        )  # fmt: skip

        async def declare() -> None:
            async with rig.producer.units.open() as unit:
                await unit.connection.execute("CREATE TABLE changed ()")
                unit.emit(station, key=station.station_id, exercise=True)

        with pytest.raises(EventTooLarge):
            await declare()
        assert await rig.producer.value("SELECT to_regclass('changed')") is None


async def test_an_oversize_row_dies_with_its_reason_and_its_neighbours_go_on(
    kafka_topics: str, make_database: Make
) -> None:
    async with open_rig(make_database("registry", "alerts").dsns, kafka_topics) as rig:
        large, small = uuid4(), uuid4()
        await rig.emit_together([large, small], per_key=1)
        await rig.producer.pool.execute(
            "UPDATE outbox SET value = convert_to(repeat('x', $2), 'UTF8') WHERE key = $1",
            str(large).encode(), MAX_RECORD_BYTES + 1,
        )  # fmt: skip
        await rig.emit_together([small, large], per_key=2)
        rig.start(rig.relay(), rig.consumer_loop())
        await until_effects(rig, {str(small): [1, 2, 3]})
        dead = await rig.producer.rows("SELECT key, sequence, reason FROM outbox_dead")
        assert [(row["key"], row["sequence"]) for row in dead] == [(str(large).encode(), 1)]
        assert "bytes" in dead[0]["reason"]
        await until(lambda: _parked(rig, str(large), [2, 3]))  # and shows at the consumer as a gap


async def test_only_one_of_two_relays_works_and_the_other_takes_over(kafka_topics: str, make_database: Make) -> None:
    async with open_rig(make_database("registry", "alerts").dsns, kafka_topics) as rig:
        relays = [rig.relay(), rig.relay()]
        tasks = rig.start(*relays)
        rig.start(rig.consumer_loop())
        await until(lambda: _true(any(relay.is_leader for relay in relays)))
        assert sum(relay.is_leader for relay in relays) == 1
        key = uuid4()
        await rig.emit(key, 3)
        leader = next(n for n, relay in enumerate(relays) if relay.is_leader)
        tasks[leader].cancel()
        await until(lambda: _true(relays[1 - leader].is_leader))
        await rig.emit(key, 3)
        await until_effects(rig, {str(key): [1, 2, 3, 4, 5, 6]})


async def test_a_row_that_commits_late_below_rows_already_sent_is_sent_too(
    kafka_topics: str, make_database: Make
) -> None:
    async with open_rig(make_database("registry", "alerts").dsns, kafka_topics) as rig:
        rig.start(rig.relay(), rig.consumer_loop())
        late, early = uuid4(), uuid4()
        async with rig.producer.pool.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            await connection.execute("SELECT nextval('outbox_id_seq') FROM generate_series(1, 1)")
            row_id = await connection.fetchval("SELECT currval('outbox_id_seq')")
            await rig.emit(early, 2)
            await until_effects(rig, {str(early): [1, 2]})
            await connection.execute("INSERT INTO outbox_sequence VALUES ($1, $2, 1)", TOPIC.name, str(late))
            await rig.emit(early, 1)
            await until_effects(rig, {str(early): [1, 2, 3]})
            rig.keys.add(str(late).encode())
            await _insert_below(connection, row_id, str(late))
            await transaction.commit()
        await until_effects(rig, {str(late): [1]})


async def _insert_below(connection: Any, row_id: int, key: str) -> None:
    from datetime import UTC, datetime

    from schemas.envelope import Envelope
    from schemas.events.volunteer import VolunteerBecameAvailable
    from services.kit.outbox import encode_row

    now, event_id = datetime.now(UTC), uuid4()
    row = encode_row(
        Envelope(id=event_id, source="/test", key=key, time=now, recorded_at=now, sequence=1, correlation_id=event_id,
                 causation_id=None, exercise=True, jurisdiction=(), traceparent=None,
                 data=VolunteerBecameAvailable(volunteer_id=uuid4()))
    )  # fmt: skip
    await connection.execute(
        "INSERT INTO outbox (id, topic, key, sequence, value, headers, created_at) OVERRIDING SYSTEM VALUE "
        "VALUES ($1, $2, $3, 1, $4, $5, now())",
        row_id, row.topic, key.encode(), row.value, row.headers,
    )  # fmt: skip


async def _keep_emitting(rig: Rig, keys: list[Any], rounds: int) -> None:
    for _ in range(rounds):
        await rig.emit_together(keys)
        await asyncio.sleep(0.1)


async def _is_empty(rig: Rig) -> bool:
    return bool(await rig.producer.value("SELECT count(*) = 0 FROM outbox"))


async def _some_effects(rig: Rig) -> bool:
    return bool(await rig.effects())


async def _all_read(rig: Rig) -> bool:
    """Whether the group has committed up to the end of the log."""
    from aiokafka import AIOKafkaConsumer, TopicPartition

    assert isinstance(rig.bus, KafkaBus)
    consumer = AIOKafkaConsumer(bootstrap_servers=rig.bus._bootstrap, group_id=rig.group, enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = [TopicPartition(TOPIC.name, n) for n in range(TOPIC.partitions)]
        ends = await consumer.end_offsets(partitions)
        return all([(await consumer.committed(p) or 0) >= ends[p] for p in partitions])
    finally:
        await consumer.stop()


async def _answers(rig: Rig) -> bool:
    try:
        return bool(await rig.producer.value("SELECT true") and await rig.consumer.value("SELECT true"))
    except Exception as error:
        if not is_transient(error):
            raise
        return False


async def _parked(rig: Rig, key: str, sequences: list[int]) -> bool:
    rows = await rig.consumer.rows(
        "SELECT sequence FROM quarantine WHERE key_text = $1 AND state = 'parked' ORDER BY sequence", key
    )
    return [row["sequence"] for row in rows] == sequences


async def _true(value: bool) -> bool:
    return value
