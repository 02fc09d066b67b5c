"""One refresh at a time per token, whose successor everybody gets who asked with it, now or a moment later.

A refresh token that reaches identity twice ends its whole family. Two tabs that reload at the same moment, or a reload
while an answer is on its way, send the same token twice and mean no harm: within `GRACE_S` they are handed what came of
it. After that the token goes to identity, which ends the family, as it must for a copy that somebody else holds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from services.web.session.identity import Tokens

GRACE_S: Final = 30.0
"""Much shorter than an access token lives: what is handed on a second time is still good."""


class Exchange:
    """The refreshes of this process: those that run, and those that ended a moment ago."""

    def __init__(self, refresh: Callable[[str, str], Awaitable[Tokens]], *, grace_s: float = GRACE_S) -> None:
        self._refresh = refresh
        self._grace_s = grace_s
        self._turns: dict[str, asyncio.Task[Tokens]] = {}

    async def refresh(self, token: str, came_from: str) -> Tokens:
        """The newest tokens that came of this one. A client that goes away does not stop what others wait for."""
        turn = self._turns.get(token) or self._begin(token, came_from)
        while True:
            tokens = await asyncio.shield(turn)
            later = self._turns.get(tokens.refresh_token)
            if later is None:
                return tokens
            turn = later

    def remembers(self, token: str) -> bool:
        """Whether this token's successor is handed out without asking identity."""
        return token in self._turns

    def forget(self, token: str) -> None:
        """Hand out nothing any more of what this token came of, or what came of it."""
        ended = {token}
        for earlier, turn in reversed(self._turns.items()):
            if _came_of(turn) in ended:
                ended.add(earlier)
        for later, turn in self._turns.items():
            if later in ended:
                ended.add(_came_of(turn) or "")
        for one in ended:
            self._turns.pop(one, None)

    def _begin(self, token: str, came_from: str) -> asyncio.Task[Tokens]:
        turn = asyncio.ensure_future(self._refresh(token, came_from))
        assert isinstance(turn, asyncio.Task)
        self._turns[token] = turn
        turn.add_done_callback(partial(self._settle, token))
        return turn

    def _settle(self, token: str, turn: asyncio.Task[Tokens]) -> None:
        """A refusal is not kept: nothing came of the token, and the next one asks again."""
        if _came_of(turn) is None:
            self._drop(token, turn)
        else:
            asyncio.get_running_loop().call_later(self._grace_s, self._drop, token, turn)

    def _drop(self, token: str, turn: asyncio.Task[Tokens]) -> None:
        if self._turns.get(token) is turn:
            del self._turns[token]


def _came_of(turn: asyncio.Task[Tokens]) -> str | None:
    """The successor of a turn that ended well."""
    if not turn.done() or turn.cancelled() or turn.exception() is not None:
        return None
    return turn.result().refresh_token
