"""A running instance to act on: run the scenario, kill a service, stop Kafka, restart PostgreSQL."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from rich.console import Console

from services.cli.instance.instance import SERVICE_NAMES, Instance
from services.cli.instance.layout import PROJECT, Layout
from services.cli.instance.ready import ask_all
from services.cli.instance.record import read_record
from services.cli.scenario.report import Result
from services.cli.scenario.runner import RunOptions, run
from services.cli.scenario.running import Running
from services.cli.scenario.story import Story

SCENARIO = "wenchuan-2008"
READY_TIMEOUT_S = 60


class Stage:
    """The instance in a home folder."""

    def __init__(self, home: Path) -> None:
        self.layout = Layout(home)
        record = read_record(self.layout)
        assert record is not None
        self._instance = Instance(self.layout, record)

    async def play(
        self,
        *,
        scale: float = 1.0,
        factor: float | None = None,
        timeout_s: float = 170.0,
        disturb: Callable[[Running], Awaitable[None]] | None = None,
    ) -> Result:
        """Run the scenario; what it told is shown if a test fails."""
        told = io.StringIO()
        options = RunOptions(
            layout=self.layout, scenario=SCENARIO, scale=scale, factor=factor, timeout_s=timeout_s, disturb=disturb
        )
        try:
            return await run(options, Console(file=told, width=160))
        finally:
            sys.stdout.write(told.getvalue())

    def kill(self, name: str) -> int:
        """kill -9 of one process; the supervisor starts it again. Returns the pid that is no more."""
        pid = self.pid(name)
        os.kill(pid, signal.SIGKILL)
        return pid

    def pid(self, name: str) -> int:
        """The process of a part."""
        return self._instance.supervisor.processes()[name].pid

    def url(self, name: str) -> str:
        """Where a service answers."""
        return self._instance.urls[name]

    async def back(self, *names: str) -> None:
        """Wait until these services are ready again."""
        urls = {name: self._instance.urls[name] for name in names or SERVICE_NAMES}
        deadline = time.monotonic() + READY_TIMEOUT_S
        while not all(answer.ready for answer in (await asyncio.to_thread(ask_all, urls)).values()):
            assert time.monotonic() < deadline, f"not ready again after {READY_TIMEOUT_S} s: {sorted(urls)}"
            await asyncio.sleep(0.2)

    async def outage(self, part: str, seconds: float) -> None:
        """Stop Kafka or PostgreSQL for so long, and start it again."""
        await asyncio.to_thread(self._instance.supervisor.stop, [part])
        await asyncio.sleep(seconds)
        await asyncio.to_thread(self._instance.supervisor.start, [part])

    def up_again(self) -> None:
        """`up` on the instance that runs: repairs what is down."""
        command = [sys.executable, "-m", "services.cli", "up", "--detach", "--home", str(self.layout.home)]
        subprocess.run(command, cwd=PROJECT, check=True, timeout=120)


async def happened(running: Running, condition: Callable[[Story], bool], timeout_s: float = 60.0) -> None:
    """Wait for a moment of the story; it must come."""
    assert await running.until(condition, timeout_s), "the story did not come so far"
