"""Areas through the registry's API, on a real database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from schemas.events.area import AreaState
from services.kit.clock import ManualClock
from services.kit.timers import TimerLoop
from services.registry.areas.commands import REGISTER_BUILT_IN, register_built_in
from tests.support.service_rig import ServiceRig
from tests.unit.registry.areas.builders import SOURCE, area_item, square

pytestmark = pytest.mark.integration
AREAS = "/registry/areas:batch"
ANXIAN = (
    area_item(
        code="510724", name_zh="安县", name_en=None, valid_to="2016-03-20", successor_codes=["510705"],
        geometry=square(104, 31), simplified_m=0,
    ),
    area_item(code="510705", name_zh="安州区", name_en=None, valid_from="2016-03-20"),
)  # fmt: skip


async def send(rig: ServiceRig, *items: Any, areas: tuple[str, ...] = ("*",), status: int = 200) -> Any:
    async with rig.client(areas=areas) as client:
        response = await client.post(AREAS, json={"source": SOURCE, "items": items})
    assert response.status_code == status, response.text
    return response.json()


async def get(rig: ServiceRig, path: str, status: int = 200) -> Any:
    async with rig.client() as client:
        response = await client.get(path)
    assert response.status_code == status, response.text
    return response.json()


async def test_a_pack_is_taken_once_and_a_wrong_item_holds_up_no_other(rig: ServiceRig) -> None:
    answer = await send(rig, *ANXIAN, area_item(code="510726", geometry=square(31, 104), simplified_m=0))
    assert [item["outcome"] for item in answer["items"]] == ["created", "created", "refused"]
    assert answer["items"][2]["problems"][0]["where"] == "/items/2/geometry"
    assert [item["outcome"] for item in (await send(rig, *ANXIAN))["items"]] == ["unchanged", "unchanged"]
    told = await rig.emitted("area-state")
    assert [(envelope.key, envelope.jurisdiction, envelope.exercise) for envelope in told] == [
        ("510724", ("510724",), False), ("510705", ("510705",), False)
    ]  # fmt: skip
    state = told[0].data
    assert isinstance(state, AreaState)
    assert state.geometry is not None


async def test_what_a_code_means_depends_on_the_day(rig: ServiceRig) -> None:
    await send(rig, *ANXIAN)
    then = await get(rig, "/registry/areas/510724?on=2008-05-12&geometry=true")
    assert [area["code"] for area in then["areas"]] == ["510724"]
    assert then["areas"][0]["geometry"]["type"] == "MultiPolygon"
    today = await get(rig, "/registry/areas/510724")
    assert [area["name_zh"] for area in today["areas"]] == ["安州区"]
    assert today["on"] == "2026-05-12"
    assert "510705" in today["notes"][0]["what"]
    await get(rig, "/registry/areas/990000", status=404)


async def test_areas_are_found_by_parent_name_and_day(rig: ServiceRig) -> None:
    await send(rig, *ANXIAN, area_item(code="510700", name_zh="绵阳市", name_en="Mianyang", tier="prefecture"))
    for query, expected in (
        ("parent=510700", ["510705", "510724"]),
        ("parent=510700&on=2026-05-12", ["510705"]),
        ("q=mianYANG", ["510700"]),
        ("tier=county&limit=1", ["510705"]),
        ("tier=county&limit=1&after_code=510705", ["510724"]),
    ):
        found = await get(rig, f"/registry/areas?{query}")
        assert [item["code"] for item in found["items"]] == expected
    assert found["items"][0]["has_geometry"] is True


async def test_nobody_brings_in_areas_of_others(rig: ServiceRig) -> None:
    await send(rig, *ANXIAN, areas=("510000",))
    await send(rig, *ANXIAN, areas=("510705",), status=403)


async def test_the_provinces_are_registered_once_at_the_first_start(rig: ServiceRig, clock: ManualClock) -> None:
    clock.set(datetime.now(UTC) + timedelta(hours=1))  # the migration's timer is due by the database's clock
    await send(rig, area_item(code="510000", name_zh="四川", name_en=None, tier="province"))
    loop = TimerLoop(rig.runtime.units, {REGISTER_BUILT_IN: register_built_in})
    assert await loop.fire_due() == 1
    assert await loop.fire_due() == 0
    provinces = (await get(rig, "/registry/areas?tier=province&limit=100"))["items"]
    assert len(provinces) == 34
    assert next(area for area in provinces if area["code"] == "510000")["name_zh"] == "四川"
    assert len(await rig.emitted("area-state")) == 34


async def test_the_same_request_again_answers_the_same(rig: ServiceRig) -> None:
    headers = {"Idempotency-Key": str(uuid4())}
    async with rig.client() as client:
        answers = [
            (await client.post(AREAS, json={"source": SOURCE, "items": ANXIAN}, headers=headers)).json()
            for _ in range(2)
        ]
    assert answers[0] == answers[1]
    assert answers[0]["counts"]["created"] == 2
