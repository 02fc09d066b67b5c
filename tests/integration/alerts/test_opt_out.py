"""From the request to opt out to the page that is not sent: registry, event log and alerts as they really are."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from schemas.events import alert as events
from schemas.vocabulary import PagePurpose, Role
from services.alerts import store
from services.alerts.asking import alert_id_of
from services.alerts.store import insert_pages
from services.registry.stations.decide import station_id_of
from services.registry.volunteers.decide import volunteer_id_of
from tests.integration.alerts.harness import Running, running, until
from tests.integration.alerts.network import incident, need, station, volunteer
from tests.integration.alerts.phones import Mood, phones
from tests.integration.alerts.steps import enrol, fenced, known, pages, rows
from tests.unit.registry.stations.builders import station_item
from tests.unit.registry.volunteers.builders import credential_item, volunteer_item

pytestmark = pytest.mark.integration


async def post(services: Running, path: str, body: dict[str, Any]) -> Any:
    response = await services.client.post(path, json=body, headers=services.token())
    assert response.status_code == 200, response.text
    return response.json()


async def test_who_opts_out_while_their_page_waits_never_gets_it(
    kafka_topics: str, make_database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home_ref, refs = f"S-{uuid4()}", [f"V-{uuid4()}" for _ in range(2)]
    counsellor = {
        "home_station_ref": home_ref,
        "roles": ["counsellor"],
        "credentials": [credential_item(roles=["counsellor"], expires_on=None)],
    }
    async with phones() as gateway:
        gateway.mood = Mood.BUSY
        waits = {"alerts_page_retry_s": 0.05, "alerts_page_retry_max_s": 0.2, "alerts_page_gateway_url": gateway.url}
        names = ("registry", "alerts")
        async with running(names, kafka_topics, make_database, tmp_path, monkeypatch, **waits) as services:
            await post(services, "/registry/stations:batch", {"items": [station_item(ref=home_ref)]})
            people = [volunteer_item(ref=ref, **counsellor) for ref in refs]
            await post(services, "/registry/volunteers:batch", {"items": people})
            await known(services, 1, 2)
            declared = incident(need(Role.COUNSELLOR, 1))
            home = station(104.5, 31.0).model_copy(update={"station_id": station_id_of(home_ref)})
            await services.log.publish(declared, declared.incident_id)
            await services.log.publish(fenced(declared, [home]), declared.incident_id)
            await services.log.wait_for(events.AlertWaveSent, declared.incident_id)
            await until(lambda: len(gateway.attempts) == 2, "both pages were tried")

            leaver = volunteer_id_of(refs[0])
            said = await post(services, f"/registry/volunteers/{leaver}/opt-out", {"reason": "本人来电"})
            assert said["reasons"] == ["opted-out"]

            async def stopped() -> bool:
                found = await rows(services, "alerts", "SELECT state FROM page WHERE volunteer_id = $1", leaver)
                return found == [{"state": "cancelled"}]

            await until(stopped, "the page is cancelled")
            gateway.mood = Mood.TAKES
            (sent,) = await pages(services, declared.incident_id, 1)
            assert sent.volunteer_id == volunteer_id_of(refs[1])
            assert len(gateway.pages) == 1


async def test_who_loses_the_last_channel_while_their_page_waits_is_not_sent_it(
    kafka_topics: str, make_database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with phones() as gateway:
        gateway.mood = Mood.BUSY
        waits = {"alerts_page_retry_s": 0.05, "alerts_page_retry_max_s": 0.2, "alerts_page_gateway_url": gateway.url}
        async with running(("alerts",), kafka_topics, make_database, tmp_path, monkeypatch, **waits) as services:
            home = station(104.5, 31.0)
            member = volunteer(home, Role.COUNSELLOR)
            await services.log.publish(member, member.volunteer_id)
            await known(services, 1, 1)
            declared = incident(need(Role.COUNSELLOR, 1))
            await services.log.publish(declared, declared.incident_id)
            await services.log.publish(fenced(declared, [home]), declared.incident_id)
            await until(lambda: bool(gateway.attempts), "the page was tried")
            silent = member.model_copy(update={"channels": ()})
            await services.log.publish(silent, silent.volunteer_id)

            async def stopped() -> bool:
                sql = "SELECT state FROM page WHERE volunteer_id = $1"
                found = await rows(services, "alerts", sql, member.volunteer_id)
                return found == [{"state": "cancelled"}]

            await until(stopped, "the page is cancelled")


async def test_no_page_of_any_purpose_leaves_to_a_member_who_opted_out(
    kafka_topics: str, make_database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        phones() as gateway,
        running(
            ("alerts",), kafka_topics, make_database, tmp_path, monkeypatch, alerts_page_gateway_url=gateway.url
        ) as services,
    ):
        home = station(104.5, 31.0)
        member = volunteer(home, Role.COUNSELLOR, deployable=False).model_copy(update={"reasons": ("opted-out",)})
        await services.log.publish(member, member.volunteer_id)
        await known(services, 1, 1)
        declared = incident(need(Role.COUNSELLOR, 1))
        await services.log.publish(declared, declared.incident_id)
        await services.log.publish(fenced(declared, [home]), declared.incident_id)
        await services.log.wait_for(events.AlertOpened, declared.incident_id)
        assert services.process is not None
        for purpose in PagePurpose:
            await insert_pages(
                services.process._members[0].runtime.pool, alert_id_of(declared.incident_id), purpose.value,
                [(uuid4(), member.volunteer_id)], now=datetime.now(UTC),
                mission_id=uuid4() if purpose is PagePurpose.MISSION else None,
            )  # fmt: skip

        async def stopped() -> bool:
            found = await rows(services, "alerts", "SELECT purpose, state FROM page")
            return {one["state"] for one in found} == {"cancelled"} and len(found) == len(PagePurpose)

        await until(stopped, "every page is cancelled")
        assert not gateway.attempts


async def test_who_opts_out_between_the_deciding_of_a_wave_and_its_keeping_gets_no_page(
    kafka_topics: str, make_database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first attempts are recorded with the wave: they must look once more, as every claim does."""
    opted_out = "UPDATE volunteer SET deployable = false, reasons = '{opted-out}' WHERE volunteer_id = $1"
    left: list[Any] = []
    async with (
        phones() as gateway,
        running(
            ("alerts",), kafka_topics, make_database, tmp_path, monkeypatch, alerts_page_gateway_url=gateway.url
        ) as services,
    ):
        stock = store.insert_wave

        async def after_an_opt_out(connection: Any, alert: Any, number: int, wave: Any, **others: Any) -> Any:
            left.append(wave.asks[0].volunteer_id)
            await rows(services, "alerts", opted_out, left[0])
            return await stock(connection, alert, number, wave, **others)

        monkeypatch.setattr(store, "insert_wave", after_an_opt_out)
        stations = await enrol(services, per_station=2)
        declared = incident(need(Role.COUNSELLOR, 2))
        await services.log.publish(declared, declared.incident_id)
        await services.log.publish(fenced(declared, stations), declared.incident_id)
        sent = await pages(services, declared.incident_id, 2)
        assert left[0] not in {page.volunteer_id for page in sent}

        async def cancelled() -> bool:
            found = await rows(services, "alerts", "SELECT state FROM page WHERE volunteer_id = $1", left[0])
            return found == [{"state": "cancelled"}]

        await until(cancelled, "the page is cancelled")
        assert len(gateway.pages) == 2
