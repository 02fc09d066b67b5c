"""Opening hours against a naive model that looks at every minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.registry.stations.hours import (
    OpeningHours,
    Weekday,
    is_open_at,
    least_daily_minutes,
    next_change_at,
)

MONDAY = date(2026, 5, 11)
OFFICE = {"weekly": [{"days": ["mon", "tue", "wed", "thu", "fri"], "opens": "08:30", "closes": "17:30"}]}


def hours(document: dict[str, Any]) -> OpeningHours:
    return OpeningHours.model_validate(document)


def at_china(day: date, minute: int) -> datetime:
    """The instant at that minute of the civil day in China, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minute - 8 * 60)


@pytest.mark.parametrize(
    ("day", "minute", "expected"),
    [(0, 509, False), (0, 510, True), (0, 1049, True), (0, 1050, False), (4, 600, True), (5, 600, False)],
)
def test_it_is_open_from_the_minute_it_opens_until_the_minute_it_closes(day: int, minute: int, expected: bool) -> None:
    assert is_open_at(hours(OFFICE), at_china(MONDAY + timedelta(days=day), minute)) is expected


def test_an_exception_takes_the_place_of_the_week() -> None:
    festival = {"from_on": "2026-05-11", "through_on": "2026-05-12"}
    duty = {**festival, "periods": [{"opens": "20:00", "closes": "24:00"}]}
    assert not is_open_at(hours({**OFFICE, "exceptions": [festival]}), at_china(MONDAY, 600))
    assert is_open_at(hours({**OFFICE, "exceptions": [duty]}), at_china(MONDAY, 1439))
    assert is_open_at(hours({**OFFICE, "exceptions": [festival]}), at_china(MONDAY + timedelta(days=2), 600))


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"weekly": [{"days": ["mon"], "opens": "22:00", "closes": "06:00"}]}, "two periods"),
        ({"weekly": [{"days": ["mon"], "opens": "08:00", "closes": "08:00"}]}, "two periods"),
        ({"weekly": [{"days": ["mon"], "opens": "8:00", "closes": "09:00"}]}, "pattern"),
        ({"weekly": [{"days": ["mon"], "opens": "08:00", "closes": "24:01"}]}, "pattern"),
        ({"weekly": [*OFFICE["weekly"], {"days": ["fri"], "opens": "17:00", "closes": "18:00"}]}, "of fri overlap"),
        ({**OFFICE, "exceptions": [{"from_on": "2026-05-12", "through_on": "2026-05-11"}]}, "before from_on"),
        (
            {**OFFICE, "exceptions": [{"from_on": "2026-05-11", "through_on": "2026-05-12"},
                                      {"from_on": "2026-05-12", "through_on": "2026-05-12"}]},
            "two exceptions hold on 2026-05-12",
        ),
    ],
)  # fmt: skip
def test_hours_that_make_no_sense_are_refused(document: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        hours(document)


def clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


minutes = st.sampled_from(range(0, 1441, 30))


@st.composite
def day_plans(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Up to three periods that do not overlap."""
    edges = sorted(draw(st.lists(minutes, unique=True, max_size=6)))
    return list(zip(edges[::2], edges[1::2], strict=False))


@given(st.lists(day_plans(), min_size=7, max_size=7), st.dictionaries(st.integers(0, 9), day_plans(), max_size=3))
def test_hours_agree_with_a_table_of_minutes(week: list[list[tuple[int, int]]], other: dict[int, Any]) -> None:
    stated = hours(
        {
            "weekly": [
                {"days": [day], "opens": clock(begin), "closes": clock(end)}
                for day, plan in zip(Weekday, week, strict=True)
                for begin, end in plan
            ],
            "exceptions": [
                {"from_on": MONDAY + timedelta(days=number), "through_on": MONDAY + timedelta(days=number),
                 "periods": [{"opens": clock(begin), "closes": clock(end)} for begin, end in plan]}
                for number, plan in other.items()
            ],
        }
    )  # fmt: skip
    days = [other.get(number, week[number % 7]) for number in range(14)]
    table = [any(begin <= minute < end for begin, end in plan) for plan in days for minute in range(0, 1440, 30)]
    for step, expected in enumerate(table):
        assert is_open_at(stated, at_china(MONDAY, step * 30)) is expected
    assert least_daily_minutes(stated) == min(sum(end - begin for begin, end in plan) for plan in week)
    change = next((step for step in range(1, len(table)) if table[step] != table[0]), None)
    found = next_change_at(stated, at_china(MONDAY, 0))
    if change is not None:
        assert found == at_china(MONDAY, change * 30)
    elif found is not None:
        assert found >= at_china(MONDAY, 14 * 1440)


def test_who_is_always_open_never_changes() -> None:
    always = hours({"weekly": [{"days": list(Weekday), "opens": "00:00", "closes": "24:00"}]})
    assert next_change_at(always, at_china(MONDAY, 700)) is None
    assert least_daily_minutes(always) == 1440
