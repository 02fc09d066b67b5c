"""The talent register: entries, corrections, totals, and who may look."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.policy import AccountRole
from services.registry.stations.decide import station_id_of
from services.registry.volunteers.decide import volunteer_id_of
from tests.integration.registry.calls import fill, types
from tests.support.service_rig import ServiceRig
from tests.unit.registry.volunteers.builders import volunteer_item

pytestmark = pytest.mark.integration
HER = f"/registry/volunteers/{volunteer_id_of('V-001')}/trainings"
COURSE = {"course": "心理急救复训", "issuer": "中国心理学会", "hours": 6, "held_on": "2026-05-09"}


async def enter(rig: ServiceRig, *entries: dict[str, Any]) -> list[str]:
    async with rig.client(AccountRole.STATION_LEAD, areas=["510000"]) as client:
        answers = [await client.post(HER, json=entry) for entry in entries]
    assert {answer.status_code for answer in answers} <= {200, 201}, [answer.text for answer in answers]
    return [answer.json()["training_id"] for answer in answers]


async def test_the_same_course_on_the_same_day_counts_once_and_may_be_corrected(rig: ServiceRig) -> None:
    await fill(rig, volunteer_item())
    first, again, corrected, other = await enter(
        rig, COURSE, COURSE, {**COURSE, "hours": 4.5}, {**COURSE, "held_on": "2025-05-09"}
    )
    assert first == again == corrected != other
    assert await types(rig) == ["volunteer.trained"] * 3
    async with rig.client() as client:
        log = (await client.get(HER)).json()
    assert log["total"] == {"entries": 2, "hours": 10.5, "last_held_on": "2026-05-09"}
    assert log["items"][0]["hours"] == 4.5


async def test_a_withdrawn_entry_stays_and_counts_no_more(rig: ServiceRig) -> None:
    await fill(rig, volunteer_item())
    (training,) = await enter(rig, COURSE)
    async with rig.client() as client:
        for changed in (True, False):
            answer = await client.post(f"{HER}/{training}/withdrawal", json={"reason": "登记有误"})
            assert answer.json()["changed"] is changed
        unknown = await client.post(f"{HER}/{volunteer_id_of('V-9')}/withdrawal", json={"reason": "登记有误"})
        log = (await client.get(HER)).json()
    assert unknown.status_code == 404
    assert (log["total"]["hours"], log["items"][0]["withdrawn_reason"]) == (0, "登记有误")
    assert await types(rig) == ["volunteer.trained", "volunteer.training-withdrawn"]


async def test_totals_by_volunteer_and_by_station_in_a_span_of_days(rig: ServiceRig) -> None:
    await fill(rig, volunteer_item(), volunteer_item(ref="V-002"), volunteer_item(ref="V-003", is_retired=True))
    await enter(rig, COURSE, {**COURSE, "held_on": "2025-05-09"})
    async with rig.client(AccountRole.AUDITOR) as client:
        station = f"/registry/stations/{station_id_of('S-001')}/trainings"
        by_volunteer = (await client.get(station, params={"from": "2026-01-01", "through": "2026-12-31"})).json()
        (by_station,) = (await client.get("/registry/trainings/totals")).json()["items"]
    assert by_volunteer["total"] == {"entries": 1, "hours": 6}
    assert len(by_volunteer["items"]) == 2
    assert (by_station["volunteers"], by_station["trained"], by_station["hours"]) == (2, 1, 12)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"hours": 0}, "/hours"), ({"hours": 0.1}, "/hours"), ({"held_on": "2026-05-13"}, "/held_on"),
    ({"held_on": "0001-01-01"}, "/held_on"), ({"course": ""}, "/course"),
]  # fmt: skip


async def test_a_wrong_entry_says_where(rig: ServiceRig) -> None:
    await fill(rig, volunteer_item())
    async with rig.client() as client:
        for changes, where in WRONG:
            answer = await client.post(HER, json={**COURSE, **changes})
            assert (answer.status_code, answer.json()["problems"][0]["where"]) == (422, where), changes


async def test_only_those_of_the_area_see_and_enter(rig: ServiceRig) -> None:
    await fill(rig, volunteer_item())
    async with rig.client(areas=["610000"]) as client:
        answers = [await client.get(HER), await client.post(HER, json=COURSE)]
        totals = (await client.get("/registry/trainings/totals")).json()["items"]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert totals == []
    async with rig.client(AccountRole.VIEWER) as client:
        assert (await client.get(HER)).status_code == 403
