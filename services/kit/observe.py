"""The outermost layer of a request: its correlation id, its metrics, and the last place an error can reach."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any, Final
from uuid import UUID, uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.kit import metrics
from services.kit.entrance import ROUTE, ClientGone, header_of
from services.kit.log import CORRELATION, get_logger
from services.kit.problems import MEDIA_TYPE, Problem, ProblemError

_log = get_logger(__name__)
TRANSPORT: Final = "thirdrescue.transport"
CORRELATION_HEADER: Final = b"x-correlation-id"
_NO_ROUTE: Final = "(none)"


class Observer:
    """Pure ASGI. Nothing is raised beyond it: an error that nobody knew becomes a 500 problem and a log line."""

    def __init__(self, inner: ASGIApp, lifespan: ASGIApp) -> None:
        self._inner = inner
        self._lifespan = lifespan
        self._counters: dict[tuple[str, str, int], Any] = {}
        self._timers: dict[tuple[str, str], Any] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            await self._serve(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
        else:  # a WebSocket: there is none here
            await send({"type": "websocket.close", "code": 1003})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        started_at = perf_counter()
        correlation = _correlation_of(scope)
        CORRELATION.set(correlation)
        # uvicorn's own object, for the one case where a connection must be aborted: a live stream nobody reads.
        scope[TRANSPORT] = getattr(getattr(send, "__self__", None), "transport", None)
        status = 0

        async def send_observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (CORRELATION_HEADER, str(correlation).encode())]
            await send(message)

        try:
            await self._inner(scope, receive, send_observed)
        except ProblemError as error:
            await _answer(error.problem, correlation, send_observed)
        except ClientGone:
            status = 499
        except Exception:  # the process boundary: logged with its frames, answered without them
            _log.exception("http.failed", method=scope["method"], route=scope.get(ROUTE, _NO_ROUTE))
            if status == 0:
                detail = "Something went wrong here. The correlation id finds it in the log."
                await _answer(Problem(status=500, kind="internal", detail=detail), correlation, send_observed)
        self._count(scope, status, perf_counter() - started_at)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        route = scope.get(ROUTE, _NO_ROUTE)
        method = scope["method"] if route != _NO_ROUTE else "any"  # an unknown path may bring any word as its method
        counter = self._counters.get((route, method, status))
        if counter is None:
            counter = metrics.HTTP_REQUESTS.labels(route=route, method=method, status=str(status))
            self._counters[route, method, status] = counter
        counter.inc()
        timer = self._timers.get((route, method))
        if timer is None:
            timer = self._timers[route, method] = metrics.HTTP_SECONDS.labels(route=route, method=method)
        timer.observe(seconds)


def _correlation_of(scope: Scope) -> UUID:
    """The caller's id if it is a UUID, else a new one."""
    given = header_of(scope, CORRELATION_HEADER)
    if given is not None:
        try:
            return UUID(given)
        except ValueError:
            pass
    return uuid4()


async def _answer(problem: Problem, correlation: UUID, send: Callable[[Message], Awaitable[None]]) -> None:
    body = problem.body(instance=str(correlation))
    headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]
    headers += [(name.lower().encode(), value.encode()) for name, value in problem.headers.items()]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
