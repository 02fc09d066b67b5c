"""Cases from the field on a real database: by code only, once however often a phone repeats, owned by a station."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio

from schemas.envelope import Event
from schemas.events.case import CaseClosed, CaseConsented, CaseOpened, CaseTriaged
from schemas.events.mission import (
    Member,
    MissionArrived,
    MissionCompleted,
    MissionDeclined,
    MissionDispatched,
)
from schemas.policy import AccountRole
from schemas.values import Position
from schemas.vocabulary import Role, TriageLevel
from services.care.app import create
from services.care.decide import is_case_code
from tests.integration.dispatch.field import REAL_NOW, Field, open_field
from tests.integration.dispatch.story import FACTOR, OCCURRED_AT, Story
from tests.support.elsewhere import answers, let_in
from tests.support.postgres_server import TestDatabase

pytestmark = pytest.mark.integration
TABLES = ("incidents", "missions", "cases")
MET = {
    "population_group": "bereaved", "age_band": "30-64", "triage_level": "L1", "consent_follow_up": True,
}  # fmt: skip


@dataclass
class Ward:
    """Care with one incident and one team on scene."""

    desk: Field
    story: Story
    member: UUID = field(default_factory=uuid4)
    left: UUID = field(default_factory=uuid4)

    @property
    def mission_id(self) -> UUID:
        """The team's mission."""
        return self.story.mission_id()

    @property
    def met(self) -> dict[str, Any]:
        """Somebody the team met."""
        return {"mission_id": str(self.mission_id), **MET}

    async def tell_mission(self, event: Event) -> None:
        """One event of the mission."""
        await self.desk.tell(event, self.mission_id, exercise=True)

    async def send_team(self) -> None:
        """Two people are sent, one of them leaves before they arrive."""
        members = tuple(
            Member(volunteer_id=one, need_id="counsel", role=Role.COUNSELLOR) for one in (self.member, self.left)
        )
        await self.tell_mission(
            MissionDispatched(
                mission_id=self.mission_id, incident_id=self.story.incident_id, zone_id=self.story.zone_id,
                members=members, lead_volunteer_id=self.member, destination=Position(lat_deg=31, lon_deg=103),
                approved_by="auto-dispatch", check_in_every_minutes=720, relieve_by_at=OCCURRED_AT,
            )
        )  # fmt: skip
        await self.tell_mission(
            MissionDeclined(
                mission_id=self.mission_id, incident_id=self.story.incident_id, volunteer_id=self.left,
                need_id="counsel", reason="ill",
            )
        )  # fmt: skip

    async def arrive(self) -> None:
        """The team is on scene."""
        await self.tell_mission(
            MissionArrived(mission_id=self.mission_id, incident_id=self.story.incident_id, arrived_at=OCCURRED_AT)
        )

    def phone(self, who: UUID | None = None) -> httpx.AsyncClient:
        """A member's phone."""
        return self.desk.phone(who or self.member, self.mission_id)

    def clinician(self, areas: tuple[str, ...] = ("510000",)) -> httpx.AsyncClient:
        """A clinician of the area."""
        return self.desk.account(AccountRole.CLINICIAN, areas=areas)

    async def open_one(self, **changes: object) -> UUID:
        """A case from the field."""
        async with self.phone() as phone:
            answer = await phone.post("/care/cases", json={**self.met, **changes})
        assert answer.status_code == 201, answer.text
        return UUID(answer.json()["case_id"])


@pytest_asyncio.fixture
async def ward(make_database: Callable[..., TestDatabase], tmp_path: Path) -> AsyncIterator[Ward]:
    """Care on a database of this test's own, with a team that has arrived."""
    dsn = make_database("care").dsn("care")
    async with open_field("care", create, dsn, tmp_path) as desk:
        made = Ward(desk, Story())
        await desk.tell(made.story.fenced(), made.story.incident_id, exercise=True)
        await made.send_team()
        await made.arrive()
        yield made


