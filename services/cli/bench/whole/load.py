"""A load generator that costs little itself: HTTP/1.1 on kept connections, requests prepared beforehand.

A general client spends more on one request than the server does, and on the same cores; then one measures the client.
Responses are read by httptools, the parser the servers use too.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import httptools
import orjson

from services.cli.instance.errors import InstanceError

ANSWER_TIMEOUT_S: Final = 30.0


class LoadError(InstanceError):
    """The server did not answer as it should."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One request: when it was sent (Unix time), how long its answer took, and the answer."""

    sent_at_s: float
    took_s: float
    status: int
    document: Any


class _Exchange(asyncio.Protocol):
    """One connection; one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.WriteTransport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._body = bytearray()
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None

    def connection_made(self, transport: Any) -> None:
        """asyncio: connected."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """asyncio: bytes came."""
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: the end."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(LoadError("the server closed the connection"))

    def on_body(self, body: bytes) -> None:
        """httptools: a part of the body."""
        self._body += body

    def on_message_complete(self) -> None:
        """httptools: the answer is whole."""
        status, body = self._parser.get_status_code(), bytes(self._body)
        self._body.clear()
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((status, body))

    def close(self) -> None:
        """Let go of the connection."""
        if self._transport is not None:
            self._transport.close()

    async def ask(self, request: bytes) -> Sent:
        """Send, and wait for the answer."""
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        sent_at_s, started = time.time(), time.perf_counter()
        self._transport.write(request)
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            status, body = await self._answer
        return Sent(sent_at_s, time.perf_counter() - started, status, orjson.loads(body) if body else None)


class Target:
    """One server and a few connections to it. Used as an async context manager."""

    def __init__(self, url: str, connections: int) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._connections = connections
        self._open: list[_Exchange] = []
        self._free: asyncio.Queue[_Exchange] = asyncio.Queue()

    async def __aenter__(self) -> Target:
        loop = asyncio.get_running_loop()
        for _ in range(self._connections):
            _, exchange = await loop.create_connection(_Exchange, self._host, self._port)
            self._open.append(exchange)
            self._free.put_nowait(exchange)
        return self

    async def __aexit__(self, *_: object) -> None:
        for exchange in self._open:
            exchange.close()

    def post(self, path: str, body: Any, headers: Mapping[str, str]) -> bytes:
        """A request, ready to be sent."""
        content = orjson.dumps(body)
        lines = [
            f"POST {path} HTTP/1.1", f"Host: {self._host}:{self._port}", "Content-Type: application/json",
            f"Content-Length: {len(content)}", *(f"{name}: {value}" for name, value in headers.items()),
        ]  # fmt: skip
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + content

    async def one(self, request: bytes, *, expected: int = 201) -> Sent:
        """One request on a free connection. Raises LoadError for another status."""
        exchange = await self._free.get()
        try:
            sent = await exchange.ask(request)
        finally:
            self._free.put_nowait(exchange)
        if sent.status != expected:
            raise LoadError(f"the server answered {sent.status}: {str(sent.document)[:300]}")
        return sent

    async def flood(
        self, requests: Sequence[bytes], *, expected: int = 201, progress: Callable[[int], None] = lambda _: None
    ) -> tuple[list[Sent], float]:
        """All of them, as fast as the server takes them on these connections; and how many seconds that took."""
        waiting = iter(requests)
        done: list[Sent] = []

        async def work() -> None:
            for request in waiting:
                done.append(await self.one(request, expected=expected))
                progress(len(done))

        started = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(self._connections)))
        return done, time.perf_counter() - started


async def paced(
    count: int, rate_per_s: float, act: Callable[[int], Awaitable[Any]], *, begin_at_s: float | None = None
) -> None:
    """Start `act(number)` at a steady rate without waiting for the one before; late starts are made up for.

    Raises what an `act` raises, when the others have been cancelled.
    """
    begin = time.time() if begin_at_s is None else begin_at_s

    running: list[asyncio.Task[Any]] = []
    try:
        for number in range(count):
            if (ahead_s := begin + number / rate_per_s - time.time()) > 0:
                await asyncio.sleep(ahead_s)
            running.append(asyncio.ensure_future(act(number)))
        await asyncio.gather(*running)
    finally:
        for task in running:
            task.cancel()
