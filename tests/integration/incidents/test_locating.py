"""Declaring by area codes, circles and without codes, on a real database."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from schemas.events.area import AreaSource, AreaState
from schemas.events.incident import IncidentAreaRevised, IncidentDeclared
from schemas.policy import AccountRole
from schemas.values import MultiPolygonGeometry, Position
from schemas.vocabulary import Tier
from services.incidents.areas.store import save_area
from tests.integration.incidents.test_feeds import flood, proposal_id_of
from tests.support.service_rig import ServiceRig
from tests.unit.incidents.builders import body

pytestmark = pytest.mark.integration
SOURCE = AreaSource(name="Test pack", licence="CC0", sha256="ab" * 32)
POINT = {"type": "Point", "coordinates": [103.5, 31.5]}


def square(west: float) -> MultiPolygonGeometry:
    ring = ((west, 31.0), (west + 1, 31.0), (west + 1, 32.0), (west, 32.0), (west, 31.0))
    return MultiPolygonGeometry(coordinates=((ring,),))


def county(code: str, name_zh: str, **more: Any) -> AreaState:
    return AreaState(code=code, name_zh=name_zh, tier=Tier.COUNTY, source=SOURCE, **more)


KNOWN = (
    county("513221", "汶川县", geometry=square(103), centre=Position(lat_deg=31.5, lon_deg=103.5)),
    county("513222", "理县", geometry=square(104)),
    county("510724", "安县", valid_to="2016-03-20", successor_codes=("510705",)),
    county("510705", "安州区", valid_from="2016-03-20", centre=Position(lat_deg=31.5, lon_deg=104.5)),
    county("510726", "北川"),
)


@pytest.fixture
async def located(rig: ServiceRig) -> ServiceRig:
    """The service, which knows some areas."""
    async with rig.runtime.pool.acquire() as connection:
        for state in KNOWN:
            await save_area(connection, state, 1)
    return rig


async def declare(rig: ServiceRig, status: int = 201, areas: tuple[str, ...] = ("*",), **changes: Any) -> Any:
    async with rig.client(areas=areas) as client:
        response = await client.post("/incidents", json=body(**changes))
    assert response.status_code == status, response.text
    return response.json()


async def told(rig: ServiceRig) -> IncidentDeclared:
    event = (await rig.emitted("incident-events"))[-1].data
    assert isinstance(event, IncidentDeclared)
    return event


async def test_by_area_codes_the_place_is_the_union_and_both_are_kept(located: ServiceRig) -> None:
    answer = await declare(located, place={"area_codes": ["513221", "513222"]}, area_codes=None)
    event = await told(located)
    assert event.area_codes == ("513221", "513222")
    assert event.place.model_dump()["type"] == "Polygon"
    async with located.client() as client:
        kept = (await client.get(f"/incidents/{answer['incident_id']}")).json()
    assert kept["place_stated"] == {"area_codes": ["513221", "513222"]}
    assert [area["name_zh"] for area in kept["place_found"]["areas"]] == ["汶川县", "理县"]
    async with located.client(AccountRole.VIEWER) as client:
        kept = (await client.get(f"/incidents/{answer['incident_id']}")).json()
    assert kept["place_stated"] is None


async def test_an_old_code_becomes_its_successor_and_a_centre_a_circle_both_said(located: ServiceRig) -> None:
    answer = await declare(located, place={"area_codes": ["510724"]}, area_codes=None)
    event = await told(located)
    assert (event.area_codes, event.radius_m) == (("510705",), 20_000)
    whats = [problem["what"] for problem in answer["problems"]]
    assert any("no longer stood" in what for what in whats)
    assert any("assumed" in what for what in whats)


@pytest.mark.parametrize(
    ("place", "where", "what"),
    [
        ({"area_codes": ["990000"]}, "/place/area_codes/0", "no area"),
        ({"area_codes": ["510726"]}, "/place/area_codes/0", "where 510726 lies"),
        ({"area_codes": ["51", 7]}, "/place/area_codes/1", "digits"),
        ({"area_codes": []}, "/place/area_codes", "array of 1"),
        ({"area_codes": ["513221"], "x": 1}, "/place/x", "not known"),
        ({"lat_deg": 31, "lon_deg": 103, "radius_m": -1}, "/place/radius_m", "metres"),
        ({"lat_deg": 99, "lon_deg": 103, "radius_m": 10}, "/place/lat_deg", "latitude"),
        ({"type": "Point", "coordinates": [10.0, 50.0]}, "/area_codes", "no boundary"),
    ],
)
async def test_what_cannot_be_found_is_refused_with_the_reason(
    located: ServiceRig, place: dict[str, Any], where: str, what: str
) -> None:
    answer = await declare(located, status=422, place=place, area_codes=None)
    assert any(where == problem["where"] and what in problem["what"] for problem in answer["problems"])
    assert await located.count("incidents") == 0


async def test_a_circle_is_a_position_with_its_radius(located: ServiceRig) -> None:
    await declare(located, place={"lat_deg": 31.5, "lon_deg": 103.5, "radius_m": 5000})
    event = await told(located)
    assert (event.place.model_dump()["coordinates"], event.radius_m) == ((103.5, 31.5), 5000)


async def test_codes_that_are_left_out_are_found_and_bind_the_declarer(located: ServiceRig) -> None:
    answer = await declare(located, place=POINT, area_codes=None, areas=("513200",))
    assert (await told(located)).area_codes == ("513221",)
    assert any(problem["where"] == "/area_codes" for problem in answer["problems"])
    wide = {"lat_deg": 31.5, "lon_deg": 103.9, "radius_m": 20_000}
    await declare(located, place=wide, area_codes=None)
    assert (await told(located)).area_codes == ("513221", "513222")
    await declare(located, status=403, place=POINT, area_codes=None, areas=("510700",))


async def test_by_address_what_was_typed_and_what_it_was_taken_for_are_kept(located: ServiceRig) -> None:
    answer = await declare(located, place={"address": "汶川县幸福路8号"}, area_codes=None)
    event = await told(located)
    assert event.area_codes == ("513221",)
    assert event.place.model_dump()["type"] == "Polygon"
    assert "幸福路" not in event.model_dump_json()
    assert any("幸福路8号" in problem["what"] for problem in answer["problems"])
    async with located.client() as client:
        kept = (await client.get(f"/incidents/{answer['incident_id']}")).json()
    assert kept["place_stated"] == {"address": "汶川县幸福路8号"}
    assert (kept["place_found"]["by"], kept["place_found"]["areas"][0]["code"]) == ("address", "513221")
    await declare(located, status=403, place={"address": "汶川"}, area_codes=None, areas=("510700",))


async def test_a_town_of_the_gazetteer_is_a_circle_in_its_province_where_no_boundary_holds_it(
    located: ServiceRig,
) -> None:
    answer = await declare(located, place={"address": "Chengdu"}, area_codes=None)
    event = await told(located)
    assert (event.place.model_dump()["type"], event.radius_m, event.area_codes) == ("Point", 6_000, ("510000",))
    assert {"/radius_m", "/area_codes"} <= {problem["where"] for problem in answer["problems"]}


async def revise(rig: ServiceRig, incident_id: str, status: int = 200, **said: Any) -> Any:
    async with rig.client() as client:
        response = await client.post(f"/incidents/{incident_id}/area", json={**said, "reason": "better known now"})
    assert response.status_code == status, response.text
    return response.json()


@pytest.mark.parametrize(
    ("place", "taken"),
    [
        ({"address": "汶川县"}, ("Polygon", 0.0)),
        ({"area_codes": ["513221", "513222"]}, ("Polygon", 0.0)),
        ({"area_codes": ["510724"]}, ("Point", 20_000.0)),
        ({"lat_deg": 31.5, "lon_deg": 103.5, "radius_m": 5000}, ("Point", 5000.0)),
    ],
)
async def test_an_area_is_revised_by_a_place_in_any_form_and_keeps_codes_that_are_left_out(
    located: ServiceRig, place: dict[str, Any], taken: tuple[str, float]
) -> None:
    declared = await declare(located, place=POINT, radius_m=70_000, area_codes=["513200"])
    answer = await revise(located, declared["incident_id"], place=place)
    assert answer["changed"] is True
    assert bool(answer["problems"]) is ("510724" in place.get("area_codes", ()))
    event = (await located.emitted("incident-events"))[-1].data
    assert isinstance(event, IncidentAreaRevised)
    assert (event.place.type, event.radius_m, event.area_codes) == (*taken, ("513200",))


async def test_an_area_is_not_revised_by_a_place_that_is_not_found(located: ServiceRig) -> None:
    declared = await declare(located, place=POINT)
    refused = await revise(located, declared["incident_id"], 422, place={"area_codes": ["999999"]})
    assert [problem["where"] for problem in refused["problems"]] == ["/place/area_codes/0"]
    both = {"lat_deg": 31.5, "lon_deg": 103.5, "radius_m": 5000}
    refused = await revise(located, declared["incident_id"], 422, place=both, radius_m=6000)
    assert [problem["where"] for problem in refused["problems"]] == ["/radius_m"]
    await revise(located, str(uuid4()), 404, place={"address": "汶川县"})
    assert [envelope.type for envelope in await located.emitted("incident-events")] == ["incident.declared"]


@pytest.mark.parametrize(
    ("address", "what"),
    [("汶穿县", '"area_codes": ["513221"]'), ("qqqqqqq", "nothing that is known"), ("", "text of 1"), ("北川", "lies")],
)
async def test_an_address_in_doubt_is_refused_with_what_it_may_mean(
    located: ServiceRig, address: str, what: str
) -> None:
    answer = await declare(located, status=422, place={"address": address}, area_codes=None)
    assert any(what in problem["what"] for problem in answer["problems"])
    assert {problem["where"] for problem in answer["problems"]} == {"/place/address"}


async def test_places_are_found_by_name_and_by_position(located: ServiceRig) -> None:
    async with located.client(AccountRole.VIEWER) as client:
        found = (await client.get("/incidents/geocode", params={"q": "wen chuan xian"})).json()
        old = (await client.get("/incidents/geocode", params={"q": "安县", "on": "2008-05-12"})).json()
        here = (await client.get("/incidents/reverse", params={"lat_deg": 31.5, "lon_deg": 103.5})).json()
        blank = await client.get("/incidents/geocode", params={"q": "  "})
        online = await client.get("/incidents/geocode", params={"q": "汶川", "online": True})
    assert (found["certain"], found["items"][0]["name_zh"]) == ("513221", "汶川县")
    assert old["certain"] == "510724"
    assert [area["code"] for area in here["areas"]] == ["513221"]
    assert here["nearest"][0]["distance_km"] == 0
    assert (blank.status_code, online.status_code) == (422, 422)


async def test_a_proposal_is_accepted_at_an_address_with_its_own_ground(located: ServiceRig) -> None:
    proposal_id = await proposal_id_of(located, flood("A", 1))
    accept = f"/incidents/proposals/{proposal_id}/accept"
    async with located.client() as client:
        doubted = await client.post(accept, json={"place": {"address": "汶州县"}})
        answer = await client.post(accept, json={"place": {"address": "汶川县幸福路8号"}})
    assert doubted.status_code == 422
    assert {problem["where"] for problem in doubted.json()["problems"]} == {"/place/address"}
    assert (answer.status_code, answer.json()["outcome"]) == (201, "declared"), answer.text
    assert any("幸福路8号" in problem["what_zh"] for problem in answer.json()["problems"])
    event = await told(located)
    assert (event.area_codes, event.radius_m, event.place.model_dump()["type"]) == (("513221",), 0, "Polygon")
    async with located.client() as client:
        kept = (await client.get(f"/incidents/{proposal_id}")).json()
    assert kept["place_stated"] == {"address": "汶川县幸福路8号"}
    assert kept["place_found"]["areas"][0]["code"] == "513221"
