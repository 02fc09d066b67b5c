"""The instance that `bench path` measures: one that runs, or a fresh one that is removed afterwards."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import asyncpg

from schemas.topics import TOPICS, consumed_by
from services.catalog import SERVICES
from services.cli.bench.whole.network import AREA_CODE, BenchNetwork, batches
from services.cli.instance.errors import InstanceError
from services.cli.instance.instance import SERVICE_NAMES, Instance
from services.cli.instance.layout import PROJECT, Layout
from services.cli.instance.options import layout_at, outside_parts
from services.cli.instance.ports import plan_ports, require_free
from services.cli.instance.ready import ask_all
from services.cli.instance.record import read_record
from services.cli.scenario.access import MachineAccess, sign_in
from services.cli.scenario.api import Api
from services.cli.scenario.gateway import Gateway
from services.cli.scenario.log_reader import wait_until_consumed

DATABASE: Final = "thirdrescue_bench_path"
COVERAGE_STREAM: Final = "thirdrescue-coverage-stream"
DRAIN_TIMEOUT_S: Final = 300.0
READY_TIMEOUT_S: Final = 90.0
BATCH_ITEMS: Final = 500
_UP_TIMEOUT_S: Final = 300


@dataclass
class Stage:
    """A running instance with all that is needed to load and to watch it."""

    instance: Instance
    api: Api
    access: MachineAccess
    gateway: Gateway
    bench_dsn: str
    """A database of the bench's own on the instance's PostgreSQL, for floors and peers."""

    @property
    def kafka(self) -> str:
        """The broker's address."""
        return self.instance.record.kafka

    def url(self, service: str) -> str:
        """Where a service answers."""
        return self.instance.record.url(service)

    async def headers(self) -> dict[str, str]:
        """Identity of a duty officer."""
        return {"Authorization": f"Bearer {await self.access.token()}"}

    async def register(self, network: BenchNetwork) -> int:
        """Register the network; returns how many entries were new. Waits until everybody knows of it."""
        new = 0
        for path, items in (
            ("/registry/stations:batch", network.stations),
            ("/registry/volunteers:batch", network.volunteers),
        ):
            for batch in batches(items, BATCH_ITEMS):
                reply = await self.api.call("POST", path, {"items": batch}, bearer=self.access)
                if not reply.ok:
                    raise InstanceError(f"the register refused the bench's network: {reply.explain()}")
                refused = [item for item in reply.document["items"] if item["outcome"] == "refused"]
                if refused:
                    raise InstanceError(f"the register refused {refused[0]['ref']}: {refused[0]['problems'][:2]}")
                new += sum(item["outcome"] != "unchanged" for item in reply.document["items"])
        await self.drained()
        return new

    async def drained(self) -> None:
        """Until every service has handled all there is, what follows from it included."""
        quiet = 0
        deadline = time.monotonic() + DRAIN_TIMEOUT_S
        while quiet < 2:
            before = await self._outboxes()
            owed = await wait_until_consumed(self.kafka, self._consumers(), DRAIN_TIMEOUT_S)
            if owed or time.monotonic() > deadline:
                raise InstanceError(f"the services are still behind after {DRAIN_TIMEOUT_S:.0f} s: {owed}")
            quiet = quiet + 1 if before == 0 and await self._outboxes() == 0 else 0

    def _consumers(self) -> dict[str, list[str]]:
        """What each service's group reads, and what the stream processor behind coverage reads."""
        names = [entry.name for entry in SERVICES if entry.has_database]
        wanted = {f"thirdrescue-{name}": [topic.name for topic in consumed_by(name)] for name in names}
        wanted[COVERAGE_STREAM] = ["coverage-inputs", "coverage-partials"]
        return {group: topics for group, topics in wanted.items() if topics}

    async def _outboxes(self) -> int:
        """Events that wait in the outboxes, and pages that wait to be sent."""
        connection = await asyncpg.connect(self._service_database())
        try:
            producers = sorted({topic.producer for topic in TOPICS} - {"coverage"})
            counts = [f'(SELECT count(*) FROM "{name}".outbox)' for name in producers]  # noqa: S608  (our own names)
            counts.append("(SELECT count(*) FROM alerts.page WHERE state IN ('pending', 'sending'))")
            return int(await connection.fetchval(f"SELECT {' + '.join(counts)}"))
        finally:
            await connection.close()

    def _service_database(self) -> str:
        database = os.environ.get("THIRDRESCUE_DATABASE", "thirdrescue")
        return _with_database(self.instance.admin_dsn(), database)

    async def real_incidents(self) -> int:
        """Open incidents that are no drills (of the newest page)."""
        reply = await self.api.call("GET", "/incidents", bearer=self.access, params={"state": "open", "limit": 200})
        return sum(not item["exercise"] for item in reply.document["items"]) if reply.ok else 1

    @asynccontextmanager
    async def without(self, names: Sequence[str]) -> AsyncIterator[None]:
        """Some processes are stopped during the block, and ready again after it."""
        supervisor = self.instance.supervisor
        await asyncio.to_thread(supervisor.stop, names)
        try:
            yield
        finally:
            await asyncio.to_thread(supervisor.start, names)
            await self.all_ready()

    async def open_drills(self) -> list[str]:
        """The bench's own drills that are still open: an earlier run was broken off."""
        found: list[str] = []
        params: dict[str, Any] = {"state": "open", "limit": 200}
        while True:
            reply = await self.api.call("GET", "/incidents", bearer=self.access, params=params)
            if not reply.ok:
                raise InstanceError(f"the incidents cannot be listed: {reply.explain()}")
            items = reply.document["items"]
            found += [one["incident_id"] for one in items if one["exercise"] and one["area_codes"] == [AREA_CODE]]
            if reply.document["next_cursor"] is None:
                return found
            params["cursor"] = reply.document["next_cursor"]

    async def all_ready(self) -> None:
        """Until every service is ready."""
        urls = {name: self.instance.urls[name] for name in SERVICE_NAMES}
        deadline = time.monotonic() + READY_TIMEOUT_S
        while not all(answer.ready for answer in (await asyncio.to_thread(ask_all, urls)).values()):
            if time.monotonic() > deadline:
                raise InstanceError(f"not every service was ready again after {READY_TIMEOUT_S:.0f} s")
            await asyncio.sleep(0.2)


