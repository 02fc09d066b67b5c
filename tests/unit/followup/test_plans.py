"""How plans follow their case, how time passes over them, and how they end."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.events.followup import FollowupEnd
from schemas.vocabulary import TriageLevel, ZoneKind
from services.followup import decide
from services.followup.model import (
    OPEN,
    Attempt,
    CaseStanding,
    Fell,
    NearStation,
    Refused,
    Replan,
    Task,
    TaskState,
    Unchanged,
)

L0, L1, L2, L3 = TriageLevel
NOW = datetime(2008, 6, 1, 0, 0, tzinfo=UTC)


def task(state: TaskState, opens_in_days: float = -1, closes_in_days: float = 1, number: int = 1) -> Task:
    opens_at = NOW + timedelta(days=opens_in_days)
    return Task(
        task_id=UUID(int=number),
        step=f"s{number}",
        state=state,
        due_on=opens_at.date(),
        opens_on=opens_at.date(),
        opens_at=opens_at,
        closes_at=NOW + timedelta(days=closes_in_days),
    )


def case(
    level: TriageLevel | None = L1, follow_up: bool | None = True, planned: tuple[TriageLevel, bool] | None = None,
    *, is_closed: bool = False,
) -> CaseStanding:  # fmt: skip
    return CaseStanding(
        level=level,
        follow_up=follow_up,
        is_closed=is_closed,
        planned_level=None if planned is None else planned[0],
        planned_follow_up=None if planned is None else planned[1],
    )


@pytest.mark.parametrize(
    ("standing", "outcome"),
    [
        pytest.param(case(None, True), None, id="no level yet"),
        pytest.param(case(L1, None), None, id="no word on consent yet"),
        pytest.param(case(L1, True), Replan(end=FollowupEnd.SUPERSEDED, make=True), id="first plan"),
        pytest.param(case(L1, True, (L1, True)), None, id="nothing new"),
        pytest.param(case(L2, True, (L1, True)), Replan(end=FollowupEnd.SUPERSEDED, make=True), id="another level"),
        pytest.param(case(L1, False, (L1, True)), Replan(end=FollowupEnd.WITHDRAWN, make=False), id="withdrawn"),
        pytest.param(case(L1, True, (L1, False)), Replan(end=FollowupEnd.SUPERSEDED, make=True), id="consent given"),
        pytest.param(case(L0, False, (L1, True)), Replan(end=FollowupEnd.SUPERSEDED, make=True), id="both changed"),
        pytest.param(case(L2, True, (L1, True), is_closed=True), None, id="closed"),
    ],
)
def test_a_plan_follows_its_case(standing: CaseStanding, outcome: Replan | None) -> None:
    assert decide.replan(standing, has_open_plan=True) == outcome
    without = decide.replan(standing, has_open_plan=False)
    assert without == (None if outcome is None else replace(outcome, end=None))


def test_windows_open_and_close_as_time_goes_by() -> None:
    waiting, open_now, over = (
        task(TaskState.PLANNED, 1, 2, 1), task(TaskState.PLANNED, -1, 1, 2), task(TaskState.DUE, -3, -1, 3),
    )  # fmt: skip
    slept_through = task(TaskState.PLANNED, -5, -4, 4)
    done = task(TaskState.DONE, -5, -4, 5)
    assert decide.fall([waiting, open_now, over, slept_through, done], NOW) == (
        Fell(task=slept_through, became_due=True, was_missed=True),
        Fell(task=over, became_due=False, was_missed=True),
        Fell(task=open_now, became_due=True, was_missed=False),
    )


def test_a_plan_is_looked_at_when_its_next_window_opens_or_closes() -> None:
    tasks = [task(TaskState.PLANNED, 5, 9, 1), task(TaskState.DUE, -1, 3, 2), task(TaskState.DONE, -9, -8, 3)]
    assert decide.next_moment(tasks) == NOW + timedelta(days=3)
    assert decide.next_moment([task(TaskState.MISSED)]) is None


@given(
    st.lists(st.tuples(st.sampled_from(TaskState), st.floats(-50, 50), st.floats(0.1, 30)), max_size=12),
)
def test_time_passes_in_one_leap_as_it_does_step_by_step(drawn: list[tuple[TaskState, float, float]]) -> None:
    """An outage changes when things are told, not what becomes of them; and nothing is told twice."""
    tasks = {i: task(state, opens, opens + length, i) for i, (state, opens, length) in enumerate(drawn)}
    at_once = _passed(tasks, [NOW + timedelta(days=100)])
    moments = sorted(moment for one in tasks.values() for moment in (one.opens_at, one.closes_at))
    assert _passed(tasks, [*moments, NOW + timedelta(days=100)]) == at_once
    assert decide.next_moment(at_once[0].values()) is None


def _passed(tasks: dict[int, Task], moments: list[datetime]) -> tuple[dict[int, Task], list[tuple[str, str]]]:
    now, told = dict(tasks), []
    for moment in moments:
        for fell in decide.fall(now.values(), moment):
            told += [("due", fell.task.step)] * fell.became_due + [("missed", fell.task.step)] * fell.was_missed
            state = TaskState.MISSED if fell.was_missed else TaskState.DUE
            now[fell.task.task_id.int] = replace(fell.task, state=state)
    assert len(told) == len(set(told))
    return now, sorted(told)


@pytest.mark.parametrize(
    ("states", "end"),
    [
        pytest.param([TaskState.DONE, TaskState.PLANNED], None, id="something is left"),
        pytest.param([TaskState.MISSED, TaskState.DUE], None, id="something is due"),
        pytest.param([TaskState.DONE, TaskState.MISSED], FollowupEnd.DONE, id="through"),
        pytest.param([TaskState.MISSED, TaskState.MISSED], FollowupEnd.LOST, id="no contact was ever made"),
    ],
)
def test_every_plan_ends_in_words(states: list[TaskState], end: FollowupEnd | None) -> None:
    assert decide.natural_end(states) == end


@pytest.mark.parametrize(
    ("reason", "end"),
    [("done", "done"), ("declined", "declined"), ("moved", "moved"), ("died", "died"), ("transferred", "done")],
)
def test_a_closed_case_ends_its_plan(reason: str, end: str) -> None:
    assert decide.end_for_close(reason).value == end


@pytest.mark.parametrize("state", list(TaskState))
def test_only_what_is_due_can_be_done(state: TaskState) -> None:
    outcome = decide.complete(task(state))
    if state is TaskState.DUE:
        assert outcome is None
    elif state is TaskState.DONE:
        assert outcome == Unchanged()
    else:
        assert isinstance(outcome, Refused)


def test_a_task_that_is_not_open_yet_says_when_it_will_be() -> None:
    assert decide.complete(task(TaskState.PLANNED, 4, 5)) == Refused(f"This task opens on {date(2008, 6, 5)}.")


def tried(made: list[str], channel: str) -> Attempt | Refused:
    return decide.attempt(task(TaskState.DUE), made, channel, attempts_max=3, channels_min=2)


def test_somebody_is_lost_after_the_last_attempt_over_two_channels() -> None:
    assert tried([], "phone") == Attempt(1, is_lost=False)
    assert tried(["phone"], "visit") == Attempt(2, is_lost=False)
    assert tried(["phone", "visit"], "phone") == Attempt(3, is_lost=True)


def test_one_channel_alone_loses_nobody() -> None:
    assert tried(["phone", "phone"], "phone") == Attempt(3, is_lost=False)
    assert tried(["phone", "phone", "phone"], "phone") == Refused(
        "3 attempts by phone reached nobody; try another channel."
    )
    assert tried(["phone", "phone", "phone"], "letter") == Attempt(4, is_lost=True)


@given(st.lists(st.sampled_from(["phone", "visit", "letter"]), max_size=12))
def test_attempts_are_bounded(channels: list[str]) -> None:
    made: list[str] = []
    for channel in channels:
        outcome = tried(made, channel)
        if isinstance(outcome, Attempt):
            made.append(channel)
            if outcome.is_lost:
                assert len(made) >= 3
                assert len(set(made)) >= 2
                return
    assert len(made) <= 3


def test_the_owner_is_the_nearest_station_that_is_not_hit() -> None:
    hit = NearStation(station_id=UUID(int=1), inside=ZoneKind.CORE, distance_km=0)
    near = NearStation(station_id=UUID(int=2), inside=None, distance_km=80)
    assert decide.owner_station([hit, near]) == near.station_id
    assert decide.owner_station([]) is None


def test_open_means_planned_or_due() -> None:
    assert {TaskState.PLANNED, TaskState.DUE} == OPEN
