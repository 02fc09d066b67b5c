"""Plans and tasks on a real database: never doubled, never lost, told in time, ended in words."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from schemas.events.case import CaseClosed, CaseConsented, CaseOpened, CaseTriaged
from schemas.events.followup import (
    FollowupAttempted,
    FollowupCompleted,
    FollowupDue,
    FollowupEnd,
    FollowupEnded,
    FollowupMissed,
    FollowupPlanned,
)
from schemas.ids import derived_id
from schemas.policy import AccountRole
from schemas.vocabulary import AgeBand, PopulationGroup, TriageLevel
from services.followup.app import create
from tests.integration.dispatch.field import Field, open_field
from tests.integration.dispatch.story import FACTOR, Story
from tests.support.elsewhere import answers, let_in
from tests.support.postgres_server import TestDatabase

pytestmark = pytest.mark.integration
TABLES = ("incidents", "zones", "cases", "plans", "tasks")
L0, L1, L2, L3 = TriageLevel


@dataclass
class Desk:
    """Followup with one incident."""

    base: Field
    story: Story

    @property
    def now(self) -> datetime:
        """Incident time."""
        return self.story.clock.incident_time(self.base.clock.now())

    async def fence(self) -> None:
        """Declare the incident and fence its zone."""
        await self.base.tell(self.story.declared(), self.story.incident_id, exercise=True)
        await self.base.tell(self.story.fenced(), self.story.incident_id, exercise=True)

    async def meet(self, level: TriageLevel, *, follow_up: bool = True) -> UUID:
        """Somebody is met; returns the case's id."""
        case_id = uuid4()
        opened = CaseOpened(
            case_id=case_id, incident_id=self.story.incident_id, mission_id=None, zone_id=self.story.zone_id,
            population_group=PopulationGroup.BEREAVED, age_band=AgeBand.ADULT_30_64, opened_at=self.now,
            owner_station_id=self.story.near_station, clock=self.story.clock,
        )  # fmt: skip
        await self.base.tell(opened, case_id, exercise=True)
        await self.triage(case_id, level)
        await self.consent(case_id, follow_up)
        return case_id

    async def triage(self, case_id: UUID, level: TriageLevel) -> None:
        """The case is triaged."""
        triaged = CaseTriaged(
            case_id=case_id, incident_id=self.story.incident_id, zone_id=self.story.zone_id, level=level,
            triaged_at=self.now, needs_clinician_review=False,
        )  # fmt: skip
        await self.base.tell(triaged, case_id, exercise=True)

    async def consent(self, case_id: UUID, follow_up: bool) -> None:
        """A word on consent."""
        consented = CaseConsented(
            case_id=case_id, incident_id=self.story.incident_id, follow_up=follow_up, consented_at=self.now
        )
        await self.base.tell(consented, case_id, exercise=True)

    async def pass_time(self, incident_time: timedelta) -> None:
        """Let incident time pass in steps no longer than a quarter, firing what is due."""
        left = incident_time
        while left > timedelta():
            step = min(left, timedelta(days=90))
            await self.base.fire(step / FACTOR)
            left -= step

    async def plans(self) -> list[FollowupPlanned]:
        """What was planned."""
        return list(await self.base.emitted(FollowupPlanned))


@pytest_asyncio.fixture
async def desk(make_database: Callable[..., TestDatabase], tmp_path: Path) -> AsyncIterator[Desk]:
    """Followup on a database of this test's own, in a drill at sixty times the speed."""
    dsn = make_database("followup").dsn("followup")
    async with open_field("followup", create, dsn, tmp_path) as opened:
        yield Desk(opened, Story())


async def test_every_zone_gets_its_anniversaries_up_to_twenty_years(desk: Desk) -> None:
    await desk.fence()
    (planned,) = await desk.plans()
    assert planned.subject == "zone"
    assert planned.plan_id == derived_id(desk.story.zone_id, "plan")
    assert planned.owner_station_id == desk.story.near_station
    assert planned.owner_role == "follow-up desk", "owned by a role at a station, not by a person"
    assert planned.tasks[-1].due_on == date(2028, 5, 12)
    assert [task.task_id for task in planned.tasks] == [
        derived_id(planned.plan_id, task.step) for task in planned.tasks
    ]


