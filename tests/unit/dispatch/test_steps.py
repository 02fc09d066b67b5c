"""How a team moves along, and what it owes meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from schemas.vocabulary import Role
from services.dispatch import decide
from services.dispatch.model import (
    FINAL,
    STEPS,
    AlreadyDone,
    Helper,
    Mission,
    MissionState,
    Moved,
    Refused,
    Rules,
    Step,
)

RULES = Rules(mission_days_max=7, check_in_every_minutes=720, team_members_min=2)
NOW = datetime(2008, 5, 13, 6, 0, tzinfo=UTC)
CREW = tuple(
    Helper(volunteer_id=UUID(int=number), need_id="n", role=Role.COUNSELLOR, language=None, order=number)
    for number in (1, 2, 3)
)
ORDER = [MissionState.PLANNED, *(after for _, after in STEPS.values())]


def mission(state: MissionState, members: int = 3, due_at: datetime | None = None) -> Mission:
    return Mission(
        mission_id=UUID(int=9),
        state=state,
        lead_volunteer_id=UUID(int=1),
        members=CREW[:members],
        check_in_due_at=due_at,
    )


@pytest.mark.parametrize("step", list(Step))
@pytest.mark.parametrize("state", ORDER)
def test_a_step_is_taken_in_its_turn_done_before_or_refused(state: MissionState, step: Step) -> None:
    before, after = STEPS[step]
    outcome = decide.step(mission(state), step, RULES)
    if state is before:
        assert outcome == Moved(after)
    elif ORDER.index(state) >= ORDER.index(after):
        assert outcome == AlreadyDone()
    else:
        assert isinstance(outcome, Refused)


@pytest.mark.parametrize("step", list(Step))
def test_a_cancelled_mission_takes_no_step(step: Step) -> None:
    assert decide.step(mission(MissionState.CANCELLED), step, RULES) == Refused("The mission was cancelled.")


def test_a_team_of_one_is_not_sent() -> None:
    outcome = decide.step(mission(MissionState.PLANNED, members=1), Step.APPROVE, RULES)
    assert isinstance(outcome, Refused)
    assert "fewer than 2 members" in outcome.detail


@pytest.mark.parametrize("state", list(MissionState))
def test_only_teams_that_were_sent_owe_a_sign_of_life(state: MissionState) -> None:
    sent = state in {MissionState.DISPATCHED, MissionState.DEPARTED, MissionState.ARRIVED}
    assert (decide.check_in(mission(state)) is None) == sent
    assert decide.lapsed(mission(state, due_at=NOW), NOW) == sent


def test_why_no_sign_of_life_is_taken_is_said() -> None:
    said = {state: refused.detail for state in MissionState if (refused := decide.check_in(mission(state))) is not None}
    assert said == {
        MissionState.PLANNED: "The mission has not been dispatched yet.",
        MissionState.COMPLETED: "The mission is completed; there is nothing to check in for.",
        MissionState.CANCELLED: "The mission is cancelled; there is nothing to check in for.",
    }


def test_a_sign_of_life_in_the_meantime_means_no_lapse() -> None:
    given_since = mission(MissionState.ARRIVED, due_at=NOW + timedelta(hours=5))
    assert not decide.lapsed(given_since, NOW)


@pytest.mark.parametrize("state", list(MissionState))
def test_closing_the_incident_ends_every_mission(state: MissionState) -> None:
    ended = decide.ended_by_closing(state)
    if state in FINAL:
        assert ended is None
    else:
        assert ended is (MissionState.COMPLETED if state is MissionState.ARRIVED else MissionState.CANCELLED)


def test_the_rules_are_counted_in_incident_time() -> None:
    assert decide.relieve_by(NOW, RULES) == datetime(2008, 5, 20, 6, 0, tzinfo=UTC)
    assert decide.next_check_in(NOW, RULES) == datetime(2008, 5, 13, 18, 0, tzinfo=UTC)


def test_who_is_not_in_the_team_cannot_leave_it() -> None:
    assert decide.decline(mission(MissionState.DISPATCHED), None) is not None
    assert decide.decline(mission(MissionState.DISPATCHED), CREW[0]) is None
    assert decide.decline(mission(MissionState.COMPLETED), CREW[0]) is not None


@pytest.mark.parametrize(
    ("state", "left", "abandoned"),
    [
        pytest.param(MissionState.PLANNED, 0, False, id="seats at home are taken again"),
        pytest.param(MissionState.DISPATCHED, 0, False, id="still at home"),
        pytest.param(MissionState.DEPARTED, 0, True, id="nobody on the way"),
        pytest.param(MissionState.DEPARTED, 1, False, id="one goes on"),
    ],
)
def test_a_team_without_members_is_given_up_only_on_its_way(state: MissionState, left: int, abandoned: bool) -> None:
    assert decide.is_abandoned(state, left) is abandoned
