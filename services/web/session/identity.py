"""What the console asks the identity service on behalf of a person, whose address it passes on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp

from services.kit.log import CORRELATION
from services.kit.observe import CORRELATION_HEADER
from services.kit.problems import TYPE_PREFIX, Finding, ProblemError, unavailable

_TIMEOUT: Final = aiohttp.ClientTimeout(total=10, sock_connect=3)
_PASSED_ON: Final = ("Retry-After", "WWW-Authenticate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What a sign-in or a refresh gives."""

    access_token: str = field(repr=False)
    expires_in_s: int
    refresh_token: str = field(repr=False)


class Identity:
    """Sign-in, refresh, sign-out. What identity refuses is raised as it says it; no answer is a 503."""

    def __init__(self, client: aiohttp.ClientSession, address: str | None) -> None:
        self._client = client
        self._address = address

    async def sign_in(self, name: str, password: str, came_from: str) -> Tokens:
        """Exchange a name and a password."""
        return await self._tokens({"grant_type": "password", "name": name, "password": password}, came_from)

    async def refresh(self, refresh_token: str, came_from: str) -> Tokens:
        """Exchange a refresh token, which is used up by it."""
        return await self._tokens({"grant_type": "refresh_token", "refresh_token": refresh_token}, came_from)

    async def end(self, refresh_token: str, came_from: str) -> None:
        """End the sign-in that the token belongs to."""
        await self._ask("/identity/tokens/revocation", {"token": refresh_token}, came_from)

    async def _tokens(self, grant: dict[str, str], came_from: str) -> Tokens:
        document = await self._ask("/identity/tokens", grant, came_from)
        return Tokens(
            access_token=document["access_token"], expires_in_s=document["expires_in_s"],
            refresh_token=document["refresh_token"],
        )  # fmt: skip

    async def _ask(self, path: str, body: dict[str, str], came_from: str) -> Any:
        if self._address is None:
            raise unavailable("This console knows no identity service.")
        headers = {
            "Content-Type": "application/json",
            "X-Forwarded-For": came_from,
            CORRELATION_HEADER.decode(): str(CORRELATION.get() or ""),
        }
        try:
            async with self._client.post(
                self._address + path, json=body, headers=headers, timeout=_TIMEOUT, allow_redirects=False
            ) as answer:
                if answer.status >= 500:
                    raise unavailable("The identity service does not answer; try again.")
                document = await answer.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError):
            raise unavailable("The identity service does not answer; try again.") from None
        if answer.status != 200:
            raise _refusal(answer, document)
        return document


def _refusal(answer: aiohttp.ClientResponse, document: Any) -> ProblemError:
    return ProblemError(
        answer.status,
        str(document["type"]).removeprefix(TYPE_PREFIX),
        str(document["detail"]),
        findings=[Finding(where=one["where"], what=one["what"]) for one in document["problems"]],
        headers={name: answer.headers[name] for name in _PASSED_ON if name in answer.headers},
    )
