"""The simulated page provider put together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from services.kit.db import is_transient
from services.kit.log import describe_error, get_logger
from services.kit.runtime import Runtime
from services.kit.service import Service
from services.pagegateway.api import create_router
from services.pagegateway.store import FOLDER, queries

_log = get_logger(__name__)
KEPT: Final = timedelta(days=30)
_SWEEP_EVERY_S: Final = 3600.0


def _sweeper(runtime: Runtime) -> Callable[[], Awaitable[None]]:
    async def forget_old_pages() -> None:
        while True:
            try:
                async with runtime.pool.acquire() as connection:
                    await queries.sweep(connection, before=runtime.clock.now() - KEPT)
            except Exception as error:
                if not is_transient(error):
                    raise
                _log.warning("pagegateway.sweep-postponed", error=describe_error(error))
            await asyncio.sleep(_SWEEP_EVERY_S)

    return forget_old_pages


def create(runtime: Runtime) -> Service:
    """The service."""
    return Service(name="pagegateway", folder=FOLDER, router=create_router(runtime), loops=(_sweeper(runtime),))
