"""Proposals, verifications and suspensions through the API on a real database."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from schemas.policy import AccountRole
from services.registry.stations.decide import station_id_of
from tests.integration.registry.calls import STATIONS, fill, last_state, send, types
from tests.support.service_rig import SUBJECT, ServiceRig
from tests.unit.registry.stations.builders import station_item
from tests.unit.registry.volunteers.builders import volunteer_item

pytestmark = pytest.mark.integration

PROPOSALS = "/registry/station-proposals"
HOME = f"/registry/stations/{station_id_of('S-001')}"
LEAD, CITY = "6b1f0000-0000-4000-8000-000000000001", "6b1f0000-0000-4000-8000-000000000002"
PLACES = {LEAD: ["510181"], CITY: ["510100"]}


async def call(
    rig: ServiceRig, subject: str, path: str, body: Any, *, key: str | None = None, areas: list[str] | None = None,
    role: AccountRole = AccountRole.STATION_LEAD,
) -> httpx.Response:  # fmt: skip
    """A station lead of the county or the city sends this."""
    async with rig.client(role, areas=areas or PLACES[subject], subject=subject) as client:
        return await client.post(path, json=body, headers={"Idempotency-Key": key} if key else {})


async def propose(rig: ServiceRig, ref: str = "S-001", **changes: Any) -> str:
    answer = await call(rig, LEAD, PROPOSALS, {"ref": ref, "changes": changes, "reason": "现场核对"})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["proposal_id"])


async def say(
    rig: ServiceRig, proposal_id: str, verdict: str, *, subject: str = CITY, areas: list[str] | None = None,
    key: str | None = None,
) -> httpx.Response:  # fmt: skip
    body = {"verdict": verdict, "reason": "已核实"}
    return await call(rig, subject, f"{PROPOSALS}/{proposal_id}/decisions", body, key=key, areas=areas)


async def state_of(rig: ServiceRig, proposal_id: str) -> str:
    query = "SELECT state FROM station_proposals WHERE proposal_id = $1"
    return str(await rig.runtime.pool.fetchval(query, proposal_id))


async def test_a_change_is_proposed_below_and_accepted_above(rig: ServiceRig) -> None:
    await send(rig, STATIONS, station_item())
    await rig.forget_emitted()
    proposal_id = await propose(rig, room_count=3, name_en="Dujiangyan station")
    assert await types(rig) == ["station.change-proposed"]
    accepted = await say(rig, proposal_id, "accept")
    assert (accepted.status_code, accepted.json()["state"]) == (200, "accepted")
    assert (await types(rig))[1:] == [
        "station.corrected", "station.capacity-changed", "station.state", "station.change-decided",
    ]  # fmt: skip
    async with rig.client(AccountRole.AUDITOR) as client:
        shown = (await client.get(HOME)).json()
        written = (await client.get(f"{HOME}/history")).json()["items"][0]
    assert (shown["room_count"], shown["name_en"], shown["languages"]) == (3, "Dujiangyan station", ["cmn"])
    assert (written["way"], written["changed_by"], written["proposal_id"]) == ("proposal", CITY, proposal_id)
    assert written["reason"] == "已核实"


async def test_who_may_not_decide_is_told_why_and_nothing_changes(rig: ServiceRig) -> None:
    await send(rig, STATIONS, station_item())
    proposal_id = await propose(rig, room_count=3)
    own = await say(rig, proposal_id, "accept", subject=LEAD, areas=["510000"])
    colleague = await say(rig, proposal_id, "accept", areas=["510181"])
    elsewhere = await say(rig, proposal_id, "accept", areas=["610000"])
    not_its_author = await say(rig, proposal_id, "withdraw")
    assert [answer.status_code for answer in (own, colleague, elsewhere, not_its_author)] == [403] * 4
    assert "own proposal" in own.json()["detail"]
    assert "level of the prefecture" in colleague.json()["detail"]
    assert await state_of(rig, proposal_id) == "open"


async def test_a_rejected_or_withdrawn_proposal_changes_nothing_and_is_final(rig: ServiceRig) -> None:
    await send(rig, STATIONS, station_item())
    await rig.forget_emitted()
    rejected, withdrawn = await propose(rig, room_count=3), await propose(rig, room_count=4)
    assert (await say(rig, rejected, "reject")).status_code == 200
    assert (await say(rig, withdrawn, "withdraw", subject=LEAD)).status_code == 200
    assert (await say(rig, rejected, "accept")).status_code == 409
    assert await types(rig) == ["station.change-proposed"] * 2 + ["station.change-decided"] * 2
    assert await rig.count("station_history") == 1


async def test_of_conflicting_proposals_the_first_accepted_ends_the_others(rig: ServiceRig) -> None:
    await send(rig, STATIONS, station_item())
    rivals = [await propose(rig, room_count=number) for number in (3, 4)]
    beside = await propose(rig, seat_count=9)
    answers = await asyncio.gather(*(say(rig, proposal_id, "accept") for proposal_id in rivals))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert sorted([await state_of(rig, proposal_id) for proposal_id in rivals]) == ["accepted", "superseded"]
    assert (await say(rig, beside, "accept")).status_code == 200


async def test_an_import_ends_the_proposals_about_what_it_changes(rig: ServiceRig) -> None:
    await send(rig, STATIONS, station_item())
    about_rooms, about_seats = await propose(rig, room_count=3), await propose(rig, seat_count=9)
    await rig.forget_emitted()
    await send(rig, STATIONS, station_item(room_count=5))
    assert await types(rig) == ["station.capacity-changed", "station.state", "station.change-decided"]
    assert (await state_of(rig, about_rooms), await state_of(rig, about_seats)) == ("superseded", "open")
    assert "superseded" in (await say(rig, about_rooms, "accept")).json()["detail"]


async def test_a_new_station_is_proposed_and_counts_as_verified_when_accepted(rig: ServiceRig) -> None:
    item = station_item()
    del item["ref"]
    proposal_id = await propose(rig, "S-NEW", **item)
    assert await rig.count("stations") == 0
    assert (await say(rig, proposal_id, "accept")).status_code == 200
    async with rig.client(AccountRole.VIEWER) as client:
        shown = (await client.get(f"/registry/stations/{station_id_of('S-NEW')}")).json()
    assert shown["verified_on"] == "2026-05-12"


async def test_what_no_longer_fits_its_surroundings_is_refused_and_stays_open(rig: ServiceRig) -> None:
    city = station_item(ref="S-CITY", tier="prefecture", area_code="510100")
    await send(rig, STATIONS, station_item(), city)
    proposal_id = await propose(rig, parent_ref="S-CITY")
    await send(rig, STATIONS, {**city, "tier": "county"})
    answer = await say(rig, proposal_id, "accept")
    assert answer.status_code == 409
    assert answer.json()["problems"][0]["where"] == "/changes/parent_ref"
    assert await state_of(rig, proposal_id) == "open"


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"room_count": "many"}, "/changes/room_count"),
        ({"line_count": 2}, "/changes/line_count"),
        ({"parent_ref": "S-404"}, "/changes/parent_ref"),
        ({"is_open": True}, "/changes"),
    ],
)
async def test_a_proposal_that_could_not_be_carried_out_is_refused(
    rig: ServiceRig, changes: dict[str, Any], where: str
) -> None:
    await send(rig, STATIONS, station_item())
    answer = await call(rig, LEAD, PROPOSALS, {"ref": "S-001", "changes": changes, "reason": "x"})
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["where"] == where


async def test_nobody_proposes_outside_their_areas_or_without_end(
    rig: ServiceRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.registry.stations.changes.commands.OPEN_MAX", 2)
    await send(rig, STATIONS, station_item())
    body = {"ref": "S-001", "changes": {"room_count": 3}, "reason": "x"}
    away = {"ref": "S-001", "changes": {"area_code": "610101"}, "reason": "x"}
    assert (await call(rig, LEAD, PROPOSALS, body, areas=["610000"])).status_code == 403
    assert (await call(rig, LEAD, PROPOSALS, away)).status_code == 403
    assert (await call(rig, LEAD, PROPOSALS, away, areas=["610000"])).status_code == 403, "nor takes one over"
    for number in range(2):
        await propose(rig, room_count=number)
    assert (await call(rig, LEAD, PROPOSALS, body)).status_code == 409


async def test_the_same_request_sent_twice_is_done_once(rig: ServiceRig) -> None:
    await send(rig, STATIONS, station_item())
    body = {"ref": "S-001", "changes": {"room_count": 3}, "reason": "x"}
    first, second = [await call(rig, LEAD, PROPOSALS, body, key="k-1") for _ in range(2)]
    assert first.json() == second.json()
    assert await rig.count("station_proposals") == 1
    answers = [await say(rig, first.json()["proposal_id"], "accept", key="k-2") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert await rig.count("station_history") == 2


async def test_proposals_are_listed_by_area_with_what_the_reader_may_say(rig: ServiceRig) -> None:
    await send(rig, STATIONS, station_item(), station_item(ref="S-FAR", area_code="610101"))
    mine = [await propose(rig, room_count=number) for number in (3, 4)]
    await call(rig, CITY, PROPOSALS, {"ref": "S-FAR", "changes": {"room_count": 1}, "reason": "x"}, areas=["*"])
    async with rig.client(AccountRole.STATION_LEAD, areas=PLACES[CITY], subject=CITY) as client:
        listed = (await client.get(PROPOSALS, params={"state": "open", "limit": 1})).json()
        rest = (await client.get(PROPOSALS, params={"after": listed["next_after"]})).json()["items"]
        one = (await client.get(f"{PROPOSALS}/{mine[0]}")).json()
        elsewhere = await client.get(PROPOSALS, params={"area_code": "610000"})
        unknown = await client.get(f"{PROPOSALS}/{SUBJECT}")
    assert [item["proposal_id"] for item in (*listed["items"], *rest)] == mine
    assert one["you_may"] == ["accept", "reject"]
    assert (one["before"], one["after"], one["verifier"]) == ({"room_count": None}, {"room_count": 3}, "prefecture")
    assert (elsewhere.status_code, unknown.status_code) == (403, 404)


async def test_an_entry_is_verified_from_above(rig: ServiceRig) -> None:
    await send(rig, STATIONS, station_item())
    await rig.forget_emitted()
    below = await call(rig, LEAD, f"{HOME}/verifications", {})
    above = await call(rig, CITY, f"{HOME}/verifications", {"reason": "走访"})
    again = await call(rig, CITY, f"{HOME}/verifications", {"verified_on": "2026-05-10"})
    ahead = await call(rig, CITY, f"{HOME}/verifications", {"verified_on": "2026-05-13"})
    assert [answer.status_code for answer in (below, above, again, ahead)] == [403, 200, 200, 422]
    assert (above.json()["verified_on"], above.json()["changed"]) == ("2026-05-12", True)
    assert (again.json()["verified_on"], again.json()["changed"]) == ("2026-05-12", False)
    assert ahead.json()["problems"][0]["where"] == "/verified_on"
    assert await types(rig) == ["station.verified", "station.state"]


async def test_a_station_is_suspended_at_once_and_resumes(rig: ServiceRig) -> None:
    await fill(rig, volunteer_item())
    for is_suspended in (True, True, False):
        answer = await call(
            rig, LEAD, f"{HOME}/suspension", {"is_suspended": is_suspended, "reason": "房屋受损"},
            role=AccountRole.DUTY_OFFICER,
        )  # fmt: skip
        assert answer.status_code == 200
        assert (await last_state(rig)).deployable is not is_suspended
    assert await types(rig) == [
        "station.suspended", "station.state", "volunteer.state", "station.resumed", "station.state", "volunteer.state",
    ]  # fmt: skip
    ways = await rig.runtime.pool.fetch("SELECT way, reason FROM station_history ORDER BY entry_id OFFSET 1")
    assert [tuple(row) for row in ways] == [("suspension", "房屋受损")] * 2
