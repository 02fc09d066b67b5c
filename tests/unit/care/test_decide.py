"""Who owns a case, when a clinician must look, and what a case is called."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.vocabulary import TriageLevel, ZoneKind
from services.care import decide
from services.care.model import Case, NearStation, Refused, TeamState, Triage, Unchanged

L0, L1, L2, L3 = TriageLevel
stations = st.builds(
    NearStation,
    station_id=st.uuids(),
    inside=st.sampled_from([None, *ZoneKind]),
    distance_km=st.floats(0, 3000, allow_nan=False),
)


def case(level: TriageLevel = L1, *, review: bool = True, follow_up: bool = True, is_open: bool = True) -> Case:
    return Case(case_id=UUID(int=1), level=level, needs_clinician_review=review, follow_up=follow_up, is_open=is_open)


def test_the_nearest_station_outside_the_core_zone_owns_the_case() -> None:
    hit = NearStation(station_id=UUID(int=1), inside=ZoneKind.CORE, distance_km=0)
    near = NearStation(station_id=UUID(int=2), inside=ZoneKind.AFFECTED, distance_km=40)
    far = NearStation(station_id=UUID(int=3), inside=None, distance_km=400)
    assert decide.owner_station([far, hit, near]) == near.station_id
    assert decide.owner_station([hit]) == hit.station_id
    assert decide.owner_station([]) is None


@given(st.lists(stations, max_size=20))
def test_the_owner_does_not_depend_on_the_order(found: list[NearStation]) -> None:
    shuffled = sorted(found, key=lambda one: one.station_id)
    assert decide.owner_station(shuffled) == decide.owner_station(found)


@pytest.mark.parametrize("level", list(TriageLevel))
def test_a_clinician_looks_at_the_two_gravest_levels_from_the_field(level: TriageLevel) -> None:
    assert decide.first_triage(level, by_clinician=False).needs_clinician_review == (level in {L0, L1})
    assert not decide.first_triage(level, by_clinician=True).needs_clinician_review


def test_a_second_look_is_the_review() -> None:
    assert decide.retriage(case(L1, review=True), L1) == Triage(L1, needs_clinician_review=False)
    assert decide.retriage(case(L1, review=False), L1) == Unchanged()
    assert decide.retriage(case(L2, review=False), L0) == Triage(L0, needs_clinician_review=False)
    assert isinstance(decide.retriage(case(is_open=False), L0), Refused)


def test_the_same_word_on_follow_up_changes_nothing() -> None:
    assert decide.change_consent(case(follow_up=True), follow_up=True) == Unchanged()
    assert decide.change_consent(case(follow_up=True), follow_up=False) is None
    assert isinstance(decide.change_consent(case(is_open=False), follow_up=False), Refused)


def test_a_team_opens_cases_on_scene_only() -> None:
    assert decide.may_open(TeamState.ARRIVED) is None
    assert decide.may_open(TeamState.SENT) is not None
    assert decide.may_open(TeamState.ENDED) is not None


@given(st.integers(0, decide.CODES - 1))
def test_a_case_code_checks_itself(number: int) -> None:
    code = decide.case_code(number)
    assert len(code) == 9
    assert decide.is_case_code(code)


@given(st.integers(0, decide.CODES - 1), st.integers(0, 5), st.sampled_from(decide.ALPHABET))
def test_one_wrong_sign_is_noticed(number: int, place: int, sign: str) -> None:
    code = list(decide.case_code(number))
    where = [2, 3, 4, 5, 7, 8][place]
    if code[where] != sign:
        code[where] = sign
        assert not decide.is_case_code("".join(code))


@given(st.integers(0, decide.CODES - 1), st.integers(0, 4))
def test_two_neighbours_swapped_are_noticed(number: int, place: int) -> None:
    code = list(decide.case_code(number))
    one, other = [2, 3, 4, 5, 7, 8][place : place + 2]
    if code[one] != code[other]:
        code[one], code[other] = code[other], code[one]
        assert not decide.is_case_code("".join(code))


@given(st.integers(0, decide.CODES - 1), st.integers(0, decide.CODES - 1))
def test_different_numbers_give_different_codes(one: int, other: int) -> None:
    assert (decide.case_code(one) == decide.case_code(other)) == (one == other)


@pytest.mark.parametrize(
    "text", ["", "C-", "C-7K2M9Q", "X-7K2M-9Q", "C-7K2M-9", "C-0000-00", "C-7K2-M9QQ", "C--------"]
)
def test_what_is_no_code_is_refused(text: str) -> None:
    assert not decide.is_case_code(text)


@pytest.mark.parametrize("number", [-1, decide.CODES])
def test_a_number_without_a_code_is_an_error(number: int) -> None:
    with pytest.raises(ValueError, match="not below"):
        decide.case_code(number)
