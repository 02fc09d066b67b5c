"""Stations from request to outbox, on a real database."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from schemas.policy import AccountRole
from tests.integration.registry.calls import STATIONS, outcomes, send, types
from tests.support.service_rig import ServiceRig
from tests.unit.registry.stations.builders import station_item

pytestmark = pytest.mark.integration


async def test_a_batch_registers_stations_and_tells_each_fact_and_state(rig: ServiceRig) -> None:
    answer = await send(
        rig, STATIONS, station_item(detachment_ref="D-51"),
        station_item(ref="D-51", kind="provincial-detachment", tier="province", area_code="510000"),
    )  # fmt: skip
    assert outcomes(answer) == ["created", "created"]
    assert Counter(await types(rig)) == {"station.registered": 2, "station.state": 2}
    async with rig.client(AccountRole.VIEWER) as client:
        listed = (await client.get("/registry/stations")).json()["items"]
        detachments = (await client.get("/registry/stations", params={"kind": "provincial-detachment"})).json()["items"]
    assert [station["ref"] for station in listed] == ["D-51", "S-001"]
    assert listed[1]["detachment_id"] == detachments[0]["station_id"] == answer["items"][1]["id"]


@pytest.mark.parametrize(
    "items",
    [pytest.param([], id="none"), pytest.param([{}] * 1001, id="more than 1,000"), pytest.param({}, id="no list")],
)
async def test_a_batch_of_the_wrong_size_is_refused(rig: ServiceRig, items: Any) -> None:
    async with rig.client() as client:
        response = await client.post(STATIONS, json={"items": items})
    assert response.status_code == 422
    assert response.json()["problems"][0]["where"] == "/items"
