"""Records pages in groups: requests that come while a commit is under way share the next one.

Positions are given under one row's lock that is held until the commit, so with one commit per page every page would
wait for all commits before it. A request is answered after its own commit all the same.
"""

from __future__ import annotations

import asyncio
from typing import Final
from uuid import UUID

from services.kit.runtime import Runtime
from services.pagegateway import store
from services.pagegateway.model import Page
from services.pagegateway.store import Outcome

GROUP_MAX: Final = 200
WAITING_MAX: Final = 5_000


class TooManyWaiting(Exception):
    """More requests wait than can be answered soon."""


class Recorder:
    """Takes pages; one group at a time is in the database."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._waiting: list[tuple[Page, asyncio.Future[Outcome]]] = []
        self._work: asyncio.Task[None] | None = None

    async def take(self, page: Page) -> Outcome:
        """What became of the page, once that is durable. Raises what the database raised, or `TooManyWaiting`."""
        if len(self._waiting) >= WAITING_MAX:
            raise TooManyWaiting
        done: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((page, done))
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._record_groups())
        return await done

    async def _record_groups(self) -> None:
        while self._waiting:
            group = self._next_group()
            try:
                outcomes = await self._record([page for page, _ in group])
            except Exception as error:  # each request of the group answers with it
                for _, done in group:
                    if not done.done():
                        done.set_exception(error)
            else:
                for (_, done), outcome in zip(group, outcomes, strict=True):
                    if not done.done():
                        done.set_result(outcome)

    def _next_group(self) -> list[tuple[Page, asyncio.Future[Outcome]]]:
        """The oldest requests, each page once: a repetition is a request of its own and waits for the next group."""
        group: dict[UUID, tuple[Page, asyncio.Future[Outcome]]] = {}
        later = []
        for request in self._waiting:
            if len(group) < GROUP_MAX and request[0].page_id not in group:
                group[request[0].page_id] = request
            else:
                later.append(request)
        self._waiting = later
        return list(group.values())

    async def _record(self, pages: list[Page]) -> list[Outcome]:
        async with self._runtime.pool.acquire() as connection, connection.transaction():
            return await store.take_group(connection, pages, self._runtime.clock.now())
