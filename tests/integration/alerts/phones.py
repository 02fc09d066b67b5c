"""A page gateway of the tests' own: a real HTTP server whose moods the test decides."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.kit.run import listen


class Mood(StrEnum):
    """What it does with the next page."""

    TAKES = "takes"
    BUSY = "busy"
    REFUSES = "refuses"
    HANGS = "hangs"
    TAKES_AND_HANGS = "takes-and-hangs"
    TAKES_AND_FAILS = "takes-and-fails"


@dataclass
class Phones:
    """Pages that took effect, and every attempt, by page id."""

    port: int
    mood: Mood = Mood.TAKES
    pages: dict[str, dict[str, Any]] = field(default_factory=dict)
    attempts: Counter[str] = field(default_factory=Counter)
    inquiries: Counter[str] = field(default_factory=Counter)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    async def take(self, request: Request) -> Response:
        """POST /pagegateway/pages."""
        page = await request.json()
        assert request.headers["Idempotency-Key"] == page["page_id"]
        self.attempts[page["page_id"]] += 1
        if self.mood in (Mood.TAKES, Mood.TAKES_AND_HANGS, Mood.TAKES_AND_FAILS):
            self.pages.setdefault(page["page_id"], page)
        if self.mood in (Mood.HANGS, Mood.TAKES_AND_HANGS):
            await asyncio.sleep(60)
        status = {Mood.BUSY: 503, Mood.REFUSES: 422, Mood.TAKES_AND_FAILS: 500}.get(self.mood, 202)
        return JSONResponse({}, status)

    async def show(self, request: Request) -> Response:
        """GET /pagegateway/pages/{page_id}."""
        page_id = request.path_params["page_id"]
        self.inquiries[page_id] += 1
        return JSONResponse({}, 200 if page_id in self.pages else 404)


@asynccontextmanager
async def phones() -> AsyncIterator[Phones]:
    """The gateway, listening until the block ends."""
    sock = listen("127.0.0.1", 0)
    gateway = Phones(sock.getsockname()[1])
    routes = [
        Route("/pagegateway/pages", gateway.take, methods=["POST"]),
        Route("/pagegateway/pages/{page_id}", gateway.show),
    ]
    config = uvicorn.Config(
        Starlette(routes=routes), lifespan="off", log_config=None, loop="none", timeout_graceful_shutdown=0
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server.serve(sockets=[sock]))
    try:
        yield gateway
    finally:
        server.should_exit = True
        server.force_exit = True
        await task
