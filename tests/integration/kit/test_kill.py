"""kill -9 of a consumer in the middle of its batches, again and again: each effect once, in order."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
from collections.abc import Callable
from uuid import uuid4

import pytest

from tests.integration.kit.rig import open_rig, until, until_effects
from tests.support.postgres_server import TestDatabase

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]
KILLS = 4
PER_KEY = 150


async def test_a_consumer_killed_in_the_middle_of_batches_doubles_and_loses_nothing(
    kafka_topics: str, make_database: Callable[..., TestDatabase]
) -> None:
    dsns = make_database("registry", "alerts").dsns
    async with open_rig(dsns, kafka_topics) as rig:
        rig.start(rig.relay())
        keys = [uuid4() for _ in range(8)]
        await rig.emit_together(keys, per_key=PER_KEY)
        addresses = json.dumps(
            {"dsn": dsns["alerts"], "kafka": kafka_topics, "group": rig.group, "keys": [str(key) for key in keys]}
        )

        async def done() -> int:
            count: int = await rig.consumer.value("SELECT count(*) FROM effects")
            return count

        for _ in range(KILLS):
            before = await done()
            process = await _start(addresses)

            async def moved(since: int = before) -> bool:
                return await done() > since

            await until(moved, timeout_s=40)
            await asyncio.sleep(random.uniform(0, 0.15))
            os.kill(process.pid, signal.SIGKILL)
            await process.wait()
        assert await done() < len(keys) * PER_KEY, "the kills came too late to prove anything"
        process = await _start(addresses)
        await until_effects(rig, {str(key): list(range(1, PER_KEY + 1)) for key in keys}, timeout_s=60)
        process.kill()
        await process.wait()


async def _start(addresses: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.integration.kit.consumer_process", addresses
    )
