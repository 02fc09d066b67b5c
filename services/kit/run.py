"""Run services in one process: one event loop, one HTTP server, one Kafka producer, one pool per service.

Start: the HTTP server first (so that /live and /ready answer), then each service as soon as its database lets it.
Stop, on SIGTERM or SIGINT, within `stop_deadline_s`: live streams are cut, the server takes no new requests and
finishes those it has, consumers and timers finish what is in hand and commit, the relay sends what was committed, then
the producer and the pools are closed. A second signal ends the process at once.
Exit codes: 0 after a stop that was asked for, 1 when a part died, 2 when the settings or the policy are wrong.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

import uvicorn

from schemas.policy import rows_of
from schemas.topics import TOPICS
from services.catalog import BY_NAME
from services.kit import db, log
from services.kit.auth import KeySet, TokenVerifier
from services.kit.bus import Bus
from services.kit.clock import Clock, SystemClock
from services.kit.health import OK, Check, CheckResult, Health, degraded, failed, of_bool
from services.kit.http import build_app
from services.kit.migrate import MigrationError
from services.kit.policy_check import PolicyError
from services.kit.process import ServiceProcess
from services.kit.runtime import HttpClient, Runtime
from services.kit.service import Service
from services.kit.settings import KitSettings, SettingsError, load, postgres_dsn
from services.kit.wiring import Wired, wire

_log = log.get_logger(__name__)
_SERVER_SHARE: Final = 0.35
"""Part of the stop deadline that running requests get."""


class PortTaken(Exception):
    """Somebody else listens where this process should."""


@dataclass(frozen=True)
class Member:
    """A service of this process."""

    service: Service
    runtime: Runtime
    process: ServiceProcess
    wired: Wired


class Server(uvicorn.Server):
    """uvicorn without its signal handlers: the order of the stop is decided here."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to `Process`."""
        yield


