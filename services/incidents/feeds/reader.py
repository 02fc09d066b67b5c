"""The service's side of the reading program: one document at a time, bounded in time; ended when there are no more."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Final

from services.incidents.feeds.model import Read
from services.incidents.feeds.pipe import ANSWER, REQUEST
from services.kit.log import get_logger
from services.kit.problems import unavailable

SECONDS_MAX: Final = 180.0
"""On a busy machine a program at low priority waits; it bounds by itself what it computes (`worker.SECONDS_MAX`)."""
WAITING_MAX: Final = 8
IDLE_S: Final = 5.0
"""The program is kept so long for the next document; starting it takes half a second of a processor."""
_ROOT: Final = Path(__file__).parents[3]
_PROGRAM: Final = "services.incidents.feeds.worker"
_log = get_logger(__name__)


class Reader:
    """Reads documents in a process of its own, one after the other."""

    def __init__(self, *, seconds_max: float = SECONDS_MAX, waiting_max: int = WAITING_MAX) -> None:
        self.seconds_max = seconds_max
        self._waiting_max = waiting_max
        self._waiting = 0
        self._turn = asyncio.Lock()
        self.process: Process | None = None
        self._idle: asyncio.TimerHandle | None = None

    async def read(self, name: str, data: bytes, charset: str | None = None) -> Read:
        """What a document proposes. What takes too long or kills its reader is refused; 503 when too many wait."""
        if self._waiting >= self._waiting_max:
            raise unavailable("Too many documents wait to be read; send it again.", retry_after_s=5)
        self._waiting += 1
        if self._idle is not None:
            self._idle.cancel()
        try:
            async with self._turn:
                return await self._read(name.encode(), (charset or "").encode(), data)
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._idle = asyncio.get_running_loop().call_later(IDLE_S, self.end)

    async def _read(self, name: bytes, charset: bytes, data: bytes) -> Read:
        try:
            async with asyncio.timeout(self.seconds_max):
                process = self.process or await self._start()
                assert process.stdin is not None
                assert process.stdout is not None
                process.stdin.write(REQUEST.pack(len(name), len(charset), len(data)) + name + charset + data)
                await process.stdin.drain()
                (length,) = ANSWER.unpack(await process.stdout.readexactly(ANSWER.size))
                answer = await process.stdout.readexactly(length)
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError) as error:
            self.end()
            late = isinstance(error, TimeoutError)
            _log.warning("feeds.reader-ended", why="too slow" if late else "died", bytes=len(data))
            why = (
                f"took longer than {self.seconds_max:g} s to read"
                if late
                else "made its reader fail: too much to compute, or too large"
            )
            return Read(format=None, refused=("file", why))
        except BaseException:
            self.end()  # whoever asked has gone: the next one must not get this answer
            raise
        return await asyncio.to_thread(Read.model_validate_json, answer)

    async def _start(self) -> Process:
        environment = {**os.environ, "PYTHONPATH": str(_ROOT)}
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", _PROGRAM, stdin=PIPE, stdout=PIPE, env=environment
        )
        return self.process

    def end(self) -> None:
        """Kill the program: it holds nothing."""
        process, self.process = self.process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
