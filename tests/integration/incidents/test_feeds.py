"""Feeds from document to incident, on a real database and with the real reading program."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from schemas.events.incident import IncidentAccepted, IncidentProposed
from schemas.policy import AccountRole
from tests.integration.incidents.test_lifecycle import post, shown, types
from tests.support.service_rig import ServiceRig
from tests.unit.incidents.builders import NEED
from tests.unit.incidents.intake.samples import cap, info

pytestmark = pytest.mark.integration
XML = {"Content-Type": "application/xml"}
AREA = (
    "<area><areaDesc>A valley</areaDesc><polygon>31,103 31,104 32,104 32,103 31,103</polygon>"
    "<geocode><valueName>GB/T 2260</valueName><value>510000</value></geocode></area>"
)


def flood(
    identifier: str, hour: int, msg_type: str = "Alert", *refers: str, severity: str = "Severe", **more: Any
) -> bytes:
    """A message about a flood; `refers` are identifiers."""
    body = "" if msg_type == "Cancel" else info(area=AREA, severity=severity)
    references = " ".join(f"met@example.org,{name},2026-05-12T00:00:00+00:00" for name in refers)
    sent = f"2026-05-12T0{hour}:00:00+00:00"
    text = cap(body, identifier=identifier, sent=sent, msg_type=msg_type, references=references or None, **more)
    return text.encode()


async def take(
    rig: ServiceRig, document: bytes, source: str = "met", name: str = "", status: int = 200
) -> dict[str, Any]:
    async with rig.client() as client:
        response = await client.post(f"/incidents/feeds/{source}", content=document, headers=XML, params={"name": name})
    assert response.status_code == status, response.text
    return dict(response.json())


async def proposal_id_of(rig: ServiceRig, document: bytes) -> str:
    (one,) = (await take(rig, document))["proposals"]
    return str(one["proposal_id"])


async def test_a_document_becomes_a_proposal_and_the_same_again_changes_nothing(rig: ServiceRig) -> None:
    answer = await take(rig, flood("A", 1))
    assert [one["outcome"] for one in answer["proposals"]] == ["new"]
    again = await take(rig, flood("A", 1), source="other")
    assert [one["outcome"] for one in again["proposals"]] == ["unchanged"]
    (envelope,) = await rig.emitted()
    event = envelope.data
    assert isinstance(event, IncidentProposed)
    assert (event.kind, event.level, event.area_codes, event.source) == ("flood", "II", ("510000",), "met")
    assert "valley" not in event.model_dump_json()
    assert await rig.count("incidents") == 0


async def test_an_accepted_proposal_is_an_incident_of_its_id(rig: ServiceRig) -> None:
    proposal_id = await proposal_id_of(rig, flood("A", 1))
    answer = await post(rig, f"proposals/{proposal_id}/accept", narrative="值班员已核实")
    assert (answer["incident_id"], answer["outcome"]) == (proposal_id, "declared")
    assert await types(rig) == ["incident.proposed", "incident.accepted", "incident.declared"]
    accepted, declared = (await rig.emitted())[1:]
    assert isinstance(accepted.data, IncidentAccepted)
    assert accepted.correlation_id == declared.correlation_id
    assert [envelope.sequence for envelope in await rig.emitted()] == [1, 2, 3]
    found = await shown(rig, proposal_id)
    assert (found["kind"], found["state"], found["needs_by_hand"]) == ("flood", "open", False)
    assert (await shown(rig, f"proposals/{proposal_id}"))["state"] == "accepted"


async def test_an_update_revises_when_it_is_accepted(rig: ServiceRig) -> None:
    proposal_id = await proposal_id_of(rig, flood("A", 1))
    await post(rig, f"proposals/{proposal_id}/accept")
    assert await proposal_id_of(rig, flood("B", 2, "Update", "A", severity="Extreme")) == proposal_id
    assert (await shown(rig, proposal_id))["level"] == "II", "a feed changes nothing by itself"
    assert (await post(rig, f"proposals/{proposal_id}/accept", reason="升级"))["outcome"] == "revised"
    assert (await types(rig))[3:] == [
        "incident.proposed", "incident.accepted", "incident.level-raised", "incident.need-stated"
    ]  # fmt: skip
    await post(rig, f"{proposal_id}/needs", needs=[NEED])
    await take(rig, flood("C", 3, "Update", "B"))
    await post(rig, f"proposals/{proposal_id}/accept")
    assert (await types(rig))[-1] == "incident.level-lowered", "needs that a person stated stay"


async def test_a_cancel_withdraws_and_closes_nothing(rig: ServiceRig) -> None:
    proposal_id = await proposal_id_of(rig, flood("A", 1))
    await post(rig, f"proposals/{proposal_id}/accept")
    (one,) = (await take(rig, flood("B", 2, "Cancel", "A")))["proposals"]
    assert (one["proposal_id"], one["outcome"]) == (proposal_id, "withdrawn")
    found = await shown(rig, proposal_id)
    assert (found["state"], [change["what"] for change in found["changes"]]) == ("open", ["source-withdrew"])
    await take(rig, flood("B", 2, "Cancel", "A"))
    assert len((await shown(rig, proposal_id))["changes"]) == 1
    async with rig.client() as client:
        assert (await client.post(f"/incidents/proposals/{proposal_id}/accept", json={})).status_code == 409


async def test_updates_and_cancels_follow_in_other_forms_and_with_odd_spaces(rig: ServiceRig) -> None:
    proposal_id = await proposal_id_of(rig, flood("A", 1))
    spaced = flood("B", 2, "Update", "A", severity="Extreme").replace(
        b"met@example.org,A,", b"\nmet@example.org, A ,\t"
    )
    assert await proposal_id_of(rig, spaced) == proposal_id
    text = flood("C", 3, "Update", "A", "B").decode()
    head = {
        name: text.partition(f"<{name}>")[2].partition("<")[0]
        for name in ("identifier", "sender", "sent", "status", "msgType", "scope", "references")
    }
    said = {
        "category": "Met", "event": "Flood", "urgency": "Immediate", "severity": "Severe", "certainty": "Likely",
        "area": {"areaDesc": "v", "polygon": "31,103 31,104 32,104 31,103"},
    }  # fmt: skip
    assert await proposal_id_of(rig, orjson.dumps({"warnings": [{"alert": {**head, "info": [said]}}]})) == proposal_id
    assert (await shown(rig, f"proposals/{proposal_id}"))["state"] == "proposed"
    (one,) = (await take(rig, flood("D", 4, "Cancel", "A", "B", "C")))["proposals"]
    assert (one["proposal_id"], one["outcome"]) == (proposal_id, "withdrawn")
    assert await rig.count("incidents") == 0


async def test_what_a_declaration_lacks_is_asked_for_by_its_field(rig: ServiceRig) -> None:
    text = cap(info(area="<area><areaDesc>Somewhere</areaDesc></area>")).encode()
    proposal_id = await proposal_id_of(rig, text)
    async with rig.client() as client:
        refused = await client.post(f"/incidents/proposals/{proposal_id}/accept", json={})
    assert refused.status_code == 422
    assert {problem["where"] for problem in refused.json()["problems"]} == {"/place"}
    given = {"place": {"lat_deg": 31, "lon_deg": 103}, "area_codes": ["510000"], "title_zh": "洪水", "radius_m": 20000}
    assert (await post(rig, f"proposals/{proposal_id}/accept", **given))["outcome"] == "declared"
    assert (await shown(rig, proposal_id))["radius_m"] == 20000


async def test_a_proposal_that_changed_since_it_was_read_is_not_accepted(rig: ServiceRig) -> None:
    proposal_id = await proposal_id_of(rig, flood("A", 1))
    await take(rig, flood("B", 2, "Update", "A", severity="Minor"))
    async with rig.client() as client:
        stale = await client.post(f"/incidents/proposals/{proposal_id}/accept", json={"revision": 1})
        elsewhere = await client.post(f"/incidents/proposals/{proposal_id}/accept", json={"attach_to": proposal_id})
    assert (stale.status_code, elsewhere.status_code) == (409, 422)
    assert (await post(rig, f"proposals/{proposal_id}/accept", revision=2))["revision"] == 2


async def test_a_proposal_can_be_attached_to_an_incident_that_a_person_declared(rig: ServiceRig) -> None:
    proposal_id = await proposal_id_of(rig, flood("A", 1))
    place = {"lat_deg": 31.5, "lon_deg": 103.5}
    declared = await post(
        rig, "", kind="flood", level="II", title_zh="洪水", occurred_at="2026-05-12T01:00:00Z", place=place,
        area_codes=["510000"],
    )  # fmt: skip
    incident_id = declared["incident_id"]
    async with rig.client() as client:
        lost = await client.post(
            f"/incidents/proposals/{proposal_id}/accept",
            json={"attach_to": incident_id, "place": place, "needs": [NEED]},
        )
    assert (lost.status_code, [one["where"] for one in lost.json()["problems"]]) == (422, ["/place", "/needs"])
    assert (await post(rig, f"proposals/{proposal_id}/accept", attach_to=incident_id))["outcome"] == "attached"
    found = await shown(rig, incident_id)
    assert (found["area_revision"], found["place"]["type"]) == (2, "Polygon")
    assert (await types(rig))[-2:] == ["incident.accepted", "incident.area-revised"]


async def test_dismissing_keeps_the_reason_and_tells_nobody(rig: ServiceRig) -> None:
    proposal_id = await proposal_id_of(rig, flood("A", 1))
    await post(rig, f"proposals/{proposal_id}/dismiss", reason="不在本省")
    async with rig.client() as client:
        again = await client.post(f"/incidents/proposals/{proposal_id}/dismiss", json={"reason": "r"})
        listed = (await client.get("/incidents/proposals", params={"state": "proposed"})).json()["items"]
        every = (await client.get("/incidents/proposals")).json()["items"]
    assert (again.status_code, listed) == (409, [])
    assert [(one["state"], one["reason"], one["decided_at"] is None) for one in every] == [
        ("dismissed", "不在本省", False)
    ]
    assert (await shown(rig, f"proposals/{proposal_id}"))["reason"] == "不在本省"
    assert await types(rig) == ["incident.proposed"]


async def test_what_is_handed_in_again_after_a_decision_changes_nothing(rig: ServiceRig) -> None:
    accepted, dismissed = await proposal_id_of(rig, flood("A", 1)), await proposal_id_of(rig, flood("B", 1))
    await post(rig, f"proposals/{accepted}/accept")
    await post(rig, f"proposals/{dismissed}/dismiss", reason="r")
    before, told = await shown(rig, "proposals"), await types(rig)
    for document in (flood("B", 1), flood("A", 1)):
        (one,) = (await take(rig, document, source="relay"))["proposals"]
        assert one["outcome"] == "unchanged"
    assert (await shown(rig, "proposals"), await types(rig)) == (before, told)
    assert (await rig.count("incidents"), await rig.count("feed_messages")) == (1, 2)


async def test_what_is_handed_in_again_after_a_newer_update_takes_nothing_back(rig: ServiceRig) -> None:
    update, first = flood("B", 2, "Update", "A", severity="Extreme"), flood("A", 1)
    proposal_id = await proposal_id_of(rig, update)
    for document in (first, update, first):
        assert await proposal_id_of(rig, document) == proposal_id
    found = await shown(rig, f"proposals/{proposal_id}")
    assert (found["level"], len(found["messages"])) == ("I", 2)
    assert await types(rig) == ["incident.proposed"], "the older message says nothing that the newer does not"


async def test_an_update_leaves_dismissed_what_was_until_a_person_accepts(rig: ServiceRig) -> None:
    proposal_id = await proposal_id_of(rig, flood("A", 1, severity="Minor"))
    await post(rig, f"proposals/{proposal_id}/dismiss", reason="r")
    (one,) = (await take(rig, flood("B", 2, "Update", "A", severity="Extreme")))["proposals"]
    assert (one["proposal_id"], one["outcome"], one["revision"]) == (proposal_id, "revised", 2)
    found = await shown(rig, f"proposals/{proposal_id}")
    assert (found["state"], found["level"], found["reason"]) == ("dismissed", "I", "r")
    assert (await types(rig))[-1] == "incident.proposed"
    assert (await post(rig, f"proposals/{proposal_id}/accept"))["outcome"] == "declared"


async def test_those_of_other_areas_do_not_see_it(rig: ServiceRig) -> None:
    proposal_id = await proposal_id_of(rig, flood("A", 1))
    async with rig.client(areas=("110000",)) as client:
        assert (await client.get("/incidents/proposals")).json()["items"] == []
        assert (await client.get(f"/incidents/proposals/{proposal_id}")).status_code == 403
        assert (await client.post(f"/incidents/proposals/{proposal_id}/accept", json={})).status_code == 403
        assert (
            await client.post(f"/incidents/proposals/{proposal_id}/dismiss", json={"reason": "r"})
        ).status_code == 403


async def test_a_message_that_refers_to_two_joins_them(rig: ServiceRig) -> None:
    first, second = await proposal_id_of(rig, flood("A", 1)), await proposal_id_of(rig, flood("B", 2))
    await post(rig, f"proposals/{second}/accept")
    (one,) = (await take(rig, flood("C", 3, "Update", "A", "B")))["proposals"]
    assert one["proposal_id"] == second, "the accepted one stays"
    assert (await shown(rig, f"proposals/{first}"))["joined_into"] == second
    messages = (await shown(rig, f"proposals/{second}"))["messages"]
    assert sorted(one["message"]["identifier"] for one in messages) == ["A", "B", "C"]


@pytest.mark.parametrize(
    ("document", "where"),
    [(b"", "file"), (b"{", "line 1"), (cap(info(severity="Awful")).encode(), "alert/info/severity")],
)
async def test_what_cannot_be_read_is_refused_by_its_element(rig: ServiceRig, document: bytes, where: str) -> None:
    problem = await take(rig, document, status=422)
    assert [found["where"] for found in problem["problems"]] == [where]
    assert await rig.count("feed_messages") == 0


async def test_a_document_of_more_than_20_mib_is_refused_before_it_is_read(rig: ServiceRig) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * 2**20
        yield b" "

    async with rig.client() as client:
        streamed = await client.post("/incidents/feeds/met", content=pieces(), headers=XML)
        announced = await client.post(
            "/incidents/feeds/met", content=b"", headers={**XML, "Content-Length": "20971521"}
        )
    assert [answer.status_code for answer in (streamed, announced)] == [413, 413]


async def policy(rig: ServiceRig, **document: Any) -> None:
    async with rig.client(AccountRole.ADMINISTRATOR) as client:
        response = await client.post("/incidents/feeds/met/policy", json=document)
    assert response.status_code == 200, response.text


DECLARES = {"kinds": ["flood"], "levels": ["I", "II"], "senders": ["met@example.org"]}


async def test_a_policy_declares_what_it_names_and_never_a_drill(rig: ServiceRig) -> None:
    await take(rig, flood("before", 1))
    await policy(rig, declares=DECLARES, revises=True)
    for document in (flood("A", 1, status="Exercise"), flood("B", 1, severity="Minor")):
        (one,) = (await take(rig, document))["proposals"]
        assert "incident_id" not in one
    (one,) = (await take(rig, flood("C", 1)))["proposals"]
    assert one["declared_by_policy"] is True
    accepted = next(item.data for item in await rig.emitted() if isinstance(item.data, IncidentAccepted))
    assert accepted.by_policy
    (other,) = (await take(rig, flood("D", 1)))["proposals"]
    assert "may be the same" in other["not_by_itself"]
    (update,) = (await take(rig, flood("E", 2, "Update", "C", severity="Extreme")))["proposals"]
    assert update["revised_by_policy"] is True
    found = await shown(rig, one["incident_id"])
    assert (found["level"], found["exercise"], await rig.count("incidents")) == ("I", False, 1)


async def test_without_a_policy_and_from_another_sender_nothing_is_declared(rig: ServiceRig) -> None:
    await policy(rig, declares={**DECLARES, "senders": ["other@example.org"]})
    (one,) = (await take(rig, flood("A", 1)))["proposals"]
    (other,) = (await take(rig, flood("B", 1), source="nobody"))["proposals"]
    assert ("incident_id" in one, "incident_id" in other) == (False, False)


async def test_what_a_policy_cannot_declare_is_left_to_a_person(rig: ServiceRig) -> None:
    await policy(rig, declares=DECLARES)
    text = cap(info(area="<area><areaDesc>Somewhere</areaDesc></area>", severity="Severe")).encode()
    (one,) = (await take(rig, text))["proposals"]
    assert one["not_by_itself"]
    assert (await shown(rig, f"proposals/{one['proposal_id']}"))["state"] == "proposed"
    assert await types(rig) == ["incident.proposed"]
