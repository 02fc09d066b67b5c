"""The simulated provider's endpoints. Simulated: no phone is reached."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from services.kit.http import accepts, direct, read_json
from services.kit.problems import Finding, ProblemError, invalid, not_found, unavailable
from services.kit.runtime import Runtime
from services.pagegateway import store
from services.pagegateway.model import Faults, Page, Receipt
from services.pagegateway.recorder import Recorder, TooManyWaiting

WAIT_S_MAX: Final = 30
LOOK_AGAIN_S: Final = 1.0
"""Pages taken by another process of this service are seen this late at most."""


class Waiters:
    """Wakes those who wait for the next page."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def wake(self) -> None:
        """A page took effect."""
        self._next.set()
        self._next = asyncio.Event()

    async def wait(self, timeout_s: float) -> None:
        """Until the next page, or the time is up."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._next.wait()
        except TimeoutError:
            return


def create_router(runtime: Runtime) -> APIRouter:
    """All routes of the service."""
    router = APIRouter(prefix="/pagegateway")
    waiters = Waiters()
    recorder = Recorder(runtime)

    @router.post("/pages", status_code=202)
    @accepts("application/json")
    @direct
    async def take_page(request: Request) -> Response:  # the bare request: see read_json
        page = read_json(request, Page)
        if request.headers.get("idempotency-key", "").lower() != str(page.page_id):
            raise invalid([Finding(where="header:Idempotency-Key", what="must be the page_id")])
        try:
            outcome = await recorder.take(page)
        except TooManyWaiting:
            raise unavailable("Too many pages wait to be recorded; try again.") from None
        if outcome.kind in ("accepted", "timeout"):
            waiters.wake()
        return Response(_answer(outcome).model_dump_json(), 202, media_type="application/json")

    @router.get("/pages/{page_id}")
    async def show_page(page_id: UUID) -> Mapping[str, Any]:
        async with runtime.pool.acquire() as connection:
            page = await store.get_page(connection, page_id)
        if page is None:
            raise not_found("page")
        return {**page, "simulated": True}

    @router.get("/pages")
    async def list_pages(
        after: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=1, le=1000)] = 200,
        wait_s: Annotated[float, Query(ge=0, le=WAIT_S_MAX)] = 0,
    ) -> Mapping[str, Any]:
        pages = await _wait_for_pages(runtime, waiters, after, limit, wait_s)
        return {"pages": pages, "next_after": pages[-1]["position"] if pages else after, "simulated": True}

    _add_faults(router, runtime)
    return router


def _add_faults(router: APIRouter, runtime: Runtime) -> None:
    @router.get("/faults")
    async def show_faults() -> Faults:
        async with runtime.pool.acquire() as connection:
            return Faults(**dict(await store.queries.get_faults(connection)))

    @router.put("/faults")
    async def arm_faults(faults: Faults) -> Faults:
        async with runtime.pool.acquire() as connection:
            await store.queries.set_faults(connection, **faults.model_dump())
        return faults


def _answer(outcome: store.Outcome) -> Receipt:
    if outcome.kind == "fail":
        raise unavailable("Simulated fault: the page was not taken.", retry_after_s=1)
    if outcome.kind == "timeout":
        raise ProblemError(504, "gateway-timeout", "Simulated fault: the outcome is unknown to the sender.")
    if outcome.kind == "other-content":
        what = "was used before for a page with another content"
        raise ProblemError(422, "idempotency-key-reused", f"This key {what}.",
                           findings=[Finding(where="header:Idempotency-Key", what=what)])  # fmt: skip
    return Receipt(receipt_id=outcome.receipt_id, duplicate=outcome.kind == "duplicate")


async def _wait_for_pages(
    runtime: Runtime, waiters: Waiters, after: int, limit: int, wait_s: float
) -> list[Mapping[str, Any]]:
    """A long poll: looks, and looks again when a page took effect, until there is one or the time is up."""
    loop = asyncio.get_running_loop()
    end = loop.time() + wait_s
    while True:
        async with runtime.pool.acquire() as connection:
            pages = await store.pages_after(connection, after, limit)
        left_s = end - loop.time()
        if pages or left_s <= 0:
            return pages
        await waiters.wait(min(left_s, LOOK_AGAIN_S))
