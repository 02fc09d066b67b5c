"""Teams from answers, on a real database: formed once, nobody twice, free seats taken again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio

from schemas.events.alert import AlertOpened, AlertQuotaReopened
from schemas.events.incident import IncidentNeedStated
from schemas.events.mission import (
    MissionCancelled,
    MissionCompleted,
    MissionDeclined,
    MissionDispatched,
    MissionPlanned,
)
from schemas.events.zone import ZoneRevised
from schemas.ids import derived_id
from schemas.policy import AccountRole
from schemas.values import NeedLine, Position
from schemas.vocabulary import Answer, Role, ZoneKind
from services.dispatch.app import create
from tests.integration.dispatch.field import Field, open_field
from tests.integration.dispatch.story import Story
from tests.support.postgres_server import TestDatabase

pytestmark = pytest.mark.integration
TABLES = ("incidents", "zones", "quotas", "exhausted_needs", "missions", "members")


@pytest_asyncio.fixture
async def desk(make_database: Callable[..., TestDatabase], tmp_path: Path) -> AsyncIterator[Field]:
    """Dispatch on a database of this test's own."""
    dsn = make_database("dispatch").dsn("dispatch")
    async with open_field("dispatch", create, dsn, tmp_path) as opened:
        yield opened


async def begin(desk: Field, story: Story) -> None:
    """Everything up to the first answer."""
    await desk.tell(story.declared(), story.incident_id, exercise=story.exercise)
    await desk.tell(story.fenced(), story.incident_id, exercise=story.exercise)
    await desk.tell(story.opened(), story.alert_id, exercise=story.exercise)


async def answer(desk: Field, story: Story, volunteer_id: UUID, need_id: str, **how: Any) -> None:
    """One counted answer."""
    await desk.tell(story.answered(volunteer_id, need_id, **how), story.alert_id, exercise=story.exercise)


async def whole_team(desk: Field, story: Story) -> list[UUID]:
    """Three answers that make a team; the first is its lead."""
    crew = [uuid4() for _ in range(3)]
    for volunteer_id, need_id in zip(crew, ("lead", "counsel", "counsel"), strict=True):
        await answer(desk, story, volunteer_id, need_id)
    return crew


async def take_back(desk: Field, story: Story, volunteer_id: UUID) -> None:
    """The lead's answer is taken back; alerts says that the quota is open again."""
    gone = AlertQuotaReopened(
        alert_id=story.alert_id, incident_id=story.incident_id, need_id="lead", volunteer_id=volunteer_id,
        reason="withdrew",
    )  # fmt: skip
    await desk.tell(gone, story.alert_id, exercise=True)


async def test_a_complete_team_is_planned_and_dispatched_at_once(desk: Field) -> None:
    story = Story()
    await begin(desk, story)
    crew = await whole_team(desk, story)

    planned, sent = await desk.emitted()

    assert isinstance(planned, MissionPlanned)
    assert isinstance(sent, MissionDispatched)
    assert planned.mission_id == sent.mission_id == story.mission_id()
    assert {member.volunteer_id for member in sent.members} == set(crew)
    assert sent.lead_volunteer_id == crew[0]
    assert sent.approved_by == "auto-dispatch"
    assert (sent.relieve_by_at - story.clock.incident_time(desk.clock.now())).days == 7
    assert all(one.exercise and one.jurisdiction == ("510000",) for one in await desk.envelopes())


async def test_without_auto_dispatch_a_duty_officer_approves(desk: Field) -> None:
    story = Story(auto_dispatch=False, exercise=False)
    await begin(desk, story)
    await whole_team(desk, story)
    assert await desk.emitted(MissionDispatched) == []

    async with desk.account(AccountRole.DUTY_OFFICER, areas=("510000",)) as officer:
        first = await officer.post(f"/dispatch/missions/{story.mission_id()}/approvals")
        second = await officer.post(f"/dispatch/missions/{story.mission_id()}/approvals")
    async with desk.account(AccountRole.DUTY_OFFICER, areas=("110000",)) as stranger:
        refused = await stranger.post(f"/dispatch/missions/{story.mission_id()}/approvals")

    assert (first.status_code, first.json()["changed"]) == (200, True)
    assert (second.status_code, second.json()["changed"]) == (200, False)
    assert refused.status_code == 403
    (sent,) = await desk.emitted(MissionDispatched)
    assert sent.approved_by == "3f0d7a34-8a5e-4b5e-9a0c-0d5f5f3c2b11", "an account's id, never a name"


