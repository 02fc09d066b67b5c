"""The incidents service on a database of each test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest_asyncio

from services.incidents.app import create
from services.kit.clock import ManualClock
from tests.support.postgres_server import TestDatabase
from tests.support.service_rig import ServiceRig, open_service

NOW = datetime(2026, 5, 12, 6, 30, tzinfo=UTC)


@pytest_asyncio.fixture
async def rig(make_database: Callable[..., TestDatabase], tmp_path: Path) -> AsyncIterator[ServiceRig]:
    """The service at half past two in the afternoon of 12 May 2026, in China."""
    dsn = make_database("incidents").dsn("incidents")
    async with open_service("incidents", create, dsn, tmp_path, clock=ManualClock(NOW)) as opened:
        yield opened
