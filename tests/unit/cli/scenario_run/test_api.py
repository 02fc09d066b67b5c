"""The patient client against a real HTTP server that fails in the ways services do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from services.cli.instance.ports import free_port
from services.cli.scenario.api import Api, ApiError


class Server:
    """Answers each request with the next of `answers`: a status, or None to hang up without a word."""

    def __init__(self, *answers: int | None) -> None:
        self.answers = list(answers)
        self.keys: list[str] = []
        self.tokens: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
        lower = {name.lower(): value for name, value in headers.items()}
        await reader.readexactly(int(lower.get("content-length", "0")))
        self.keys.append(lower.get("idempotency-key", ""))
        self.tokens.append(lower.get("authorization", ""))
        status = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if status is not None:
            body = b'{"detail": "said", "problems": [{"where": "/x", "what": "is wrong"}]}'
            writer.write(
                f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body
            )
            await writer.drain()
        writer.close()


@asynccontextmanager
async def running(server: Server, port: int) -> AsyncIterator[Api]:
    listening = await asyncio.start_server(server.serve, "127.0.0.1", port)
    api = Api({"care": f"http://127.0.0.1:{port}"}, patience_s=5)
    try:
        yield api
    finally:
        await api.close()
        listening.close()


async def test_a_service_that_comes_back_gets_the_same_request_again() -> None:
    server = Server(None, 503, 500, 201)
    async with running(server, free_port()) as api:
        reply = await api.call("POST", "/care/cases", {"a": 1}, token="t", key="k-1")
    assert (reply.status, reply.tries) == (201, 4)
    assert server.keys == ["k-1"] * 4
    assert server.tokens == ["Bearer t"] * 4


async def test_a_refusal_is_given_back_at_once_in_words() -> None:
    server = Server(422)
    async with running(server, free_port()) as api:
        reply = await api.call("POST", "/care/cases", {})
    assert reply.tries == 1
    assert reply.explain() == "HTTP 422: said (/x: is wrong)"


async def test_not_yet_is_asked_again() -> None:
    async with running(Server(409, 409, 200), free_port()) as api:
        assert (await api.call("POST", "/care/cases", {}, not_yet=(409,))).ok


async def test_a_service_that_starts_late_is_waited_for() -> None:
    port = free_port()
    api = Api({"care": f"http://127.0.0.1:{port}"}, patience_s=5)
    calling = asyncio.create_task(api.call("GET", "/care/incidents/1"))
    await asyncio.sleep(0.2)
    async with running(Server(200), port):
        assert (await calling).ok
    await api.close()


async def test_patience_ends() -> None:
    api = Api({"care": f"http://127.0.0.1:{free_port()}"}, patience_s=0.2)
    with pytest.raises(ApiError, match="care did not answer"):
        await api.call("GET", "/care/incidents/1")
    await api.close()


async def test_patience_with_a_failing_service_ends_with_its_answer() -> None:
    async with running(Server(503), free_port()) as api:
        assert (await api.call("GET", "/care/incidents/1", patience_s=0.2)).status == 503