async def test_a_case_is_opened_triaged_and_consented_in_one_go(ward: Ward) -> None:
    ward.desk.clock.advance(timedelta(minutes=10))
    async with ward.phone() as phone:
        answer = await phone.post("/care/cases", json=ward.met)
    assert answer.status_code == 201
    assert is_case_code(answer.json()["code"])

    opened, triaged, consented = await ward.desk.emitted()

    assert isinstance(opened, CaseOpened)
    assert isinstance(triaged, CaseTriaged)
    assert isinstance(consented, CaseConsented)
    assert opened.owner_station_id == ward.story.near_station, "the nearest that is not itself hit"
    assert opened.opened_at == OCCURRED_AT + timedelta(minutes=10) * FACTOR
    assert (triaged.level, triaged.needs_clinician_review) == (TriageLevel.L1, True)
    assert consented.follow_up
    envelopes = await ward.desk.envelopes()
    assert [one.sequence for one in envelopes] == [1, 2, 3]
    assert all(one.exercise and one.jurisdiction == ("510000",) for one in envelopes)
    assert answer.json()["code"] not in json.dumps([one.data.model_dump(mode="json") for one in envelopes])


async def test_a_phone_that_repeats_opens_one_case(ward: Ward) -> None:
    key = {"Idempotency-Key": "phone-7"}
    async with ward.phone() as phone:
        answers = await asyncio.gather(*(phone.post("/care/cases", json=ward.met, headers=key) for _ in range(5)))
        other_body = await phone.post("/care/cases", json={**ward.met, "age_band": "0-5"}, headers=key)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["case_id"] for answer in answers}) == 1
    assert other_body.status_code == 422
    assert len(await ward.desk.emitted(CaseOpened)) == 1


async def test_who_is_not_in_the_team_opens_no_case(ward: Ward) -> None:
    for stranger in (uuid4(), ward.left):
        async with ward.phone(stranger) as phone:
            assert (await phone.post("/care/cases", json=ward.met)).status_code == 403
    async with ward.desk.phone(ward.member, uuid4()) as phone:
        assert (await phone.post("/care/cases", json=ward.met)).status_code == 403
    async with ward.desk.account(AccountRole.DUTY_OFFICER) as officer:
        assert (await officer.post("/care/cases", json=ward.met)).status_code == 403
    assert await ward.desk.emitted() == []


async def test_a_phone_is_told_to_try_again_when_news_may_be_on_its_way(ward: Ward) -> None:
    other = Ward(ward.desk, Story())
    async with other.phone() as phone:
        unknown = await phone.post("/care/cases", json=other.met)
        await other.send_team()
        unfenced = await phone.post("/care/cases", json=other.met)
        await ward.desk.tell(other.story.fenced(), other.story.incident_id, exercise=True)
        not_there = await phone.post("/care/cases", json=other.met)
        await other.arrive()
        there = await phone.post("/care/cases", json=other.met)
    assert [answer.status_code for answer in (unknown, unfenced, not_there, there)] == [503, 503, 409, 201]
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in (unknown, unfenced, not_there))


async def test_after_the_mission_only_clinicians_open_cases(ward: Ward) -> None:
    await ward.tell_mission(
        MissionCompleted(
            mission_id=ward.mission_id, incident_id=ward.story.incident_id, completed_at=REAL_NOW, reason="handed over"
        )
    )
    async with ward.phone() as phone:
        assert (await phone.post("/care/cases", json=ward.met)).status_code == 409
    async with ward.clinician() as clinician:
        by_mission = await clinician.post("/care/cases", json=ward.met)
        by_zone = await clinician.post(
            "/care/cases",
            json={"incident_id": str(ward.story.incident_id), "zone_id": str(ward.story.zone_id), **MET},
        )
        wrong_zone = await clinician.post(
            "/care/cases", json={"incident_id": str(ward.story.incident_id), "zone_id": str(uuid4()), **MET}
        )
        nowhere = await clinician.post("/care/cases", json=MET)
    assert (by_mission.status_code, by_zone.status_code) == (201, 201)
    assert (wrong_zone.status_code, nowhere.status_code) == (422, 422)
    assert wrong_zone.json()["problems"][0]["where"] == "/zone_id"
    triaged = await ward.desk.emitted(CaseTriaged)
    assert not any(event.needs_clinician_review for event in triaged), "a clinician has looked"


async def test_a_clinician_reviews_and_triages_again(ward: Ward) -> None:
    case_id = await ward.open_one()
    async with ward.clinician() as clinician:
        confirmed = await clinician.post(f"/care/cases/{case_id}/triage", json={"level": "L1"})
        same = await clinician.post(f"/care/cases/{case_id}/triage", json={"level": "L1"})
        lower = await clinician.post(f"/care/cases/{case_id}/triage", json={"level": "L2"})
        shown = (await clinician.get(f"/care/cases/{case_id}")).json()
    assert [answer.json()["changed"] for answer in (confirmed, same, lower)] == [True, False, True]
    levels = [(one.level, one.needs_clinician_review) for one in await ward.desk.emitted(CaseTriaged)]
    assert levels == [("L1", True), ("L1", False), ("L2", False)]
    assert (shown["level"], shown["needs_clinician_review"]) == ("L2", False)


