"""The incidents API from request to outbox, on a real database."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from schemas.events.incident import IncidentDeclared
from schemas.policy import AccountRole
from tests.support.service_rig import ServiceRig
from tests.unit.incidents.builders import NEED, SQUARE, body

pytestmark = pytest.mark.integration


async def declare(rig: ServiceRig, **changes: Any) -> str:
    async with rig.client() as client:
        response = await client.post("/incidents", json=body(**changes))
        assert response.status_code == 201, response.text
        return str(response.json()["incident_id"])


async def test_a_declaration_is_answered_with_its_id_and_told_once(rig: ServiceRig) -> None:
    async with rig.client() as client:
        response = await client.post("/incidents", json=body(narrative="王某某在现场", title_en=None))
    assert response.status_code == 201
    answer = response.json()
    assert [problem["where"] for problem in answer["problems"]] == ["/title_en"]
    (envelope,) = await rig.emitted()
    event = envelope.data
    assert isinstance(event, IncidentDeclared)
    assert (envelope.key, str(event.incident_id)) == (answer["incident_id"],) * 2
    assert (envelope.sequence, envelope.exercise, envelope.jurisdiction) == (1, False, ("510000",))
    assert "王某某" not in event.model_dump_json()


async def test_what_was_declared_can_be_read_back(rig: ServiceRig) -> None:
    polygon = {"type": "Polygon", "coordinates": [SQUARE]}
    observations = [{"lat_deg": 31.0, "lon_deg": 103.6, "intensity": 9.0}]
    incident_id = await declare(rig, place=polygon, intensity_observations=observations, narrative="叙述")
    async with rig.client() as client:
        found = (await client.get(f"/incidents/{incident_id}")).json()
        listed = (await client.get("/incidents")).json()["items"]
    assert found["place"] == polygon
    assert found["intensity_observations"] == observations
    assert found["needs"] == [{**NEED, "language": None}]
    assert (found["state"], found["level"], found["narrative"]) == ("open", "I", "叙述")
    assert [item["incident_id"] for item in listed] == [incident_id]


async def test_those_who_only_watch_get_no_free_text(rig: ServiceRig) -> None:
    incident_id = await declare(rig, narrative="王某某在现场")
    async with rig.client(AccountRole.VIEWER) as client:
        found = (await client.get(f"/incidents/{incident_id}")).json()
    assert found["narrative"] is None


async def test_an_exercise_says_so_and_runs_on_its_clock(rig: ServiceRig) -> None:
    await declare(rig, exercise=True, drill_factor=720, occurred_at="2008-05-12T14:28:01+08:00")
    (envelope,) = await rig.emitted()
    assert envelope.exercise
    assert isinstance(envelope.data, IncidentDeclared)
    assert envelope.data.clock.factor == 720


BAD_BODIES = [
    pytest.param({"kind": None}, "/kind", id="missing kind"),
    pytest.param({"area_codes": None}, "/area_codes", id="missing area codes"),
    pytest.param({"place": {"type": "Polygon", "coordinates": []}}, "/place/coordinates", id="empty polygon"),
    pytest.param(
        {"place": {"type": "Polygon", "coordinates": [[[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]]}},
        "/place/coordinates/0", id="self-crossing polygon",
    ),
    pytest.param(
        {"place": {"type": "Polygon", "coordinates": [SQUARE[:-1]]}}, "/place/coordinates/0", id="unclosed ring"
    ),
    pytest.param(
        {"place": {"type": "Point", "coordinates": [30.99, 103.36]}}, "/place/coordinates/1", id="swapped"
    ),
    pytest.param({"place": {"lat_deg": 31, "lon_deg": 500}}, "/place/lon_deg", id="out of range"),
    pytest.param(
        {"place": {"type": "Polygon", "coordinates": [[[179, 0], [-179, 0], [-179, 1], [179, 1], [179, 0]]]}},
        "/place/coordinates/0", id="antimeridian uncut",
    ),
    pytest.param(
        {"place": {"type": "Polygon", "coordinates": [[[-120, 80], [0, 80], [120, 80], [-120, 80]]]}},
        "/place/coordinates/0", id="over a pole",
    ),
    pytest.param(
        {"place": {"type": "Polygon", "coordinates": [[[0, n / 1e6] for n in range(10_001)]]}},
        "/place/coordinates", id="too many vertices",
    ),
    pytest.param({"occurred_at": "2026-05-12T06:36:00Z"}, "/occurred_at", id="in the future"),
    pytest.param({"needs": [NEED, NEED]}, "/needs/1/need_id", id="doubled need"),
    pytest.param({"drill_factor": 10}, "/drill_factor", id="fast and real"),
    pytest.param({"radus_m": 10}, "/radus_m", id="misspelt field"),
]  # fmt: skip


async def test_a_dry_run_says_what_would_be_declared_by_the_same_rules_and_keeps_nothing(rig: ServiceRig) -> None:
    known = await declare(rig)
    async with rig.client() as client:
        response = await client.post("/incidents?dry_run=true", json=body(needs=None))
        wrong = await client.post("/incidents?dry_run=true", json=body(place={"lat_deg": 99, "lon_deg": 0}))
        misspelt = await client.post("/incidents?dryrun=true", json=body())
        really = await client.post("/incidents?dry_run=false", json=body(needs=None))
    assert (response.status_code, wrong.status_code, misspelt.status_code) == (200, 422, 422)
    answer = response.json()
    assert any(known in problem["what"] for problem in answer["problems"])
    assert [problem["where"] for problem in wrong.json()["problems"]] == ["/place/lat_deg"]
    assert await rig.count("incidents") == 2
    event = (await rig.emitted())[-1].data
    assert str(event.incident_id) == really.json()["incident_id"]
    would, did = answer["would_declare"], event.model_dump(mode="json", exclude={"incident_id"})
    assert {**would, "clock": None} == {**did, "clock": None}


@pytest.mark.parametrize(("changes", "where"), BAD_BODIES)
async def test_a_bad_request_says_what_and_where_and_changes_nothing(
    rig: ServiceRig, changes: dict[str, Any], where: str
) -> None:
    async with rig.client() as client:
        response = await client.post("/incidents", json=body(**changes))
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert where in {found["where"] for found in problem["problems"]}
    assert all(found["what"] for found in problem["problems"])
    assert await rig.count("incidents") == 0
    assert await rig.emitted() == []


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
async def test_numbers_that_are_none_are_refused(rig: ServiceRig, number: str) -> None:
    content = '{"kind": "fire", "place": {"lat_deg": %s, "lon_deg": 1}}' % number  # noqa: UP031 - braces
    async with rig.client() as client:
        response = await client.post("/incidents", content=content, headers={"content-type": "application/json"})
    assert response.status_code == 422
    assert await rig.count("incidents") == 0


async def test_ten_megabytes_are_refused(rig: ServiceRig) -> None:
    async with rig.client() as client:
        response = await client.post("/incidents", json=body(narrative="x" * 10_000_000))
    assert response.status_code == 413
    assert await rig.count("incidents") == 0


async def test_the_same_key_and_body_declare_once(rig: ServiceRig) -> None:
    headers = {"Idempotency-Key": "declaration-1"}
    async with rig.client() as client:
        first = await client.post("/incidents", json=body(), headers=headers)
        again = await client.post("/incidents", json=body(), headers=headers)
        other = await client.post("/incidents", json=body(level="II"), headers=headers)
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replay"] == "true"
    assert other.status_code == 422
    assert await rig.count("incidents") == 1
    assert len(await rig.emitted()) == 1


async def test_the_same_key_at_the_same_time_declares_once(rig: ServiceRig) -> None:
    headers = {"Idempotency-Key": "declaration-2"}
    async with rig.client() as client:
        calls = [client.post("/incidents", json=body(), headers=headers) for _ in range(6)]
        responses = await asyncio.gather(*calls)
    assert {response.status_code for response in responses} == {201}
    assert len({response.json()["incident_id"] for response in responses}) == 1
    assert await rig.count("incidents") == 1


async def test_nobody_declares_outside_their_areas(rig: ServiceRig) -> None:
    async with rig.client(areas=["510000"]) as client:
        inside = await client.post("/incidents", json=body(area_codes=["510722"]))
        outside = await client.post("/incidents", json=body(area_codes=["510722", "610000"]))
    assert (inside.status_code, outside.status_code) == (201, 403)
    assert await rig.count("incidents") == 1


async def test_nobody_reads_or_changes_what_lies_outside_their_areas(rig: ServiceRig) -> None:
    incident_id = await declare(rig)
    async with rig.client(areas=["610000"]) as client:
        assert (await client.get(f"/incidents/{incident_id}")).status_code == 403
        assert (await client.get("/incidents")).json()["items"] == []
        close = await client.post(f"/incidents/{incident_id}/close", json={"reason": "x"})
        assert close.status_code == 403
    assert len(await rig.emitted()) == 1


async def test_a_viewer_may_not_declare(rig: ServiceRig) -> None:
    async with rig.client(AccountRole.VIEWER) as client:
        assert (await client.post("/incidents", json=body())).status_code == 403


@pytest.mark.parametrize(
    ("step", "request_body"),
    [
        pytest.param("needs", {"needs": [NEED]}, id="needs"),
        pytest.param("level", {"level": "I", "reason": "x"}, id="level"),
        pytest.param("close", {"reason": "x"}, id="close"),
    ],
)
async def test_an_unknown_incident_is_not_found(rig: ServiceRig, step: str, request_body: dict[str, Any]) -> None:
    async with rig.client() as client:
        response = await client.post(f"/incidents/{uuid4()}/{step}", json=request_body)
        assert response.status_code == 404
        assert (await client.get(f"/incidents/{uuid4()}")).status_code == 404
        assert (await client.get("/incidents/not-an-id")).status_code == 422


async def test_an_incident_through_its_life(rig: ServiceRig) -> None:
    incident_id = await declare(rig, level="II", exercise=True)
    url = f"/incidents/{incident_id}"
    more = {**NEED, "teams": 4}
    async with rig.client() as client:
        raised = await client.post(f"{url}/level", json={"level": "I", "reason": "余震"})
        same = await client.post(f"{url}/level", json={"level": "I", "reason": "again"})
        lowered = await client.post(f"{url}/level", json={"level": "III", "reason": "calmer"})
        stated = await client.post(f"{url}/needs", json={"needs": [more], "reason": "more leads"})
        unchanged = await client.post(f"{url}/needs", json={"needs": [more]})
        closed = await client.post(f"{url}/close", json={"reason": "acute phase over"})
        late = [
            await client.post(f"{url}/close", json={"reason": "again"}),
            await client.post(f"{url}/level", json={"level": "I", "reason": "late"}),
            await client.post(f"{url}/needs", json={"needs": [NEED]}),
        ]
        found = (await client.get(url)).json()
    assert [response.status_code for response in (raised, same, lowered, stated, unchanged, closed)] == [
        200, 409, 200, 200, 200, 200,
    ]  # fmt: skip
    assert (stated.json()["changed"], unchanged.json()["changed"]) == (True, False)
    assert [response.status_code for response in late] == [409] * 3
    envelopes = await rig.emitted()
    assert [envelope.type for envelope in envelopes] == [
        "incident.declared", "incident.level-raised", "incident.level-lowered", "incident.need-stated",
        "incident.closed",
    ]  # fmt: skip
    assert [envelope.sequence for envelope in envelopes] == [1, 2, 3, 4, 5]
    assert {(envelope.exercise, envelope.jurisdiction) for envelope in envelopes} == {(True, ("510000",))}
    assert (found["state"], found["level"]) == ("closed", "III")
    assert [(change["what"], change["reason"]) for change in found["changes"]] == [
        ("level-raised", "余震"), ("level-lowered", "calmer"), ("needs-stated", "more leads"),
        ("closed", "acute phase over"),
    ]  # fmt: skip
    assert "余震" not in "".join(envelope.data.model_dump_json() for envelope in envelopes)


async def test_of_many_who_close_at_once_one_does(rig: ServiceRig) -> None:
    incident_id = await declare(rig)
    async with rig.client() as client:
        calls = [client.post(f"/incidents/{incident_id}/close", json={"reason": "over"}) for _ in range(6)]
        codes = sorted([response.status_code for response in await asyncio.gather(*calls)])
    assert codes == [200, 409, 409, 409, 409, 409]
    assert [envelope.type for envelope in await rig.emitted()] == ["incident.declared", "incident.closed"]


async def test_pages_follow_each_other_without_gap_or_double(rig: ServiceRig) -> None:
    ids = {await declare(rig) for _ in range(7)}  # all at the same instant: the id breaks the tie
    seen: list[str] = []
    cursor: str | None = None
    async with rig.client() as client:
        while True:
            parameters = {"limit": "3", **({"cursor": cursor} if cursor else {})}
            page = (await client.get("/incidents", params=parameters)).json()
            seen += [item["incident_id"] for item in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        wrong = await client.get("/incidents", params={"cursor": "yesterday"})
    assert len(seen) == 7
    assert set(seen) == ids
    assert (wrong.status_code, wrong.json()["problems"][0]["where"]) == (422, "?cursor")
