"""Notices on real parts: from the register's word and the mission's to the phone, and never to who opted out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from schemas.events.mission import MissionMemberContactChanged
from schemas.events.volunteer import VolunteerCredentialExpiring, VolunteerState
from schemas.vocabulary import Role
from services.alerts.notices import store
from services.alerts.notices.model import Subject
from services.alerts.words import DRILL_MARK
from services.registry.volunteers.decide import volunteer_id_of
from tests.integration.alerts.harness import Running, running, until
from tests.integration.alerts.network import station, volunteer
from tests.integration.alerts.phones import Mood, Phones, phones
from tests.integration.alerts.steps import known, rows
from tests.unit.registry.stations.builders import station_item
from tests.unit.registry.volunteers.builders import credential_item, volunteer_item

pytestmark = pytest.mark.integration
HOME = station(104.5, 31.0)


def expiring(holder: VolunteerState) -> VolunteerCredentialExpiring:
    return VolunteerCredentialExpiring(
        volunteer_id=holder.volunteer_id,
        home_station_id=HOME.station_id,
        kind="二级心理咨询师",
        roles=(Role.COUNSELLOR,),
        expires_on=date(2026, 12, 31),
        notice_days=30,
        days_left=30,
    )


def team_changed(told: UUID | None) -> MissionMemberContactChanged:
    return MissionMemberContactChanged(
        mission_id=uuid4(), incident_id=uuid4(), volunteer_id=uuid4(), need_id="counsel", may_be_contacted=False,
        tell_volunteer_id=told,
    )  # fmt: skip


def opted_out(person: VolunteerState) -> VolunteerState:
    return person.model_copy(update={"deployable": False, "reasons": ("opted-out",)})


async def notices(services: Running) -> list[dict[str, object]]:
    return await rows(services, "alerts", "SELECT volunteer_id, subject, state, last_error FROM notice")


async def make_due(services: Running) -> None:
    """It is day now."""
    await rows(services, "alerts", "UPDATE notice SET due_at = now() WHERE state = 'pending' RETURNING notice_id")


@pytest.fixture
async def gateway() -> AsyncIterator[Phones]:
    """The phones."""
    async with phones() as opened:
        yield opened


@pytest.fixture
async def services(
    gateway: Phones, kafka_topics: str, make_database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Running]:
    """Alerts alone, in front of the phones."""
    async with running(
        ("alerts",), kafka_topics, make_database, tmp_path, monkeypatch, alerts_page_retry_s=0.05,
        alerts_page_gateway_url=gateway.url,
    ) as started:  # fmt: skip
        yield started


async def enrol(services: Running, person: VolunteerState) -> VolunteerState:
    """Somebody whom alerts knows."""
    await services.log.publish(person, person.volunteer_id)
    await known(services, 0, 1)
    return person


async def test_the_holder_is_told_once_a_day_on_their_phone(services: Running, gateway: Phones) -> None:
    holder = await enrol(services, volunteer(HOME, Role.COUNSELLOR))
    old = services.log.envelope(expiring(holder), holder.volunteer_id)
    await services.log.send(replace(old, time=datetime.now(UTC) - timedelta(days=30)))
    await services.log.publish(expiring(holder), holder.volunteer_id)
    await services.log.publish(expiring(holder), holder.volunteer_id)

    async def kept() -> bool:
        return len(await notices(services)) >= 1

    await until(kept, "the notice is kept")
    await make_due(services)
    await until(lambda: len(gateway.pages) == 1, "the phone has it")
    (page,) = gateway.pages.values()
    assert (page["purpose"], page["recipient"], page["exercise"]) == ("notice", str(holder.volunteer_id), False)
    assert "二级" not in str(page)
    assert str(page["text_zh"]).endswith("请打开应用查看。")
    assert len(await notices(services)) == 1

    answer = await services.client.post(
        f"/alerts/pages/{page['page_id']}/answer",
        json={"answer": "accept"},
        headers={"Authorization": f"Bearer {page['token']}"},
    )
    assert answer.status_code == 403  # nothing was asked


async def test_from_the_register_to_the_phone_and_back_to_the_holders_own_list(
    kafka_topics: str, make_database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home_ref, refs = f"S-{uuid4()}", [f"V-{uuid4()}" for _ in range(2)]
    soon = (datetime.now(UTC) + timedelta(days=20)).date().isoformat()
    async with (
        phones() as gateway,
        running(
            ("registry", "alerts"), kafka_topics, make_database, tmp_path, monkeypatch,
            alerts_page_gateway_url=gateway.url,
        ) as services,
    ):  # fmt: skip
        people = [
            volunteer_item(ref=ref, home_station_ref=home_ref, credentials=[credential_item(expires_on=expires_on)])
            for ref, expires_on in zip(refs, (soon, None), strict=True)
        ]
        for path, item in (("stations", [station_item(ref=home_ref)]), ("volunteers", people)):
            answer = await services.client.post(
                f"/registry/{path}:batch", json={"items": item}, headers=services.token()
            )
            assert answer.status_code == 200, answer.text

        async def kept() -> bool:
            return len(await notices(services)) == 1

        await until(kept, "the notice is kept")
        await make_due(services)
        await until(lambda: len(gateway.pages) == 1, "the phone has it")
        (page,) = gateway.pages.values()
        holder, other = (volunteer_id_of(ref) for ref in refs)
        assert page["recipient"] == str(holder)
        phone = {"Authorization": f"Bearer {page['token']}"}
        own = await services.client.get(f"/registry/volunteers/{holder}/notices", headers=phone)
        assert [item["expires_on"] for item in own.json()["items"]] == [soon]
        for closed in (f"/volunteers/{other}/notices", f"/volunteers/{holder}", "/stations"):
            assert (await services.client.get(f"/registry{closed}", headers=phone)).status_code == 403


async def test_the_lead_of_a_team_is_told_at_once_and_a_drill_is_marked(services: Running, gateway: Phones) -> None:
    lead = await enrol(services, volunteer(HOME, Role.TEAM_LEAD))
    gateway.mood = Mood.BUSY
    nobody, told = team_changed(None), team_changed(lead.volunteer_id)
    await services.log.publish(nobody, nobody.mission_id, exercise=True)
    await services.log.publish(told, told.mission_id, exercise=True)
    await until(lambda: gateway.attempts.total() >= 1, "it was tried")
    gateway.mood = Mood.TAKES
    await until(lambda: len(gateway.pages) == 1, "the phone has it")
    (page,) = gateway.pages.values()
    assert page["text_en"].startswith(DRILL_MARK)
    assert page["exercise"]

    async def sent() -> bool:
        return [one["state"] for one in await notices(services)] == ["sent"]

    await until(sent, "it is recorded as sent")
    assert gateway.inquiries.total() == 0  # it was certain that nothing had arrived


async def test_nothing_of_any_subject_leaves_to_who_opted_out(services: Running, gateway: Phones) -> None:
    person = await enrol(services, opted_out(volunteer(HOME, Role.TEAM_LEAD)))
    assert services.process is not None
    pool = services.process._members[0].runtime.pool
    now = datetime.now(UTC)
    for subject in Subject:
        await store.add(
            pool, uuid4(), person.volunteer_id, subject, exercise=False, now=now, due_at=now,
            lapses_at=now + timedelta(days=1), mission_id=uuid4() if subject is Subject.TEAM_CHANGED else None,
        )  # fmt: skip

    async def ended() -> bool:
        found = await notices(services)
        return {(one["state"], one["last_error"]) for one in found} == {("cancelled", "opted out")}

    await until(ended, "all are cancelled")
    assert not gateway.attempts
