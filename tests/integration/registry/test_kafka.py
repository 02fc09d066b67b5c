"""The register's states reach the log."""

from __future__ import annotations

from uuid import uuid4

import pytest

from schemas.events.volunteer import VolunteerState
from services.kit.kafka import KafkaBus
from services.registry.volunteers.decide import volunteer_id_of
from tests.support.service_rig import ServiceRig, read_keys
from tests.unit.registry.stations.builders import station_item
from tests.unit.registry.volunteers.builders import volunteer_item

pytestmark = pytest.mark.integration


async def test_the_last_state_of_a_volunteer_on_the_log_is_how_they_stand(rig: ServiceRig, kafka_topics: str) -> None:
    refs = [f"V-{uuid4()}" for _ in range(20)]
    ids = {str(volunteer_id_of(ref)) for ref in refs}
    async with rig.relayed(KafkaBus(kafka_topics, client_id="registry")), rig.client() as client:
        await client.post("/registry/stations:batch", json={"items": [station_item()]})
        items = [volunteer_item(ref=ref) for ref in refs]
        await client.post("/registry/volunteers:batch", json={"items": items})
        away = {volunteer_id_of(ref) for ref in refs[::2]}
        for volunteer_id in away:
            await client.post(f"/registry/volunteers/{volunteer_id}/availability", json={"available": False})
        envelopes = await read_keys(kafka_topics, "volunteer-state", ids, 30)
    last: dict[str, VolunteerState] = {}
    for envelope in envelopes:
        assert isinstance(envelope.data, VolunteerState)
        last[envelope.key] = envelope.data
    assert set(last) == ids
    assert {state.volunteer_id for state in last.values() if not state.deployable} == away
