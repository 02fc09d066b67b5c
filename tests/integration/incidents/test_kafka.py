"""Declarations reach the log, also those that were made while it was away."""

from __future__ import annotations

import pytest

from services.cli.instance.ports import free_port
from services.kit.kafka import KafkaBus
from tests.support.service_rig import ServiceRig, read_keys
from tests.unit.incidents.builders import body

pytestmark = pytest.mark.integration


async def declare_and_raise(rig: ServiceRig, count: int) -> set[str]:
    """Declarations, each followed by a change."""
    ids = set()
    async with rig.client() as client:
        for _ in range(count):
            declared = await client.post("/incidents", json=body(level="II", exercise=True))
            assert declared.status_code == 201
            incident_id = declared.json()["incident_id"]
            raised = await client.post(f"/incidents/{incident_id}/level", json={"level": "I", "reason": "worse"})
            assert raised.status_code == 200
            ids.add(incident_id)
    return ids


async def test_what_is_declared_while_kafka_is_away_flows_when_it_is_back(rig: ServiceRig, kafka_topics: str) -> None:
    async with rig.relayed(KafkaBus(f"127.0.0.1:{free_port()}", client_id="away", request_timeout_s=1)):
        ids = await declare_and_raise(rig, 10)
        assert await rig.count("outbox") == 20
    async with rig.relayed(KafkaBus(kafka_topics, client_id="back")):
        ids |= await declare_and_raise(rig, 5)
        envelopes = await read_keys(kafka_topics, "incident-events", ids, 30)
    per_key = {key: [e.sequence for e in envelopes if e.key == key] for key in ids}
    assert all(sequences == [1, 2] for sequences in per_key.values())
    assert {envelope.exercise for envelope in envelopes} == {True}
