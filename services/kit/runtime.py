"""What the kit gives to a service: `services/<name>/app.py` has `create(runtime: Runtime) -> Service`.

Everything here exists before the database and the log can be reached, so `create` may keep references; it must not
do I/O. What runs at start belongs into a migration or a loop.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from schemas.envelope import Envelope
from services.kit.auth import TokenVerifier
from services.kit.bus import Bus
from services.kit.clock import Clock
from services.kit.db import Pool
from services.kit.health import Health
from services.kit.log import CORRELATION
from services.kit.settings import KitSettings
from services.kit.unit import Origin, Unit, Units

if TYPE_CHECKING:
    import aiohttp

_HTTP_TIMEOUT_S = 10.0
_HTTP_CONNECTIONS_MAX = 50


class HttpClient:
    """The process's one outgoing HTTP client, made when it is first asked for: most services never call out."""

    def __init__(self) -> None:
        self._client: aiohttp.ClientSession | None = None

    @property
    def client(self) -> aiohttp.ClientSession:
        """The shared client: bounded connections, bounded waits, no cookies, no proxies from the environment."""
        if self._client is None:
            import aiohttp  # costs memory in processes that do not need it

            self._client = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=_HTTP_CONNECTIONS_MAX),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=_HTTP_TIMEOUT_S),
            )
        return self._client

    async def close(self) -> None:
        """Close the connections, if any were opened."""
        if self._client is not None:
            await self._client.close()


class Runtime:
    """One service's share of the process."""

    def __init__(
        self,
        service: str,
        *,
        settings: KitSettings,
        clock: Clock,
        pool: Pool,
        verifier: TokenVerifier,
        health: Health,
        bus: Bus | None = None,
        http: HttpClient | None = None,
        schema: str | None = None,
    ) -> None:
        self.service = service
        self.settings = settings
        self.clock = clock
        self.pool = pool
        self.verifier = verifier
        self.health = health
        self.schema = schema or service
        self._bus = bus
        self._http = http or HttpClient()
        self.units = Units(service, pool, clock, acquire_timeout_s=settings.pool_acquire_timeout_s)

    @property
    def bus(self) -> Bus:
        """The process's connection to the event log."""
        if self._bus is None:
            raise RuntimeError(f"{self.service} neither writes nor reads a topic, so its process has no bus")
        return self._bus

    @property
    def http(self) -> aiohttp.ClientSession:
        """The process's outgoing HTTP client."""
        return self._http.client

    @property
    def secrets_dir(self) -> Path:
        """The folder with the keys. Raises `SettingsError` when it is not there."""
        return self.settings.secrets_required()

    def unit(
        self, cause: Envelope | None = None, *, command_id: UUID | None = None, actor: str | None = None
    ) -> AbstractAsyncContextManager[Unit]:
        """One unit of work in its own transaction. A command's correlation id is its request's."""
        return self._open(Origin.of_event(cause) if cause is not None else self.origin(command_id), actor)

    def origin(self, command_id: UUID | None = None) -> Origin:
        """What the present request causes: a command with the request's correlation id."""
        own_id = command_id or uuid4()
        return Origin(id=own_id, correlation_id=CORRELATION.get() or own_id, causation_id=None)

    @asynccontextmanager
    async def _open(self, origin: Origin, actor: str | None) -> AsyncIterator[Unit]:
        async with self.units.batch() as batch:
            yield batch.unit(origin, actor)

    def wake_outbox(self) -> None:
        """Tell the relay that events were committed; units do it by themselves."""
        self.units.on_events()
