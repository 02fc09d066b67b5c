"""The console's process before a real server: bodies, answers and live streams pass as they are."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from services.kit.run import Server, listen, server_config
from services.web.forward import make_client
from services.web.serve import make_door
from services.web.settings import WebSettings
from tests.support.signing import make_signing


@dataclass
class Upstream:
    """A service that remembers what it was asked."""

    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.asked.append(
            {
                "path": request.raw_path,
                "headers": {name.lower(): value for name, value in request.headers.items()},
                "body": body,
            }
        )
        if request.path.startswith("/streams/"):
            return await self._stream(request)
        return web.json_response({"bytes": len(body)}, status=201, headers={"Set-Cookie": "a=b", "X-Kept": "yes"})

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b": connected\n\n")
        await self.go_on.wait()
        await response.write(b"data: 1\n\n")
        return response


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    known = Upstream()
    app = web.Application(client_max_size=2**26)
    app.router.add_route("*", "/{rest:.*}", known.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    known.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield known
    known.go_on.set()
    await runner.cleanup()


@pytest.fixture
async def console(upstream: Upstream, tmp_path: Path) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of the console's process, with one service behind it that answers and one that is away."""
    make_signing(tmp_path)
    settings = WebSettings(web_services=f"incidents={upstream.url},alerts=http://127.0.0.1:1", secrets_dir=tmp_path)
    to_services = make_client()
    door = make_door(settings, to_services)
    sock = listen("127.0.0.1", 0)
    server = Server(server_config(door, settings, graceful_s=2))
    serving = asyncio.create_task(server.serve(sockets=[sock]))
    async with aiohttp.ClientSession(f"http://127.0.0.1:{sock.getsockname()[1]}") as client:
        yield client
    server.should_exit = True
    await serving
    await to_services.close()


async def test_a_request_passes_as_it_is(console: aiohttp.ClientSession, upstream: Upstream) -> None:
    headers = {"Authorization": "Bearer t", "Idempotency-Key": "k", "Cookie": "x=y", "X-Forwarded-For": "8.8.8.8"}
    body = json.dumps({"text": "汶川" * 200_000}).encode()
    async with console.post("/incidents/a%2Fb?q=%E6%B1%B6&r=1", data=body, headers=headers) as answer:
        assert (answer.status, await answer.json()) == (201, {"bytes": len(body)})
        assert answer.headers["X-Kept"] == "yes"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in answer.headers
        correlation = answer.headers.getall("X-Correlation-Id")
    (asked,) = upstream.asked
    assert asked["path"] == "/incidents/a%2Fb?q=%E6%B1%B6&r=1"
    assert asked["body"] == body
    sent = asked["headers"]
    assert (sent["authorization"], sent["idempotency-key"]) == ("Bearer t", "k")
    assert "cookie" not in sent
    assert sent["x-forwarded-for"] == "8.8.8.8", "a proxy of this machine told where it came from"
    assert [sent["x-correlation-id"]] == correlation


async def test_a_live_stream_comes_as_it_is_told(console: aiohttp.ClientSession, upstream: Upstream) -> None:
    headers = {"Last-Event-ID": "3"}
    async with console.get("/streams/incident-events", headers=headers) as answer:
        assert await answer.content.readuntil(b"\n\n") == b": connected\n\n"  # before the next event exists
        upstream.go_on.set()
        assert await answer.content.readuntil(b"\n\n") == b"data: 1\n\n"
    assert upstream.asked[0]["headers"]["last-event-id"] == "3"


async def test_a_service_that_is_away_is_a_problem_to_try_again(console: aiohttp.ClientSession) -> None:
    async with console.get("/alerts/incidents/x") as answer:
        assert answer.status == 503
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert "Retry-After" in answer.headers


@pytest.mark.parametrize("path", ["/pagegateway/pages", "/assets/..%2Findex.html", "/assets/nothing.js", "/etc/passwd"])
async def test_what_is_not_the_consoles_is_not_found(
    console: aiohttp.ClientSession, upstream: Upstream, path: str
) -> None:
    async with console.get(path) as answer:
        assert answer.status == 404
    assert upstream.asked == []


async def test_it_is_ready_whether_or_not_the_page_is_built(console: aiohttp.ClientSession) -> None:
    async with console.get("/ready") as answer:
        assert answer.status == 200
        assert (await answer.json())["checks"].keys() == {"web.console"}
    async with console.get("/") as page:
        assert page.status in (200, 503)
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
