"""HTTP as phones and the drill's control desk use it: patient with a service that is down, never doubling a request.

A request that changes something carries an Idempotency-Key, and every repetition carries the same one.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Protocol

import httpx
import orjson

AT_ONCE: Final = 48
TIMEOUT_S: Final = 10.0
PATIENCE_S: Final = 120.0
BACKOFF_FIRST_S: Final = 0.05
BACKOFF_MAX_S: Final = 2.0
TRY_AGAIN: Final = frozenset({429, 500, 502, 503, 504})


@cache
def _trust() -> ssl.SSLContext:
    """Whom to believe over TLS. Reading the list takes longer than a hundred requests, so clients share it."""
    return httpx.create_ssl_context(trust_env=False)


class ApiError(Exception):
    """The API refused or could not be reached for too long. The message is one sentence for a person."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, and how many times it was asked for."""

    status: int
    document: Any
    tries: int

    @property
    def ok(self) -> bool:
        """A 2xx."""
        return 200 <= self.status < 300

    def explain(self) -> str:
        """The problem document in a line."""
        if not isinstance(self.document, dict):
            return f"HTTP {self.status}"
        found = "; ".join(f"{one.get('where')}: {one.get('what')}" for one in self.document.get("problems", [])[:3])
        return f"HTTP {self.status}: {self.document.get('detail', '')}" + (f" ({found})" if found else "")


class Bearer(Protocol):
    """Gives the token to send, and a fresh one when that was refused."""

    async def token(self) -> str:
        """A token that is good now."""

    def refused(self) -> None:
        """The last one was not accepted."""


class Api:
    """The services of one instance. Everybody who is simulated shares a few connections to each.

    A client of its own for each service, and no more requests at once than connections: with hundreds of requests
    waiting in one pool, the pool's own search costs more than the requests.
    """

    def __init__(self, urls: Mapping[str, str], *, patience_s: float = PATIENCE_S) -> None:
        self._patience_s = patience_s
        limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
        self._clients = {
            service: httpx.AsyncClient(base_url=url, timeout=TIMEOUT_S, limits=limits, verify=_trust(), trust_env=False)
            for service, url in urls.items()
        }
        self._turns = {service: asyncio.Semaphore(AT_ONCE) for service in urls}
        self.repeated = 0

    async def close(self) -> None:
        """Close all connections."""
        await asyncio.gather(*(client.aclose() for client in self._clients.values()))

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = None,
        bearer: Bearer | None = None,
        key: str | None = None,
        patience_s: float | None = None,
        not_yet: Collection[int] = (),
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """One request to the service that the path names, repeated while the service is down.

        Statuses in `not_yet` are repeated too: the answer will change when an event has travelled. Raises ApiError
        when patience ends without an answer; any other answer is given back.
        """
        deadline = time.monotonic() + (self._patience_s if patience_s is None else patience_s)
        content = None if body is None else orjson.dumps(body)
        sent_headers = dict(headers or {})
        if content is not None:
            sent_headers["Content-Type"] = "application/json"
        if key is not None:
            sent_headers["Idempotency-Key"] = key
        tries, renewed = 0, False
        while True:
            tries += 1
            if token is not None or bearer is not None:
                sent_headers["Authorization"] = f"Bearer {token or (await bearer.token() if bearer else '')}"
            reply = await self._once(method, path, content, sent_headers, params, tries)
            if isinstance(reply, Reply):
                if reply.status == 401 and bearer is not None and not renewed:
                    bearer.refused()
                    renewed = True
                    continue
                if reply.status not in TRY_AGAIN and reply.status not in not_yet:
                    return reply
            if time.monotonic() > deadline:
                if isinstance(reply, Reply):
                    return reply
                raise ApiError(f"{path.split('/')[1]} did not answer: {reply}")
            self.repeated += 1
            await asyncio.sleep(min(BACKOFF_MAX_S, BACKOFF_FIRST_S * 2 ** min(tries - 1, 10)))

    async def _once(
        self,
        method: str,
        path: str,
        content: bytes | None,
        headers: Mapping[str, str],
        params: Mapping[str, Any] | None,
        tries: int,
    ) -> Reply | str:
        """The reply, or what went wrong on the way in words."""
        service = path.split("/")[1]
        try:
            async with self._turns[service]:
                response = await self._clients[service].request(
                    method, path, content=content, headers=dict(headers), params=params
                )
        except httpx.TransportError as error:
            return type(error).__name__
        try:
            document = orjson.loads(response.content) if response.content else None
        except ValueError:
            document = None
        return Reply(response.status_code, document, tries)
