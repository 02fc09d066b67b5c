"""Quotas and answers."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.values import Explanation, NeedLine
from schemas.vocabulary import Answer, Role, ZoneKind
from services.alerts.decide import (
    CLOSED,
    COMMITTED,
    DECLINED,
    LATER,
    NEED_MET,
    RELEASED,
    decide_answer,
    quotas_of,
    restate,
)
from services.alerts.model import AlertState, AnswerDecision, AnswerRefused, AskSituation, AskState
from tests.unit.alerts.builders import quota

CORE, RIPPLE = UUID(int=10), UUID(int=12)
ASKED = AskSituation(
    alert_state=AlertState.OPEN,
    ask_state=AskState.OPEN,
    last_answer=None,
    count=2,
    accepted=0,
    dispatched=False,
    committed_elsewhere=False,
)


def need(need_id: str, zone: ZoneKind, per_team: int = 1, teams: int = 2) -> NeedLine:
    return NeedLine(need_id=need_id, zone_kind=zone, role=Role.COUNSELLOR, per_team=per_team, teams=teams)


def decided(situation: AskSituation, answer: Answer) -> AnswerDecision:
    decision = decide_answer(situation, answer)
    assert isinstance(decision, AnswerDecision)
    return decision


def test_needs_of_a_missing_zone_go_to_the_gravest() -> None:
    needs = [need("a", ZoneKind.AFFECTED, 2, 3), need("b", ZoneKind.RIPPLE)]
    found = quotas_of(needs, {ZoneKind.CORE: CORE, ZoneKind.RIPPLE: RIPPLE})
    assert [(q.need_id, q.zone_kind, q.zone_id, q.count) for q in found] == [
        ("a", ZoneKind.CORE, CORE, 6),
        ("b", ZoneKind.RIPPLE, RIPPLE, 2),
    ]


def test_restating_does_not_begin_the_search_anew() -> None:
    before = [quota(3, need_id="kept", accepted=1, ring=2), quota(1, need_id="gone", accepted=1, ring=1)]
    after = restate(before, [quota(4, need_id="kept").quota, quota(2, need_id="new").quota])
    assert {state.quota.need_id: state.ring for state in after} == {"kept": 2, "new": 0, "gone": 1}


def test_restating_releases_nobody() -> None:
    before = [quota(3, need_id="fewer", accepted=2), quota(1, need_id="gone", accepted=1), quota(1, need_id="never")]
    wanted = [quota(1, need_id="fewer").quota, quota(2, need_id="new").quota]
    after = {state.quota.need_id: (state.accepted, state.quota.count) for state in restate(before, wanted)}
    assert after == {"fewer": (2, 2), "new": (0, 2), "gone": (1, 1)}


def test_a_yes_takes_a_free_place() -> None:
    decision = decided(ASKED, Answer.ACCEPT)
    assert (decision.counted, decision.delta, decision.ask_state) == (True, 1, AskState.ACCEPTED)


def test_a_late_yes_is_thanked() -> None:
    full = replace(ASKED, accepted=2, ask_state=AskState.STOOD_DOWN)
    decision = decided(full, Answer.ACCEPT)
    assert (decision.counted, decision.delta, decision.message, decision.is_new) == (False, 0, NEED_MET, True)
    assert not decided(replace(full, last_answer=Answer.ACCEPT), Answer.ACCEPT).is_new


def test_who_is_promised_elsewhere_hears_that_even_when_the_need_is_met() -> None:
    decision = decided(replace(ASKED, accepted=2, committed_elsewhere=True), Answer.ACCEPT)
    assert (decision.counted, decision.message, decision.why) == (False, COMMITTED, COMMITTED)


@pytest.mark.parametrize(
    ("answer", "state", "message"),
    [(Answer.DECLINE, AskState.DECLINED, DECLINED), (Answer.LATER, AskState.LATER, LATER)],
)
def test_each_no_is_noted_as_what_it_is_and_told_once(answer: Answer, state: AskState, message: Explanation) -> None:
    first = decided(ASKED, answer)
    assert (first.ask_state, first.message, first.delta, first.is_new) == (state, message, 0, True)
    again = decided(replace(ASKED, ask_state=state, last_answer=answer), answer)
    assert (again.ask_state, again.message, again.delta, again.is_new) == (state, message, 0, False)
    given_back = decided(replace(ASKED, ask_state=AskState.ACCEPTED, last_answer=Answer.ACCEPT, accepted=1), answer)
    assert (given_back.ask_state, given_back.message, given_back.delta) == (state, RELEASED, -1)


def test_a_late_yes_counts_when_a_place_is_open_again() -> None:
    assert decided(replace(ASKED, ask_state=AskState.STOOD_DOWN, accepted=1), Answer.ACCEPT).counted


def test_somebody_promised_elsewhere_is_not_counted() -> None:
    decision = decided(replace(ASKED, committed_elsewhere=True), Answer.ACCEPT)
    assert (decision.counted, decision.why) == (False, COMMITTED)


@pytest.mark.parametrize("answer", [Answer.DECLINE, Answer.LATER])
def test_the_latest_answer_wins(answer: Answer) -> None:
    accepted = replace(ASKED, ask_state=AskState.ACCEPTED, last_answer=Answer.ACCEPT, accepted=1)
    decision = decided(accepted, answer)
    assert (decision.counted, decision.delta, decision.releases) == (False, -1, True)
    declined = replace(ASKED, ask_state=decision.ask_state, last_answer=answer)
    assert decided(declined, Answer.ACCEPT).counted


def test_people_who_were_dispatched_decline_the_mission_instead() -> None:
    sent = replace(ASKED, ask_state=AskState.ACCEPTED, last_answer=Answer.ACCEPT, accepted=1, dispatched=True)
    assert decide_answer(sent, Answer.DECLINE) is AnswerRefused.DISPATCHED
    assert decided(sent, Answer.ACCEPT).counted


def test_after_the_end_nothing_changes() -> None:
    for answer in Answer:
        decision = decided(replace(ASKED, alert_state=AlertState.CLOSED), answer)
        assert (decision.counted, decision.message, decision.is_new) == (False, CLOSED, False)


@given(
    answers=st.lists(st.tuples(st.integers(0, 5), st.sampled_from(list(Answer))), max_size=40),
    count=st.integers(1, 4),
)
def test_any_answers_of_six_people_never_overfill(answers: list[tuple[int, Answer]], count: int) -> None:
    """And the places taken are always those of the people whose last word was counted."""
    people = [replace(ASKED, count=count) for _ in range(6)]
    accepted = 0
    for index, answer in answers:
        decision = decided(replace(people[index], accepted=accepted), answer)
        accepted += decision.delta
        people[index] = replace(people[index], ask_state=decision.ask_state, last_answer=answer)
        assert 0 <= accepted <= count
        assert accepted == sum(one.ask_state is AskState.ACCEPTED for one in people)
