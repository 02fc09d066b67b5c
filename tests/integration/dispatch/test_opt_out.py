"""Members of teams who opt out: the seat stays, the team is told, a person decides."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from schemas.events.mission import MissionCheckInMissed, MissionDeclined, MissionMemberContactChanged
from schemas.events.volunteer import VolunteerOptedIn, VolunteerOptedOut
from schemas.policy import AccountRole
from services.dispatch.app import create
from tests.integration.dispatch.field import Field, open_field
from tests.integration.dispatch.story import FACTOR, Story
from tests.integration.dispatch.test_teams import answer, begin, whole_team
from tests.support.postgres_server import TestDatabase

pytestmark = pytest.mark.integration


@pytest_asyncio.fixture
async def desk(make_database: Callable[..., TestDatabase], tmp_path: Path) -> AsyncIterator[Field]:
    async with open_field("dispatch", create, make_database("dispatch").dsn("dispatch"), tmp_path) as opened:
        yield opened


async def team(desk: Field, story: Story) -> tuple[UUID, UUID, UUID]:
    await begin(desk, story)
    lead, *others = await whole_team(desk, story)
    return lead, others[0], others[1]


async def opt_out(desk: Field, volunteer_id: UUID) -> None:
    await desk.tell(VolunteerOptedOut(volunteer_id=volunteer_id), volunteer_id)


async def contacts(desk: Field) -> list[tuple[UUID, bool, UUID | None]]:
    told = await desk.emitted(MissionMemberContactChanged)
    return [(one.volunteer_id, one.may_be_contacted, one.tell_volunteer_id) for one in told]


async def test_a_member_who_opts_out_keeps_the_seat_and_the_lead_is_told(desk: Field) -> None:
    story = Story()
    lead, member, _ = await team(desk, story)
    await opt_out(desk, member)
    await desk.tell_everything_again()

    assert await contacts(desk) == [(member, False, lead)]
    assert await desk.emitted(MissionDeclined) == []
    async with desk.phone(lead, story.mission_id()) as phone:
        shown = (await phone.get(f"/dispatch/missions/{story.mission_id()}")).json()
    assert {one["volunteer_id"] for one in shown["members"] if not one["may_be_contacted"]} == {str(member)}
    (envelope,) = [one for one in await desk.envelopes() if isinstance(one.data, MissionMemberContactChanged)]
    assert (envelope.exercise, envelope.jurisdiction) == (story.exercise, ("510000",))


async def test_a_person_decides_about_the_seat(desk: Field) -> None:
    story = Story()
    _, member, _ = await team(desk, story)
    await opt_out(desk, member)
    async with desk.account(AccountRole.DUTY_OFFICER) as officer:
        answer = await officer.post(
            f"/dispatch/missions/{story.mission_id()}/declines",
            json={"volunteer_id": str(member), "reason": "opted-out"},
            headers={"Idempotency-Key": "decide"},
        )
    assert answer.status_code == 200, answer.text
    (declined,) = await desk.emitted(MissionDeclined)
    assert (declined.volunteer_id, declined.reason) == (member, "opted-out")


async def test_where_the_lead_opts_out_the_next_who_may_be_paged_is_told(desk: Field) -> None:
    lead, member, other = await team(desk, Story())
    await opt_out(desk, member)
    await opt_out(desk, lead)
    await opt_out(desk, other)
    assert await contacts(desk) == [(member, False, lead), (lead, False, other), (other, False, None)]


async def test_who_opts_in_again_is_told_of_and_silence_is_still_noticed(desk: Field) -> None:
    lead, member, _ = await team(desk, Story())
    await opt_out(desk, member)
    await desk.tell(VolunteerOptedIn(volunteer_id=member), member)
    assert await contacts(desk) == [(member, False, lead), (member, True, lead)]

    await opt_out(desk, lead)
    await desk.fire(timedelta(hours=13) / FACTOR)
    assert len(await desk.emitted(MissionCheckInMissed)) == 1


async def test_a_team_that_is_sent_with_somebody_who_opted_out_before_is_told_then(desk: Field) -> None:
    story = Story(auto_dispatch=False)
    lead, member, _ = await team(desk, story)
    await opt_out(desk, member)
    assert await contacts(desk) == []  # a plan: the alert gives the place back

    async with desk.account(AccountRole.DUTY_OFFICER) as officer:
        await officer.post(f"/dispatch/missions/{story.mission_id()}/approvals", headers={"Idempotency-Key": "approve"})
    assert await contacts(desk) == [(member, False, lead)]


async def test_a_team_that_was_sent_is_told_of_a_newcomer_who_opted_out_before(desk: Field) -> None:
    story = Story()
    lead, member, _ = await team(desk, story)
    async with desk.account(AccountRole.DUTY_OFFICER) as officer:
        await officer.post(
            f"/dispatch/missions/{story.mission_id()}/declines", json={"volunteer_id": str(member), "reason": "ill"},
            headers={"Idempotency-Key": "decline"},
        )  # fmt: skip
    newcomer = uuid4()
    await opt_out(desk, newcomer)
    assert await contacts(desk) == []
    await answer(desk, story, newcomer, "counsel")
    assert await contacts(desk) == [(newcomer, False, lead)]
