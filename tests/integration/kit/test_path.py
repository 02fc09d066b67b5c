"""Unit -> outbox -> relay -> Kafka -> inbox -> handler, undisturbed."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest

from tests.integration.kit.rig import Rig, open_rig, until, until_effects
from tests.support.postgres_server import TestDatabase

pytestmark = pytest.mark.integration
Make = Callable[..., TestDatabase]


async def test_events_arrive_once_and_in_order_per_key(kafka_topics: str, make_database: Make) -> None:
    async with open_rig(make_database("registry", "alerts").dsns, kafka_topics) as rig:
        rig.start(rig.relay(), rig.consumer_loop())
        keys = [uuid4() for _ in range(5)]
        await rig.emit_together(keys, per_key=20)
        for key in keys:
            await rig.emit(key, 5)
        await until_effects(rig, {str(key): list(range(1, 26)) for key in keys})
        await until(lambda: outbox_is_empty(rig))  # what was acknowledged is deleted with the relay's next reading


async def outbox_is_empty(rig: Rig) -> bool:
    return await rig.producer.value("SELECT count(*) FROM outbox") == 0