async def test_events_may_come_in_any_order_of_topics(desk: Field) -> None:
    story = Story()
    await desk.tell(story.opened(), story.alert_id, exercise=True)
    crew = await whole_team(desk, story)
    assert await desk.emitted() == []
    await desk.tell(story.fenced(), story.incident_id, exercise=True)
    assert await desk.emitted() == []
    await desk.tell(story.declared(), story.incident_id, exercise=True)
    (planned,) = await desk.emitted(MissionPlanned)
    assert {member.volunteer_id for member in planned.members} == set(crew)


async def test_a_zone_has_no_two_teams_of_one_number_unless_one_was_withdrawn(desk: Field) -> None:
    story = Story(auto_dispatch=False)
    await begin(desk, story)
    await whole_team(desk, story)
    again = (
        "INSERT INTO missions SELECT (jsonb_populate_record(m, jsonb_build_object('mission_id', gen_random_uuid(), "
        "'is_withdrawn', $1::boolean))).* FROM missions m LIMIT 1"
    )
    await desk.runtime.pool.execute(again, True)
    with pytest.raises(asyncpg.UniqueViolationError, match="missions_team"):
        await desk.runtime.pool.execute(again, False)


async def test_answers_that_do_not_count_form_no_team(desk: Field) -> None:
    story = Story()
    await begin(desk, story)
    await answer(desk, story, uuid4(), "lead", counted=False)
    await answer(desk, story, uuid4(), "lead", answer=Answer.DECLINE, counted=False)
    for _ in range(4):
        await answer(desk, story, uuid4(), "counsel")
    assert await desk.emitted() == []


async def test_redelivery_of_everything_changes_nothing(desk: Field) -> None:
    story = Story()
    await begin(desk, story)
    await whole_team(desk, story)
    await whole_team(desk, story)
    await desk.tell(story.exhausted("lead"), story.alert_id, exercise=True)
    await desk.tell(story.closed(), story.incident_id, exercise=True)
    before = await desk.everything(*TABLES)

    await desk.tell_everything_again()

    assert await desk.everything(*TABLES) == before


async def test_two_incidents_at_once_get_a_volunteer_once(desk: Field) -> None:
    """Many rounds of two incidents counting the same people at the same moment."""
    one, other = Story(), Story()
    await begin(desk, one)
    await begin(desk, other)
    shared = [uuid4() for _ in range(12)]
    needs = ["lead", "counsel", "counsel"] * 2

    async def count(story: Story, people: list[UUID]) -> None:
        for volunteer_id, need_id in zip(people, needs, strict=True):
            await answer(desk, story, volunteer_id, need_id)

    await asyncio.gather(count(one, shared[:6]), count(other, shared[:6][::-1]))

    live = await desk.runtime.pool.fetch(
        "SELECT volunteer_id, count(*) AS n FROM members WHERE state <> 'released' GROUP BY 1"
    )
    assert {row["n"] for row in live} == {1}
    assert len(live) == 6, "everybody is held by exactly one of the two"
    declined = await desk.emitted(MissionDeclined)
    assert sorted(event.volunteer_id for event in declined) == sorted(shared[:6]), (
        "the other incident is told each time"
    )
    assert {event.mission_id for event in declined} == {None}
    sent = [member.volunteer_id for event in await desk.emitted(MissionDispatched) for member in event.members]
    assert len(sent) == len(set(sent))


async def test_a_drill_holds_nobody_back_from_what_is_real(desk: Field) -> None:
    drill, real = Story(), Story(exercise=False)
    await begin(desk, drill)
    await begin(desk, real)
    crew = await whole_team(desk, drill)
    for volunteer_id, need_id in zip(crew, ("lead", "counsel", "counsel"), strict=True):
        await answer(desk, real, volunteer_id, need_id)
    assert len(await desk.emitted(MissionDispatched)) == 2
    assert await desk.emitted(MissionDeclined) == []


