"""From a declaration to filled quotas, on real parts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from uuid import uuid4

import pytest

from schemas.envelope import Event
from schemas.events import alert as events
from schemas.events.incident import IncidentClosed, IncidentDeclared, IncidentMerged
from schemas.events.zone import ZoneFenced, ZoneLifted
from schemas.vocabulary import PagePurpose, Role
from services.alerts.words import DRILL_MARK
from tests.integration.alerts.harness import Running
from tests.integration.alerts.network import incident, need
from tests.integration.alerts.steps import answer, enrol, pages, rows

pytestmark = pytest.mark.integration


async def test_declared_to_filled_and_stood_down(services: Running) -> None:
    await enrol(services)
    declared = incident(need(Role.COUNSELLOR, 2))
    await services.log.publish(declared, declared.incident_id)
    fenced = (await services.log.wait_for(ZoneFenced, declared.incident_id))[0]
    assert [zone.kind.value for zone in fenced.zones] == ["core", "affected", "ripple"]
    assert len(fenced.stations) == 2
    opened = (await services.log.wait_for(events.AlertOpened, declared.incident_id))[0]
    assert [quota.count for quota in opened.quotas] == [2]
    wave = (await services.log.wait_for(events.AlertWaveSent, declared.incident_id))[0]
    assert len(wave.asks) == 3
    sent = await pages(services, declared.incident_id, 3)
    assert {page.page_id for page in sent} == {ask.page_id for ask in wave.asks}
    assert (await answer(services, sent[0]))["counted"] is True
    assert (await answer(services, sent[1]))["counted"] is True
    filled = (await services.log.wait_for(events.AlertQuotaFilled, declared.incident_id))[0]
    assert filled.stood_down == (sent[2].volunteer_id,)
    stood_down = await pages(services, declared.incident_id, 1, PagePurpose.STAND_DOWN)
    assert stood_down[0].volunteer_id == sent[2].volunteer_id
    late = await answer(services, sent[2])
    assert late["counted"] is False
    assert "met" in str(late["message_en"])
    board = await services.get(f"/alerts/incidents/{declared.incident_id}")
    assert board["quotas"][0]["state"] == "filled"
    assert board["asks_by_state"] == {"accepted": 2, "stood-down": 1}
    services.log.check_sequences()


def closed(declared: IncidentDeclared) -> IncidentClosed:
    return IncidentClosed(incident_id=declared.incident_id, closed_at=declared.occurred_at)


def merged(declared: IncidentDeclared) -> IncidentMerged:
    return IncidentMerged(incident_id=declared.incident_id, into_incident_id=uuid4(), merged_at=declared.occurred_at)


@pytest.mark.parametrize("end", [closed, merged])
async def test_closing_and_merging_lift_and_end_everything(services: Running, end: Callable[..., Event]) -> None:
    await enrol(services)
    declared = incident(need(Role.COUNSELLOR, 3))
    await services.log.publish(declared, declared.incident_id)
    sent = await pages(services, declared.incident_id, 5)
    await answer(services, sent[0])
    await services.log.publish(end(declared), declared.incident_id)
    await services.log.wait_for(events.AlertClosed, declared.incident_id)
    await services.log.wait_for(ZoneLifted, declared.incident_id)
    told = await pages(services, declared.incident_id, 5, PagePurpose.STAND_DOWN)
    assert {page.volunteer_id for page in told} == {page.volunteer_id for page in sent}
    assert (await answer(services, sent[1]))["counted"] is False
    assert await rows(services, "alerts", "SELECT * FROM commitment") == []
    zones = await services.get(f"/geofencing/incidents/{declared.incident_id}/zones")
    assert zones["lifted_at"] is not None


async def test_two_answers_race_for_the_last_place(services: Running) -> None:
    await enrol(services)
    declared = incident(need(Role.COUNSELLOR, 1))
    await services.log.publish(declared, declared.incident_id)
    sent = await pages(services, declared.incident_id, 2)
    outcomes = await asyncio.gather(*(answer(services, page) for page in sent))
    assert sorted(outcome["counted"] is True for outcome in outcomes) == [False, True]
    await services.log.wait_for(events.AlertQuotaFilled, declared.incident_id)
    answered = await services.log.wait_for(events.AlertAnswered, declared.incident_id, 2)
    assert sum(event.counted for event in answered) == 1


async def test_a_drill_never_blocks_a_real_page_and_is_marked(services: Running) -> None:
    await enrol(services, per_station=1)
    drill, real = incident(need(Role.COUNSELLOR, 2), factor=60), incident(need(Role.COUNSELLOR, 2))
    await services.log.publish(drill, drill.incident_id, exercise=True)
    for page in await pages(services, drill.incident_id, 2):
        assert (await answer(services, page))["counted"] is True
    await services.log.publish(real, real.incident_id)
    sent = await pages(services, real.incident_id, 2)
    assert len({page.volunteer_id for page in sent}) == 2
    for page in sent:
        assert (await answer(services, page))["counted"] is True
    key = (services.secrets_dir / "page-gateway.key").read_text().strip()
    taken = await services.get("/pagegateway/pages", headers={"Authorization": f"Bearer {key}"})
    texts = {page["page_id"]: page for page in taken["pages"]}
    assert all(texts[str(page.page_id)]["text_en"].startswith("New request") for page in sent)
    assert all(text["text_zh"].startswith(DRILL_MARK) == text["exercise"] for text in texts.values())


async def test_a_promise_to_one_incident_is_not_given_to_another(services: Running) -> None:
    """Both incidents ask the same people while neither has an answer; the second yes is not counted."""
    await enrol(services, per_station=1)
    first, second = incident(need(Role.COUNSELLOR, 2)), incident(need(Role.COUNSELLOR, 2))
    await services.log.publish(first, first.incident_id)
    sent = await pages(services, first.incident_id, 2)
    await rows(services, "alerts", "UPDATE ask SET lapses_at = now() - interval '1 minute'")
    await services.log.publish(second, second.incident_id)
    again = await pages(services, second.incident_id, 2)
    same = next(page for page in again if page.volunteer_id == sent[0].volunteer_id)
    outcomes = await asyncio.gather(answer(services, sent[0]), answer(services, same))
    assert sorted(outcome["counted"] is True for outcome in outcomes) == [False, True]
    refused = next(outcome for outcome in outcomes if not outcome["counted"])
    assert "committed" in str(refused["message_en"])
