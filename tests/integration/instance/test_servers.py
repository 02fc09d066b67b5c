"""The servers that tests run on are the ones `up` starts, with the rights they should have."""

from __future__ import annotations

from collections.abc import Callable

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from schemas.topics import TOPICS
from services.cli.instance.errors import InstanceError
from services.cli.prepare.topics import WantedTopic, ensure_topics
from tests.support.kafka_server import KafkaServer
from tests.support.postgres_server import PostgresServer, TestDatabase

pytestmark = pytest.mark.integration


async def test_every_declared_topic_exists_with_its_dead_letter_topic(kafka_topics: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_topics)
    await admin.start()
    try:
        names = set(await admin.list_topics())
    finally:
        await admin.close()
    assert {t.name for t in TOPICS} | {t.dlq for t in TOPICS} <= names
    assert await ensure_topics(kafka_topics, wait_s=10) == []


@pytest.mark.parametrize(
    ("wanted", "word"),
    [
        (WantedTopic("retuned", 2, {"cleanup.policy": "compact"}), "cleanup.policy"),
        (WantedTopic("retuned", 3, {"cleanup.policy": "delete"}), "partitions"),
    ],
)
async def test_a_topic_that_differs_is_refused_and_not_changed(
    kafka_bootstrap: str, wanted: WantedTopic, word: str
) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic("retuned", 2, 1)])
    with pytest.raises(InstanceError, match=word):
        await ensure_topics(kafka_bootstrap, wait_s=10, wanted=[wanted])
    described = await admin.describe_topics(["retuned"])
    await admin.close()
    assert len(described[0]["partitions"]) == 2


async def test_a_role_may_use_its_own_schema_and_nothing_else(make_database: Callable[..., TestDatabase]) -> None:
    database = make_database("alerts", "care")
    alerts = await asyncpg.connect(database.dsn("alerts"))
    care = await asyncpg.connect(database.dsn("care"))
    try:
        await care.execute("CREATE TABLE secret (x int); INSERT INTO secret VALUES (1)")
        assert await care.fetchval("SELECT current_schema()") == "care"
        for statement in (
            "SELECT * FROM care.secret",
            "CREATE TABLE care.mine (x int)",
            "CREATE TABLE public.mine (x int)",
            "CREATE SCHEMA mine",
            "CREATE ROLE mine",
            "CREATE DATABASE mine",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await alerts.execute(statement)
        await alerts.execute("CREATE TABLE mine (x int)")
    finally:
        await alerts.close()
        await care.close()


async def test_a_wrong_password_does_not_get_in(make_database: Callable[..., TestDatabase]) -> None:
    database = make_database("alerts")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(database.dsn("alerts").replace(":test@", ":guess@"))


async def test_a_killed_postgres_comes_back_with_what_was_committed(own_postgres: PostgresServer) -> None:
    connection = await asyncpg.connect(own_postgres.admin_dsn)
    await connection.execute("CREATE TABLE kept (x int); INSERT INTO kept VALUES (7)")
    own_postgres.kill()
    own_postgres.start()
    again = await _patient_connect(own_postgres.admin_dsn)
    assert await again.fetchval("SELECT x FROM kept") == 7
    await again.close()


async def test_a_killed_kafka_comes_back_with_its_topics(own_kafka: KafkaServer) -> None:
    await ensure_topics(own_kafka.bootstrap, wait_s=30, wanted=[WantedTopic("kept", 2, {})])
    own_kafka.kill()
    own_kafka.start()
    assert await ensure_topics(own_kafka.bootstrap, wait_s=30, wanted=[WantedTopic("kept", 2, {})]) == []


async def _patient_connect(dsn: str) -> asyncpg.Connection:
    import asyncio

    while True:
        try:
            return await asyncpg.connect(dsn)
        except (asyncpg.CannotConnectNowError, OSError):
            await asyncio.sleep(0.05)
