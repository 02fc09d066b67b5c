"""A Kafka of each test's own: the stream processor has one name, and reads the whole log."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.integration.coverage.rig import CoverageProcess, Log


@pytest.fixture
async def log(own_kafka: Any) -> AsyncIterator[Log]:
    """The event log with every declared topic."""
    from services.cli.prepare.topics import ensure_topics
    from tests.integration.coverage.rig import Log

    await ensure_topics(own_kafka.bootstrap, wait_s=30)
    writer = Log(own_kafka.bootstrap)
    yield writer
    await writer.bus.stop()


@pytest.fixture
def coverage(log: Log, make_database: Callable[..., Any], tmp_path: Path) -> Any:
    """The service, started."""
    from services.cli.instance.keys import ensure_secrets
    from tests.integration.coverage.rig import CoverageProcess

    secrets = tmp_path / "secrets"
    secrets.mkdir()
    ensure_secrets(secrets)
    dsn = make_database("coverage").dsn("coverage")
    process: CoverageProcess = CoverageProcess(log.bootstrap, dsn, secrets, tmp_path)
    process.start()
    yield process
    if process.exit_code is None:
        process.kill()