async def test_a_case_is_planned_when_its_level_and_consent_are_known(desk: Desk) -> None:
    await desk.fence()
    case_id = await desk.meet(L1)
    _, planned = await desk.plans()
    assert (planned.case_id, planned.level, planned.schedule_version) == (case_id, L1, "default-1")
    assert planned.plan_id == derived_id(case_id, "plan")
    assert planned.tasks[0].step == "72h"
    assert planned.tasks[-1].due_on == date(2028, 5, 12)


async def test_events_may_come_in_any_order_of_topics(desk: Desk) -> None:
    case_id = await desk.meet(L2)
    await desk.base.tell(desk.story.fenced(), desk.story.incident_id, exercise=True)
    assert await desk.plans() == []
    await desk.base.tell(desk.story.declared(), desk.story.incident_id, exercise=True)
    assert {planned.case_id for planned in await desk.plans()} == {None, case_id}


@pytest.mark.parametrize(
    ("level", "follow_up", "steps"),
    [
        pytest.param(L0, False, ["now", "24h", "72h"], id="safety without consent"),
        pytest.param(L2, False, None, id="moderate without consent"),
        pytest.param(L3, True, None, id="informed only"),
    ],
)
async def test_who_is_not_followed_up(desk: Desk, level: TriageLevel, follow_up: bool, steps: list[str] | None) -> None:
    await desk.fence()
    await desk.meet(level, follow_up=follow_up)
    personal = [planned for planned in await desk.plans() if planned.subject == "case"]
    assert [[task.step for task in planned.tasks] for planned in personal] == ([] if steps is None else [steps])


async def test_redelivery_of_everything_changes_nothing(desk: Desk) -> None:
    await desk.fence()
    case_id = await desk.meet(L0)
    await desk.triage(case_id, L1)
    await desk.consent(case_id, False)
    await desk.meet(L2)
    before = await desk.base.everything(*TABLES)
    await desk.base.tell_everything_again()
    assert await desk.base.everything(*TABLES) == before


async def test_another_level_supersedes_the_plan_and_doubles_nothing(desk: Desk) -> None:
    await desk.fence()
    case_id = await desk.meet(L0)
    await desk.triage(case_id, L0)  # a review that confirms
    await desk.consent(case_id, True)  # said again
    await desk.triage(case_id, L2)
    _, first, second = await desk.plans()
    (ended,) = await desk.base.emitted(FollowupEnded)
    assert (ended.plan_id, ended.end, ended.open_tasks) == (first.plan_id, FollowupEnd.SUPERSEDED, len(first.tasks))
    assert second.plan_id == derived_id(case_id, "plan", 1)
    assert second.level is L2
    pool = desk.base.runtime.pool
    assert await pool.fetchval("SELECT count(*) FROM plans WHERE ended_as IS NULL AND case_id = $1", case_id) == 1
    assert await pool.fetchval("SELECT count(*) FROM timers WHERE kind = 'plan'") == 2, "one timer a plan"


async def test_consent_taken_back_ends_the_plan_and_given_again_makes_a_new_one(desk: Desk) -> None:
    await desk.fence()
    case_id = await desk.meet(L1)
    await desk.consent(case_id, False)
    (ended,) = await desk.base.emitted(FollowupEnded)
    assert ended.end is FollowupEnd.WITHDRAWN
    assert len(await desk.plans()) == 2, "not even contacts for safety"
    await desk.consent(case_id, True)
    assert len(await desk.plans()) == 3


async def test_a_closed_case_ends_its_plan(desk: Desk) -> None:
    await desk.fence()
    case_id = await desk.meet(L1)
    closed = CaseClosed(case_id=case_id, incident_id=desk.story.incident_id, reason="died")
    await desk.base.tell(closed, case_id, exercise=True)
    (ended,) = await desk.base.emitted(FollowupEnded)
    assert ended.end is FollowupEnd.DIED
    await desk.triage(case_id, L0)
    assert len(await desk.plans()) == 2, "a closed case is not planned again"


