"""Hands requests on to the service whose path they name, body and answer as they come: files, live streams.

Decides nothing: each service checks tokens and rights itself. Only paths of the policy table's services are known
here, so that no other address can be reached through the console.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Final

import aiohttp
from starlette.types import Message, Receive, Scope, Send
from yarl import URL

from schemas.policy import Row
from services.kit.log import CORRELATION
from services.kit.observe import CORRELATION_HEADER
from services.kit.problems import unavailable

CONNECT_TIMEOUT_S: Final = 3.0
CONNECTIONS_MAX: Final = 1_000
"""Live streams hold one each."""
_HOP_BY_HOP: Final = frozenset(
    {b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"te", b"trailer",
     b"transfer-encoding", b"upgrade", b"host", b"expect"}
)  # fmt: skip
_OURS: Final = frozenset({CORRELATION_HEADER, b"x-forwarded-for", b"x-forwarded-proto", b"forwarded", b"cookie"})
_NOT_RETURNED: Final = frozenset({b"server", b"date", b"set-cookie", CORRELATION_HEADER, b"cache-control"})
HARDENED: Final = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))
"""On every answer of a service: people are in them, and a browser keeps none."""


def service_of(path: str, streams: Mapping[str, str], services: Iterable[str]) -> str | None:
    """The service that serves a path: `/<service>/...`, or one of the live streams."""
    if path in streams:
        return streams[path]
    first = path[1:].partition("/")[0]
    return first if first in services else None


def streams_of(rows: Iterable[Row]) -> dict[str, str]:
    """Which service serves each live stream."""
    return {row.path: row.service for row in rows if row.path.startswith("/streams/")}


def make_client() -> aiohttp.ClientSession:
    """One client for all services. Must be made inside a running loop, and closed."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=CONNECTIONS_MAX),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT_S),
        auto_decompress=False,
        skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
    )


class Forwarder:
    """Knows where the services answer."""

    def __init__(self, client: aiohttp.ClientSession, addresses: Mapping[str, str]) -> None:
        self._client = client
        self._addresses = addresses

    async def forward(self, service: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request with what the service answers. Raises a 503 `ProblemError` if it cannot be reached."""
        raw = scope["raw_path"].partition(b"?")[0] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
        url = URL(self._addresses[service] + raw.decode("latin-1"), encoded=True)
        body = _body(receive) if _has_body(scope) else None
        try:
            answer = await self._client.request(
                scope["method"], url, headers=_headers(scope), data=body, allow_redirects=False
            )
        except (aiohttp.ClientConnectionError, TimeoutError):
            raise unavailable(f"The service {service} does not answer; try again.") from None
        async with answer:
            await send(_start(answer))
            try:
                async for chunk in answer.content.iter_any():
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
            except aiohttp.ClientConnectionError:
                # A live stream whose service ended: the reader comes back with Last-Event-ID.
                if not answer.headers.get("Content-Type", "").startswith("text/event-stream"):
                    raise
            await send({"type": "http.response.body", "body": b""})


def _has_body(scope: Scope) -> bool:
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])


async def _body(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionResetError("the client went away before its request was whole")
        if message.get("body"):
            yield message["body"]
        if not message.get("more_body", False):
            return


def _headers(scope: Scope) -> list[tuple[str, str]]:
    """The request's own, and where it came from: sign-ins are slowed down by address."""
    kept = [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in scope["headers"]
        if name not in _HOP_BY_HOP and name not in _OURS
    ]
    client = scope.get("client")
    came_from = [("x-forwarded-for", client[0])] if client else []
    correlation = CORRELATION.get()
    return [*kept, *came_from, *([(CORRELATION_HEADER.decode(), str(correlation))] if correlation else [])]


def _start(answer: aiohttp.ClientResponse) -> Message:
    kept = [
        (name.lower(), value)
        for name, value in answer.raw_headers
        if name.lower() not in _HOP_BY_HOP and name.lower() not in _NOT_RETURNED
    ]
    return {"type": "http.response.start", "status": answer.status, "headers": [*kept, *HARDENED]}
