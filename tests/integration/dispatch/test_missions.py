"""A mission's steps over HTTP: who may take them, in what order, what they tell, and the watch over the team."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio

from schemas.events.mission import (
    MissionArrived,
    MissionCancelled,
    MissionCheckedIn,
    MissionCheckInMissed,
    MissionCompleted,
    MissionDeclined,
    MissionDeparted,
    MissionDispatched,
)
from schemas.policy import AccountRole
from services.dispatch.app import create
from tests.integration.dispatch.field import Field, open_field
from tests.integration.dispatch.story import FACTOR, Story
from tests.integration.dispatch.test_teams import begin, whole_team
from tests.support.elsewhere import answers, let_in
from tests.support.postgres_server import TestDatabase

pytestmark = pytest.mark.integration


@dataclass
class Sent:
    """A team that was dispatched."""

    desk: Field
    story: Story
    lead: UUID
    others: list[UUID]

    @property
    def path(self) -> str:
        """Of the mission."""
        return f"/dispatch/missions/{self.story.mission_id()}"

    def phone(self, volunteer_id: UUID | None = None) -> httpx.AsyncClient:
        """A member's phone; the lead's unless told otherwise."""
        return self.desk.phone(volunteer_id or self.lead, self.story.mission_id())


@pytest_asyncio.fixture
async def sent(make_database: Callable[..., TestDatabase], tmp_path: Path) -> AsyncIterator[Sent]:
    """A team of three, dispatched, in a drill at sixty times the speed."""
    dsn = make_database("dispatch").dsn("dispatch")
    async with open_field("dispatch", create, dsn, tmp_path) as desk:
        story = Story()
        await begin(desk, story)
        lead, *others = await whole_team(desk, story)
        yield Sent(desk, story, lead, others)


def problem(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["detail"]


async def test_a_team_goes_out_and_comes_back(sent: Sent) -> None:
    async with sent.phone() as lead:
        departed = await lead.post(f"{sent.path}/departures", json={"eta_minutes": 120})
        sent.desk.clock.advance(timedelta(minutes=2))
        arrived = await lead.post(f"{sent.path}/arrivals")
        checked_in = await lead.post(f"{sent.path}/check-ins")
        completed = await lead.post(f"{sent.path}/completions")
        shown = await lead.get(sent.path)

    assert [answer.json()["state"] for answer in (departed, arrived, checked_in, completed)] == [
        "departed", "arrived", "arrived", "completed",
    ]  # fmt: skip
    (left,) = await sent.desk.emitted(MissionDeparted)
    (there,) = await sent.desk.emitted(MissionArrived)
    assert left.eta_at - left.departed_at == timedelta(minutes=120)
    assert there.arrived_at - left.departed_at == timedelta(minutes=2) * FACTOR, "incident time"
    assert len(await sent.desk.emitted(MissionCheckedIn)) == 1
    assert len(await sent.desk.emitted(MissionCompleted)) == 1
    document = shown.json()
    assert document["end_reason"] == "handed over"
    assert len(document["members"]) == 3
    assert document["is_relief_overdue"] is False
    assert await sent.desk.fire(timedelta(days=30)) == 0, "nobody waits for a sign of life any more"


async def test_repeating_a_step_is_answered_and_told_once(sent: Sent) -> None:
    async with sent.phone() as lead:
        answers = [
            await lead.post(f"{sent.path}/{step}", json=body)
            for step, body in (("departures", {"eta_minutes": 5}), ("arrivals", None), ("completions", None))
            for _ in range(2)
        ]
        late = await lead.post(f"{sent.path}/departures", json={"eta_minutes": 5})
    assert [answer.status_code for answer in (*answers, late)] == [200] * 7
    assert [answer.json()["changed"] for answer in answers] == [True, False] * 3
    assert late.json() == {**late.json(), "changed": False, "state": "completed"}
    told = await sent.desk.emitted(MissionDeparted, MissionArrived, MissionCompleted)
    assert len(told) == 3


async def test_a_repeated_request_with_a_key_gets_the_same_answer(sent: Sent) -> None:
    async with sent.phone() as lead:
        key = {"Idempotency-Key": "phone-1"}
        first = await lead.post(f"{sent.path}/check-ins", headers=key)
        second = await lead.post(f"{sent.path}/check-ins", headers=key)
    assert first.json() == second.json()
    assert second.headers["Idempotent-Replay"] == "true"
    assert len(await sent.desk.emitted(MissionCheckedIn)) == 1


async def test_steps_out_of_turn_are_refused_in_words(sent: Sent) -> None:
    async with sent.phone() as lead:
        assert problem(await lead.post(f"{sent.path}/arrivals")) == (
            409, "The team has not departed; report its departure first.",
        )  # fmt: skip
        assert problem(await lead.post(f"{sent.path}/completions"))[0] == 409
    await sent.desk.tell(sent.story.closed(), sent.story.incident_id, exercise=True)
    async with sent.phone() as lead:
        assert problem(await lead.post(f"{sent.path}/departures", json={"eta_minutes": 5})) == (
            409, "The mission was cancelled.",
        )  # fmt: skip
        assert problem(await lead.post(f"{sent.path}/check-ins"))[0] == 409
    assert len(await sent.desk.emitted(MissionCancelled)) == 1


async def test_only_the_lead_or_an_account_of_the_area_moves_the_team(sent: Sent) -> None:
    body = {"eta_minutes": 5}
    async with sent.phone(sent.others[0]) as member:
        assert problem(await member.post(f"{sent.path}/departures", json=body))[0] == 403
        assert (await member.post(f"{sent.path}/check-ins")).status_code == 200, "any member may say that all is well"
    async with sent.phone(uuid4()) as stranger:
        assert problem(await stranger.post(f"{sent.path}/check-ins"))[0] == 403
        assert problem(await stranger.get(sent.path))[0] == 403
    async with sent.desk.phone(sent.lead, uuid4()) as other_mission:
        assert problem(await other_mission.post(f"{sent.path}/departures", json=body))[0] == 403
    names = {"mission_id": sent.story.mission_id(), "incident_id": sent.story.incident_id}
    bodies = {
        "POST /dispatch/missions/{mission_id}/departures": {"json": body},
        "POST /dispatch/missions/{mission_id}/declines": {"json": {"volunteer_id": str(sent.lead), "reason": "ill"}},
    }
    assert let_in(await answers("dispatch", sent.desk.account, ["110000"], names, bodies)) == {}
    async with sent.desk.account(AccountRole.VIEWER) as viewer:
        assert problem(await viewer.post(f"{sent.path}/departures", json=body))[0] == 403
        assert (await viewer.get(sent.path)).status_code == 200
    assert await sent.desk.emitted(MissionDeparted) == []
    async with sent.desk.account(AccountRole.DUTY_OFFICER, areas=("510000",)) as officer:
        assert (await officer.post(f"{sent.path}/departures", json=body)).status_code == 200


async def test_a_member_declines_and_the_next_answer_takes_the_seat(sent: Sent) -> None:
    async with sent.phone(sent.others[0]) as member:
        other = {"volunteer_id": str(sent.lead)}
        assert problem(await member.post(f"{sent.path}/declines", json=other))[0] == 403
        first = await member.post(f"{sent.path}/declines", json={"reason": "ill"})
        again = await member.post(f"{sent.path}/declines", json={"reason": "ill"})
    assert (first.json()["changed"], again.json()["changed"]) == (True, False)
    (declined,) = await sent.desk.emitted(MissionDeclined)
    assert (declined.need_id, declined.reason) == ("counsel", "ill")

    newcomer = uuid4()
    await sent.desk.tell(sent.story.answered(newcomer, "counsel"), sent.story.alert_id, exercise=True)
    again_sent = (await sent.desk.emitted(MissionDispatched))[-1]
    assert newcomer in {member.volunteer_id for member in again_sent.members}


async def test_after_departure_the_team_goes_on_short_and_the_next_in_rank_leads(sent: Sent) -> None:
    async with sent.phone() as lead:
        await lead.post(f"{sent.path}/departures", json={"eta_minutes": 5})
        await lead.post(f"{sent.path}/declines", json={"reason": "ill"})
    await sent.desk.tell(sent.story.answered(uuid4(), "lead"), sent.story.alert_id, exercise=True)
    assert len(await sent.desk.emitted(MissionDispatched)) == 1, "nobody joins a team on its way"
    async with sent.phone(sent.others[0]) as next_in_rank:
        assert (await next_in_rank.post(f"{sent.path}/arrivals")).status_code == 200


async def test_a_team_that_lost_everybody_on_its_way_is_cancelled(sent: Sent) -> None:
    async with sent.phone() as lead:
        await lead.post(f"{sent.path}/departures", json={"eta_minutes": 5})
    for member in (sent.lead, *sent.others):
        async with sent.phone(member) as phone:
            assert (await phone.post(f"{sent.path}/declines", json={})).status_code == 200
    (cancelled,) = await sent.desk.emitted(MissionCancelled)
    assert cancelled.mission_id == sent.story.mission_id()


async def test_silence_is_told_once_per_lapse_in_incident_time(sent: Sent) -> None:
    twelve_hours = timedelta(hours=12) / FACTOR
    assert await sent.desk.fire(twelve_hours - timedelta(seconds=1)) == 0
    assert await sent.desk.fire(timedelta(seconds=1)) == 1
    assert await sent.desk.fire(timedelta(days=2)) == 0
    (missed,) = await sent.desk.emitted(MissionCheckInMissed)
    assert missed.mission_id == sent.story.mission_id()
    async with sent.phone() as lead:
        assert (await lead.get(sent.path)).json()["check_in_missed"] is True
        await lead.post(f"{sent.path}/check-ins")
        assert (await lead.get(sent.path)).json()["check_in_missed"] is False
    assert await sent.desk.fire(twelve_hours) == 1
    assert len(await sent.desk.emitted(MissionCheckInMissed)) == 2
    assert all(one.exercise for one in await sent.desk.envelopes())


async def test_a_check_in_puts_the_next_one_off(sent: Sent) -> None:
    for _ in range(5):
        assert await sent.desk.fire(timedelta(hours=11) / FACTOR) == 0
        async with sent.phone() as lead:
            await lead.post(f"{sent.path}/check-ins")
    assert await sent.desk.emitted(MissionCheckInMissed) == []


async def test_a_team_out_for_more_than_a_week_is_overdue_for_relief(sent: Sent) -> None:
    sent.desk.clock.advance(timedelta(days=8) / FACTOR)
    async with sent.desk.account(AccountRole.DUTY_OFFICER) as officer:
        (shown,) = (await officer.get(f"/dispatch/incidents/{sent.story.incident_id}/missions")).json()["missions"]
    assert shown["is_relief_overdue"] is True


@pytest.mark.parametrize(
    ("step", "body", "where"),
    [
        ("departures", {}, "/eta_minutes"),
        ("departures", {"eta_minutes": -1}, "/eta_minutes"),
        ("departures", {"eta_minutes": 5, "name": "x"}, "/name"),
        ("declines", {"reason": "Free text about a person"}, "/reason"),
    ],
)
async def test_bad_requests_say_where(sent: Sent, step: str, body: dict[str, object], where: str) -> None:
    async with sent.desk.account(AccountRole.DUTY_OFFICER) as officer:
        answer = await officer.post(f"{sent.path}/{step}", json=body)
    assert answer.status_code == 422
    assert where in {found["where"] for found in answer.json()["problems"]}


async def test_what_nobody_knows_is_not_found(sent: Sent) -> None:
    async with sent.desk.account(AccountRole.DUTY_OFFICER) as officer:
        for path in (f"/dispatch/missions/{uuid4()}", f"/dispatch/incidents/{uuid4()}/missions"):
            assert (await officer.get(path)).status_code == 404
        assert (await officer.post(f"/dispatch/missions/{uuid4()}/approvals")).status_code == 404
