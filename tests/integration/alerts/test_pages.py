"""Pages and a provider in every mood: nothing lost, nothing doubled, every doubt recorded."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from schemas.events import alert as events
from schemas.events import mission
from schemas.events.incident import IncidentClosed, IncidentDeclared
from schemas.events.volunteer import VolunteerState
from schemas.vocabulary import PagePurpose, Role
from tests.integration.alerts.harness import Running, running, until
from tests.integration.alerts.network import incident, need
from tests.integration.alerts.phones import Mood, Phones, phones
from tests.integration.alerts.steps import answer, enrol, fenced, known, pages, rows, sent_pages
from tests.integration.alerts.test_waves import dispatched, planned

pytestmark = pytest.mark.integration

SHORT_WAITS = {"alerts_page_retry_s": 0.05, "alerts_page_retry_max_s": 0.2}
SHORT_PATIENCE = {"alerts_page_timeout_s": 0.4, "alerts_page_lease_s": 1.5}
"""Only where the provider is silent: else an answer that a busy machine delays is an answer lost."""
silent = pytest.mark.parametrize("patience", [pytest.param(SHORT_PATIENCE, id="silent")])


@pytest.fixture
async def gateway() -> AsyncIterator[Phones]:
    """The provider."""
    async with phones() as listening:
        yield listening


@pytest.fixture
def patience() -> dict[str, float]:
    """How long the provider's answer is waited for: as in earnest."""
    return {}


@pytest.fixture
async def services(
    kafka_topics: str,
    make_database: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    gateway: Phones,
    patience: dict[str, float],
) -> AsyncIterator[Running]:
    """Alerts alone, with the tests' gateway."""
    waits = {**SHORT_WAITS, **patience, "alerts_page_gateway_url": gateway.url}
    async with running(("alerts",), kafka_topics, make_database, tmp_path, monkeypatch, **waits) as started:
        yield started


async def declare(services: Running, count: int) -> IncidentDeclared:
    """An incident that needs so many counsellors, fenced."""
    stations = await enrol(services, per_station=3 * count)
    declared = incident(need(Role.COUNSELLOR, count))
    await services.log.publish(declared, declared.incident_id)
    await services.log.publish(fenced(declared, stations), declared.incident_id)
    return declared


async def test_a_busy_provider_is_asked_again_until_it_takes_every_page_once(
    services: Running, gateway: Phones
) -> None:
    gateway.mood = Mood.BUSY
    declared = await declare(services, 2)
    await until(lambda: gateway.attempts.total() >= 9, "several attempts")
    gateway.mood = Mood.TAKES
    sent = await pages(services, declared.incident_id, 3)
    assert set(gateway.pages) == {str(page.page_id) for page in sent}
    assert not any(page.repeated for page in sent)
    assert not gateway.inquiries


@silent
async def test_after_a_lost_answer_the_provider_is_asked_and_the_page_not_sent_again(
    services: Running, gateway: Phones
) -> None:
    gateway.mood = Mood.TAKES_AND_HANGS
    declared = await declare(services, 1)
    await until(lambda: len(gateway.attempts) == 2, "both attempts")
    sent = await pages(services, declared.incident_id, 2)
    assert set(gateway.attempts.values()) == {1}
    assert not any(page.repeated for page in sent)


async def test_after_a_server_error_the_provider_is_asked_first(services: Running, gateway: Phones) -> None:
    gateway.mood = Mood.TAKES_AND_FAILS
    declared = await declare(services, 1)
    sent = await pages(services, declared.incident_id, 2)
    assert set(gateway.attempts.values()) == {1}
    assert set(gateway.inquiries) == {str(page.page_id) for page in sent}


@silent
async def test_a_page_that_vanished_is_sent_again_and_marked(services: Running, gateway: Phones) -> None:
    gateway.mood = Mood.HANGS
    declared = await declare(services, 1)
    await until(lambda: len(gateway.attempts) == 2, "attempts that hang")
    gateway.mood = Mood.TAKES
    sent = await pages(services, declared.incident_id, 2)
    assert all(page.repeated for page in sent)
    assert len(gateway.pages) == 2


async def test_a_refused_page_fails_for_good_with_its_reason(services: Running, gateway: Phones) -> None:
    gateway.mood = Mood.REFUSES
    declared = await declare(services, 1)
    failed = await services.log.wait_for(events.AlertPageFailed, declared.incident_id)
    assert all(page.reason == "status 422" for event in failed for page in event.pages)
    board = await services.get(f"/alerts/incidents/{declared.incident_id}")
    assert board["pages"] == [{"purpose": "ask", "state": "failed", "pages": 2}]


