"""A lean HTTP/1.1 client for benchmarks: prebuilt requests on kept connections, so that it costs next to nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

_LENGTH: Final = b"content-length:"


@dataclass(frozen=True, slots=True)
class Timed:
    """An answered request: when it was sent (seconds of the epoch), how long it took, what came."""

    sent_at_s: float
    took_s: float
    status: int
    body: bytes


class Line:
    """One kept connection; one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def to(cls, url: str) -> Line:
        """Connect to the server of a URL."""
        parts = urlsplit(url)
        return cls(*await asyncio.open_connection(parts.hostname, parts.port))

    async def send(self, request: bytes) -> Timed:
        """Send a whole request and wait for its answer."""
        sent_at_s, began_s = time.time(), time.perf_counter()
        self._writer.write(request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        at = head.index(_LENGTH) + len(_LENGTH)
        body = await self._reader.readexactly(int(head[at : head.index(b"\r\n", at)]))
        return Timed(sent_at_s, time.perf_counter() - began_s, int(head[9:12]), body)

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


def post_request(path: str, body: bytes, headers: Sequence[tuple[str, str]]) -> bytes:
    """The bytes of a POST with a JSON body."""
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: bench",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def as_fast_as_it_takes(url: str, requests: Sequence[bytes], connections: int) -> tuple[float, list[Timed]]:
    """Send all over so many connections, each sending its next as soon as it is answered; seconds and answers."""
    left = iter(requests)
    answers: list[Timed] = []
    lines = [await Line.to(url) for _ in range(connections)]

    async def work(line: Line) -> None:
        for request in left:
            answers.append(await line.send(request))

    began_s = time.perf_counter()
    await asyncio.gather(*(work(line) for line in lines))
    took_s = time.perf_counter() - began_s
    for line in lines:
        line.close()
    return took_s, answers


async def at_a_steady_rate(
    url: str, requests: Sequence[bytes], rate_per_s: float, each: Callable[[int], None] | None = None
) -> list[Timed]:
    """Send at fixed times, whether or not the one before is answered. `each` is told of every request sent."""
    idle: list[Line] = []
    tasks = []

    async def one(request: bytes) -> Timed:
        line = idle.pop() if idle else await Line.to(url)
        try:
            return await line.send(request)
        finally:
            idle.append(line)

    began_s = time.perf_counter()
    for number, request in enumerate(requests):
        await asyncio.sleep(max(0.0, began_s + number / rate_per_s - time.perf_counter()))
        tasks.append(asyncio.create_task(one(request)))
        if each is not None:
            each(number)
    answers = await asyncio.gather(*tasks)
    for line in idle:
        line.close()
    return answers
