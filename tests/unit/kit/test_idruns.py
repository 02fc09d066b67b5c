"""Runs of ids behave as a set."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.kit.idruns import IdRuns


@given(st.lists(st.lists(st.integers(1, 60), unique=True).map(sorted), max_size=8), st.integers(1, 61))
def test_holds_what_was_added_and_nothing_else(batches: list[list[int]], floor: int) -> None:
    runs, expected = IdRuns(), set[int]()
    for batch in batches:
        runs.add_ascending(batch)
        expected.update(batch)
    assert {number for number in range(62) if number in runs} == expected
    runs.forget_below(floor)
    kept = {number for number in range(62) if number in runs}
    assert kept >= {number for number in expected if number >= floor}
    assert kept <= expected


def test_neighbours_become_one_run() -> None:
    runs = IdRuns()
    runs.add_ascending([1, 2, 3])
    runs.add_ascending([5, 6])
    assert runs.multirange() == "{[1,3],[5,6]}"
    runs.add(4)
    assert runs.multirange() == "{[1,6]}"
    runs.add_ascending([7, 9])
    assert runs.multirange() == "{[1,7],[9,9]}"
    runs.forget_below(8)
    assert runs.multirange() == "{[9,9]}"
    assert IdRuns().multirange() == "{}"


def test_numbers_that_follow_one_another_below_the_highest_run_take_their_place() -> None:
    runs = IdRuns()
    runs.add_ascending([8, 9])
    runs.add_ascending([4, 5])
    runs.add_ascending([5, 6, 7])
    assert runs.multirange() == "{[4,9]}"
