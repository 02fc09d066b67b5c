"""One service inside a process: its database is brought up, its parts run, and they are stopped in order.

Parts are the relay, the consumer, the timers and the service's own loops. None starts before the migrations are done.
Waiting for the database has no end and no error: the process is alive and not ready. A part that dies takes the process
with it; whatever supervises the process starts it anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from services.kit import db, metrics
from services.kit.db import is_transient
from services.kit.health import OK, CheckResult, failed
from services.kit.log import SERVICE, describe_error, get_logger
from services.kit.migrate import MigrationError, migrate
from services.kit.runtime import Runtime
from services.kit.service import Service

_log = get_logger(__name__)
_RETRY_S: Final = 0.25
_RETRY_S_MAX: Final = 3.0


class Part(Protocol):
    """Something that runs until it is told to stop."""

    async def run(self) -> None:
        """Work. Returns only after `stop`, or raises."""
        ...

    def stop(self) -> None:
        """Ask for the end; `run` returns when what is in hand is done."""
        ...


@dataclass(eq=False)
class Loop:
    """A service's own background loop as a part; it is cancelled when it is to stop."""

    work: Callable[[], Awaitable[Any]]
    _task: asyncio.Future[Any] | None = field(default=None, init=False)
    _stopping: bool = field(default=False, init=False)

    async def run(self) -> None:
        """Run the loop; one that returns although nobody stopped it is an error."""
        self._task = asyncio.ensure_future(self.work())
        try:
            await self._task
        except asyncio.CancelledError:
            if not self._stopping:
                raise
        if not self._stopping:
            raise RuntimeError(f"the loop {getattr(self.work, '__qualname__', self.work)} ended by itself")

    def stop(self) -> None:
        """Cancel it."""
        self._stopping = True
        if self._task is not None:
            self._task.cancel()


class ServiceProcess:
    """Runs one service."""

    def __init__(self, service: Service, runtime: Runtime, dsn: str, parts: Sequence[Part], relay: Part | None) -> None:
        self.service = service
        self._runtime = runtime
        self._dsn = dsn
        self._parts = [*parts, *(Loop(loop) for loop in service.loops)]
        self._relay = relay
        self._waiting_for = "the database"
        self._tasks: dict[Part, asyncio.Task[None]] = {}
        self._stopping = False

    @property
    def is_up(self) -> bool:
        """Whether the migrations are done and the parts run."""
        return not self._waiting_for

    async def check_database(self) -> CheckResult:
        """The readiness check "<service>.database"."""
        if self._waiting_for:
            return failed(f"waiting for {self._waiting_for}")
        return OK if await db.is_reachable(self._runtime.pool) else failed("does not answer")

    async def run(self) -> None:
        """Bring up, then run until `stop`. Raises what a part raised, or `MigrationError`."""
        SERVICE.set(self.service.name)
        await self._bring_up()
        if self._stopping:
            return
        for part in (*self._parts, *([self._relay] if self._relay else [])):
            self._tasks[part] = asyncio.create_task(part.run(), name=f"{self.service.name}.{type(part).__name__}")
        self._waiting_for = ""
        _log.info("service.running", count=len(self._tasks))
        try:
            await self._watch()
        finally:
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _watch(self) -> None:
        pending = set(self._tasks.values())
        while pending:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                if task.cancelled() and self._stopping:
                    continue
                if task.cancelled() or task.exception() is not None or not self._stopping:
                    metrics.LOOP_FAILURES.labels(service=self.service.name).inc()
                    _log.error("service.part-died", loop=task.get_name(), error=_why(task))
                    await task
                    raise RuntimeError(f"{task.get_name()} ended by itself")

    async def _bring_up(self) -> None:
        wait_s = _RETRY_S
        while not self._stopping:
            try:
                applied = await self._migrate()
            except MigrationError:
                raise
            except Exception as error:
                if not is_transient(error):
                    raise
                _log.warning("database.waiting", error=describe_error(error))
                await asyncio.sleep(wait_s)
                wait_s = min(wait_s * 1.5, _RETRY_S_MAX)
            else:
                if applied:
                    _log.info("database.migrated", applied=applied)
                return

    async def _migrate(self) -> list[str]:
        runtime = self._runtime
        schema = runtime.schema
        connection = await db.connect(self._dsn, self.service.name, runtime.settings, schema=schema)
        try:
            return await migrate(connection, schema, self.service.folder / "sql" / "migrations")
        finally:
            await connection.close(timeout=2)

    async def stop(self, deadline_s: float) -> None:
        """Stop what takes work in, then the relay, so that what was committed still goes out."""
        self._stopping = True
        self._waiting_for = "the end"
        await self._finish([part for part in self._tasks if part is not self._relay], deadline_s * 0.6)
        await self._finish([part for part in self._tasks if part is self._relay], deadline_s * 0.3)

    async def _finish(self, parts: Sequence[Part], deadline_s: float) -> None:
        tasks = [self._tasks[part] for part in parts]
        for part in parts:
            part.stop()
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=deadline_s)
        for task in late:
            _log.warning("service.part-late", loop=task.get_name())
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=1)


def _why(task: asyncio.Task[None]) -> str:
    if task.cancelled():
        return "cancelled"
    error = task.exception()
    return "ended by itself" if error is None else describe_error(error)
