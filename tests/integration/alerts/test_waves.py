"""Waves, missions and redelivery, on real parts. Waits are short because a drill's clock runs fast."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from schemas.events import alert as events
from schemas.events import mission
from schemas.events.incident import IncidentDeclared, IncidentNeedStated
from schemas.events.zone import ZoneFenced
from schemas.policy import AccountRole
from schemas.values import Explanation, Position
from schemas.vocabulary import ContactChannel, PagePurpose, Role, ZoneKind
from tests.integration.alerts.harness import Running, until
from tests.integration.alerts.network import incident, need, volunteer
from tests.integration.alerts.steps import answer, enrol, known, pages, rows, sent_pages

pytestmark = pytest.mark.integration
FAST = 1200.0
"""Ten minutes of incident time are half a second."""


async def test_waves_follow_while_a_quota_is_open_and_widen(services: Running) -> None:
    await enrol(services, 2, places=(103.9, 106.5))
    declared = incident(need(Role.COUNSELLOR, 2), factor=FAST)
    await services.log.publish(declared, declared.incident_id, exercise=True)
    waves = await services.log.wait_for(events.AlertWaveSent, declared.incident_id, 2)
    assert [wave.ring_km for wave in waves] == [150.0, 400.0]
    assert [len(wave.asks) for wave in waves] == [2, 2]
    assert len({ask.volunteer_id for wave in waves for ask in wave.asks}) == 4
    exhausted = await services.log.wait_for(events.AlertExhausted, declared.incident_id)
    assert exhausted[0].shortfalls[0].missing == 2
    assert "already asked here: 4" in exhausted[0].shortfalls[0].why.en


async def test_somebody_new_reopens_an_exhausted_search(services: Running) -> None:
    stations = await enrol(services, 1, places=(103.9,))
    declared = incident(need(Role.COUNSELLOR, 2), factor=FAST)
    await services.log.publish(declared, declared.incident_id, exercise=True)
    await services.log.wait_for(events.AlertExhausted, declared.incident_id)
    newcomer = volunteer(stations[0], Role.COUNSELLOR)
    await services.log.publish(newcomer, newcomer.volunteer_id)
    waves = await services.log.wait_for(events.AlertWaveSent, declared.incident_id, 2)
    assert waves[1].asks[0].volunteer_id == newcomer.volunteer_id
    await services.log.wait_for(events.AlertExhausted, declared.incident_id, 2)


async def test_who_no_channel_reaches_is_asked_once_there_is_one(services: Running) -> None:
    (home,) = await enrol(services, 1, places=(103.9,))
    silent = volunteer(home, Role.COUNSELLOR).model_copy(update={"channels": ()})
    await services.log.publish(silent, silent.volunteer_id)
    await known(services, 1, 2)
    declared = incident(need(Role.COUNSELLOR, 2), factor=FAST)
    await services.log.publish(declared, declared.incident_id, exercise=True)
    exhausted = await services.log.wait_for(events.AlertExhausted, declared.incident_id)
    assert "no channel reaches them: 1" in exhausted[0].shortfalls[0].why.en
    (first,) = await services.log.wait_for(events.AlertWaveSent, declared.incident_id)
    assert silent.volunteer_id not in {ask.volunteer_id for ask in first.asks}
    heard = silent.model_copy(update={"channels": (ContactChannel.SMS,)})
    await services.log.publish(heard, heard.volunteer_id)
    waves = await services.log.wait_for(events.AlertWaveSent, declared.incident_id, 2)
    assert [ask.volunteer_id for ask in waves[1].asks] == [silent.volunteer_id]


async def test_when_everybody_declined_the_next_wave_does_not_wait(services: Running) -> None:
    await enrol(services, 2)
    declared = incident(need(Role.COUNSELLOR, 1))
    await services.log.publish(declared, declared.incident_id)
    for page in await pages(services, declared.incident_id, 2):
        await answer(services, page, "decline")
    waves = await services.log.wait_for(events.AlertWaveSent, declared.incident_id, 2)
    assert len(waves[1].asks) == 2


async def test_giving_a_place_back_reopens_the_quota(services: Running) -> None:
    await enrol(services)
    declared = incident(need(Role.COUNSELLOR, 1))
    await services.log.publish(declared, declared.incident_id)
    first, second = await pages(services, declared.incident_id, 2)
    assert (await answer(services, first))["counted"] is True
    assert (await answer(services, first))["counted"] is True
    await services.log.wait_for(events.AlertQuotaFilled, declared.incident_id)
    assert (await answer(services, first, "decline"))["counted"] is False
    reopened = await services.log.wait_for(events.AlertQuotaReopened, declared.incident_id)
    assert reopened[0].volunteer_id == first.volunteer_id
    assert (await answer(services, second))["counted"] is True
    answered = await services.log.wait_for(events.AlertAnswered, declared.incident_id, 3)
    assert [event.counted for event in answered] == [True, False, True]


def planned(declared: IncidentDeclared, zone_id: UUID, members: tuple[mission.Member, ...]) -> mission.MissionPlanned:
    """What dispatch would plan."""
    return mission.MissionPlanned(
        mission_id=uuid4(),
        incident_id=declared.incident_id,
        zone_id=zone_id,
        zone_kind=ZoneKind.CORE,
        team_no=0,
        members=members,
        lead_volunteer_id=members[0].volunteer_id,
        destination=Position(lat_deg=31, lon_deg=103.4),
        explanation=Explanation(zh="测试", en="test"),
        clock=declared.clock,
    )


def dispatched(plan: mission.MissionPlanned) -> mission.MissionDispatched:
    """The same team, sent."""
    return mission.MissionDispatched(
        mission_id=plan.mission_id,
        incident_id=plan.incident_id,
        zone_id=plan.zone_id,
        members=plan.members,
        lead_volunteer_id=plan.lead_volunteer_id,
        destination=plan.destination,
        approved_by="test",
        check_in_every_minutes=720,
        relieve_by_at=plan.clock.anchor_incident_at + timedelta(days=7),
    )


async def test_missions_are_told_to_their_members_and_hold_and_free_them(services: Running) -> None:
    await enrol(services, 1)
    declared = incident(need(Role.COUNSELLOR, 2))
    await services.log.publish(declared, declared.incident_id)
    sent = await pages(services, declared.incident_id, 2)
    for page in sent:
        await answer(services, page)
    opened = services.log.of(events.AlertOpened, declared.incident_id)[0]
    members = tuple(
        mission.Member(volunteer_id=page.volunteer_id, need_id=opened.quotas[0].need_id, role=Role.COUNSELLOR)
        for page in sent
    )
    plan = planned(declared, opened.quotas[0].zone_id, members)
    await services.log.publish(plan, plan.mission_id)
    await services.log.publish(dispatched(plan), plan.mission_id)
    told = await pages(services, declared.incident_id, 2, PagePurpose.MISSION)
    assert {page.volunteer_id for page in told} == {page.volunteer_id for page in sent}
    token = services.page_token(sent[0].volunteer_id, f"page:{sent[0].page_id}")
    url = f"/alerts/pages/{sent[0].page_id}/answer"
    refused = await services.client.post(url, json={"answer": "decline"}, headers=token)
    assert refused.status_code == 409
    declined = mission.MissionDeclined(
        mission_id=plan.mission_id,
        incident_id=declared.incident_id,
        volunteer_id=sent[0].volunteer_id,
        need_id=members[0].need_id,
        reason="ill",
    )
    await services.log.publish(declined, plan.mission_id)
    reopened = await services.log.wait_for(events.AlertQuotaReopened, declared.incident_id)
    assert reopened[0].reason == "mission declined: ill"
    done = mission.MissionCompleted(
        mission_id=plan.mission_id,
        incident_id=declared.incident_id,
        completed_at=declared.occurred_at,
        reason="handed over",
    )
    await services.log.publish(done, plan.mission_id)

    async def everybody_is_free() -> bool:
        return await rows(services, "alerts", "SELECT * FROM commitment") == []

    await until(everybody_is_free, "no promises")


async def test_needs_stated_anew_keep_what_is_filled(services: Running) -> None:
    await enrol(services, 4, Role.COUNSELLOR, Role.SUPPORT)
    declared = incident(need(Role.COUNSELLOR, 1, need_id="first"))
    await services.log.publish(declared, declared.incident_id)
    sent = await pages(services, declared.incident_id, 2)
    await answer(services, sent[0])
    more = (need(Role.COUNSELLOR, 2, need_id="first"), need(Role.SUPPORT, 1, need_id="second", zone=ZoneKind.RIPPLE))
    stated = IncidentNeedStated(incident_id=declared.incident_id, needs=more)
    await services.log.publish(stated, declared.incident_id)
    opened = await services.log.wait_for(events.AlertOpened, declared.incident_id, 2)
    assert {quota.need_id: quota.count for quota in opened[1].quotas} == {"first": 2, "second": 1}
    waves = await services.log.wait_for(events.AlertWaveSent, declared.incident_id, 2)
    assert {ask.need_id for ask in waves[1].asks} == {"first", "second"}
    board = await services.get(f"/alerts/incidents/{declared.incident_id}")
    assert [(line["need_id"], line["accepted"], line["count"]) for line in board["quotas"]] == [
        ("first", 1, 2),
        ("second", 0, 1),
    ]


async def test_every_event_twice_changes_nothing(services: Running) -> None:
    stations = await enrol(services, 3)
    member = volunteer(stations[0], Role.COUNSELLOR)
    records = [services.log.envelope(member, member.volunteer_id)]
    declared = incident(need(Role.COUNSELLOR, 2))
    records.append(services.log.envelope(declared, declared.incident_id))
    for record in records:
        await services.log.send(record)
    await known(services, 2, 7)
    sent = await pages(services, declared.incident_id, 3)
    before = len(services.log.seen)
    for record in records:
        await services.log.send(record)
    other = incident(need(Role.COUNSELLOR, 1))
    await services.log.publish(other, other.incident_id)
    await pages(services, other.incident_id, 2)
    assert len(services.log.of(ZoneFenced, declared.incident_id)) == 1
    assert len(services.log.of(events.AlertWaveSent, declared.incident_id)) == 1
    assert len(sent_pages(services.log, declared.incident_id)) == len(sent)
    assert before < len(services.log.seen)
    services.log.check_sequences()


async def test_answers_on_behalf_and_who_may_see_the_board(services: Running) -> None:
    await enrol(services, 1)
    declared = incident(need(Role.COUNSELLOR, 2))
    await services.log.publish(declared, declared.incident_id)
    sent = await pages(services, declared.incident_id, 2)
    url = f"/alerts/incidents/{declared.incident_id}/answers"
    body = {"volunteer_id": str(sent[0].volunteer_id), "answer": "accept", "reason": "said so by telephone"}
    elsewhere = services.token(areas=("440000",))
    assert (await services.client.post(url, json=body, headers=elsewhere)).status_code == 403
    told = await services.client.post(url, json=body, headers=services.token(subject="officer-1"))
    assert told.json()["counted"] is True
    unasked = {**body, "volunteer_id": str(uuid4())}
    assert (await services.client.post(url, json=unasked, headers=services.token())).status_code == 404
    board = await services.get(f"/alerts/incidents/{declared.incident_id}")
    entry = next(ask for ask in board["asks"] if ask["volunteer_id"] == str(sent[0].volunteer_id))
    assert (entry["answered_by"], entry["behalf_reason"]) == ("officer-1", "said so by telephone")
    path = f"/alerts/incidents/{declared.incident_id}"
    assert (await services.client.get(path, headers=elsewhere)).status_code == 403
    viewer = services.token(roles=(AccountRole.VIEWER,))
    assert (await services.client.get(path, headers=viewer)).status_code == 403


async def test_a_page_is_answered_with_its_own_token_only(services: Running) -> None:
    await enrol(services, 1)
    declared = incident(need(Role.COUNSELLOR, 2))
    await services.log.publish(declared, declared.incident_id)
    first, second = await pages(services, declared.incident_id, 2)
    url = f"/alerts/pages/{first.page_id}/answer"
    body = {"answer": "accept"}
    wrong_page = services.page_token(first.volunteer_id, f"page:{second.page_id}")
    assert (await services.client.post(url, json=body, headers=wrong_page)).status_code == 403
    wrong_person = services.page_token(second.volunteer_id, f"page:{first.page_id}")
    assert (await services.client.post(url, json=body, headers=wrong_person)).status_code == 403
    assert (await services.client.post(url, json=body, headers=services.token())).status_code == 403
    assert (await services.client.post(url, json=body)).status_code == 401
    unknown = uuid4()
    token = services.page_token(first.volunteer_id, f"page:{unknown}")
    assert (await services.client.post(f"/alerts/pages/{unknown}/answer", json=body, headers=token)).status_code == 404
    own = services.page_token(first.volunteer_id, f"page:{first.page_id}")
    wrong = await services.client.post(url, json={"answer": "perhaps"}, headers=own)
    assert wrong.status_code == 422
    assert wrong.json()["problems"][0]["where"] == "/answer"


async def test_members_of_a_plan_that_was_given_up_stay_promised(services: Running) -> None:
    await enrol(services, 1, places=(103.9,))
    declared = incident(need(Role.COUNSELLOR, 1))
    await services.log.publish(declared, declared.incident_id)
    (page,) = await pages(services, declared.incident_id, 1)
    await answer(services, page)
    opened = services.log.of(events.AlertOpened, declared.incident_id)[0]
    who = mission.Member(volunteer_id=page.volunteer_id, need_id=opened.quotas[0].need_id, role=Role.COUNSELLOR)
    plan = planned(declared, opened.quotas[0].zone_id, (who,))
    given_up = mission.MissionCancelled(
        mission_id=plan.mission_id, incident_id=declared.incident_id, reason="lifted", members_wait=True
    )
    await services.log.publish(plan, plan.mission_id)
    await until(lambda: _promised(services, plan.mission_id), "planned")
    await services.log.publish(given_up, plan.mission_id)
    await until(lambda: _promised(services, None), "waiting again, still promised")


async def _promised(services: Running, mission_id: UUID | None) -> bool:
    return await rows(services, "alerts", "SELECT mission_id FROM commitment") == [{"mission_id": mission_id}]
