"""`GET /streams/{topic}` as Server-Sent Events. Keep-alive comments are FastAPI's, every 15 s."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Sequence
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from services.kit import metrics
from services.kit.bus import BusError
from services.kit.http import CurrentPrincipal
from services.kit.observe import TRANSPORT
from services.kit.stream import StreamHub, StreamReader

RETRY_MS: Final = 1_000
_LET_GO_S: Final = 2.0
"""A cut reader that does not take its last bytes in this time has its connection aborted."""


def stream_router(hub: StreamHub, topics: Sequence[str]) -> APIRouter:
    """One route per topic, so that each has its own row in the policy."""
    router = APIRouter()
    for topic in topics:
        router.add_api_route(
            f"/streams/{topic}", _endpoint(hub, topic), methods=["GET"], response_class=EventSourceResponse,
            name=f"stream {topic}",
        )  # fmt: skip
    return router


def _endpoint(hub: StreamHub, topic: str) -> Callable[..., AsyncIterable[ServerSentEvent]]:
    async def opened(
        request: Request,
        principal: CurrentPrincipal,
        last_event_id: Annotated[str | None, Header(max_length=500)] = None,
        begin: Annotated[Literal["start", "now"], Query(alias="from")] = "now",
    ) -> AsyncIterator[StreamReader]:
        async with hub.open(topic, principal, last_id=last_event_id, from_start=begin == "start") as reader:
            watch = asyncio.create_task(_abort_when_stuck(reader, request.scope.get(TRANSPORT)))
            try:
                yield reader
            finally:
                watch.cancel()

    # Depends as a default: a local function cannot be named in an annotation, which is only text here.
    async def stream(reader: StreamReader = Depends(opened)) -> AsyncIterable[ServerSentEvent]:
        delivered = metrics.STREAM_EVENTS.labels(topic=topic)
        # The first block carries the place where it begins: a reader cut before its first event loses nothing.
        yield ServerSentEvent(comment="connected", id=reader.id, retry=RETRY_MS)
        try:
            async for entry in hub.entries(reader):
                delivered.inc()
                yield ServerSentEvent(raw_data=entry.data, event=entry.type, id=reader.id)
        except BusError:
            yield ServerSentEvent(comment="cut: the event log does not answer; come back with Last-Event-ID")
            return
        yield ServerSentEvent(comment=f"cut: {reader.cut_reason}; come back with Last-Event-ID")

    return stream


async def _abort_when_stuck(reader: StreamReader, transport: Any) -> None:
    """A reader that takes nothing would hold its connection for ever: the server waits for the socket to drain."""
    await reader.cut.wait()
    await asyncio.sleep(_LET_GO_S)
    if transport is not None:
        transport.abort()
