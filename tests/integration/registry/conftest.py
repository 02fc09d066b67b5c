"""The registry service on a database of each test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from services.kit.clock import ManualClock
from services.registry.app import create
from tests.support.postgres_server import TestDatabase
from tests.support.service_rig import ServiceRig, open_service

NOON = datetime(2026, 5, 12, 4, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    """Noon of 12 May 2026 in China."""
    return ManualClock(NOON)


@pytest_asyncio.fixture
async def rig(
    make_database: Callable[..., TestDatabase], tmp_path: Path, clock: ManualClock
) -> AsyncIterator[ServiceRig]:
    """The service."""
    dsn = make_database("registry").dsn("registry")
    async with open_service("registry", create, dsn, tmp_path, clock=clock) as opened:
        yield opened