@silent
@pytest.mark.parametrize("mood", [Mood.HANGS, Mood.TAKES_AND_HANGS])
async def test_kill_minus_9_between_the_attempt_and_its_settling(
    services: Running, gateway: Phones, mood: Mood
) -> None:
    """The attempt was committed, the process dies while the provider is silent; the next process finds out."""
    stations = await enrol(services, per_station=3)
    await services.stop()
    gateway.mood = mood
    child = await _spawn(services)
    try:
        declared = incident(need(Role.COUNSELLOR, 1))
        await services.log.publish(declared, declared.incident_id)
        await services.log.publish(fenced(declared, stations), declared.incident_id)
        await until(lambda: len(gateway.attempts) == 2, "attempts")
    finally:
        os.kill(child.pid, signal.SIGKILL)
        await child.wait()
    before = dict(gateway.attempts)
    gateway.mood = Mood.TAKES
    await services.start()
    await known(services, 2, 6)
    sent = await pages(services, declared.incident_id, 2)
    was_taken = mood is Mood.TAKES_AND_HANGS
    assert all(page.repeated is not was_taken for page in sent)
    assert gateway.attempts == {page_id: tried + (not was_taken) for page_id, tried in before.items()}
    assert len(gateway.pages) == len(sent_pages(services.log, declared.incident_id)) == 2


async def test_while_the_channel_is_down_no_further_wave_goes_and_afterwards_they_do(
    services: Running, gateway: Phones
) -> None:
    """Else everybody in reach would be paged for two places when the provider comes back."""
    gateway.mood = Mood.BUSY
    stations = await enrol(services, per_station=12)
    declared = incident(need(Role.COUNSELLOR, 2), factor=1200)  # a wave every half second
    await services.log.publish(declared, declared.incident_id, exercise=True)
    await services.log.publish(fenced(declared, stations), declared.incident_id, exercise=True)
    await services.log.wait_for(events.AlertWaveSent, declared.incident_id)
    await asyncio.sleep(2.5)
    waves = {e.data.wave for e in services.log.seen if isinstance(e.data, events.AlertWaveSent)}
    assert waves == {1}
    gateway.mood = Mood.TAKES
    await services.log.wait_for(events.AlertWaveSent, declared.incident_id, 2)


async def _spawn(services: Running) -> asyncio.subprocess.Process:
    """Alerts in a process of its own, in the same consumer group."""
    code = (
        "import sys; from services.kit import consume, run; "
        f"consume.group_of = lambda service: f'thirdrescue-{{service}}-{services.suffix}'; "
        "sys.exit(run.run_services(['alerts']))"
    )
    environment = {**os.environ, "THIRDRESCUE_HTTP_PORT": str(services.port)}
    return await asyncio.create_subprocess_exec(sys.executable, "-c", code, env=environment)


async def test_zones_that_are_known_before_the_needs_open_the_alert_just_as_well(
    services: Running, gateway: Phones
) -> None:
    stations = await enrol(services, per_station=2)
    declared = incident(need(Role.COUNSELLOR, 1))
    await services.log.publish(fenced(declared, stations), declared.incident_id)

    async def zones_are_known() -> bool:
        return bool(await rows(services, "alerts", "SELECT 1 FROM alert WHERE zones IS NOT NULL AND needs IS NULL"))

    await until(zones_are_known, "zones")
    await services.log.publish(declared, declared.incident_id)
    assert len(await pages(services, declared.incident_id, 2)) == len(gateway.pages) == 2
    assert len(services.log.of(events.AlertOpened, declared.incident_id)) == 1


# --- nothing reaches somebody who must not be paged


async def says(services: Running, page: events.Ask, *reasons: str) -> None:
    """The register says that somebody cannot be asked any more."""
    (row,) = await rows(services, "alerts", "SELECT * FROM volunteer WHERE volunteer_id = $1", page.volunteer_id)
    state = VolunteerState.model_validate(
        {
            **row,
            "area_code": "510000",
            "position": {"lat_deg": 31, "lon_deg": 104},
            "deployable": False,
            "reasons": reasons,
        }
    )
    # After whatever this log has told of them before, as the register counts on.
    services.log._sequences["volunteer-state", str(page.volunteer_id)] = int(str(row["sequence"]))
    await services.log.publish(state, page.volunteer_id)

    async def heard() -> bool:
        found = await rows(services, "alerts", "SELECT 1 FROM volunteer WHERE volunteer_id = $1 AND NOT deployable",
                           page.volunteer_id)  # fmt: skip
        return bool(found)

    await until(heard, "the register's word")


async def asks_of(services: Running, declared: IncidentDeclared, count: int) -> list[events.Ask]:
    """Everybody who is asked in the waves so far, once there are so many."""

    def found() -> list[events.Ask]:
        waves = services.log.of(events.AlertWaveSent, declared.incident_id)
        return [ask for wave in waves for ask in wave.asks]

    await until(lambda: len(found()) >= count, f"{count} asks")
    return found()


