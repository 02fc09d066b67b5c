"""What a code means on a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from schemas.areas import resolve, stands_on

MERGED = date(2016, 3, 20)


@dataclass(frozen=True)
class Known:
    """As much of an area as is asked."""

    valid_from: date | None = None
    valid_to: date | None = None
    successor_codes: tuple[str, ...] = ()


ANXIAN = {
    "510724": Known(valid_to=MERGED, successor_codes=("510705",)),
    "510705": Known(valid_from=MERGED),
}


def test_a_code_that_was_abolished_means_its_successor_from_that_day_on() -> None:
    before, after = (resolve("510724", day, ANXIAN.get) for day in (MERGED - timedelta(days=1), MERGED))
    assert (before.codes, before.is_changed) == (("510724",), False)
    assert (after.codes, after.replaced) == (("510705",), ("510724",))


def test_a_code_nobody_knows_is_unknown_and_one_that_had_not_begun_stands_for_itself() -> None:
    assert resolve("990000", MERGED, ANXIAN.get).unknown == ("990000",)
    assert resolve("510705", date(2000, 1, 1), ANXIAN.get).codes == ("510705",)


def test_a_code_that_ended_without_a_successor_means_nothing() -> None:
    assert resolve("1", MERGED, {"1": Known(valid_to=MERGED)}.get).codes == ()


DAYS = st.dates(date(1950, 1, 1), date(2050, 1, 1))
CODES = st.sampled_from("abcdef")
AREAS = st.builds(Known, valid_to=st.none() | DAYS, successor_codes=st.lists(CODES, max_size=3).map(tuple))


@given(st.dictionaries(CODES, AREAS), CODES, DAYS)
def test_whatever_the_successions_are_the_answer_ends_and_holds_only_what_stands(
    areas: dict[str, Known], code: str, on: date
) -> None:
    found = resolve(code, on, areas.get)
    assert all(stands_on(areas[one], on) for one in found.codes)
    assert all(not stands_on(areas[one], on) for one in found.replaced)
    assert not set(found.unknown) & set(areas)
    assert found.codes or found.replaced or found.unknown == (code,)