async def test_a_team_goes_short_when_nobody_is_left_to_ask(desk: Field) -> None:
    story = Story()
    await begin(desk, story)
    await answer(desk, story, uuid4(), "lead")
    await answer(desk, story, uuid4(), "counsel")
    await desk.tell(story.exhausted("counsel"), story.alert_id, exercise=True)
    (planned,) = await desk.emitted(MissionPlanned)
    assert "It goes short, 2 of 3 seats" in planned.explanation.en
    assert len(planned.members) == 2


async def test_somebody_who_takes_the_answer_back_is_replaced_before_departure(desk: Field) -> None:
    story = Story()
    await begin(desk, story)
    crew = await whole_team(desk, story)
    await take_back(desk, story, crew[0])
    newcomer = uuid4()
    await answer(desk, story, newcomer, "lead")

    (declined,) = await desk.emitted(MissionDeclined)
    assert (declined.mission_id, declined.volunteer_id) == (story.mission_id(), crew[0])
    first, again = await desk.emitted(MissionDispatched)
    assert {member.volunteer_id for member in again.members} == {newcomer, crew[1], crew[2]}
    assert again.lead_volunteer_id == newcomer
    assert again.relieve_by_at == first.relieve_by_at
    async with desk.account(AccountRole.VIEWER) as viewer:
        shown = (await viewer.get(f"/dispatch/missions/{story.mission_id()}")).json()
    assert shown["lead_volunteer_id"] == str(newcomer)


async def test_needs_that_grow_make_more_teams(desk: Field) -> None:
    story = Story()
    await begin(desk, story)
    await whole_team(desk, story)
    await whole_team(desk, story)
    more = (NeedLine(need_id="more", zone_kind=ZoneKind.RIPPLE, role=Role.PFA_TRAINED, per_team=2, teams=3),)
    stated = IncidentNeedStated(incident_id=story.incident_id, needs=(*story.needs, *more))
    await desk.tell(stated, story.incident_id, exercise=True)
    for _ in range(2):
        await answer(desk, story, uuid4(), "more")
    # Seats of the new line in the two teams that are at home are taken first.
    assert len(await desk.emitted(MissionDispatched)) == 4
    assert len(await desk.emitted(MissionPlanned)) == 2
    for _ in range(4):
        await answer(desk, story, uuid4(), "more")
    (third,) = (await desk.emitted(MissionPlanned))[2:]
    assert third.team_no == 2
    assert [member.need_id for member in third.members] == ["more", "more"]


async def test_closing_the_incident_releases_everybody(desk: Field) -> None:
    story = Story()
    await begin(desk, story)
    crew = await whole_team(desk, story)
    waiting = uuid4()
    await answer(desk, story, waiting, "lead")
    async with desk.phone(crew[0], story.mission_id()) as lead:
        await lead.post(f"/dispatch/missions/{story.mission_id()}/departures", json={"eta_minutes": 90})
        await lead.post(f"/dispatch/missions/{story.mission_id()}/arrivals")
    second = [uuid4(), uuid4()]
    for volunteer_id in second:
        await answer(desk, story, volunteer_id, "counsel")

    await desk.tell(story.closed(), story.incident_id, exercise=True)

    (completed,) = await desk.emitted(MissionCompleted)
    (cancelled,) = await desk.emitted(MissionCancelled)
    assert completed.mission_id == story.mission_id(0)
    assert cancelled.mission_id == story.mission_id(1)
    assert await desk.runtime.pool.fetchval("SELECT count(*) FROM members WHERE state <> 'released'") == 0
    assert await desk.runtime.pool.fetchval("SELECT count(*) FROM timers") == 0
    again = Story()
    await begin(desk, again)
    await answer(desk, again, waiting, "lead")
    assert await desk.emitted(MissionDeclined) == [], "who was released can be held again"


