"""Changes of one volunteer by request: what they answer, what they tell, who may, and what the history keeps."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from schemas.policy import AccountRole
from services.kit.clock import ManualClock
from services.registry.stations.decide import station_id_of
from services.registry.volunteers.decide import volunteer_id_of
from tests.integration.registry.calls import STATIONS, VOLUNTEERS, fill, last_state, send, types
from tests.support.service_rig import SUBJECT, ServiceRig
from tests.unit.registry.stations.builders import station_item
from tests.unit.registry.volunteers.builders import credential_item, volunteer_item
from tests.unit.registry.volunteers.test_ical import TIMES, event, file

pytestmark = pytest.mark.integration
HER = f"/registry/volunteers/{volunteer_id_of('V-001')}"
ICS = {"Content-Type": "text/calendar"}


async def test_opting_out_holds_at_once_and_the_history_says_who_and_why(rig: ServiceRig, clock: ManualClock) -> None:
    await fill(rig, volunteer_item())
    async with rig.client(AccountRole.STATION_LEAD, areas=["510000"]) as client:
        keyed = {"Idempotency-Key": "once"}
        first = await client.post(f"{HER}/opt-out", json={"reason": "本人来电"}, headers=keyed)
        again = await client.post(f"{HER}/opt-out", json={"reason": "本人来电"}, headers=keyed)
        assert again.headers["Idempotent-Replay"] == "true"
        assert (first.json()["deployable"], first.json()["reasons"], first.json()["changed"]) == (
            False,
            ["opted-out"],
            True,
        )
        assert await types(rig) == ["volunteer.opted-out", "volunteer.state"]
        assert (await last_state(rig)).reasons == ("opted-out",)
        back = await client.post(f"{HER}/opt-in", json={})
        assert back.json()["deployable"]
        history = (await client.get(f"{HER}/history")).json()["items"]
    assert [entry["events"][0] for entry in history] == [
        "volunteer.opted-in", "volunteer.opted-out", "volunteer.enrolled",
    ]  # fmt: skip
    assert (history[1]["reason"], history[1]["changed_by"]) == ("本人来电", SUBJECT)
    assert history[1]["fields"]["opted_out_since"] == [None, clock.now().isoformat()]
    assert history[2]["fields"] == {}


async def test_channels_are_told_by_their_kinds_and_opting_out_stops_them_all(rig: ServiceRig) -> None:
    await fill(rig, volunteer_item(phone="138 0013 8000"))
    async with rig.client(AccountRole.STATION_LEAD, areas=["510000"]) as client:
        assumed = (await client.get(HER)).json()
        said = await client.post(f"{HER}/channels", json={"channels": ["e-mail", "app-push"], "reason": "本人"})
        wrong = await client.post(f"{HER}/channels", json={"channels": ["pigeon"]})
        elsewhere = await client.post(f"{HER}/channels", json={"channels": []}, headers={"Idempotency-Key": "k"})
        await client.post(f"{HER}/channels", json={"channels": ["app-push", "e-mail"]})
        gone = await client.post(f"{HER}/opt-out", json={})
        summary = (await client.get("/registry/summary")).json()["volunteers"]
        back = await client.post(f"{HER}/opt-in", json={})
        counted = (await client.get("/registry/summary")).json()["volunteers"]
        history = (await client.get(f"{HER}/history")).json()["items"]
    assert (assumed["channels"], assumed["channels_assumed"]) == (["sms", "voice-call"], True)
    assert (said.json()["channels"], said.json()["channels_assumed"]) == (["app-push", "e-mail"], False)
    assert (wrong.status_code, wrong.json()["problems"][0]["where"]) == (422, "/channels/0")
    assert elsewhere.json()["channels"] == []
    assert (gone.json()["channels"], back.json()["channels"]) == ([], ["app-push", "e-mail"])
    assert (summary["deployable_by_channel"], counted["deployable_by_channel"]) == ({}, {"app-push": 1, "e-mail": 1})
    assert history[-2]["fields"]["channels"] == [["sms", "voice-call"], ["app-push", "e-mail"]]
    told = [envelope.data.model_dump_json() for envelope in await rig.emitted()]
    assert not any("8000" in event for event in told)


async def test_the_database_itself_keeps_those_from_being_asked_who_must_not(rig: ServiceRig) -> None:
    await fill(rig, volunteer_item())
    for wrong in ("is_retired = true", "opted_out_since = now()", "vetting_status = 'failed'", "is_adult = false"):
        with pytest.raises(asyncpg.CheckViolationError):
            await rig.runtime.pool.execute(f"UPDATE volunteers SET deployable = true, {wrong}")  # noqa: S608


async def test_a_calendar_goes_in_and_out_as_icalendar(rig: ServiceRig) -> None:
    await fill(rig, volunteer_item())
    async with rig.client() as client:
        body = file(event(*TIMES, "RRULE:FREQ=WEEKLY;BYDAY=MO,TU", "SUMMARY:张三"))
        sent = await client.post(f"{HER}/calendar.ics", content=body, headers=ICS)
        assert sent.status_code == 200, sent.text
        assert sent.json()["deployable"], "it is noon of a Tuesday"
        shown = (await client.get(f"{HER}/calendar")).json()
        written = await client.get(f"{HER}/calendar.ics")
        again = await client.post(f"{HER}/calendar.ics", content=written.content, headers=ICS)
    assert shown["duties"][0]["begins_at"] == "2026-05-11T08:00:00+08:00"
    assert written.headers["content-type"].startswith("text/calendar")
    assert "张三" not in written.text
    assert not again.json()["changed"]


HOSTILE = {
    "/VEVENT/0/DTEND": file(event(TIMES[0])),
    "/VEVENT/0/rrule": file(event(*TIMES, "RRULE:FREQ=SECONDLY")),
    "": b"BEGIN:VCALENDAR\r\n" * 9000,
}


async def test_a_hostile_file_is_refused_and_changes_nothing(rig: ServiceRig) -> None:
    await fill(rig, volunteer_item())
    async with rig.client() as client:
        for where, body in HOSTILE.items():
            response = await client.post(f"{HER}/calendar.ics", content=body, headers=ICS)
            assert (response.status_code, response.json()["problems"][0]["where"]) == (422, where)
        assert (await client.post(f"{HER}/calendar.ics", json={})).status_code == 415
    assert await rig.emitted() == []


async def test_a_declared_place_is_kept_and_told_as_a_cell_only(rig: ServiceRig, clock: ManualClock) -> None:
    await fill(rig, volunteer_item())
    until = (clock.now() + timedelta(days=2)).isoformat()
    async with rig.client() as client:
        place = {"lat_deg": 30.66789, "lon_deg": 104.06543, "until": until}
        shown = (await client.post(f"{HER}/place", json=place)).json()
        assert (shown["position"], shown["position_source"]) == ({"lat_deg": 30.65, "lon_deg": 104.05}, "declared")
        assert (await last_state(rig)).position_source == "declared"
        stored = await rig.runtime.pool.fetchrow("SELECT * FROM volunteers v, volunteer_history h")
        assert "30.66" not in repr(stored)
        assert (await client.delete(f"{HER}/place")).json()["position_source"] == "home-station"
    assert (await last_state(rig)).position.lat_deg == 31.0


async def test_credentials_and_checks_are_recorded_and_who_runs_out_is_listed(rig: ServiceRig) -> None:
    await fill(rig, volunteer_item(credentials=[]), volunteer_item(ref="V-002", is_retired=True))
    async with rig.client() as client:
        given = await client.post(f"{HER}/credentials", json=credential_item(expires_on="2026-06-01"))
        assert given.json()["usable_roles"] == ["pfa-trained", "support"]
        assert await types(rig) == ["volunteer.credentialed", "volunteer.credential-expiring", "volunteer.state"]
        (listed,) = (await client.get("/registry/credentials/expiring", params={"area_code": "510000"})).json()["items"]
        assert (listed["days_left"], listed["notice_told"]) == (20, 30)
        assert "number" not in listed
        renewed = await client.post(f"{HER}/credentials", json=credential_item(expires_on="2029-06-01"))
        assert renewed.json()["changed"]
        assert (await client.get("/registry/credentials/expiring")).json()["items"] == []
        pending = await client.post(f"{HER}/vetting", json={"status": "pending"})
        assert pending.json()["reasons"] == ["not-vetted"]
        half = await client.post(f"{HER}/vetting", json={"status": "cleared"})
        assert half.status_code == 422
    await send(rig, VOLUNTEERS, volunteer_item(credentials=[credential_item(expires_on="2026-06-01")]))
    for areas, status, count in ((["610000"], 403, 0), (["510000", "610000"], 200, 1)):
        async with rig.client(areas=areas) as client:
            assert len((await client.get("/registry/credentials/expiring")).json()["items"]) == count
            asked = await client.get("/registry/credentials/expiring", params={"area_code": "510100"})
            assert asked.status_code == status


async def test_memberships_are_joined_and_left_with_history(rig: ServiceRig) -> None:
    await fill(rig, volunteer_item())
    await send(rig, STATIONS, station_item(ref="S-002"))
    await rig.forget_emitted()
    other = station_id_of("S-002")
    async with rig.client() as client:
        joined = await client.post(f"{HER}/memberships", json={"station_ref": "S-002"})
        assert str(other) in joined.json()["membership_station_ids"]
        unknown = await client.post(f"{HER}/memberships", json={"station_ref": "S-404"})
        home = await client.post(f"{HER}/memberships/{station_id_of('S-001')}/end", json={})
        await client.post(f"{HER}/memberships/{other}/end", json={"reason": "调离"})
        history = (await client.get(f"{HER}/history", params={"limit": 1})).json()
    assert await types(rig) == ["volunteer.joined", "volunteer.left"]
    assert [unknown.status_code, home.status_code] == [422, 422]
    assert (history["items"][0]["reason"], history["items"][0]["events"]) == ("调离", ["volunteer.left"])


async def test_dialects_are_those_of_the_list(rig: ServiceRig) -> None:
    await send(rig, STATIONS, station_item())
    async with rig.client(AccountRole.VIEWER) as client:
        languages = (await client.get("/registry/languages")).json()
    assert "Glottolog" in languages["source"]
    codes = {dialect["code"] for dialect in languages["dialects"]}
    assert "chen1267" in codes
    assert {d["language"] for d in languages["dialects"]} <= {language["code"] for language in languages["languages"]}
    answer = await send(
        rig, VOLUNTEERS, volunteer_item(dialects=["chen1267"]), volunteer_item(ref="V-2", dialects=["none1234"])
    )
    assert answer["items"][1]["problems"][0]["where"] == "/items/1/dialects/0"
    assert (await last_state(rig)).dialects == ("chen1267",)


PATHS: list[tuple[str, dict[str, Any]]] = [
    ("/opt-out", {}), ("/opt-in", {}), ("/availability", {"available": True}), ("/calendar", {}),
    ("/vetting", {"status": "pending"}), ("/memberships", {"station_ref": "S-001"}),
]  # fmt: skip


async def test_nobody_changes_somebody_outside_their_areas(rig: ServiceRig) -> None:
    await fill(rig, volunteer_item())
    for path, body in PATHS:
        async with rig.client(areas=["610000"]) as client:
            assert (await client.post(f"{HER}{path}", json=body)).status_code == 403, path
            assert (await client.get(f"{HER}/history")).status_code == 403
        async with rig.client() as client:
            unknown = await client.post(f"/registry/volunteers/{volunteer_id_of('V-404')}{path}", json=body)
            assert unknown.status_code == 404, path
    assert await rig.emitted() == []