@pytest.mark.parametrize("reason", ["opted-out", "off-duty"])
async def test_a_page_that_waits_is_not_sent_to_somebody_who_cannot_be_asked_any_more(
    services: Running, gateway: Phones, reason: str
) -> None:
    """And somebody else is asked in their place."""
    gateway.mood = Mood.BUSY
    stations = await enrol(services, per_station=3)
    declared = incident(need(Role.COUNSELLOR, 1), factor=1200)  # a wave every half second
    await services.log.publish(declared, declared.incident_id, exercise=True)
    await services.log.publish(fenced(declared, stations), declared.incident_id, exercise=True)
    muted, other = await asks_of(services, declared, 2)
    await says(services, muted, reason)
    gateway.mood = Mood.TAKES
    third = (await asks_of(services, declared, 3))[2]

    def both_are_told() -> bool:
        told = {page.volunteer_id for page in sent_pages(services.log, declared.incident_id)}
        return {other.volunteer_id, third.volunteer_id} <= told

    async def cancelled() -> bool:
        board = await services.get(f"/alerts/incidents/{declared.incident_id}")
        return {"purpose": "ask", "state": "cancelled", "pages": 1} in board["pages"]

    await until(both_are_told, "the other and who is asked instead are told")
    await until(cancelled, "the page is cancelled")
    assert muted.volunteer_id not in {page.volunteer_id for page in sent_pages(services.log, declared.incident_id)}
    assert str(muted.page_id) not in gateway.pages


@silent
async def test_a_page_in_doubt_is_not_sent_again_to_somebody_who_opted_out(services: Running, gateway: Phones) -> None:
    """Of the two attempts nobody knows whether they arrived; one of the two people opts out meanwhile."""
    gateway.mood = Mood.HANGS
    declared = await declare(services, 1)
    muted, _ = await asks_of(services, declared, 2)
    await until(lambda: len(gateway.attempts) >= 2, "attempts that hang")
    await says(services, muted, "opted-out")
    before = gateway.attempts[str(muted.page_id)]
    gateway.mood = Mood.TAKES
    sent = await pages(services, declared.incident_id, 1)

    async def stopped() -> bool:
        found = await rows(services, "alerts", "SELECT state FROM page WHERE page_id = $1", muted.page_id)
        return found == [{"state": "cancelled"}]

    await until(stopped, "the page is cancelled")
    assert muted.volunteer_id not in {page.volunteer_id for page in sent}
    assert gateway.attempts[str(muted.page_id)] <= before + 1, "the one that was on its way when they opted out"


async def test_who_opts_out_after_a_promise_gives_the_place_back_and_is_not_told_to_stand_down(
    services: Running, gateway: Phones
) -> None:
    declared = await declare(services, 1)
    promised, _ = await pages(services, declared.incident_id, 2)
    await answer(services, promised)
    await services.log.wait_for(events.AlertQuotaFilled, declared.incident_id)
    ask = next(a for a in await asks_of(services, declared, 2) if a.volunteer_id == promised.volunteer_id)
    await says(services, ask, "opted-out")
    (reopened,) = await services.log.wait_for(events.AlertQuotaReopened, declared.incident_id)
    assert (reopened.volunteer_id, reopened.reason) == (promised.volunteer_id, "opted out")
    assert await rows(services, "alerts", "SELECT * FROM commitment") == []
    await asks_of(services, declared, 3)
    closed = IncidentClosed(incident_id=declared.incident_id, closed_at=declared.occurred_at)
    await services.log.publish(closed, declared.incident_id)
    await services.log.wait_for(events.AlertClosed, declared.incident_id)
    states = await rows(services, "alerts", "SELECT state FROM page WHERE volunteer_id = $1", promised.volunteer_id)
    assert states == [{"state": "sent"}], "only the ask that they had answered"


async def test_a_mission_is_not_sent_to_a_member_who_opted_out_before(services: Running, gateway: Phones) -> None:
    """The page is made, and the sender's last look stops it."""
    declared = await declare(services, 2)
    sent = await pages(services, declared.incident_id, 3)
    out, goes = sent[0], sent[1]
    ask = next(a for a in await asks_of(services, declared, 3) if a.volunteer_id == out.volunteer_id)
    await says(services, ask, "opted-out")
    quota = services.log.of(events.AlertOpened, declared.incident_id)[0].quotas[0]
    members = tuple(
        mission.Member(volunteer_id=page.volunteer_id, need_id=quota.need_id, role=Role.COUNSELLOR)
        for page in (out, goes)
    )
    plan = planned(declared, quota.zone_id, members)
    await services.log.publish(plan, plan.mission_id)
    await services.log.publish(dispatched(plan), plan.mission_id)
    (told,) = await pages(services, declared.incident_id, 1, PagePurpose.MISSION)
    assert told.volunteer_id == goes.volunteer_id

    async def stopped() -> bool:
        found = await rows(services, "alerts", "SELECT state, last_error FROM page WHERE purpose = 'mission' AND "
                           "volunteer_id = $1", out.volunteer_id)  # fmt: skip
        return found == [{"state": "cancelled", "last_error": "opted out"}]

    await until(stopped, "the mission's page is cancelled")
