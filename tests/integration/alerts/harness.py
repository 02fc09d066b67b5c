"""Runs services of one process on the real Kafka and PostgreSQL, publishes what other services would, and listens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from schemas import codec
from schemas.envelope import Envelope, Event
from schemas.policy import AccountRole
from schemas.topics import BY_NAME, consumed_by, topic_of
from services.cli.instance.keys import ensure_secrets
from services.cli.instance.ports import free_port
from services.kit.auth import TokenSigner
from services.kit.clock import SystemClock
from services.kit.run import Process, listen
from services.kit.settings import KitSettings, load

E = TypeVar("E", bound=Event)
WAIT_S = 40.0
LISTENED = ("zone-events", "alert-events")


class Log:
    """Writes events as their services would, and collects those of the services under test."""

    def __init__(self, bootstrap: str) -> None:
        self._producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all")
        self._consumer = AIOKafkaConsumer(
            *LISTENED, bootstrap_servers=bootstrap, group_id=None, auto_offset_reset="latest"
        )
        self._sequences: dict[tuple[str, str], int] = {}
        self._task: asyncio.Task[None] | None = None
        self.seen: list[Envelope] = []
        self.received_at: dict[UUID, float] = {}

    async def start(self) -> None:
        """Connect; only what happens from now on is collected."""
        await self._producer.start()
        await self._consumer.start()
        for partition in self._consumer.assignment():
            await self._consumer.position(partition)
        self._task = asyncio.create_task(self._collect())

    async def stop(self) -> None:
        """Let go."""
        if self._task is not None:
            self._task.cancel()
        await self._consumer.stop()
        await self._producer.stop()

    async def _collect(self) -> None:
        async for record in self._consumer:
            envelope = codec.decode(BY_NAME[record.topic], record.key, record.value, record.headers)
            self.received_at[envelope.id] = time.monotonic()
            self.seen.append(envelope)

    def envelope(
        self, event: Event, key: UUID, *, exercise: bool = False, areas: Sequence[str] = ("510000",)
    ) -> Envelope:
        """An event with the next sequence of its key."""
        name = topic_of(event).name
        sequence = self._sequences.get((name, str(key)), 0) + 1
        self._sequences[name, str(key)] = sequence
        now = datetime.now(UTC)
        return Envelope(
            id=uuid4(),
            source="/thirdrescue/test",
            key=str(key),
            time=now,
            recorded_at=now,
            sequence=sequence,
            correlation_id=uuid4(),
            causation_id=None,
            exercise=exercise,
            jurisdiction=tuple(areas),
            traceparent=None,
            data=event,
        )

    async def send(self, envelope: Envelope) -> None:
        """Put a record into the log, as often as it is called."""
        record = codec.encode(envelope)
        await self._producer.send_and_wait(record.topic, record.value, key=record.key, headers=record.headers)

    async def publish(self, event: Event, key: UUID, *, exercise: bool = False) -> Envelope:
        """Tell an event once."""
        envelope = self.envelope(event, key, exercise=exercise)
        await self.send(envelope)
        return envelope

    def of(self, kind: type[E], incident_id: UUID) -> list[E]:
        """The events of a kind about an incident, in order."""
        return [
            envelope.data
            for envelope in self.seen
            if isinstance(envelope.data, kind) and getattr(envelope.data, "incident_id", None) == incident_id
        ]

    async def wait_for(self, kind: type[E], incident_id: UUID, count: int = 1) -> list[E]:
        """Wait until there are so many, or fail."""
        await until(lambda: len(self.of(kind, incident_id)) >= count, f"{count} {kind.__name__}")
        return self.of(kind, incident_id)

    def check_sequences(self) -> None:
        """Every key's sequence is gapless and without doubles from the first event seen of it."""
        last: dict[tuple[str, str], int] = {}
        for envelope in self.seen:
            key = (topic_of(envelope.data).name, envelope.key)
            assert envelope.sequence == last.get(key, envelope.sequence - 1) + 1, f"{key} at {envelope.sequence}"
            last[key] = envelope.sequence


def group_in_test(suffix: str) -> Callable[[str], str]:
    """Names of consumer groups that no other test has."""
    return lambda service: f"thirdrescue-{service}-{suffix}"


