"""The second look: of two incidents declared at one moment neither saw the other; a second later both are there."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

from services.kit.db import is_transient
from services.kit.log import describe_error, get_logger

log = get_logger(__name__)

LATER_S: Final = 1.0
WAITING_MAX: Final = 50
"""Looks that may wait. In a flood only the newest are made: nobody answers a thousand questions."""

Look = Callable[[], Awaitable[None]]


class SecondLook:
    """Makes looks a moment after they were asked for, in one go for however many came."""

    def __init__(self) -> None:
        self._waiting: deque[Look] = deque(maxlen=WAITING_MAX)
        self._asked = asyncio.Event()

    def later(self, look: Look) -> None:
        """Have this look made soon. A process that dies before loses it."""
        self._waiting.append(look)
        self._asked.set()

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await self._asked.wait()
            await asyncio.sleep(LATER_S)
            self._asked.clear()
            while self._waiting:
                try:
                    await self._waiting.popleft()()
                except Exception as error:
                    if not is_transient(error):
                        raise
                    log.warning("sameness.look-lost", error=describe_error(error))