async def test_a_merge_lets_teams_that_are_out_go_on_and_releases_those_at_home(desk: Field) -> None:
    story = Story(auto_dispatch=False)
    await begin(desk, story)
    crew = await whole_team(desk, story)
    async with desk.account(AccountRole.DUTY_OFFICER) as officer:
        await officer.post(f"/dispatch/missions/{story.mission_id()}/approvals")
    await whole_team(desk, story)  # planned, and not sent
    await desk.tell(story.merged(), story.incident_id, exercise=True)
    (cancelled,) = await desk.emitted(MissionCancelled)
    assert cancelled.mission_id == story.mission_id(1)
    held = await desk.runtime.pool.fetch("SELECT volunteer_id FROM members WHERE state <> 'released'")
    assert {row["volunteer_id"] for row in held} == set(crew)
    async with desk.phone(crew[0], story.mission_id()) as lead:
        for step, body in (
            ("departures", {"eta_minutes": 90}),
            ("arrivals", {}),
            ("check-ins", {}),
            ("completions", {}),
        ):
            answer = await lead.post(f"/dispatch/missions/{story.mission_id()}/{step}", json=body)
            assert answer.status_code == 200, answer.text
    assert await desk.runtime.pool.fetchval("SELECT count(*) FROM members WHERE state <> 'released'") == 0
    await answer_late(desk, story)


async def answer_late(desk: Field, story: Story) -> None:
    """An answer that was on its way when the incident was merged forms no team."""
    planned = len(await desk.emitted(MissionPlanned))
    await whole_team(desk, story)
    assert len(await desk.emitted(MissionPlanned)) == planned


def revised(story: Story, number: int, kind: ZoneKind) -> ZoneRevised:
    """The only zone that stands now."""
    fenced = story.fenced()
    zone = fenced.zones[0].model_copy(update={"zone_id": derived_id(story.incident_id, f"zone/{kind}"), "kind": kind})
    return ZoneRevised(**{**dict(fenced), "zones": (zone,)}, revision=number)


def opened_at(story: Story, kind: ZoneKind) -> AlertOpened:
    """The alert with its needs moved to a zone."""
    zone_id = derived_id(story.incident_id, f"zone/{kind}")
    quotas = tuple(quota.model_copy(update={"zone_id": zone_id, "zone_kind": kind}) for quota in story.opened().quotas)
    return story.opened().model_copy(update={"quotas": quotas})


@pytest.mark.parametrize("zones_first", [True, False])
async def test_a_plan_for_a_lifted_zone_is_given_up_and_its_members_go_where_their_need_goes(
    desk: Field, zones_first: bool
) -> None:
    story = Story(auto_dispatch=False)
    await begin(desk, story)
    crew = await whole_team(desk, story)
    for number, kind in ((2, ZoneKind.AFFECTED), (3, ZoneKind.CORE)):
        told = [(revised(story, number, kind), story.incident_id), (opened_at(story, kind), story.alert_id)]
        for event, key in told if zones_first else reversed(told):
            await desk.tell(event, key, exercise=story.exercise)
    planned = await desk.emitted(MissionPlanned)
    assert [one.zone_kind for one in planned] == [ZoneKind.CORE, ZoneKind.AFFECTED, ZoneKind.CORE]
    assert len({one.mission_id for one in planned}) == 3
    assert all({member.volunteer_id for member in one.members} == set(crew) for one in planned)
    cancelled = await desk.emitted(MissionCancelled)
    assert [(one.mission_id, one.members_wait) for one in cancelled] == [(one.mission_id, True) for one in planned[:2]]
    before = await desk.everything(*TABLES)
    await desk.tell_everything_again()
    assert await desk.everything(*TABLES) == before


async def test_a_team_that_was_sent_keeps_its_zone_and_destination(desk: Field) -> None:
    story = Story()
    await begin(desk, story)
    await whole_team(desk, story)
    zone = story.fenced().zones[0].model_copy(update={"centre": Position(lat_deg=35.0, lon_deg=110.0)})
    moved = ZoneRevised(**{**dict(story.fenced()), "zones": (zone,)}, revision=2)
    before = await desk.everything("members")
    for event in (moved, revised(story, 3, ZoneKind.AFFECTED)):
        await desk.tell(event, story.incident_id, exercise=story.exercise)
    await desk.tell(opened_at(story, ZoneKind.AFFECTED), story.alert_id, exercise=story.exercise)
    assert await desk.everything("members") == before
    assert await desk.emitted(MissionCancelled) == []
    async with desk.account(AccountRole.VIEWER) as viewer:
        (shown,) = (await viewer.get(f"/dispatch/incidents/{story.incident_id}/missions")).json()["missions"]
    assert (shown["state"], shown["zone_is_lifted"]) == ("dispatched", True)
    assert shown["destination"] == {"lat_deg": 31.5, "lon_deg": 103.5}
