"""Declaring by the areas that are built in, as they come without any pack, on a real database."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.events.incident import IncidentDeclared
from services.incidents.areas.store import save_area
from services.registry.areas.built_in import read_built_in
from services.registry.areas.decide import area_state, decide_area
from services.registry.areas.model import AreaDecision
from tests.support.service_rig import ServiceRig
from tests.unit.incidents.builders import body

pytestmark = pytest.mark.integration
PROVINCES = ("34", "51")


@pytest.fixture
async def knowing(rig: ServiceRig) -> ServiceRig:
    """The service with its copy of the built-in areas of two provinces."""
    async with rig.runtime.pool.acquire() as connection, connection.transaction():
        for source, entry in read_built_in():
            if entry.code.startswith(PROVINCES):
                decision = decide_area(entry, None, source, "")
                assert isinstance(decision, AreaDecision)
                await save_area(connection, area_state(decision.area), 1)
    return rig


async def declare(rig: ServiceRig, status: int = 201, **changes: Any) -> Any:
    async with rig.client() as client:
        response = await client.post("/incidents", json=body(area_codes=None, **changes))
    assert response.status_code == status, response.text
    return response.json()


async def told(rig: ServiceRig) -> IncidentDeclared:
    event = (await rig.emitted("incident-events"))[-1].data
    assert isinstance(event, IncidentDeclared)
    return event


async def test_a_code_without_a_boundary_is_a_circle_around_its_centre_and_says_so(knowing: ServiceRig) -> None:
    for code, radius_m in {"513221": 20_000, "510700": 60_000, "510000": 200_000}.items():
        answer = await declare(knowing, place={"area_codes": [code]})
        event = await told(knowing)
        assert (event.area_codes, event.radius_m, event.place.model_dump()["type"]) == ((code,), radius_m, "Point")
        (note,) = [problem for problem in answer["problems"] if problem["where"] == "/place"]
        assert "centre only, no boundary" in note["what"]
        assert "assumed" in note["what"]
        assert "仅有中心、无边界" in note["what_zh"]


async def test_several_codes_are_circles_together(knowing: ServiceRig) -> None:
    answer = await declare(knowing, place={"area_codes": ["513221", "513223"]})
    event = await told(knowing)
    assert (event.area_codes, event.radius_m) == (("513221", "513223"), 0)
    assert sum("centre only" in problem["what"] for problem in answer["problems"]) == 2


async def test_where_nobody_knows_the_centre_coordinates_are_asked_for(knowing: ServiceRig) -> None:
    answer = await declare(knowing, status=422, place={"area_codes": ["513225"]})  # 九寨沟县
    assert [problem["where"] for problem in answer["problems"]] == ["/place/area_codes/0"]
    assert "give coordinates" in answer["problems"][0]["what"]


async def test_names_of_today_and_of_then_are_found_by_characters_and_sound(knowing: ServiceRig) -> None:
    meant = {
        ("四川省阿坝州汶川县", "2026-05-12"): "513221",
        ("beichuan", "2026-05-12"): "510726",
        ("mian yang shi", "2026-05-12"): "510700",
        ("安县", "2026-05-12"): "510705",
        ("安县", "2008-05-12"): "510724",
        ("巢湖市", "2026-05-12"): "340181",
        ("无为县", "2026-05-12"): "340281",
    }
    async with knowing.client() as client:
        for (query, on), code in meant.items():
            found = (await client.get("/incidents/geocode", params={"q": query, "on": on})).json()
            assert found["certain"] == code, query
    answer = await declare(knowing, place={"address": "安县"})
    assert (await told(knowing)).area_codes == ("510705",)
    assert any("centre only" in problem["what"] for problem in answer["problems"])
