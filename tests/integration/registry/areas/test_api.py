"""Areas through the registry's API, on a real database."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from schemas.events.area import AreaState
from services.kit.clock import ManualClock
from services.kit.timers import TimerLoop
from services.registry.areas.built_in import read_built_in
from services.registry.areas.commands import REGISTER_AREAS, REGISTER_BUILT_IN, register_built_in
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


async def test_the_built_in_areas_are_registered_once_at_the_first_start_and_a_pack_stays(
    rig: ServiceRig, clock: ManualClock
) -> None:
    clock.set(datetime.now(UTC) + timedelta(hours=1))  # the migrations' timers are due by the database's clock
    known = read_built_in()
    sichuan = area_item(code="510000", name_zh="四川", name_en=None, tier="province", lat_deg=30.6, lon_deg=104.0)
    await send(rig, sichuan, area_item(name_zh="汶川", name_en=None))
    loop = TimerLoop(rig.runtime.units, {REGISTER_BUILT_IN: register_built_in, REGISTER_AREAS: register_built_in})
    while await loop.fire_due():
        pass
    assert len((await get(rig, "/registry/areas?tier=province&limit=100"))["items"]) == 34
    counts = Counter(envelope.key for envelope in await rig.emitted("area-state"))
    assert counts.keys() == {entry.code for _, entry in known}
    assert {code for code, times in counts.items() if times > 1} == {"513221"}  # it got a centre that nobody had told

    packed = (await get(rig, "/registry/areas/510000"))["areas"][0]
    filled = (await get(rig, "/registry/areas/513221"))["areas"][0]
    assert (packed["name_zh"], packed["centre"]) == ("四川", {"lat_deg": 30.6, "lon_deg": 104.0})
    assert (filled["name_zh"], filled["source"]) == ("汶川", SOURCE)
    assert filled["centre"] == pytest.approx({"lat_deg": 31.49, "lon_deg": 103.58}, abs=0.01)
    county = (await get(rig, "/registry/areas/510722"))["areas"][0]
    assert (county["name_zh"], county["parent_code"], county["has_geometry"]) == ("三台县", "510700", False)
    assert "GeoNames" in county["source"]["licence"]


async def test_an_outline_of_a_pack_takes_the_place_of_a_built_in_centre(rig: ServiceRig, clock: ManualClock) -> None:
    clock.set(datetime.now(UTC) + timedelta(hours=1))
    loop = TimerLoop(rig.runtime.units, {REGISTER_BUILT_IN: register_built_in, REGISTER_AREAS: register_built_in})
    while await loop.fire_due():
        pass
    outline = {"code": "510722", "geometry": square(105, 31), "simplified_m": 0}
    assert (await send(rig, outline))["counts"]["changed"] == 1
    county = (await get(rig, "/registry/areas/510722"))["areas"][0]
    assert (county["centre"], county["geometry_source"]) == ({"lat_deg": 31.5, "lon_deg": 105.5}, SOURCE)
    assert county["name_zh"] == "三台县"
    again = await get(rig, "/registry/areas/510724")
    assert [area["code"] for area in again["areas"]] == ["510705"]
    assert [area["code"] for area in again["replaced"]] == ["510724"]


async def test_the_same_request_again_answers_the_same(rig: ServiceRig) -> None:
    headers = {"Idempotency-Key": str(uuid4())}
    async with rig.client() as client:
        answers = [
            (await client.post(AREAS, json={"source": SOURCE, "items": ANXIAN}, headers=headers)).json()
            for _ in range(2)
        ]
    assert answers[0] == answers[1]
    assert answers[0]["counts"]["created"] == 2
