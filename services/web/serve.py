"""The console's process: its own pages and sessions, and the services behind the same origin.

It keeps nothing and has no database, so it is no service of the kit's `run`; what it shares with them is the kit's
HTTP layer (policy rows for its pages, health, metrics, problems).
"""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import Any, Final

import aiohttp
from starlette.types import Receive, Scope, Send

from schemas.policy import STREAMS, rows_of
from services.kit import log
from services.kit.auth import KeySet, TokenVerifier
from services.kit.clock import SystemClock
from services.kit.entrance import ROUTE
from services.kit.health import OK, CheckResult, Health, degraded
from services.kit.http import build_app
from services.kit.observe import Observer
from services.kit.policy_check import PolicyError
from services.kit.run import PortTaken, Server, listen, server_config
from services.kit.settings import SettingsError, load
from services.web.forward import Forwarder, make_client, service_of, streams_of
from services.web.pages import create_router, is_built
from services.web.session.api import create_session_router
from services.web.session.exchange import Exchange
from services.web.session.identity import Identity
from services.web.settings import WebSettings

_log = log.get_logger(__name__)
_FORWARDED: Final = "(forwarded)"
_GRACEFUL_S: Final = 2.0


class Door:
    """Pure ASGI: a path of a service is handed on, everything else is the console's own."""

    def __init__(self, forwarder: Forwarder, services: frozenset[str], own: Any) -> None:
        self._forwarder = forwarder
        self._services = services
        self._own = own
        self._streams = streams_of(STREAMS)
        self._handing_on = Observer(self._hand_on, own)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and service_of(scope["path"], self._streams, self._services) is not None:
            await self._handing_on(scope, receive, send)
        else:
            await self._own(scope, receive, send)

    async def _hand_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        service = service_of(scope["path"], self._streams, self._services)
        assert service is not None
        scope[ROUTE] = f"/{service}{_FORWARDED}"
        await self._forwarder.forward(service, scope, receive, send)


async def built() -> CheckResult:
    """Without the page the services behind it are still reached, so that is no failure."""
    return OK if is_built() else degraded("the console is not built; run `up` when the npm registry can be reached")


def make_door(settings: WebSettings, client: aiohttp.ClientSession) -> Door:
    """The app. Must be called inside a running loop."""
    clock = SystemClock()
    verifier = TokenVerifier(KeySet(settings.secrets_required() / "jwks.json", clock), clock)
    health = Health()
    health.add("web.console", built)
    identity = Identity(client, settings.addresses().get("identity"))
    routers = [create_router(), create_session_router(identity, Exchange(identity.refresh))]
    own = build_app(routers, rows_of("web"), settings=settings, verifier=verifier, health=health)
    return Door(Forwarder(client, settings.addresses()), frozenset(settings.addresses()), own)


async def _serve(settings: WebSettings) -> None:
    client = make_client()
    door = make_door(settings, client)
    sock = listen(settings.http_host, settings.http_port)
    server = Server(server_config(door, settings, graceful_s=_GRACEFUL_S))

    def stop() -> None:
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    _log.info("process.started", services=["web"], port=sock.getsockname()[1])
    try:
        await server.serve(sockets=[sock])
    finally:
        await client.close()
    _log.info("process.stopped")


def serve() -> int:
    """Serve until a signal; returns the exit code."""
    try:
        settings = load(WebSettings)
        log.configure(settings.log_level)
        import uvloop

        uvloop.run(_serve(settings))
    except (SettingsError, PolicyError, PortTaken) as error:
        print(error, file=sys.stderr)
        return 2
    except Exception:  # the process boundary: say why, exit non-zero, be started anew
        _log.exception("process.failed", services=["web"])
        return 1
    return 0
