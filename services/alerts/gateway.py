"""The page provider's HTTP interface. Tells what is known about the effect, and never raises for what the net does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import aiohttp

from services.alerts.pages import Attempt, Effect, Outgoing, effect_of_status
from services.kit.auth import TokenSigner
from services.kit.settings import SettingsError

_NOT_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
_IN_DOUBT = (aiohttp.ClientError, TimeoutError)
_NOT_FOUND = 404
_ERROR_CHARS_MAX = 200


def read_key(secrets_dir: Path, name: str) -> str:
    """The key that the provider shares."""
    try:
        return (secrets_dir / name).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"{name} in the secrets folder cannot be read.") from error


class Gateway:
    """Posts pages, with the page's id as the idempotency key."""

    def __init__(
        self,
        client: Callable[[], aiohttp.ClientSession],
        *,
        url: str,
        key: str,
        timeout_s: float,
        signer: TokenSigner,
        page_token: timedelta,
        mission_token: timedelta,
    ) -> None:
        self._client = client
        self._pages_url = url.rstrip("/") + "/pagegateway/pages"
        self._headers = {"Authorization": f"Bearer {key}"}
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._signer = signer
        self._page_token = page_token
        self._mission_token = mission_token

    async def send(self, page: Outgoing) -> Attempt:
        """Send a page. One that may have arrived is asked for first, and sent again only if it is unknown there."""
        if not page.in_doubt:
            return await self._post(page, repeated=False)
        known = await self._ask(page)
        if known.effect is not Effect.NOT_TAKEN or known.error is not None:
            return known
        return await self._post(page, repeated=True)

    async def _ask(self, page: Outgoing) -> Attempt:
        """Whether the provider knows the page: TAKEN, or NOT_TAKEN without an error if it does not."""
        try:
            url = f"{self._pages_url}/{page.page_id}"
            async with self._client().get(
                url, headers=self._headers, timeout=self._timeout, allow_redirects=False
            ) as response:
                status = response.status
        except _IN_DOUBT as error:
            return Attempt(Effect.UNKNOWN, _describe(error))
        if status == _NOT_FOUND:
            return Attempt(Effect.NOT_TAKEN)
        effect = effect_of_status(status)
        return Attempt(effect if effect is Effect.TAKEN else Effect.UNKNOWN, f"status {status}")

    async def _post(self, page: Outgoing, *, repeated: bool) -> Attempt:
        try:
            async with self._client().post(
                self._pages_url,
                json=self._body(page),
                headers={**self._headers, "Idempotency-Key": str(page.page_id)},
                timeout=self._timeout,
                allow_redirects=False,
            ) as response:
                status = response.status
        except _NOT_SENT as error:
            return Attempt(Effect.NOT_TAKEN, _describe(error), repeated)
        except _IN_DOUBT as error:
            return Attempt(Effect.UNKNOWN, _describe(error), repeated)
        effect = effect_of_status(status)
        return Attempt(effect, None if effect is Effect.TAKEN else f"status {status}", repeated)

    def _body(self, page: Outgoing) -> dict[str, object]:
        lifetime = self._page_token if page.mission_id is None else self._mission_token
        text = page.text
        return {
            "page_id": str(page.page_id),
            "recipient": str(page.volunteer_id),
            "purpose": page.sent_as,
            "token": self._signer.sign(str(page.volunteer_id), lifetime=lifetime, scope=page.scope),
            "text_zh": text.zh,
            "text_en": text.en,
            "exercise": page.exercise,
        }


def _describe(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:_ERROR_CHARS_MAX]
