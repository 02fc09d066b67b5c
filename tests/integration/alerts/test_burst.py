"""Everybody answers in the same second: each answer counts as if it had come alone."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest

from schemas.events import alert as events
from schemas.vocabulary import Answer, Role
from services.alerts.answering import Answering, Given
from services.alerts.asking import Asking, alert_id_of
from services.alerts.desk import AnswerDesk
from services.alerts.first_attempts import FirstAttempts
from services.alerts.settings import AlertsSettings
from services.alerts.waking import Waker
from services.kit.problems import ProblemError
from tests.integration.alerts.harness import Running
from tests.integration.alerts.network import incident, need
from tests.integration.alerts.steps import answer, enrol, pages, rows

pytestmark = pytest.mark.integration

PLACES = 30
PER_STATION = 45


def asking() -> Asking:
    """Of another process, without a sender."""
    return Asking(AlertsSettings().rules(), Waker(), FirstAttempts(most=0, lease=timedelta(seconds=15)))


async def asked_for_many(services: Running) -> tuple[events.AlertOpened, list[events.PageReceipt]]:
    """Two needs of 15 places each: 23 people are asked for either."""
    await enrol(services, per_station=PER_STATION)
    declared = incident(need(Role.COUNSELLOR, 15), need(Role.COUNSELLOR, 15, need_id="second"))
    await services.log.publish(declared, declared.incident_id)
    opened = await services.log.wait_for(events.AlertOpened, declared.incident_id)
    wave = (await services.log.wait_for(events.AlertWaveSent, declared.incident_id))[0]
    sent = await pages(services, declared.incident_id, len(wave.asks))
    assert len(sent) == 2 * 23
    return opened[0], sent


async def test_everybody_accepts_at_once(services: Running) -> None:
    opened, sent = await asked_for_many(services)
    unknown = uuid4()
    token = services.page_token(sent[0].volunteer_id, f"page:{unknown}")
    stranger = services.client.post(f"/alerts/pages/{unknown}/answer", json={"answer": "accept"}, headers=token)
    refused, *outcomes = await asyncio.gather(stranger, *(answer(services, page) for page in sent))
    assert refused.status_code == 404
    assert sum(outcome["counted"] is True for outcome in outcomes) == PLACES
    told = await services.log.wait_for(events.AlertAnswered, opened.incident_id, len(sent))
    assert Counter(event.page_id for event in told) == Counter(page.page_id for page in sent)
    assert sum(event.counted for event in told) == PLACES
    assert len(await rows(services, "alerts", "SELECT * FROM commitment")) == PLACES
    services.log.check_sequences()


async def test_two_processes_share_the_last_places(services: Running) -> None:
    """Each process has its own desk; the alert's row lock decides between them."""
    opened, sent = await asked_for_many(services)
    assert services.process is not None
    runtime = next(m for m in services.process._members if m.service.name == "alerts").runtime
    desks = [AnswerDesk(runtime, Answering(asking())) for _ in range(2)]
    alert_id = alert_id_of(opened.incident_id)
    yes = Given(answer=Answer.ACCEPT)
    outcomes = await asyncio.gather(
        *(desks[n % 2].take(alert_id, page.page_id, yes) for n, page in enumerate(sent)),
    )
    assert sum(outcome.counted for outcome in outcomes) == PLACES
    quotas = await rows(services, "alerts", "SELECT accepted, count FROM quota")
    assert all(row["accepted"] == row["count"] for row in quotas)


async def test_a_cancelled_request_takes_nobody_with_it(services: Running) -> None:
    opened, sent = await asked_for_many(services)
    assert services.process is not None
    runtime = next(m for m in services.process._members if m.service.name == "alerts").runtime
    desk = AnswerDesk(runtime, Answering(asking()))
    alert_id = alert_id_of(opened.incident_id)
    no = Given(answer=Answer.DECLINE)
    takes = [asyncio.create_task(desk.take(alert_id, page.page_id, no)) for page in sent]
    await asyncio.sleep(0)
    takes[0].cancel()
    results = await asyncio.gather(*takes, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert not any(isinstance(result, BaseException) for result in results[1:])
    with pytest.raises(ProblemError):
        await desk.take(alert_id, uuid4(), no)
