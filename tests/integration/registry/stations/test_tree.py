"""The tree of stations and what is said of each, through the API on a real database."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.policy import AccountRole
from services.registry.stations.decide import station_id_of
from tests.integration.registry.calls import STATIONS, fill, last_state, outcomes, send, types
from tests.support.service_rig import ServiceRig
from tests.unit.registry.stations.builders import station_item
from tests.unit.registry.volunteers.builders import volunteer_item

pytestmark = pytest.mark.integration

COMMUNITY = station_item(
    ref="R-1", kind="consultation-room", tier="community", setting="community", area_code="510181001002",
    parent_ref="S-STREET", room_count=2, seat_count=6, services=["counselling", "referral"], languages=["cmn", "khg"],
    opening_hours={"weekly": [{"days": ["tue"], "opens": "09:00", "closes": "13:00"}]},
    catchment={"area_codes": ["510181001002"], "radius_m": 3000}, verified_on="2026-05-01",
)  # fmt: skip
STREET = station_item(ref="S-STREET", tier="street", area_code="510181001000", parent_ref="S-001")
CITY = station_item(ref="S-CITY", tier="prefecture", area_code="510100")
TREE = (COMMUNITY, STREET, station_item(parent_ref="S-CITY"), CITY)


async def ask(rig: ServiceRig, path: str, **params: Any) -> Any:
    async with rig.client(AccountRole.VIEWER) as client:
        response = await client.get(f"/registry/stations{path}", params=params)
    assert response.status_code == 200, response.text
    return response.json()


def refs(answer: Any) -> list[str]:
    return [item["ref"] for item in answer["items"]]


async def test_a_tree_comes_in_in_any_order_and_is_walked_both_ways(rig: ServiceRig) -> None:
    assert outcomes(await send(rig, STATIONS, *TREE)) == ["created"] * 4
    assert refs(await ask(rig, f"/{station_id_of('R-1')}/ancestors")) == ["S-STREET", "S-001", "S-CITY"]
    assert refs(await ask(rig, f"/{station_id_of('S-CITY')}/children")) == ["S-001"]
    below = await ask(rig, f"/{station_id_of('S-CITY')}/subtree")
    assert (below["total"], below["rooms"], below["seats"]) == (3, 2, 6)
    assert below["by_tier"] == {"county": 1, "street": 1, "community": 1}
    assert below["by_kind"] == {"emergency-station": 2, "consultation-room": 1}
    assert outcomes(await send(rig, STATIONS, *TREE)) == ["unchanged"] * 4


async def test_a_parent_that_was_refused_refuses_those_below_it(rig: ServiceRig) -> None:
    answer = await send(rig, STATIONS, STREET, station_item(parent_ref="S-404"))
    assert [item["problems"][0]["where"] for item in answer["items"]] == ["/items/0/parent_ref", "/items/1/parent_ref"]


async def test_those_below_hold_a_station_in_its_tier(rig: ServiceRig) -> None:
    await send(rig, STATIONS, *TREE)
    answer = await send(rig, STATIONS, {**CITY, "tier": "county"})
    assert answer["items"][0]["problems"] == [
        {"where": "/items/0/tier", "what": "station S-001 of tier county stands below it; move that first"}
    ]


async def test_a_station_is_shown_with_all_that_is_known(rig: ServiceRig) -> None:
    await send(rig, STATIONS, *TREE)
    shown = await ask(rig, f"/{station_id_of('R-1')}")
    assert {field: shown[field] for field in ("room_count", "services", "setting", "verified_on", "catchment")} == {
        "room_count": 2, "services": ["counselling", "referral"], "setting": "community", "verified_on": "2026-05-01",
        "catchment": {"area_codes": ["510181001002"], "radius_m": 3000},
    }  # fmt: skip
    assert shown["parent_id"] == str(station_id_of("S-STREET"))
    assert shown["open_now"] is True  # Tuesday noon in China
    assert shown["open_now_changes_at"] == "2026-05-12T13:00:00+08:00"
    assert (await ask(rig, f"/{station_id_of('S-CITY')}"))["open_now"] is None


async def test_stations_are_found_by_what_they_offer(rig: ServiceRig) -> None:
    await send(rig, STATIONS, *TREE)
    assert refs(await ask(rig, "", service="referral")) == ["R-1"]
    assert refs(await ask(rig, "", language="khg")) == ["R-1"]
    assert refs(await ask(rig, "", tier="street")) == ["S-STREET"]
    assert refs(await ask(rig, "", area_code="510181001000")) == ["R-1", "S-STREET"]
    assert refs(await ask(rig, "", stale=True)) == []


async def test_every_change_is_in_the_history_and_stays_there(rig: ServiceRig) -> None:
    await send(rig, STATIONS, station_item())
    async with rig.client() as client:
        body = {"items": [station_item(room_count=3)], "reason": "扩建"}
        assert (await client.post(STATIONS, json=body)).status_code == 200
    path = f"/registry/stations/{station_id_of('S-001')}/history"
    async with rig.client(AccountRole.AUDITOR) as client:
        [changed, created] = (await client.get(path)).json()["items"]
        page = (await client.get(path, params={"limit": 1})).json()
        rest = (await client.get(path, params={"before_entry": page["next_before_entry"]})).json()
    assert (changed["way"], changed["reason"], changed["changes"]) == ("import", "扩建", ["capacity"])
    assert (changed["before"], changed["after"]) == ({"room_count": None}, {"room_count": 3})
    assert created["before"] is None
    assert created["after"]["name_zh"] == "都江堰心理应急站"
    assert rest["items"] == [created]
    with pytest.raises(Exception, match="only ever added to"):
        await rig.runtime.pool.execute("DELETE FROM station_history")
    async with rig.client(AccountRole.AUDITOR, areas=["610000"]) as client:
        assert (await client.get(path)).status_code == 403


async def test_nobody_is_asked_from_a_suspended_station(rig: ServiceRig) -> None:
    await fill(rig, volunteer_item())
    await send(rig, STATIONS, station_item(is_suspended=True))
    assert await types(rig) == ["station.suspended", "station.state", "volunteer.state"]
    assert (await last_state(rig)).reasons == ("station-suspended",)
    await send(rig, STATIONS, station_item(is_suspended=False))
    assert (await last_state(rig)).deployable


async def test_the_words_are_told_with_their_sources(rig: ServiceRig) -> None:
    async with rig.client(AccountRole.VIEWER) as client:
        words = (await client.get("/registry/station-vocabulary")).json()
    assert words["services"]["counselling"]["zh"] == "心理咨询"
    assert words["verifiers"]["verifiers"]["closure"]["at_least"] == "prefecture"


async def test_an_unknown_station_is_a_404(rig: ServiceRig) -> None:
    async with rig.client(AccountRole.AUDITOR) as client:
        for path in ("", "/children", "/ancestors", "/subtree", "/history"):
            response = await client.get(f"/registry/stations/{station_id_of('S-404')}{path}")
            assert response.status_code == 404
