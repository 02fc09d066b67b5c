"""The services under test: geofencing, alerts and the recording page gateway in one process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.alerts.harness import Running, running

SERVICES = ("geofencing", "alerts", "pagegateway")


@pytest.fixture
async def services(
    kafka_topics: str, make_database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Running]:
    """Running services with short waits."""
    async with running(
        SERVICES,
        kafka_topics,
        make_database,
        tmp_path,
        monkeypatch,
        alerts_page_timeout_s=0.5,
        alerts_page_lease_s=1.5,
        alerts_page_retry_s=0.05,
        alerts_page_retry_max_s=0.2,
    ) as started:
        yield started
