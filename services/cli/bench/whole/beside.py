"""Starts the floor and the peer of `bench path` in processes of their own, and ends them."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg
import httpx
import orjson
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from services.cli.bench.whole import bare, floor
from services.cli.bench.whole.stage import Stage
from services.cli.instance.layout import PROJECT
from services.cli.instance.ports import free_port

FLOOR_STARTS_IN_S: Final = 5.0
"""Time for the floor's process to start and warm up before both loads begin together."""
FLOOR_ENDS_IN_S: Final = 60.0
BARE_STARTS_IN_S: Final = 30.0


class FloorProcess:
    """The floor's process. Both loads begin at `begin_at_s`; the floor's chains lie halfway between declarations."""

    def __init__(self, process: asyncio.subprocess.Process, begin_at_s: float) -> None:
        self.begin_at_s = begin_at_s
        self._process = process

    async def result(self) -> list[float]:
        """Seconds of each chain, when all have run."""
        async with asyncio.timeout(FLOOR_ENDS_IN_S):
            out, said = await self._process.communicate()
        if self._process.returncode != 0:
            raise RuntimeError(f"the floor failed: {said.decode(errors='replace')[-500:]}")
        found: list[float] = orjson.loads(out)
        return found


@asynccontextmanager
async def floor_beside(stage: Stage, chains: int, rate_per_s: float) -> AsyncIterator[FloorProcess]:
    """The floor at the same pace, while the block runs."""
    await _execute(stage.bench_dsn, floor.CREATE)
    await _make_topic(stage.kafka)
    begin_at_s = time.time() + FLOOR_STARTS_IN_S
    process = await _python(
        "services.cli.bench.whole.floor",
        (str(chains), str(rate_per_s), str(begin_at_s + 0.5 / rate_per_s)),
        {floor.DSN_VARIABLE: stage.bench_dsn, floor.KAFKA_VARIABLE: stage.kafka},
    )
    try:
        yield FloorProcess(process, begin_at_s)
    finally:
        await _end(process)
        await _drop_topic(stage.kafka)


@asynccontextmanager
async def floor_here(stage: Stage) -> AsyncIterator[floor.Floor]:
    """The floor in this process, for one chain at a time between other measurements."""
    await _execute(stage.bench_dsn, floor.CREATE)
    await _make_topic(stage.kafka)
    try:
        async with floor.ready_floor(stage.bench_dsn, stage.kafka) as ready:
            yield ready
    finally:
        await _drop_topic(stage.kafka)


@asynccontextmanager
async def bare_endpoint(stage: Stage) -> AsyncIterator[str]:
    """The bare endpoint; gives its address."""
    await _execute(stage.bench_dsn, bare.CREATE)
    port = free_port()
    process = await _python("services.cli.bench.whole.bare", (str(port),), {bare.DSN_VARIABLE: stage.bench_dsn})
    url = f"http://127.0.0.1:{port}"
    try:
        await _answers(url, process)
        yield url
    finally:
        await _end(process)


async def _python(module: str, arguments: tuple[str, ...], settings: dict[str, str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, cwd=PROJECT, env=os.environ | settings | {"PYTHONPATH": str(PROJECT)},
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            async with asyncio.timeout(10):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def _answers(url: str, process: asyncio.subprocess.Process) -> None:
    deadline = time.monotonic() + BARE_STARTS_IN_S
    async with httpx.AsyncClient(trust_env=False) as client:
        while True:
            try:
                await client.get(url)
            except httpx.TransportError:
                if process.returncode is not None or time.monotonic() > deadline:
                    raise RuntimeError("the bare endpoint did not start") from None
                await asyncio.sleep(0.1)
            else:
                return


async def _execute(dsn: str, statements: str) -> None:
    connection: Any = await asyncpg.connect(dsn)
    try:
        await connection.execute(statements)
    finally:
        await connection.close()


async def _make_topic(kafka: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        if floor.TOPIC not in await admin.list_topics():
            await admin.create_topics([NewTopic(floor.TOPIC, num_partitions=1, replication_factor=1)])
    finally:
        await admin.close()


async def _drop_topic(kafka: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.delete_topics([floor.TOPIC])
    finally:
        await admin.close()
