"""Who is seated where: for a need that is stated, in a team that has not left, in a plan that nobody approved."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio

from schemas.events.incident import IncidentNeedStated
from schemas.events.mission import MissionDispatched, MissionPlanned
from schemas.policy import AccountRole
from schemas.values import NeedLine
from schemas.vocabulary import Role, ZoneKind
from services.dispatch.app import create
from tests.integration.dispatch.field import Field, open_field
from tests.integration.dispatch.story import Story
from tests.integration.dispatch.test_teams import answer, begin, take_back, whole_team
from tests.support.postgres_server import TestDatabase

pytestmark = pytest.mark.integration


@pytest_asyncio.fixture
async def desk(make_database: Callable[..., TestDatabase], tmp_path: Path) -> AsyncIterator[Field]:
    async with open_field("dispatch", create, make_database("dispatch").dsn("dispatch"), tmp_path) as opened:
        yield opened


async def test_who_waits_for_a_need_that_is_no_longer_stated_holds_up_no_team(desk: Field) -> None:
    story = Story()
    await begin(desk, story)
    await answer(desk, story, uuid4(), "lead")
    stated = IncidentNeedStated(incident_id=story.incident_id, needs=story.needs[1:])
    await desk.tell(stated, story.incident_id, exercise=True)
    for _ in range(2):
        await answer(desk, story, uuid4(), "counsel")
    (planned,) = await desk.emitted(MissionPlanned)
    assert [member.need_id for member in planned.members] == ["counsel"] * 2


async def test_a_need_that_comes_after_the_team_has_left_gets_one_team_of_its_own(desk: Field) -> None:
    more = NeedLine(need_id="more", zone_kind=ZoneKind.RIPPLE, role=Role.PFA_TRAINED, per_team=2, teams=1)
    story = Story()
    await begin(desk, story)
    crew = await whole_team(desk, story)
    async with desk.phone(crew[0], story.mission_id()) as lead:
        await lead.post(f"/dispatch/missions/{story.mission_id()}/departures", json={"eta_minutes": 90})
    stated = IncidentNeedStated(incident_id=story.incident_id, needs=(*story.needs, more))
    await desk.tell(stated, story.incident_id, exercise=True)
    for _ in range(4):
        await answer(desk, story, uuid4(), "more")
    own = (await desk.emitted(MissionPlanned))[1:]
    assert [[member.need_id for member in planned.members] for planned in own] == [["more", "more"]]


async def test_a_free_seat_in_a_plan_that_nobody_approved_is_taken_and_nobody_is_sent(desk: Field) -> None:
    story = Story(auto_dispatch=False)
    await begin(desk, story)
    crew = await whole_team(desk, story)
    await take_back(desk, story, crew[0])
    newcomer = uuid4()
    await answer(desk, story, newcomer, "lead")
    assert await desk.emitted(MissionDispatched) == []
    async with desk.account(AccountRole.DUTY_OFFICER) as officer:
        await officer.post(f"/dispatch/missions/{story.mission_id()}/approvals")
    (sent,) = await desk.emitted(MissionDispatched)
    assert {member.volunteer_id for member in sent.members} == {newcomer, *crew[1:]}


async def test_who_gives_the_place_back_before_they_had_a_seat_leaves_no_team(desk: Field) -> None:
    story = Story()
    await begin(desk, story)
    gone, newcomer = uuid4(), uuid4()
    await answer(desk, story, gone, "lead")
    await take_back(desk, story, gone)
    assert await desk.emitted() == []
    for volunteer_id, need_id in ((newcomer, "lead"), (uuid4(), "counsel"), (uuid4(), "counsel")):
        await answer(desk, story, volunteer_id, need_id)
    (planned,) = await desk.emitted(MissionPlanned)
    assert planned.lead_volunteer_id == newcomer


async def test_who_waits_takes_the_seat_that_somebody_leaves_at_once(desk: Field) -> None:
    story = Story()
    await begin(desk, story)
    crew = await whole_team(desk, story)
    waiting = uuid4()
    await answer(desk, story, waiting, "counsel")
    async with desk.phone(crew[1], story.mission_id()) as phone:
        path = f"/dispatch/missions/{story.mission_id()}/declines"
        answered = await phone.post(path, json={"volunteer_id": str(crew[1]), "reason": "ill"})
    assert answered.status_code == 200, answered.text
    again = (await desk.emitted(MissionDispatched))[-1]
    assert {member.volunteer_id for member in again.members} == {crew[0], crew[2], waiting}