async def test_consent_is_taken_back_and_the_case_closed(ward: Ward) -> None:
    case_id = await ward.open_one()
    async with ward.clinician() as clinician:
        withdrawn = await clinician.post(f"/care/cases/{case_id}/consent", json={"follow_up": False})
        same = await clinician.post(f"/care/cases/{case_id}/consent", json={"follow_up": False})
        closed = await clinician.post(f"/care/cases/{case_id}/close", json={"reason": "moved"})
        again = await clinician.post(f"/care/cases/{case_id}/close", json={"reason": "moved"})
        otherwise = await clinician.post(f"/care/cases/{case_id}/close", json={"reason": "done"})
        too_late = await clinician.post(f"/care/cases/{case_id}/triage", json={"level": "L0"})
    assert [one.json()["changed"] for one in (withdrawn, same, closed, again)] == [True, False, True, False]
    assert (otherwise.status_code, too_late.status_code) == (409, 409)
    assert [one.follow_up for one in await ward.desk.emitted(CaseConsented)] == [True, False]
    (ended,) = await ward.desk.emitted(CaseClosed)
    assert ended.reason == "moved"


async def test_counts_by_level_are_for_readers_of_the_area(ward: Ward) -> None:
    for level in ("L0", "L1", "L1", "L3"):
        await ward.open_one(triage_level=level, consent_follow_up=level == "L1")
    path = f"/care/incidents/{ward.story.incident_id}"
    async with ward.desk.account(AccountRole.VIEWER, areas=("510700",)) as elsewhere:
        assert (await elsewhere.get(path)).status_code == 403
    async with ward.desk.account(AccountRole.VIEWER, areas=("510000",)) as viewer:
        counts = (await viewer.get(path)).json()
    assert (counts["open"], counts["closed"], counts["awaiting_review"], counts["consented"]) == (4, 0, 3, 2)
    assert {level: one["open"] for level, one in counts["by_level"].items()} == {"L0": 1, "L1": 2, "L3": 1}


async def test_an_account_of_another_area_is_refused_everywhere_and_changes_nothing(ward: Ward) -> None:
    names = {"case_id": await ward.open_one(), "incident_id": ward.story.incident_id}
    bodies = {
        "POST /care/cases": {"json": ward.met},
        "POST /care/cases/{case_id}/triage": {"json": {"level": "L0"}},
        "POST /care/cases/{case_id}/consent": {"json": {"follow_up": False}},
        "POST /care/cases/{case_id}/close": {"json": {"reason": "moved"}},
    }
    before = await ward.desk.everything(*TABLES)
    assert let_in(await answers("care", ward.desk.account, ["610000"], names, bodies)) == {}
    assert await ward.desk.everything(*TABLES) == before


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"triage_level": "L9"}, "/triage_level"),
        ({"age_band": "42"}, "/age_band"),
        ({"name": "somebody"}, "/name"),
        ({"consent_follow_up": "perhaps"}, "/consent_follow_up"),
    ],
)
async def test_bad_requests_say_where_and_change_nothing(ward: Ward, change: dict[str, str], where: str) -> None:
    async with ward.phone() as phone:
        answer = await phone.post("/care/cases", json={**ward.met, **change})
    assert answer.status_code == 422
    assert [found["where"] for found in answer.json()["problems"]] == [where]
    assert await ward.desk.runtime.pool.fetchval("SELECT count(*) FROM cases") == 0


async def test_redelivery_of_everything_changes_nothing(ward: Ward) -> None:
    await ward.open_one()
    before = await ward.desk.everything(*TABLES)
    await ward.desk.tell_everything_again()
    assert await ward.desk.everything(*TABLES) == before


async def test_there_is_no_room_for_a_name(ward: Ward) -> None:
    columns = await ward.desk.runtime.pool.fetch(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'care' AND table_name = 'cases'"
    )
    assert not {row["column_name"] for row in columns} & {"name", "phone", "address", "birth_date", "notes", "text"}
