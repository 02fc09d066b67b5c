"""Sessions of the console on a real identity service: both as servers, asked as a browser asks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from yarl import URL

from services.identity.decide import QUIET
from services.kit.run import Server, listen, server_config
from services.kit.settings import KitSettings
from services.web.forward import make_client
from services.web.serve import make_door
from services.web.settings import WebSettings
from tests.support.identity_rig import PASSWORD, Rig, identity_rig

pytestmark = pytest.mark.integration
NOBODY = "127.0.0.9"
"""An address of this machine that is no proxy that anybody trusts."""


@dataclass
class Stage:
    """A console before identity."""

    rig: Rig
    url: str
    identity_url: str
    stack: AsyncExitStack

    async def browser(self, came_from: str = "127.0.0.1") -> aiohttp.ClientSession:
        """One that keeps cookies, says where it asks from, and sits at this address."""
        connector = aiohttp.TCPConnector(local_addr=(came_from, 0))
        jar = aiohttp.CookieJar(unsafe=True)  # of an address without a name
        client = aiohttp.ClientSession(self.url, connector=connector, cookie_jar=jar, headers={"Origin": self.url})
        return await self.stack.enter_async_context(client)

    async def refused(self, came_from: str, *, said: str = "", url: str = "") -> int:
        """The status of a sign-in with a wrong password and a name of its own, with an X-Forwarded-For."""
        client = await self.browser(came_from)
        headers = {"X-Forwarded-For": said} if said else {}
        body = {"name": f"nobody {id(client)}", "password": "wrong"}
        if url:
            async with client.post(
                f"{url}/identity/tokens", json=body | {"grant_type": "password"}, headers=headers
            ) as a:
                return a.status
        async with client.post("/session", json=body, headers=headers) as answer:
            return answer.status


async def sign_in(browser: aiohttp.ClientSession) -> dict[str, Any]:
    async with browser.post("/session", json={"name": "admin", "password": PASSWORD}) as answer:
        assert answer.status == 200
        document: dict[str, Any] = await answer.json()
        return document


async def status_of(browser: aiohttp.ClientSession, method: str, path: str, **more: Any) -> int:
    async with browser.request(method, path, **more) as answer:
        return answer.status


def token_of(browser: aiohttp.ClientSession) -> str:
    (cookie,) = browser.cookie_jar
    return cookie.value


@asynccontextmanager
async def served(app: Any, settings: KitSettings) -> AsyncIterator[str]:
    """A real server of the app on loopback."""
    sock = listen("127.0.0.1", 0)
    server = Server(server_config(app, settings, graceful_s=1))
    serving = asyncio.create_task(server.serve(sockets=[sock]))
    yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    server.should_exit = True
    await serving


@pytest.fixture
async def stage(
    make_database: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Stage]:
    async with AsyncExitStack() as stack:
        rig = await stack.enter_async_context(identity_rig(make_database, tmp_path, monkeypatch))
        identity_url = await stack.enter_async_context(served(rig.app, rig.runtime.settings))
        client = await stack.enter_async_context(make_client())
        settings = WebSettings(web_services=f"identity={identity_url}", secrets_dir=tmp_path)
        url = await stack.enter_async_context(served(make_door(settings, client), settings))
        async with AsyncExitStack() as browsers:  # closed before the servers, which wait for open connections
            yield Stage(rig, url, identity_url, browsers)


async def test_the_page_gets_the_access_token_and_the_browser_alone_the_other(stage: Stage) -> None:
    browser = await stage.browser()
    async with browser.post("/session", json={"name": "admin", "password": PASSWORD}) as answer:
        document, cookie = await answer.json(), answer.headers["Set-Cookie"]
        assert answer.headers["Cache-Control"] == "no-store"
    assert document.keys() == {"access_token", "token_type", "expires_in_s"}
    assert stage.rig.signing.verifier.verify(document["access_token"]).areas == ("*",)
    assert token_of(browser).startswith("trr_")
    flags = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert flags == {"httponly", "path=/session", "samesite=strict"}, "no end: it ends with the browser"
    assert token_of(browser) not in str(document)


async def test_over_https_the_cookie_is_for_https_alone(stage: Stage) -> None:
    browser = await stage.browser()
    body = {"name": "admin", "password": PASSWORD}
    async with browser.post("/session", json=body, headers={"X-Forwarded-Proto": "https"}) as answer:
        cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Secure-")
    assert "; Secure" in cookie


async def test_a_reload_goes_on_and_each_refresh_uses_the_token_up(stage: Stage) -> None:
    browser = await stage.browser()
    await sign_in(browser)
    first = token_of(browser)
    async with browser.post("/session/refresh") as answer:
        assert answer.status == 200
        assert stage.rig.signing.verifier.verify((await answer.json())["access_token"]).areas == ("*",)
    assert token_of(browser) != first
    assert (await stage.rig.refresh(first)).status_code == 401, "identity knows it as used"
    assert await status_of(browser, "POST", "/session/refresh") == 401, "and the family has ended"


async def test_tabs_that_reload_at_the_same_moment_all_stay_signed_in(stage: Stage) -> None:
    browser = await stage.browser()
    for _ in range(2):
        await sign_in(browser)
        tabs = [await stage.browser() for _ in range(4)]
        for tab in tabs:
            tab.cookie_jar.update_cookies({c.key: c for c in browser.cookie_jar}, URL(stage.url) / "session")
        assert await asyncio.gather(*(status_of(tab, "POST", "/session/refresh") for tab in tabs)) == [200] * 4
        assert len({token_of(tab) for tab in tabs}) == 1
        assert await status_of(tabs[0], "POST", "/session/refresh") == 200


async def test_signing_out_makes_every_copy_worthless(stage: Stage) -> None:
    browser = await stage.browser()
    await sign_in(browser)
    stolen = [token_of(browser)]
    await status_of(browser, "POST", "/session/refresh")
    stolen.append(token_of(browser))
    name = next(iter(browser.cookie_jar)).key
    assert await status_of(browser, "DELETE", "/session") == 204
    assert not list(browser.cookie_jar)
    assert await status_of(browser, "POST", "/session/refresh") == 401
    for token in stolen:
        headers = {"Cookie": f"{name}={token}"}
        assert await status_of(await stage.browser(), "POST", "/session/refresh", headers=headers) == 401
        assert (await stage.rig.refresh(token)).status_code == 401
    assert await status_of(browser, "DELETE", "/session") == 204, "nobody is signed in: nothing to end"


async def test_who_signs_in_anew_leaves_no_former_sign_in_behind(stage: Stage) -> None:
    browser = await stage.browser()
    await sign_in(browser)
    former = token_of(browser)
    await sign_in(browser)
    assert (await stage.rig.refresh(former)).status_code == 401
    assert await status_of(browser, "POST", "/session/refresh") == 200


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/session"), ("POST", "/session/refresh"), ("DELETE", "/session")]
)
async def test_no_other_site_can_ask(stage: Stage, method: str, path: str) -> None:
    browser = await stage.browser()
    await sign_in(browser)
    body = {"json": {"name": "admin", "password": PASSWORD}} if (method, path) == ("POST", "/session") else {}
    headers = {"Origin": "http://elsewhere.example"}
    assert await status_of(browser, method, path, headers=headers, **body) == 403
    assert await status_of(browser, "POST", "/session/refresh") == 200


async def test_identity_says_why_it_refuses(stage: Stage) -> None:
    browser = await stage.browser()
    async with browser.post("/session", json={"name": "admin", "password": "wrong"}) as answer:
        assert (answer.status, (await answer.json())["detail"]) == (401, "Name or password is wrong.")
    async with browser.post("/session", json={"name": "", "password": "x", "also": 1}) as answer:
        assert answer.status == 422
        assert {one["where"] for one in (await answer.json())["problems"]} == {"/name", "/also"}


async def test_only_the_address_that_failed_is_slowed_down(stage: Stage) -> None:
    assert [await stage.refused("127.0.0.5") for _ in range(21)] == [401] * 20 + [429]
    async with (await stage.browser("127.0.0.5")).post("/session", json={"name": "a", "password": "b"}) as answer:
        assert int(answer.headers["Retry-After"]) >= 1
    assert await stage.refused("127.0.0.6") == 401


async def test_what_somebody_says_of_their_address_changes_nothing(stage: Stage) -> None:
    """Through the console and at identity's own door: only the console's word counts, as it is in the settings."""
    for url in ("", stage.identity_url):
        statuses = [await stage.refused(NOBODY, said=f"10.0.0.{n}", url=url) for n in range(21)]
        assert statuses[-1] == 429, "each claimed address would have been free"
        stage.rig.clock.advance(QUIET * 2)
    assert await stage.refused("127.0.0.7", said=NOBODY) == 401
    assert [await stage.refused("127.0.0.1", said="10.1.1.1", url=stage.identity_url) for _ in range(21)][-1] == 429
    assert await stage.refused("127.0.0.1", said="10.1.1.2", url=stage.identity_url) == 401, "a proxy that is trusted"