@contextmanager
def running_home(home: Path | None) -> Iterator[tuple[Layout, bool]]:
    """The folder of a running instance, and whether it was made for this. A named home must be running."""
    layout = layout_at(home)
    record = read_record(layout)
    if record is not None and Instance(layout, record).supervisor.alive():
        yield layout, False
        return
    if home is not None:
        raise InstanceError(f"no instance runs in {layout.home}: start it with `thirdrescue up`, or leave --home out")
    with own_instance() as own:
        yield own


@contextmanager
def own_instance() -> Iterator[tuple[Layout, bool]]:
    """A fresh instance in a temporary folder, on free ports; gone afterwards. Comes with True: it was made for this."""
    folder = Path(tempfile.mkdtemp(prefix="thirdrescue-bench-"))
    folder.chmod(0o755)  # PostgreSQL runs as another user when we are root
    command = [sys.executable, "-m", "services.cli"]
    ports = str(_free_ports_from())
    environment = os.environ | {"PYTHONPATH": str(PROJECT)}
    try:
        up = [*command, "up", "--detach", "--home", str(folder), "--ports-from", ports]
        done = subprocess.run(
            up, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=_UP_TIMEOUT_S, check=False
        )
        if done.returncode != 0:
            raise InstanceError(f"no instance could be started: {done.stderr.strip()[-300:]}")
        yield Layout(folder), True
    finally:
        subprocess.run(
            [*command, "down", "--home", str(folder)], cwd=PROJECT, env=environment, capture_output=True,
            timeout=_UP_TIMEOUT_S, check=False,
        )  # fmt: skip
        shutil.rmtree(folder, ignore_errors=True)


def _free_ports_from() -> int:
    """The lowest of a free range of ports."""
    for lowest in range(23_000, 32_000, 40):
        try:
            require_free(plan_ports(lowest).by_name(), "127.0.0.1")
        except InstanceError:
            continue
        return lowest
    raise InstanceError("no free range of ports was found")


async def open_stage(layout: Layout) -> Stage:
    """Sign in, and make the bench's database."""
    record = read_record(layout)
    assert record is not None
    instance = Instance(layout, record, outside_parts()[1])
    admin = instance.admin_dsn()
    await _create_database(admin)
    api = Api({service: record.url(service) for service in record.ports})
    access = await sign_in(api, layout.secrets)
    return Stage(instance, api, access, Gateway(api, layout.secrets), _with_database(admin, DATABASE))


async def close_stage(stage: Stage) -> None:
    """Remove the bench's database."""
    await stage.api.close()
    connection = await asyncpg.connect(stage.instance.admin_dsn())
    try:
        await connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
    finally:
        await connection.close()


async def _create_database(admin: str) -> None:
    connection: Any = await asyncpg.connect(admin)
    try:
        await connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        await connection.execute(f"CREATE DATABASE {DATABASE}")
    finally:
        await connection.close()


def _with_database(dsn: str, database: str) -> str:
    from urllib.parse import urlsplit, urlunsplit

    return urlunsplit(urlsplit(dsn)._replace(path=f"/{database}"))
