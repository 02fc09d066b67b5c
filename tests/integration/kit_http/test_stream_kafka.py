"""Live streams on a real Kafka, over real sockets: resumed under load, filtered, cut when slow."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import uvicorn
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from schemas.policy import AccountRole, Row
from services.kit.clock import SystemClock
from services.kit.health import Health
from services.kit.http import build_app
from services.kit.settings import KitSettings
from services.kit.stream import StreamHub
from services.kit.stream_api import stream_router
from services.kit.stream_log import KafkaLog
from tests.support.signing import Signing, make_signing

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]
PARTITIONS = 4
VIEWERS = frozenset({AccountRole.VIEWER})


@dataclass
class Event:
    """What a client read."""

    id: str
    type: str
    data: Any


@dataclass
class Rig:
    """A served stream and its producer."""

    topic: str
    url: str
    port: int
    signing: Signing
    producer: AIOKafkaProducer
    hub: StreamHub
    sent: int = 0

    async def send(self, count: int, area: str = "510722") -> None:
        futures = []
        for _ in range(count):
            number, self.sent = self.sent, self.sent + 1
            headers = [
                ("ce_specversion", b"1.0"), ("ce_id", str(uuid4()).encode()), ("ce_type", b"thing.made"),
                ("ce_sequence", b"1"), ("ce_exercise", b"true"), ("ce_jurisdiction", area.encode()),
            ]  # fmt: skip
            value = json.dumps({"n": number}).encode()
            futures.append(await self.producer.send(self.topic, value, partition=number % PARTITIONS, headers=headers))
        await asyncio.gather(*futures)

    def headers(self, areas: tuple[str, ...] = ("*",), last_id: str | None = None) -> dict[str, str]:
        token = self.signing.identity.sign("s", lifetime=timedelta(minutes=5), roles=VIEWERS, areas=areas)
        return {"Authorization": f"Bearer {token}"} | ({} if last_id is None else {"Last-Event-ID": last_id})

    @asynccontextmanager
    async def read(self, areas: tuple[str, ...] = ("*",), last_id: str | None = None) -> AsyncIterator[Any]:
        address = f"{self.url}/streams/{self.topic}"
        async with (
            httpx.AsyncClient(timeout=30, trust_env=False) as client,
            client.stream("GET", address, headers=self.headers(areas, last_id)) as response,
        ):
            if response.status_code != 200:
                await response.aread()
                yield response
                return
            yield events(response)


async def events(response: httpx.Response) -> AsyncIterator[Event]:
    fields: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        elif fields:
            if "id" in fields:
                yield Event(fields["id"], fields.get("event", ""), json.loads(fields.get("data", "null")))
            fields = {}


@pytest.fixture
async def rig(kafka_bootstrap: str, tmp_path: Path) -> AsyncIterator[Rig]:
    topic = f"things-{uuid4().hex[:8]}"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, PARTITIONS, 1)])
    signing, settings = make_signing(tmp_path), KitSettings(stream_buffer_events=300)
    hub = StreamHub(KafkaLog(kafka_bootstrap, client_id="test"), [topic], settings, SystemClock())
    rows = [Row(service="x", method="GET", path=f"/streams/{topic}", roles=VIEWERS)]
    app: Any = build_app(
        [stream_router(hub, [topic])], rows, settings=settings, verifier=signing.verifier, health=Health()
    )
    sock = socket.create_server(("127.0.0.1", 0))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)  # else the kernel alone takes thousands of events
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None, timeout_graceful_shutdown=3))
    serving, following = asyncio.create_task(server._serve([sock])), asyncio.create_task(hub.run())
    producer = AIOKafkaProducer(bootstrap_servers=kafka_bootstrap)
    await producer.start()
    port = sock.getsockname()[1]
    yield Rig(topic, f"http://127.0.0.1:{port}", port, signing, producer, hub)
    hub.stop()
    server.should_exit = True
    await asyncio.gather(serving, following)
    await producer.stop()
    await admin.delete_topics([topic])
    await admin.close()


async def test_cuts_under_load_leave_no_gap_and_no_double(rig: Rig) -> None:
    total, cuts = 6_000, 0
    seen: list[int] = []

    async def produce() -> None:
        for _ in range(total // 100):
            await rig.send(100)
            await asyncio.sleep(0.01)

    async with rig.read() as stream:
        first = await anext(stream)  # the place where it begins
        place = first.id
        producing = asyncio.create_task(produce())
    while len(seen) < total:
        # A reader that is too slow for the load is cut in the middle, which is one more way to lose the connection.
        with suppress(httpx.RemoteProtocolError, httpx.ReadError):
            async with asyncio.timeout(60), rig.read(last_id=place) as stream:
                until = len(seen) + 700
                async for event in stream:
                    place = event.id
                    if event.type:
                        seen.append(event.data["data"]["n"])
                    if len(seen) in (until, total):
                        break
        cuts += 1
    await producing
    assert cuts >= 8
    assert sorted(seen) == list(range(total))
    for partition in range(PARTITIONS):
        mine = [number for number in seen if number % PARTITIONS == partition]
        assert mine == sorted(mine)


async def test_a_reader_gets_its_areas_only(rig: Rig) -> None:
    async with rig.read(("510000",)) as sichuan, rig.read(("620000",)) as gansu:
        await anext(sichuan), await anext(gansu)
        await rig.send(5, "510722")
        await rig.send(5, "620102")
        await rig.send(1, "510722,620102")
        async with asyncio.timeout(30):
            assert {(await anext(sichuan)).data["jurisdiction"][0] for _ in range(6)} == {"510722"}
            got = [(await anext(gansu)).data for _ in range(6)]
    assert [event["jurisdiction"] for event in got].count(["620102"]) == 5
    assert got[0]["exercise"] is True


async def test_a_wrong_place_is_a_400_problem(rig: Rig) -> None:
    for wrong in ("abc", "1.2", "999999.0.0.0"):
        async with rig.read(last_id=wrong) as response:
            assert response.status_code == 400
            assert response.json()["problems"][0]["where"] == "header:Last-Event-ID"


async def test_a_reader_that_takes_nothing_is_cut_and_others_go_on(rig: Rig) -> None:
    with socket.socket() as stuck:
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stuck.connect(("127.0.0.1", rig.port))
        head = "".join(f"{name}: {value}\r\n" for name, value in rig.headers().items())
        stuck.sendall(f"GET /streams/{rig.topic} HTTP/1.1\r\nHost: x\r\n{head}\r\n".encode())
        async with rig.read() as stream:
            await anext(stream)
            readers = list(rig.hub._readers)
            assert len(readers) == 2
            async with asyncio.timeout(90):
                for _ in range(80):
                    await rig.send(100)
                    for _ in range(100):
                        await anext(stream)
                    if any(reader.is_cut for reader in readers):
                        break
            assert sorted(str(reader.cut_reason) for reader in readers) == ["None", "slow"]
            await rig.send(10)
            async with asyncio.timeout(30):
                for _ in range(10):
                    await anext(stream)
        stuck.settimeout(20)
        with pytest.raises((ConnectionResetError, EOFError)):
            await asyncio.to_thread(read_to_the_end, stuck)
        assert rig.hub._readers == set()


def read_to_the_end(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass
    raise EOFError
