"""Simulated phones: each page that the recording gateway took is answered as its owner would, through the public API.

What a phone does depends on the seed and its owner's reference only, never on the order in which things happen, so
that a disturbed run gets the same answers as an undisturbed one.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import orjson

from schemas.ids import derived_id
from services.cli.scenario.api import Api
from services.cli.scenario.gateway import GatewayPage
from services.cli.scenario.simulated import SimulatedWorld
from services.cli.scenario.world.answers import answer_for

ASKED_AS: Final = "asked"
"""One page per alert and person: the answer hangs on the person, not on the wave or the role it came with."""
WAVE: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SentAnswer:
    """An answer a phone sent and what the API said to it. Times are real; the delay is the modelled one."""

    page_id: str
    volunteer_id: str
    answer: str
    delay_s: float
    sent_at: datetime
    replied_at: datetime
    status: int
    counted: bool | None
    said: str

    @property
    def taken(self) -> bool:
        """Whether the phone got a 2xx for it."""
        return 200 <= self.status < 300


class Phones:
    """All simulated phones. `on_mission` is told of a mission page: who got it and with which token."""

    def __init__(
        self,
        api: Api,
        world: SimulatedWorld,
        on_mission: Callable[[GatewayPage], Coroutine[Any, Any, None]],
        is_foreign: Callable[[str], bool],
    ) -> None:
        self._api = api
        self._world = world
        self._on_mission = on_mission
        self._is_foreign = is_foreign
        self._tasks: set[asyncio.Task[None]] = set()
        self.pages: dict[str, GatewayPage] = {}
        self.answers: dict[str, SentAnswer] = {}
        self.silent: set[str] = set()
        self.waiting = 0
        self.faults: list[BaseException] = []

    async def follow(self, pages: AsyncIterator[GatewayPage]) -> None:
        """Take pages as they come, for ever."""
        async for page in pages:
            if page.recipient in self._world.refs and page.page_id not in self.pages:
                self.pages[page.page_id] = page
                self._take(page)

    def stop(self) -> None:
        """Switch all phones off."""
        for task in self._tasks:
            task.cancel()

    def _take(self, page: GatewayPage) -> None:
        if page.purpose == "ask":
            self._begin(self._answer(page))
        elif page.purpose == "mission":
            self._begin(self._on_mission(page))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            self.faults.append(fault)

    async def _answer(self, page: GatewayPage) -> None:
        world = self._world
        ref = world.refs[page.recipient]
        distance_km = world.distance_km(page.recipient, world.epicentre)
        does = answer_for(world.seed, world.incident_seed, ref, WAVE, ASKED_AS, distance_km)
        if does.answer is None or does.delay_s is None:
            self.silent.add(page.page_id)
            return
        self.waiting += 1
        try:
            await world.wait(does.delay_s, since=page.received_at)
            if self._is_foreign(page.page_id):
                return
            body: dict[str, Any] = {"answer": does.answer.value}
            if does.eta_s is not None:
                body["eta_minutes"] = round(does.eta_s / 60)
            await self._send(page, body, does.delay_s)
        finally:
            self.waiting -= 1

    async def _send(self, page: GatewayPage, body: dict[str, Any], delay_s: float) -> None:
        sent_at = datetime.now(UTC)
        reply = await self._api.call(
            "POST",
            f"/alerts/pages/{page.page_id}/answer",
            body,
            token=page.token,
            key=str(derived_id(UUID(page.page_id), "simulated-answer")),
        )
        document = reply.document if isinstance(reply.document, dict) else {}
        self.answers[page.page_id] = SentAnswer(
            page_id=page.page_id,
            volunteer_id=page.recipient,
            answer=body["answer"],
            delay_s=delay_s,
            sent_at=sent_at,
            replied_at=datetime.now(UTC),
            status=reply.status,
            counted=document.get("counted"),
            said=str(document.get("message_en", "")) if reply.ok else reply.explain(),
        )


def scope_of(token: str) -> tuple[str, str]:
    """What a page or mission token is for, as the phone's app reads it: its kind and the object's id."""
    payload = token.split(".")[1]
    claims = orjson.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    kind, _, object_id = str(claims["scope"]).partition(":")
    return kind, object_id