async def begin_now(bootstrap: str, name: str, group: str) -> None:
    """Let a new group read only what is written from now on, although the tests share one log."""
    topics = [topic.name for topic in consumed_by(name)]
    if not topics:
        return
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, n) for topic in topics for n in range(BY_NAME[topic].partitions)]
        consumer.assign(partitions)
        await consumer.commit(await consumer.end_offsets(partitions))
    finally:
        await consumer.stop()


async def until(condition: Callable[[], Any], what: str, wait_s: float = WAIT_S) -> None:
    """Wait for a condition; it may be a coroutine function."""
    deadline = time.monotonic() + wait_s
    while True:
        held = condition()
        if asyncio.iscoroutine(held):
            held = await held
        if held:
            return
        assert time.monotonic() < deadline, f"not within {wait_s:g} s: {what}"
        await asyncio.sleep(0.01)


@dataclass
class Running:
    """Services of this process, with a client that is signed in as a duty officer of everywhere."""

    names: tuple[str, ...]
    secrets_dir: Path
    port: int
    suffix: str
    log: Log
    client: httpx.AsyncClient
    process: Process | None = None
    _task: asyncio.Task[None] | None = field(default=None)

    def token(
        self,
        *,
        subject: str = "duty",
        roles: Sequence[AccountRole] = (AccountRole.DUTY_OFFICER,),
        areas: Sequence[str] = ("*",),
    ) -> dict[str, str]:
        """A header of an account."""
        signer = TokenSigner.from_file("identity", self.secrets_dir, SystemClock())
        token = signer.sign(subject, lifetime=timedelta(hours=1), roles=roles, areas=areas)
        return {"Authorization": f"Bearer {token}"}

    def page_token(self, volunteer_id: UUID, scope: str) -> dict[str, str]:
        """A header of a volunteer's phone."""
        signer = TokenSigner.from_file("alerts", self.secrets_dir, SystemClock())
        return {"Authorization": f"Bearer {signer.sign(str(volunteer_id), lifetime=timedelta(hours=1), scope=scope)}"}

    async def start(self) -> None:
        """Start, and wait until ready."""
        self.process = Process(self.names, load(KitSettings), SystemClock())
        app = await self.process.prepare()
        self._task = asyncio.create_task(self.process.run(app, listen("127.0.0.1", self.port)))
        await until(self._ready, "ready")

    async def _ready(self) -> bool:
        assert self._task is not None
        if self._task.done():
            self._task.result()
        try:
            return (await self.client.get("/ready")).status_code == 200
        except httpx.HTTPError:
            return False

    async def stop(self) -> None:
        """Stop in order."""
        if self.process is not None and self._task is not None:
            self.process.ask_stop()
            await self._task
            self._task = None

    async def get(self, path: str, **more: Any) -> Any:
        """GET as the duty officer."""
        response = await self.client.get(path, headers=more.pop("headers", None) or self.token(), **more)
        response.raise_for_status()
        return response.json()


@asynccontextmanager
async def running(
    names: tuple[str, ...],
    bootstrap: str,
    make_database: Any,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    **settings: Any,
) -> AsyncIterator[Running]:
    """The services, with fresh databases and secrets, until the block ends. `settings` are environment names."""
    secrets_dir = folder / "secrets"
    secrets_dir.mkdir()
    ensure_secrets(secrets_dir)
    port = free_port()
    database = make_database(*names)
    environment = {
        "KAFKA": bootstrap,
        "SECRETS_DIR": str(secrets_dir),
        "STATE_DIR": str(folder),
        "ALERTS_PAGE_GATEWAY_URL": f"http://127.0.0.1:{port}",
        "STOP_DEADLINE_S": "6",
        **{f"POSTGRES_{name.upper()}": database.dsn(name) for name in names},
        **{name.upper(): str(value) for name, value in settings.items()},
    }
    for name, value in environment.items():
        monkeypatch.setenv(f"THIRDRESCUE_{name}", value)
    suffix = uuid4().hex[:8]
    monkeypatch.setattr("services.kit.consume.group_of", group_in_test(suffix))
    for name in names:
        await begin_now(bootstrap, name, group_in_test(suffix)(name))
    log = Log(bootstrap)
    await log.start()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10, trust_env=False) as client:
        services = Running(names, secrets_dir, port, suffix, log, client)
        try:
            await services.start()
            yield services
        finally:
            await services.stop()
            await log.stop()