def listen(host: str, port: int) -> socket.socket:
    """The listening socket. Raises `PortTaken` with one sentence."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        raise PortTaken(f"Cannot listen on {host}:{port}: {os.strerror(error.errno or 0)}.") from error
    return sock


def needs_bus(names: Sequence[str]) -> bool:
    """Whether one of the services writes or reads a topic."""
    return any(topic.producer in names or set(topic.consumers) & set(names) for topic in TOPICS)


def _make_bus(names: Sequence[str], settings: KitSettings) -> Bus | None:
    if not needs_bus(names):
        return None
    from services.kit.kafka import KafkaBus  # processes without events do not pay for the client

    return KafkaBus(settings.kafka_required(), client_id=f"thirdrescue-{'-'.join(names)}")


def kafka_check(bus: Bus, clock: Clock, grace_s: float) -> Check:
    """Failed while Kafka was never seen and the process is young; degraded, and ready, when it is away later."""
    started_at = clock.now()
    seen = False

    async def check() -> CheckResult:
        nonlocal seen
        if await bus.reachable():
            seen = True
            return OK
        if not seen and (clock.now() - started_at).total_seconds() < grace_s:
            return failed("not seen since the start")
        return degraded("does not answer; what is committed waits in the outbox")

    return check


class Process:
    """Everything that one `run` holds."""

    def __init__(self, names: Sequence[str], settings: KitSettings, clock: Clock) -> None:
        self._names = names
        self._settings = settings
        self._clock = clock
        self._stop = asyncio.Event()
        self._health = Health()
        self._http = HttpClient()
        self._bus = _make_bus(names, settings)
        self._members: list[Member] = []

    def ask_stop(self) -> None:
        """Begin the ordered stop; asked a second time, end at once."""
        if self._stop.is_set():
            os._exit(1)
        self._stop.set()

    async def prepare(self) -> Any:
        """Make the services and the app without touching the database or Kafka. Raises on wrong settings or policy."""
        verifier = TokenVerifier(KeySet(self._settings.secrets_required() / "jwks.json", self._clock), self._clock)
        if self._bus is not None:
            self._health.add("kafka", kafka_check(self._bus, self._clock, self._settings.kafka_start_grace_s))
        for name in self._names:
            self._members.append(await self._make_member(name, verifier))
        # The kit's first: a service's `/things/{id}` would take `/things/quarantine` for an id.
        routers = [router for member in self._members for router in (*member.wired.routers, member.service.router)]
        rows = [row for name in self._names for row in rows_of(name)]
        return build_app(routers, rows, settings=self._settings, verifier=verifier, health=self._health)

    async def _make_member(self, name: str, verifier: TokenVerifier) -> Member:
        dsn = postgres_dsn(name).get_secret_value()
        pool = await db.create_pool(dsn, name, self._settings)
        runtime = Runtime(
            name, settings=self._settings, clock=self._clock, pool=pool, verifier=verifier, health=self._health,
            bus=self._bus, http=self._http,
        )  # fmt: skip
        service: Service = import_module(f"services.{name}.app").create(runtime)
        wired = wire(service, runtime, dsn)
        process = ServiceProcess(service, runtime, dsn, wired.parts, wired.relay)
        self._health.add(f"{name}.database", process.check_database)
        for check_name, check in service.checks.items():
            self._health.add(f"{name}.{check_name}", of_bool(check))
        for check_name, full_check in wired.checks.items():
            self._health.add(f"{name}.{check_name}", full_check)
        return Member(service, runtime, process, wired)

    async def run(self, app: Any, sock: socket.socket) -> None:
        """Serve until a signal. Raises what a part raised."""
        graceful_s = self._settings.stop_deadline_s * _SERVER_SHARE
        server = Server(server_config(app, self._settings, graceful_s=graceful_s))
        if self._bus is not None:
            await self._bus.start()
        tasks = [asyncio.create_task(m.process.run(), name=m.service.name) for m in self._members]
        serving = asyncio.create_task(server.serve(sockets=[sock]), name="http")
        stopping = asyncio.create_task(self._stop.wait(), name="stop")
        _log.info("process.started", services=list(self._names), port=sock.getsockname()[1])
        try:
            await asyncio.wait([*tasks, serving, stopping], return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            await self._shut_down(server, serving, tasks)
        for task in (*tasks, serving):
            if task.done() and not task.cancelled():
                task.result()
        if not self._stop.is_set():
            raise RuntimeError("a part ended by itself")

    async def _shut_down(
        self, server: uvicorn.Server, serving: asyncio.Task[None], tasks: Sequence[asyncio.Task[None]]
    ) -> None:
        deadline_s = self._settings.stop_deadline_s
        for member in self._members:
            member.wired.cut_streams()
        server.should_exit = True
        await asyncio.wait([serving], timeout=deadline_s * _SERVER_SHARE)
        await asyncio.gather(*(member.process.stop(deadline_s * 0.5) for member in self._members))
        for task in (*tasks, serving):
            task.cancel()
        await asyncio.wait([*tasks, serving], timeout=1)
        await self._close(deadline_s * 0.15)

    async def _close(self, deadline_s: float) -> None:
        try:
            async with asyncio.timeout(deadline_s):
                if self._bus is not None:
                    await self._bus.stop()
                await self._http.close()
                await asyncio.gather(*(member.runtime.pool.close() for member in self._members))
        except TimeoutError:
            _log.warning("process.closed-late")
            for member in self._members:
                member.runtime.pool.terminate()


def server_config(app: Any, settings: KitSettings, *, graceful_s: float) -> uvicorn.Config:
    """The HTTP server. Who asks is the peer itself, but for proxies of the settings, which say for whom they ask."""
    return uvicorn.Config(
        app, http="httptools", ws="none", lifespan="off", access_log=False, log_config=None, server_header=False,
        timeout_keep_alive=75, backlog=1024, loop="none", timeout_graceful_shutdown=max(1, int(graceful_s)),
        proxy_headers=True, forwarded_allow_ips=settings.trusted_proxies,
    )  # fmt: skip


async def _serve(names: Sequence[str], settings: KitSettings) -> None:
    process = Process(names, settings, SystemClock())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, process.ask_stop)
    app = await process.prepare()
    sock = listen(settings.http_host, settings.http_port)
    gc.collect()
    gc.freeze()  # what was loaded stays: the collector need not walk it again
    await process.run(app, sock)
    _log.info("process.stopped")


def run_services(names: Sequence[str]) -> int:
    """Run the named services until they are told to stop; returns the exit code."""
    unknown = [name for name in names if name not in BY_NAME]
    if unknown or not names:
        print(f"There is no service {', '.join(unknown) or '(none named)'}; there are: {', '.join(BY_NAME)}.",
              file=sys.stderr)  # fmt: skip
        return 2
    try:
        settings = load(KitSettings)
        log.configure(settings.log_level)
        os.nice(settings.niceness)
        import uvloop

        uvloop.run(_serve(tuple(dict.fromkeys(names)), settings))
    except (SettingsError, PolicyError, PortTaken, MigrationError) as error:
        print(error, file=sys.stderr)
        return 2
    except Exception:  # the process boundary: say why, exit non-zero, be started anew
        _log.exception("process.failed", services=list(names))
        return 1
    return 0