async def test_windows_open_and_close_in_incident_time(desk: Desk) -> None:
    await desk.fence()
    await desk.meet(L0)
    await desk.base.fire()
    _, planned = await desk.plans()
    steps = {task.task_id: task.step for task in planned.tasks}
    assert [steps[due.task_id] for due in await desk.base.emitted(FollowupDue)] == ["now"], "at once"

    await desk.pass_time(timedelta(days=5))

    assert [steps[due.task_id] for due in await desk.base.emitted(FollowupDue)] == ["now", "24h", "72h"]
    assert [steps[missed.task_id] for missed in await desk.base.emitted(FollowupMissed)] == ["now", "24h", "72h"]


async def test_twenty_years_pass_and_every_task_is_told_once(desk: Desk) -> None:
    await desk.fence()
    await desk.meet(L1)
    await desk.pass_time(timedelta(days=366 * 20 + 40))
    tasks = {task.task_id for planned in await desk.plans() for task in planned.tasks}
    due = [event.task_id for event in await desk.base.emitted(FollowupDue)]
    missed = [event.task_id for event in await desk.base.emitted(FollowupMissed)]
    assert sorted(due) == sorted(missed) == sorted(tasks)
    assert [event.end for event in await desk.base.emitted(FollowupEnded)] == [FollowupEnd.LOST] * 2
    assert await desk.base.runtime.pool.fetchval("SELECT count(*) FROM timers") == 0


async def test_after_an_outage_what_was_slept_through_is_told_and_not_left_out(desk: Desk) -> None:
    await desk.fence()
    await desk.meet(L1)
    await desk.base.fire(timedelta(days=100) / FACTOR)
    _, planned = await desk.plans()
    steps = {task.task_id: task.step for task in planned.tasks}
    assert [steps[one.task_id] for one in await desk.base.emitted(FollowupMissed)] == ["72h", "7d", "14d", "5w"]
    assert [steps[one.task_id] for one in await desk.base.emitted(FollowupDue)][-1] == "3m"


async def test_a_contact_is_made(desk: Desk) -> None:
    await desk.fence()
    await desk.meet(L0)
    await desk.base.fire()
    _, planned = await desk.plans()
    now, tomorrow = planned.tasks[:2]
    async with desk.base.account(AccountRole.CLINICIAN, areas=("510000",)) as clinician:
        listed = (await clinician.get("/followup/tasks", params={"due_before": "2030-01-01"})).json()["tasks"]
        first = await clinician.post(f"/followup/tasks/{now.task_id}/completions")
        again = await clinician.post(f"/followup/tasks/{now.task_id}/completions")
        early = await clinician.post(f"/followup/tasks/{tomorrow.task_id}/completions")
    assert [task["task_id"] for task in listed] == [str(now.task_id)]
    assert (first.json()["changed"], again.json()["changed"], early.status_code) == (True, False, 409)
    assert early.json()["detail"].startswith("This task opens on 2008-05-")
    assert len(await desk.base.emitted(FollowupCompleted)) == 1
    await desk.pass_time(timedelta(days=3))
    assert now.task_id not in {missed.task_id for missed in await desk.base.emitted(FollowupMissed)}


async def test_a_plan_whose_tasks_are_all_done_is_done(desk: Desk) -> None:
    await desk.fence()
    await desk.meet(L1, follow_up=False)
    _, planned = await desk.plans()
    await desk.base.fire(timedelta(hours=72) / FACTOR)
    async with desk.base.account(AccountRole.CLINICIAN) as clinician:
        await clinician.post(f"/followup/tasks/{planned.tasks[0].task_id}/completions")
    (ended,) = await desk.base.emitted(FollowupEnded)
    assert (ended.end, ended.open_tasks) == (FollowupEnd.DONE, 0)


