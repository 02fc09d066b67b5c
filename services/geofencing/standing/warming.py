"""Gets the compiling of the engine over with before an incident, where so many people are known that it is asked."""

from __future__ import annotations

import asyncio
import sys
from typing import Any, Final

from services.geofencing.engine import warm_up
from services.geofencing.standing import store
from services.geofencing.standing.index import MANY
from services.kit.db import is_transient
from services.kit.log import describe_error, get_logger

log = get_logger(__name__)

LOOK_EVERY_S: Final = 600.0
_COMPILE: Final = "from services.geofencing.engine import warm_up; warm_up()"


async def keep_warm(pool: Any) -> None:
    """Compile in a process of its own, for it holds Python's lock for seconds; then load what that left on disk."""
    is_warm = False
    while True:
        try:
            if not is_warm and await store.count_members(pool) >= MANY:
                compiling = await asyncio.create_subprocess_exec(sys.executable, "-c", _COMPILE)
                await compiling.wait()
                await asyncio.to_thread(warm_up)
                is_warm = True
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("engine.warming-postponed", error=describe_error(error))
        await asyncio.sleep(LOOK_EVERY_S)
