"""The entrance every request passes before the framework sees it: route, identity, media type, size, strict JSON.

A body is read whole here, bounded, and handed on as one message; a route may be declared to read its own, which is
then only counted. JSON is refused when it is not UTF-8, holds NaN,
Infinity, lone surrogates or the NUL character (PostgreSQL text cannot hold it), or nests deeper than 64 levels.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.kit.policy_check import Guard, Match, RouteTable
from services.kit.problems import Finding, ProblemError, invalid, not_found

PRINCIPAL: Final = "thirdrescue.principal"
ROUTE: Final = "thirdrescue.route"
BODY: Final = "thirdrescue.body"
DEPTH_MAX: Final = 64
HEARD_OUT_BYTES_MAX: Final = 64 * 1024 * 1024
HEARD_OUT_S: Final = 10.0
_NUL: Final = "\x00"


class _AnnouncedTooLarge(ProblemError):
    """None of the body was read yet."""


class ClientGone(Exception):
    """The client went away before its request was whole."""


def header_of(scope: Scope, name: bytes) -> str | None:
    """The first header of this (lower case) name."""
    for key, value in scope["headers"]:
        if key == name:
            return str(value, "latin-1")
    return None


class Entrance:
    """Pure ASGI. Raises `ProblemError`, which the observer around it turns into an answer. Calls direct endpoints."""

    def __init__(self, app: ASGIApp, table: RouteTable, guard: Guard, *, body_bytes_max: int) -> None:
        self._app = app
        self._table = table
        self._guard = guard
        self._body_bytes_max = body_bytes_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check, then hand on."""
        match = self._match(scope)
        scope[ROUTE] = match.route.template
        principal = self._guard.admit(match, header_of(scope, b"authorization"))
        if principal is not None:
            scope[PRINCIPAL] = principal
        try:
            if match.route.streamed_bytes_max is not None:
                self._check_announced(scope, match, match.route.streamed_bytes_max)
                receive = bounded(receive, match.route.streamed_bytes_max)
                body = None
            else:
                body = await self._body(scope, receive, match)
        except _AnnouncedTooLarge:
            if header_of(scope, b"expect") is None:  # else it waits to be told, and sends nothing
                await _hear_out(receive)
            raise
        if body is not None:
            scope[BODY] = body
            receive = replay(body, receive)
        if match.route.direct is not None:
            response = await match.route.direct(Request(scope, receive))
            await response(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _match(self, scope: Scope) -> Match:
        found = self._table.find(scope["method"], scope["path"])
        if isinstance(found, Match):
            return found
        if not found:
            raise not_found("address")
        allowed = ", ".join(sorted(found))
        detail = f"This address takes {allowed}, not {scope['method']}."
        raise ProblemError(405, "method-not-allowed", detail, headers={"Allow": allowed})

    async def _body(self, scope: Scope, receive: Receive, match: Match) -> bytes | None:
        """The whole body, checked; None if the route takes none and none was announced."""
        length = header_of(scope, b"content-length")
        announced = (length is not None and length != "0") or header_of(scope, b"transfer-encoding") is not None
        if not announced:
            return b"" if match.route.takes_body else None
        media_type = self._check_announced(scope, match, self._body_bytes_max)
        body = await self._read(receive)
        if body and media_type == "application/json":
            check_json(body)
        return body

    def _check_announced(self, scope: Scope, match: Match, bytes_max: int) -> str:
        """What the headers say of the body: 413 or 415, or its media type."""
        length = header_of(scope, b"content-length")
        if length is not None and length.isdigit() and int(length) > bytes_max:
            raise too_large(bytes_max, _AnnouncedTooLarge)
        coding = (header_of(scope, b"content-encoding") or "identity").strip().lower()
        if coding != "identity":
            raise ProblemError(
                415, "unsupported-media-type", "The body must not be compressed.",
                findings=[Finding(where="header:Content-Encoding", what="must be identity or absent")],
                headers={"Accept-Encoding": "identity"},
            )  # fmt: skip
        media_type = (header_of(scope, b"content-type") or "").partition(";")[0].strip().lower()
        if match.route.takes_body and media_type not in match.route.accepts:
            accepted = " or ".join(sorted(match.route.accepts))
            raise ProblemError(
                415, "unsupported-media-type", f"The body must be {accepted}.",
                findings=[Finding(where="header:Content-Type", what=f"must be {accepted}")],
            )  # fmt: skip
        return media_type

    async def _read(self, receive: Receive) -> bytes:
        message = await receive()
        if message["type"] == "http.request" and not message.get("more_body", False):
            body: bytes = message.get("body", b"")
            if len(body) > self._body_bytes_max:
                raise too_large(self._body_bytes_max)
            return body
        parts = bytearray()
        while True:
            if message["type"] == "http.disconnect":
                raise ClientGone
            parts += message.get("body", b"")
            if len(parts) > self._body_bytes_max:
                if message.get("more_body", False):
                    await _hear_out(receive)
                raise too_large(self._body_bytes_max)
            if not message.get("more_body", False):
                return bytes(parts)
            message = await receive()


def too_large(bytes_max: int, kind: type[ProblemError] = ProblemError) -> ProblemError:
    """413; the connection is closed, because the rest of the body may not have been read."""
    detail = f"The body is larger than {bytes_max} bytes."
    return kind(413, "too-large", detail, headers={"Connection": "close"})


async def _hear_out(receive: Receive) -> None:
    """Read on and forget: many clients listen only when they have sent all, and a reset would take their answer away.

    What is longer or slower than is borne is cut off all the same.
    """
    left = HEARD_OUT_BYTES_MAX
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(HEARD_OUT_S):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if not message.get("more_body", False):
                    return


def bounded(receive: Receive, bytes_max: int) -> Receive:
    """A receive that counts the body and raises a 413 where it is too large."""
    left = bytes_max

    async def count() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            if message.get("more_body", False):
                await _hear_out(receive)
            raise too_large(bytes_max)
        return message

    return count


def replay(body: bytes, receive: Receive) -> Receive:
    """A receive that hands out the body once and then what really comes (a disconnect)."""
    sent = False

    async def again() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def check_json(body: bytes) -> None:
    """422 when the body is not strict JSON, says a number that is none, or nests too deep."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        what = f"{error.msg} at line {error.lineno}, column {error.colno}"
        raise invalid([Finding(where="", what=what)], "The body is not JSON (RFC 8259, UTF-8).") from None
    if body.count(b"[") + body.count(b"{") > DEPTH_MAX and _is_deeper_than(document, DEPTH_MAX):
        raise invalid([Finding(where="", what=f"nests deeper than {DEPTH_MAX} levels")])
    if b"\\u0000" in body:
        where = _place_of_nul(document, "")
        if where is not None:
            raise invalid([Finding(where=where, what="must not hold the NUL character")])


def _children(node: Any) -> Any:
    return node.values() if type(node) is dict else node


def _is_deeper_than(document: Any, limit: int) -> bool:
    level = [document]
    for _ in range(limit + 1):
        level = [child for node in level if type(node) in (dict, list) for child in _children(node)]
        if not level:
            return False
    return True


def _place_of_nul(node: Any, where: str) -> str | None:
    """The pointer of the first text with a NUL. Recursion is bounded by `DEPTH_MAX`, which was checked before."""
    if isinstance(node, str):
        return where if _NUL in node else None
    if isinstance(node, dict):
        if any(_NUL in key for key in node):
            return where or "/"
        items: Any = node.items()
    elif isinstance(node, list):
        items = enumerate(node)
    else:
        return None
    for key, child in items:
        found = _place_of_nul(child, f"{where}/{str(key).replace('~', '~0').replace('/', '~1')}")
        if found is not None:
            return found
    return None