async def test_somebody_who_cannot_be_reached_is_lost_after_attempts_over_two_channels(desk: Desk) -> None:
    await desk.fence()
    await desk.meet(L0)
    await desk.base.fire()
    _, planned = await desk.plans()
    path = f"/followup/tasks/{planned.tasks[0].task_id}/attempts"
    async with desk.base.account(AccountRole.CLINICIAN) as clinician:
        answers = [await clinician.post(path, json={"channel": "phone"}) for _ in range(6)]
        visit = await clinician.post(path, json={"channel": "visit"})
        over = await clinician.post(path, json={"channel": "visit"})
    assert [answer.status_code for answer in answers] == [200] * 5 + [409]
    assert (visit.json()["attempt"], visit.json()["is_lost"]) == (6, True)
    assert over.status_code == 409
    assert len(await desk.base.emitted(FollowupAttempted)) == 6
    (ended,) = await desk.base.emitted(FollowupEnded)
    assert ended.end is FollowupEnd.LOST
    assert await desk.base.fire(timedelta(days=40)) == 1, "only the zone's plan goes on"


async def test_a_person_moves_away_and_the_plan_ends(desk: Desk) -> None:
    await desk.fence()
    await desk.meet(L1)
    _, planned = await desk.plans()
    path = f"/followup/plans/{planned.plan_id}/end"
    async with desk.base.account(AccountRole.CLINICIAN, areas=("110000",)) as stranger:
        assert (await stranger.post(path, json={"end": "moved"})).status_code == 403
    async with desk.base.account(AccountRole.CLINICIAN) as clinician:
        assert (await clinician.post(path, json={"end": "superseded"})).status_code == 422
        assert (await clinician.post(path, json={"end": "moved"})).json()["changed"] is True
        assert (await clinician.post(path, json={"end": "moved"})).json()["changed"] is False
    (ended,) = await desk.base.emitted(FollowupEnded)
    assert ended.end is FollowupEnd.MOVED


async def test_an_account_of_another_area_is_refused_everywhere_and_changes_nothing(desk: Desk) -> None:
    await desk.fence()
    await desk.meet(L1)
    _, planned = await desk.plans()
    names = {
        "incident_id": desk.story.incident_id, "plan_id": planned.plan_id, "task_id": planned.tasks[0].task_id,
    }  # fmt: skip
    bodies = {
        "POST /followup/tasks/{task_id}/attempts": {"json": {"channel": "phone"}},
        "POST /followup/plans/{plan_id}/end": {"json": {"end": "moved"}},
    }
    before = await desk.base.everything(*TABLES)
    assert let_in(await answers("followup", desk.base.account, ["610000"], names, bodies)) == {}
    assert await desk.base.everything(*TABLES) == before


async def test_counts_and_the_last_date_are_shown(desk: Desk) -> None:
    await desk.fence()
    await desk.meet(L0)
    await desk.meet(L2)
    await desk.base.fire()
    path = f"/followup/incidents/{desk.story.incident_id}"
    async with desk.base.account(AccountRole.VIEWER, areas=("510000",)) as viewer:
        counts = (await viewer.get(path)).json()
    async with desk.base.account(AccountRole.VIEWER, areas=("440000",)) as elsewhere:
        assert (await elsewhere.get(path)).status_code == 403
    assert counts["last_on"] == "2028-05-12"
    assert counts["plans"] == {"open": 3, "ended": 0}
    assert (counts["tasks"], counts["due"]) == (7 + 18 + 24, 1)
    assert {group: one["tasks"] for group, one in counts["by_level"].items()} == {"zone": 7, "L0": 18, "L2": 24}


async def test_tasks_are_listed_page_by_page_for_the_areas_of_the_reader(desk: Desk) -> None:
    await desk.fence()
    await desk.meet(L2)
    seen: list[str] = []
    cursor: dict[str, str] = {"due_only": "false", "limit": "10"}
    async with desk.base.account(AccountRole.CLINICIAN, areas=("510000",)) as clinician:
        while True:
            page = (await clinician.get("/followup/tasks", params=cursor)).json()
            seen += [task["task_id"] for task in page["tasks"]]
            if page["next"] is None:
                break
            cursor |= page["next"]
    assert len(seen) == len(set(seen)) == 7 + 24
    for areas, visible in ((("*",), 31), (("440000",), 0), (("510700",), 0), ((), 0)):
        async with desk.base.account(AccountRole.CLINICIAN, areas=areas) as reader:
            page = (await reader.get("/followup/tasks", params={"due_only": "false"})).json()
        assert len(page["tasks"]) == visible, areas
