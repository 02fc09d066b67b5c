"""The coverage service as a real process on a real Kafka and PostgreSQL, and the log it reads."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from schemas import codec
from schemas.envelope import Envelope
from schemas.policy import AccountRole
from schemas.topics import BY_NAME
from services.cli.instance.ports import free_port
from services.coverage.recompute import differences, published, read_all, recompute
from services.kit.auth import TokenSigner
from services.kit.bus import Outgoing, Partition
from services.kit.clock import SystemClock
from services.kit.kafka import KafkaBus

READY_WITHIN_S = 90.0
EQUAL_WITHIN_S = 120.0


@dataclass
class CoverageProcess:
    """One process that can be started, killed and started again with the same folders."""

    kafka: str
    dsn: str
    secrets: Path
    folder: Path
    hold_off_s: float = 0.5
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def tables(self) -> Path:
        return self.folder / "state" / "coverage-1"

    @property
    def log(self) -> str:
        return (self.folder / "coverage.log").read_text("utf-8")

    def start(self) -> None:
        environment = os.environ | {
            "THIRDRESCUE_KAFKA": self.kafka,
            "THIRDRESCUE_POSTGRES_COVERAGE": self.dsn,
            "THIRDRESCUE_HTTP_PORT": str(self.port),
            "THIRDRESCUE_SECRETS_DIR": str(self.secrets),
            "THIRDRESCUE_STATE_DIR": str(self.folder / "state"),
            "THIRDRESCUE_COVERAGE_VOID_HOLD_OFF_S": str(self.hold_off_s),
        }
        with (self.folder / "coverage.log").open("ab") as sink:
            command = [sys.executable, "-m", "services.cli", "run", "coverage"]
            self._process = subprocess.Popen(command, env=environment, stdout=sink, stderr=subprocess.STDOUT)

    async def ready(self) -> float:
        """Wait until /ready says so; returns the seconds it took."""
        started = time.monotonic()
        async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
            while time.monotonic() - started < READY_WITHIN_S:
                assert self.exit_code is None, self.log[-3000:]
                try:
                    answer = await client.get(f"http://127.0.0.1:{self.port}/ready")
                except httpx.HTTPError:
                    pass
                else:
                    if answer.json()["ready"]:
                        return time.monotonic() - started
                await asyncio.sleep(0.05)
        raise AssertionError(f"not ready in {READY_WITHIN_S} s:\n{self.log[-3000:]}")

    async def get(self, path: str, *, areas: list[str]) -> dict[str, Any]:
        """What a viewer of these areas is answered."""
        signer = TokenSigner.from_file("identity", self.secrets, SystemClock())
        token = signer.sign(str(uuid4()), lifetime=timedelta(minutes=5), roles=[AccountRole.VIEWER], areas=areas)
        async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
            answer = await client.get(
                f"http://127.0.0.1:{self.port}{path}", headers={"Authorization": f"Bearer {token}"}
            )
        document: dict[str, Any] = answer.json()
        return document

    @property
    def exit_code(self) -> int | None:
        return None if self._process is None else self._process.poll()

    def kill(self) -> None:
        """kill -9."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """SIGTERM, and its exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.kill()
            raise


class Log:
    """Writes events as the services would, and compares what coverage publishes with the log."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self.bus = KafkaBus(bootstrap, client_id="test")

    async def write(self, envelopes: Iterable[Envelope]) -> None:
        batches: dict[Partition, list[Outgoing]] = defaultdict(list)
        for envelope in envelopes:
            record = codec.encode(envelope)
            target = await self.bus.partition_of(record.topic, record.key)
            batches[target].append(Outgoing(record.key, record.value, record.headers))
        await asyncio.gather(*(self.bus.send(target, records) for target, records in batches.items()))

    async def write_raw(self, topic: str, key: bytes, value: bytes, headers: list[tuple[str, bytes]]) -> None:
        await self.bus.send(await self.bus.partition_of(topic, key), [Outgoing(key, value, headers)])

    async def count(self, topic: str) -> int:
        """How many records were ever written to a topic."""
        consumer = AIOKafkaConsumer(topic, bootstrap_servers=self.bootstrap)
        await consumer.start()
        try:
            return sum((await consumer.end_offsets(consumer.assignment())).values())
        finally:
            await consumer.stop()

    async def forget_all_but_the_last(self, topic: str) -> None:
        """Delete the beginning of each partition, as retention or an operator would."""
        consumer = AIOKafkaConsumer(topic, bootstrap_servers=self.bootstrap)
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        await consumer.start()
        await admin.start()
        try:
            ends = await consumer.end_offsets(consumer.assignment())
            may_delete = ConfigResource(ConfigResourceType.TOPIC, topic, configs={"cleanup.policy": "delete"})
            await admin.alter_configs([may_delete])
            await admin.delete_records({tp: RecordsToDelete(before_offset=end - 1) for tp, end in ends.items() if end})
        finally:
            await admin.close()
            await consumer.stop()

    async def settle(self, within_s: float = EQUAL_WITHIN_S) -> float:
        """Wait until the published picture equals the recomputed one; returns the seconds it took."""
        started = time.monotonic()
        wanted = await recompute(self.bootstrap)
        words = ["nothing was compared"]
        while time.monotonic() - started < within_s:
            words = differences(wanted, await published(self.bootstrap))
            if not words:
                return time.monotonic() - started
            await asyncio.sleep(0.1)
        raise AssertionError(f"{len(words)} areas differ from the log, such as {words[0]}")

    async def assert_sequences(self) -> None:
        """Per topic and key: sequences without gaps, and a repeated one repeats the same content."""
        seen: dict[tuple[str, str], dict[int, Any]] = defaultdict(dict)
        for topic, envelope in await read_all(self.bootstrap, [BY_NAME["coverage-state"], BY_NAME["coverage-events"]]):
            earlier = seen[topic, envelope.key].setdefault(envelope.sequence, envelope)
            assert (earlier.id, earlier.data) == (envelope.id, envelope.data)
        assert seen
        for place, sequences in seen.items():
            if place[0] == "coverage-events":  # the other is compacted
                assert sorted(sequences) == list(range(1, len(sequences) + 1)), (place, sorted(sequences))
