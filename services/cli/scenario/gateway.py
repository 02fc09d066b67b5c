"""What the recording page gateway recorded, read through its own interface. It is simulated: no phone is reached."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from services.cli.scenario.api import Api, ApiError

KEY_FILE: Final = "page-gateway.key"
PAGES_PER_CALL: Final = 500
WAIT_S: Final = 5
LONG_PATIENCE_S: Final = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayPage:
    """A page as the gateway took it. `effects` says how often a phone would have rung for it."""

    number: int
    page_id: str
    recipient: str
    purpose: str
    token: str
    text_zh: str
    text_en: str
    exercise: bool
    received_at: datetime
    effects: int
    attempts: int


class Gateway:
    """A reader of the gateway's record."""

    def __init__(self, api: Api, secrets: Path) -> None:
        self._api = api
        self._key = (secrets / KEY_FILE).read_text("utf-8").strip()

    async def last_number(self) -> int:
        """The number of the newest page (0 if there is none)."""
        after = 0
        while pages := await self._get(after, wait_s=0):
            after = pages[-1].number
        return after

    async def pages_after(self, number: int) -> list[GatewayPage]:
        """All pages after that number, with their effects as they stand now."""
        found: list[GatewayPage] = []
        while pages := await self._get(found[-1].number if found else number, wait_s=0):
            found += pages
        return found

    async def follow(self, number: int) -> AsyncIterator[GatewayPage]:
        """Every page after that number as it comes, for ever. A gateway that is down is waited for."""
        while True:
            for page in await self._get(number, wait_s=WAIT_S):
                number = page.number
                yield page
            await asyncio.sleep(0)

    async def _get(self, after: int, wait_s: int) -> list[GatewayPage]:
        params = {"after": after, "limit": PAGES_PER_CALL, "wait_s": wait_s}
        reply = await self._api.call(
            "GET", "/pagegateway/pages", token=self._key, params=params, patience_s=LONG_PATIENCE_S
        )
        if not reply.ok:
            raise ApiError(f"the page gateway refused to be read: {reply.explain()}")
        return [_page(one) for one in reply.document["pages"]]


def _page(one: dict[str, Any]) -> GatewayPage:
    return GatewayPage(
        number=one["position"],
        page_id=one["page_id"],
        recipient=one["recipient"],
        purpose=one["purpose"],
        token=one["token"],
        text_zh=one["text_zh"],
        text_en=one["text_en"],
        exercise=one["exercise"],
        received_at=datetime.fromisoformat(one["accepted_at"]),
        effects=one["effects"],
        attempts=one["attempts"],
    )
