"""Area, phase, merging, reopening, children, templates: from request to outbox, on a real database."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest

from schemas.events.incident import IncidentDeclared, IncidentNeedStated, IncidentToldApart
from schemas.policy import AccountRole
from services.incidents.sameness import store
from services.incidents.sameness.decide import Likeness
from tests.integration.incidents.test_api import declare
from tests.integration.kit.rig import until
from tests.support.service_rig import SUBJECT, ServiceRig
from tests.unit.incidents.amend.test_decide import VENUE
from tests.unit.incidents.builders import NEED, SQUARE, body

pytestmark = pytest.mark.integration
CONTOUR = {"intensity": 7.0, "geometry": {"type": "Polygon", "coordinates": [SQUARE]}}


async def post(rig: ServiceRig, path: str, **document: Any) -> dict[str, Any]:
    async with rig.client() as client:
        response = await client.post(f"/incidents/{path}".rstrip("/"), json=document)
    assert response.is_success, response.text
    return dict(response.json())


async def shown(rig: ServiceRig, incident_id: str) -> dict[str, Any]:
    async with rig.client() as client:
        return dict((await client.get(f"/incidents/{incident_id}")).json())


async def types(rig: ServiceRig) -> list[str]:
    return [envelope.type for envelope in await rig.emitted()]


async def test_contours_venues_and_a_parent_travel_with_the_declaration(rig: ServiceRig) -> None:
    parent = await declare(rig)
    child = await declare(rig, intensity_contours=[CONTOUR], venues=[VENUE], parent_id=parent)
    event = (await rig.emitted())[-1].data
    assert isinstance(event, IncidentDeclared)
    assert (str(event.parent_id), event.intensity_contours[0].intensity, event.venues[0].name_zh) == (
        parent,
        7,
        "某中学",
    )
    found = await shown(rig, child)
    assert (found["parent_id"], found["intensity_contours"], len(found["venues"])) == (parent, [CONTOUR], 1)
    assert (await shown(rig, parent))["children"] == [child]
    assert found["may_be_same_as"] == []  # it says what it is part of


@pytest.mark.parametrize("parent", [{"parent_id": str(uuid4())}, {"exercise": True}])
async def test_a_parent_that_is_not_there_or_of_the_other_world_is_refused(
    rig: ServiceRig, parent: dict[str, Any]
) -> None:
    known = await declare(rig)
    async with rig.client() as client:
        response = await client.post("/incidents", json=body(**{"parent_id": known, **parent}))
    assert response.status_code == 422
    assert [found["where"] for found in response.json()["problems"]] == ["/parent_id"]
    assert await rig.count("incidents") == 1


async def test_a_revised_area_is_told_once_and_noted_with_its_reason(rig: ServiceRig) -> None:
    incident_id = await declare(rig)
    change = {"intensity_contours": [CONTOUR], "area_codes": ["510000", "620000"], "reason": "烈度图发布"}
    assert await post(rig, f"{incident_id}/area", **change) == {
        "incident_id": incident_id, "revision": 2, "changed": True, "problems": []
    }  # fmt: skip
    assert (await post(rig, f"{incident_id}/area", **change))["changed"] is False
    events = await rig.emitted()
    assert [envelope.type for envelope in events] == ["incident.declared", "incident.area-revised"]
    assert "烈度图发布" not in events[1].data.model_dump_json()
    assert events[1].jurisdiction == ("510000", "620000")
    found = await shown(rig, incident_id)
    assert (found["area_revision"], found["area_codes"], found["magnitude"]) == (2, ["510000", "620000"], 7.9)
    (noted,) = found["changes"]
    assert (noted["what"], noted["reason"], noted["after"]["intensity_contours"]) == (
        "area-revised",
        "烈度图发布",
        [7.0],
    )


async def test_the_area_may_not_grow_beyond_the_account(rig: ServiceRig) -> None:
    incident_id = await declare(rig)
    async with rig.client(areas=("51",)) as client:
        response = await client.post(f"/incidents/{incident_id}/area", json={"area_codes": ["620000"], "reason": "r"})
    assert response.status_code == 403
    assert await types(rig) == ["incident.declared"]


async def test_needs_follow_level_and_phase_until_somebody_states_them(rig: ServiceRig) -> None:
    incident_id = await declare(rig, needs=None)
    await post(rig, f"{incident_id}/level", level="II", reason="r")
    await post(rig, f"{incident_id}/phase", phase="transition", reason="r")
    assert await types(rig) == [
        "incident.declared", "incident.level-lowered", "incident.need-stated", "incident.phase-advanced",
        "incident.need-stated",
    ]  # fmt: skip
    await post(rig, f"{incident_id}/needs", needs=[NEED])
    await post(rig, f"{incident_id}/phase", phase="recovery", reason="r")
    assert (await types(rig))[-2:] == ["incident.need-stated", "incident.phase-advanced"]
    assert (await shown(rig, incident_id))["needs"] == [{**NEED, "language": None}]


async def test_what_looks_like_an_open_incident_is_declared_and_asked_about(rig: ServiceRig) -> None:
    first = await declare(rig)
    async with rig.client() as client:
        response = await client.post("/incidents", json=body(place={"lat_deg": 31.2, "lon_deg": 103.4}))
        far = await client.post("/incidents", json=body(place={"lat_deg": 28.5, "lon_deg": 103.4}))
        drill = await client.post("/incidents", json=body(exercise=True))
        other_kind = await client.post("/incidents", json=body(kind="landslide"))
    (problem,) = response.json()["problems"]
    assert f"may be the same as {first}" in problem["what"]
    assert [far.json()["problems"], drill.json()["problems"], other_kind.json()["problems"]] == [[], [], []]
    second = response.json()["incident_id"]
    assert [one["incident_id"] for one in (await shown(rig, first))["may_be_same_as"]] == [second]
    assert [one["incident_id"] for one in (await shown(rig, second))["may_be_same_as"]] == [first]
    assert (await shown(rig, second))["state"] == "open"


async def test_once_the_open_incidents_are_known_declaring_asks_no_database(rig: ServiceRig) -> None:
    first = await declare(rig)
    loops = [asyncio.create_task(loop()) for loop in rig.service.loops]
    try:
        await until(partial(is_asked_about, rig, first))  # read at the start
        second = await declare(rig, occurred_at="2020-01-01T00:00:00Z")
        assert await is_asked_about(rig, second, occurred_at="2020-01-01T00:10:00Z")  # its own at once
        await post(rig, f"{second}/close", reason="r")
        assert not await is_asked_about(rig, second, occurred_at="2020-01-01T00:05:00Z")
    finally:
        for task in loops:
            task.cancel()


async def is_asked_about(rig: ServiceRig, incident_id: str, **members: Any) -> bool:
    """Whether another declaration is answered with a problem that names this incident."""
    async with rig.client() as client:
        answer = (await client.post("/incidents", json=body(**members))).json()
    return any(incident_id in problem["what"] for problem in answer["problems"])


async def test_of_two_declared_at_once_at_least_one_knows_of_the_other(rig: ServiceRig) -> None:
    looking = asyncio.create_task(rig.service.loops[0]())
    try:
        one, other = await asyncio.gather(declare(rig), declare(rig))

        async def knows() -> bool:
            return [like["incident_id"] for like in (await shown(rig, one))["may_be_same_as"]] == [other]

        await until(knows)
    finally:
        looking.cancel()
    assert await rig.count("incident_likenesses") == 1


async def test_a_merged_incident_is_closed_in_favour_of_the_other(rig: ServiceRig) -> None:
    first, second = await declare(rig), await declare(rig)
    answer = await post(rig, f"{second}/merge", into=first, reason="同一次地震")
    assert (answer["state"], answer["merged_into"]) == ("closed", first)
    assert (await rig.emitted())[-1].type == "incident.merged"
    assert (await shown(rig, first))["may_be_same_as"] == []
    async with rig.client() as client:
        for path, document in (("reopen", {}), ("merge", {"into": first}), ("phase", {"phase": "recovery"})):
            refused = await client.post(f"/incidents/{second}/{path}", json={"reason": "r", **document})
            assert refused.status_code == 409, path
        backwards = await client.post(f"/incidents/{first}/merge", json={"into": second, "reason": "r"})
    assert backwards.status_code == 409


async def test_two_that_are_told_apart_are_not_proposed_again_and_both_keep_who_said_so(rig: ServiceRig) -> None:
    first, second = await declare(rig), await declare(rig)
    third = await declare(rig)
    async with rig.client(areas=("110000",)) as client:
        refused = await client.post(f"/incidents/{first}/different", json={"other": second, "reason": "r"})
    assert refused.status_code == 403
    answer = await post(rig, f"{first}/different", other=second, reason="两次地震")  # proposed the other way round
    assert (answer["incident_id"], answer["different_from"]) == (first, second)
    event = (await rig.emitted())[-1].data
    assert isinstance(event, IncidentToldApart)
    assert (str(event.incident_id), str(event.other_incident_id)) == (first, second)
    like = Likeness(incident_id=UUID(second), apart_km=0, apart_minutes=0)
    async with rig.runtime.pool.acquire() as connection:  # as a second look or joined proposals of a feed would
        await store.note_likenesses(connection, UUID(first), [like], event.told_apart_at)
    for one, other in ((first, second), (second, first)):
        found = await shown(rig, one)
        assert (found["state"], [like["incident_id"] for like in found["may_be_same_as"]]) == ("open", [third])
        (noted,) = found["changes"]
        assert (noted["what"], noted["after"], noted["reason"]) == ("told-apart", other, "两次地震")
        assert noted["changed_by"] == SUBJECT
    async with rig.client() as client:
        again = await client.post(f"/incidents/{second}/different", json={"other": first, "reason": "r"})
        with_itself = await client.post(f"/incidents/{first}/different", json={"other": first, "reason": "r"})
    assert [again.status_code, with_itself.status_code] == [409, 409]
    assert (await rig.emitted())[-1].data == event
    await post(rig, f"{second}/merge", into=first, reason="核实后仍为同一次")
    assert (await shown(rig, second))["merged_into"] == first


async def test_two_merges_into_each_other_leave_one_open(rig: ServiceRig) -> None:
    first, second = await declare(rig), await declare(rig)
    async with rig.client() as client:
        answers = await asyncio.gather(
            client.post(f"/incidents/{first}/merge", json={"into": second, "reason": "r"}),
            client.post(f"/incidents/{second}/merge", json={"into": first, "reason": "r"}),
        )
    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_a_closed_incident_goes_on_as_another_with_all_that_was_known(rig: ServiceRig) -> None:
    incident_id = await declare(rig, venues=[VENUE], exercise=True, drill_factor=60)
    async with rig.client() as client:
        assert (await client.post(f"/incidents/{incident_id}/reopen", json={"reason": "r"})).status_code == 409
    await post(rig, f"{incident_id}/close", reason="r")
    answer = await post(rig, f"{incident_id}/reopen", reason="余震致新伤亡")
    events = await rig.emitted()
    assert [envelope.type for envelope in events[-2:]] == ["incident.reopened", "incident.declared"]
    assert all(envelope.exercise for envelope in events)
    found = await shown(rig, answer["continued_as"])
    assert (found["state"], found["parent_id"], len(found["venues"])) == ("open", incident_id, 1)
    assert found["clock"] == (await shown(rig, incident_id))["clock"]
    async with rig.client() as client:
        assert (await client.post(f"/incidents/{incident_id}/reopen", json={"reason": "r"})).status_code == 409


async def test_an_edited_template_fills_in_from_then_on(rig: ServiceRig) -> None:
    document = {"kind": "earthquake", "level": "I", "needs": [NEED], "source": "省预案2026"}
    async with rig.client() as client:
        assert (await client.post("/incidents/templates", json=document)).status_code == 403
    async with rig.client(AccountRole.ADMINISTRATOR) as client:
        assert (await client.post("/incidents/templates", json=document)).status_code == 200
        doubled = await client.post("/incidents/templates", json={**document, "needs": [NEED, NEED]})
    assert doubled.status_code == 422
    await declare(rig, needs=None)
    event = (await rig.emitted())[-1].data
    assert isinstance(event, IncidentDeclared)
    assert [need.need_id for need in event.needs] == ["core-lead"]
    async with rig.client() as client:
        items = (await client.get("/incidents/templates", params={"kind": "earthquake", "level": "I"})).json()["items"]
    assert [(item["phase"], item["assumed"]) for item in items] == [
        ("acute", False), ("transition", True), ("recovery", True)
    ]  # fmt: skip
    assert not isinstance(event, IncidentNeedStated)
