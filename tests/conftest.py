"""Fixtures for everybody. Real servers start on first use, once per run; unit tests never start one.

| fixture | scope | gives |
|---|---|---|
| kafka_bootstrap | session | host:port of a real Kafka without topics |
| kafka_topics | session | the same, with every declared topic |
| postgres_admin_dsn | session | the superuser's address of a real PostgreSQL |
| make_database | function | `make_database("alerts", ...)` -> TestDatabase with roles and schemas, dropped afterwards |
| own_kafka, own_postgres | function | a server of the test's own, to stop, kill or pause |

THIRDRESCUE_TEST_KAFKA and THIRDRESCUE_TEST_POSTGRES name servers to use instead of starting some.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.properties import load_profile

if TYPE_CHECKING:
    from tests.support.kafka_server import KafkaServer
    from tests.support.postgres_server import PostgresServer, TestDatabase

load_profile()
gc.disable()


def pytest_collection_finish() -> None:
    """What was imported stays: looking through it again and again for garbage took a tenth of the unit tests' time."""
    gc.freeze()
    gc.enable()


def _refuse_in_unit_tests(request: pytest.FixtureRequest) -> None:
    for item in request.session.items:
        if "tests/unit/" in item.nodeid and request.fixturename in getattr(item, "fixturenames", ()):
            raise pytest.UsageError(f"{item.nodeid}: a unit test must not use {request.fixturename}")


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Path]:
    """A short path that other accounts may enter (PostgreSQL's, when we are root), removed at the end."""
    import shutil
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="thirdrescue-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def kafka_bootstrap(server_folder: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """host:port of a real Kafka, started once per run."""
    _refuse_in_unit_tests(request)
    given = os.environ.get("THIRDRESCUE_TEST_KAFKA")
    if given:
        yield given
        return
    from tests.support.kafka_server import KafkaServer

    server = KafkaServer(server_folder / "kafka")
    server.start()
    yield server.bootstrap
    server.stop()


@pytest.fixture(scope="session")
def kafka_topics(kafka_bootstrap: str) -> str:
    """host:port of a real Kafka that has every declared topic."""
    from services.cli.prepare.topics import ensure_topics
    from tests.support.postgres_server import run_apart

    run_apart(ensure_topics(kafka_bootstrap, wait_s=30))
    return kafka_bootstrap


@pytest.fixture(scope="session")
def postgres_admin_dsn(server_folder: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The superuser's address of a real PostgreSQL, started once per run."""
    _refuse_in_unit_tests(request)
    given = os.environ.get("THIRDRESCUE_TEST_POSTGRES")
    if given:
        yield given
        return
    from tests.support.postgres_server import PostgresServer

    server = PostgresServer(server_folder / "postgres")
    server.start()
    yield server.admin_dsn
    server.stop()


@pytest.fixture
def make_database(postgres_admin_dsn: str) -> Iterator[Callable[..., TestDatabase]]:
    """Databases of this test's own, each with the roles and schemas of the services named."""
    from tests.support.postgres_server import create_database, drop_database

    made: list[TestDatabase] = []

    def make(*services: str) -> TestDatabase:
        made.append(create_database(postgres_admin_dsn, services))
        return made[-1]

    yield make
    for database in made:
        drop_database(postgres_admin_dsn, database)


@pytest.fixture
def own_kafka(server_folder: Path, request: pytest.FixtureRequest) -> Iterator[KafkaServer]:
    """A Kafka that this test may stop, kill or pause."""
    import secrets

    from tests.support.kafka_server import KafkaServer

    _refuse_in_unit_tests(request)
    server = KafkaServer(server_folder / f"kafka-{secrets.token_hex(4)}")
    server.start()
    yield server
    server.kill()


@pytest.fixture
def own_postgres(server_folder: Path, request: pytest.FixtureRequest) -> Iterator[PostgresServer]:
    """A PostgreSQL that this test may stop, kill or pause."""
    import secrets

    from tests.support.postgres_server import PostgresServer

    _refuse_in_unit_tests(request)
    server = PostgresServer(server_folder / f"postgres-{secrets.token_hex(4)}")
    server.start()
    yield server
    server.kill()
