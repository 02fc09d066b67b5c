"""What a calendar says, against a model that steps through every minute."""

from __future__ import annotations

import calendar as calendar_of_year
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.registry.decide import CIVIL_TIME
from services.registry.model import Refused
from services.registry.volunteers.calendar.decide import calendar_of, duty_until, next_change, standing, with_exception
from services.registry.volunteers.calendar.model import (
    NO_CALENDAR,
    AddedException,
    Calendar,
    CalendarException,
    CalendarRequest,
    Duty,
    ExceptionKind,
    Standing,
)
from services.registry.volunteers.calendar.rules import YEARS, RuleRefused, beginnings, recurring, twin_of
from tests.support.properties import examples

MONDAY = datetime(2026, 5, 11, 0, 0, tzinfo=CIVIL_TIME)
MINUTE = timedelta(minutes=1)


def calendar(**request: Any) -> Calendar:
    made = calendar_of(CalendarRequest.model_validate(request), MONDAY)
    assert isinstance(made, Calendar), made
    return made


def problems(**request: Any) -> list[str]:
    made = calendar_of(CalendarRequest.model_validate(request), MONDAY)
    assert isinstance(made, Refused)
    return [problem.where for problem in made.problems]


def china(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CIVIL_TIME)


WEEKDAYS = {"weekly": [{"days": ["MO", "TU", "WE", "TH", "FR"], "begins": "08:00", "ends": "17:00"}]}


def test_without_a_calendar_somebody_is_always_on_duty() -> None:
    assert standing(NO_CALENDAR, MONDAY) is Standing.ON_DUTY
    assert next_change(NO_CALENDAR, MONDAY) is None


def test_a_slot_holds_from_its_beginning_and_not_at_its_end() -> None:
    made = calendar(**WEEKDAYS)
    assert [standing(made, china(f"2026-05-11 {at}")) for at in ("07:59", "08:00", "16:59", "17:00")] == [
        Standing.OFF_DUTY, Standing.ON_DUTY, Standing.ON_DUTY, Standing.OFF_DUTY,
    ]  # fmt: skip
    assert next_change(made, china("2026-05-15 16:59")) == china("2026-05-15 17:00")
    assert next_change(made, china("2026-05-15 17:00")) == china("2026-05-18 08:00")


def test_tonights_duty_may_have_begun_yesterday() -> None:
    made = calendar(weekly=[{"days": ["SU"], "begins": "20:00", "ends": "08:00"}])
    assert standing(made, MONDAY) is Standing.ON_DUTY
    assert next_change(made, MONDAY) == china("2026-05-11 08:00")


def test_leave_beats_duty_and_extra_duty() -> None:
    leave = {"kind": "leave", "begins_at": "2026-05-11T10:00+08:00", "ends_at": "2026-05-11T12:00+08:00"}
    made = calendar(**WEEKDAYS, exceptions=[leave, {**leave, "kind": "extra-duty"}])
    assert standing(made, china("2026-05-11 10:00")) is Standing.ON_LEAVE
    assert next_change(made, china("2026-05-11 08:00")) == china("2026-05-11 10:00")
    assert next_change(made, china("2026-05-11 10:00")) == china("2026-05-11 12:00")


def test_leave_counts_without_duties_too() -> None:
    made = calendar(exceptions=[{"kind": "leave", "begins_at": "2026-05-12T00:00Z", "ends_at": "2026-05-13T00:00Z"}])
    assert next_change(made, MONDAY) == datetime(2026, 5, 12, tzinfo=UTC)
    assert standing(made, datetime(2026, 5, 12, tzinfo=UTC)) is Standing.ON_LEAVE
    assert next_change(made, datetime(2026, 5, 13, tzinfo=UTC)) is None


def test_duties_without_a_gap_are_one_and_are_looked_at_again_later() -> None:
    every = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
    made = calendar(weekly=[{"days": every, "begins": "08:00", "ends": "20:00"},
                            {"days": every, "begins": "20:00", "ends": "08:00"}])  # fmt: skip
    assert next_change(made, MONDAY) == MONDAY + timedelta(days=400)


def test_an_age_of_twenty_years_changes_nothing() -> None:
    """The rhythm of every third week is kept, and looking is not slower for it."""
    duty = recurring(datetime(2026, 5, 11, 8), 60, "FREQ=WEEKLY;INTERVAL=3;BYDAY=MO,WE")  # noqa: DTZ001
    weeks = timedelta(weeks=3 * 348)
    old = beginnings(duty, duty.begins_at + weeks, duty.begins_at + weeks + timedelta(weeks=6))
    assert old == [at + weeks for at in beginnings(duty, duty.begins_at, duty.begins_at + timedelta(weeks=6))]
    assert len(old) == 5


# --- against every minute

starts = st.integers(0, 14 * 24 * 60 - 1).map(lambda minute: MONDAY + minute * MINUTE)
rules = st.sampled_from([
    None, "FREQ=DAILY", "FREQ=DAILY;INTERVAL=3", "FREQ=DAILY;COUNT=4", "FREQ=WEEKLY;BYDAY=MO,TH",
    "FREQ=WEEKLY;INTERVAL=2", "FREQ=MONTHLY;BYMONTHDAY=11,-1", "FREQ=MONTHLY;BYDAY=2TU",
    "FREQ=DAILY;UNTIL=20260525T000000Z",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=12",
])  # fmt: skip


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    duties = []
    for _ in range(draw(st.integers(0, 3))):
        begins_at = draw(starts).replace(tzinfo=None)
        minutes, rule = draw(st.integers(1, 3 * 24 * 60)), draw(rules)
        made = Duty(begins_at=begins_at, minutes=minutes) if rule is None else recurring(begins_at, minutes, rule)
        duties.append(made)
    exceptions = []
    for _ in range(draw(st.integers(0, 3))):
        begins_at = draw(starts)
        ends_at = begins_at + draw(st.integers(1, 2 * 24 * 60)) * MINUTE
        exceptions.append(
            CalendarException(kind=draw(st.sampled_from(ExceptionKind)), begins_at=begins_at, ends_at=ends_at)
        )
    return Calendar(duties=tuple(duties), exceptions=tuple(exceptions))


DAYS = 21


def by_the_minute(made: Calendar) -> list[tuple[Standing, bool]]:
    """The naive model: what every minute of three weeks from `MONDAY` says, and whether a duty holds in it, marked by
    every beginning there ever was."""
    on_duty, on_leave = (bytearray(DAYS * 24 * 60) for _ in range(2))

    def mark(minutes: bytearray, begins_at: datetime, ends_at: datetime) -> None:
        first, last = (min(max((at - MONDAY) // MINUTE, 0), len(minutes)) for at in (begins_at, ends_at))
        minutes[first:last] = b"\1" * (last - first)

    for duty in made.duties:
        for begins_at in beginnings(duty, duty.begins_at, MONDAY.replace(tzinfo=None) + timedelta(days=DAYS)):
            local = begins_at.replace(tzinfo=CIVIL_TIME)
            mark(on_duty, local, local + duty.minutes * MINUTE)
    for exception in made.exceptions:
        minutes = on_leave if exception.kind is ExceptionKind.LEAVE else on_duty
        mark(minutes, exception.begins_at, exception.ends_at)
    off = Standing.OFF_DUTY if made.duties else Standing.ON_DUTY
    says = {
        (on, away): (Standing.ON_LEAVE if away else Standing.ON_DUTY if on else off, bool(on) and not away)
        for on in (0, 1)
        for away in (0, 1)
    }
    return [says[minute] for minute in zip(on_duty, on_leave, strict=True)]


@given(calendars(), st.integers(0, 14 * 24 * 60))
@settings(max_examples=examples(150))
def test_the_next_change_is_the_first_minute_that_says_something_else(made: Calendar, minute: int) -> None:
    said = by_the_minute(made)
    after = MONDAY + minute * MINUTE
    found = next_change(made, after)
    assert standing(made, after) is said[minute][0]
    changed = next((n for n in range(minute, len(said)) if said[n] != said[minute]), None)
    if changed is not None:
        assert found == MONDAY + changed * MINUTE
    else:
        assert found is None or found >= MONDAY + timedelta(days=DAYS)
    end = duty_until(made, after)
    assert (end is not None) == said[minute][1]
    if end is not None and changed is not None:
        assert end == MONDAY + changed * MINUTE


# --- what is refused


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY", "FREQ=MINUTELY", "FREQ=HOURLY;INTERVAL=1", "FREQ=DAILY;BYHOUR=1,2,3",
        "FREQ=DAILY;COUNT=1000000", "FREQ=DAILY;COUNT=0", "FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;INTERVAL=-1",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=31", "FREQ=MONTHLY;BYMONTHDAY=1;BYSETPOS=2",
        "FREQ=DAILY;INTERVAL=7;BYDAY=TU", "FREQ=DAILY;BYMONTHDAY=1",
        "FREQ=DAILY;COUNT=2;UNTIL=20270101", "FREQ=DAILY;UNTIL=20269999",
        "BANANA",
        "FREQ=DAILY;FREQ=WEEKLY", "FREQ=WEEKLY;BYDAY=2MO", "FREQ=MONTHLY;BYDAY=99MO", "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=DAILY;UNTIL=20200101", "FREQ=DAILY;BYEASTER=1", "FREQ=WEEKLY;WKST=NO", "", ";", "FREQ=",
        "FREQ=DAILY;COUNT=٣",
    ],
)  # fmt: skip
def test_rules_that_are_wrong_endless_or_never_true_are_refused(rule: str) -> None:
    with pytest.raises(RuleRefused):
        recurring(datetime(2026, 5, 11, 8), 60, rule)  # noqa: DTZ001


def test_a_twin_year_has_the_same_calendar_and_lies_late() -> None:
    for year in YEARS:
        twin = twin_of(year)
        assert 9960 < twin <= 9991
        assert [calendar_of_year.weekday(year + n, 1, 1) for n in range(9)] == [
            calendar_of_year.weekday(twin + n, 1, 1) for n in range(9)
        ]
        assert [calendar_of_year.isleap(year + n) for n in range(9)] == [
            calendar_of_year.isleap(twin + n) for n in range(9)
        ]


def test_a_count_becomes_an_end() -> None:
    duty = recurring(datetime(2026, 5, 11, 8), 60, "RRULE:FREQ=DAILY;COUNT=3")  # noqa: DTZ001
    assert duty.rrule == "FREQ=DAILY;UNTIL=20260513T000000Z"
    assert len(beginnings(duty, duty.begins_at, duty.begins_at + timedelta(days=30))) == 3


@given(st.text("FREQ=DAILYWKMONTHUSBSECP;,0123456789-+TZ", max_size=60).map(lambda text: f"FREQ=DAILY;{text}"))
@example("FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYMONTHDAY=1;INTERVAL=400")
@settings(deadline=timedelta(seconds=2))
def test_no_text_takes_long_or_breaks(text: str) -> None:
    begins_at = datetime(2026, 5, 11, 8)  # noqa: DTZ001
    try:
        duty = recurring(begins_at, 60, text)
    except RuleRefused:
        return
    assert recurring(begins_at, 60, str(duty.rrule)) == duty
    later = begins_at + timedelta(days=365 * 20)
    beginnings(duty, later, later + timedelta(days=400))


def test_a_wrong_request_says_where() -> None:
    leave = {"kind": "leave", "begins_at": "2026-05-11T10:00Z", "ends_at": "2026-05-11T10:00Z"}
    assert problems(
        weekly=[{"days": ["MO"], "begins": "08:00", "ends": "09:00", "through_day": "2020-01-01"}],
        recurring=[{"begins_at": "1990-01-01T08:00", "minutes": 60}, {"begins_at": "2026-01-01T08:00", "minutes": 1,
                    "rrule": "FREQ=SECONDLY"}],
        exceptions=[leave, {**leave, "ends_at": "2036-01-01T00:00Z"}, {**leave, "begins_at": "0001-01-01T00:00+14:00"}],
    ) == [
        "/weekly/0/rrule", "/recurring/0/begins_at", "/recurring/1/rrule", "/exceptions/0/ends_at",
        "/exceptions/1/ends_at", "/exceptions/2/begins_at",
    ]  # fmt: skip


def test_exceptions_that_are_long_over_make_room_for_new_ones() -> None:
    def leave(day: date) -> AddedException:
        text = {"kind": "leave", "begins_at": f"{day}T00:00Z", "ends_at": f"{day}T08:00Z"}
        return AddedException.model_validate(text)

    first = with_exception(NO_CALENDAR, leave(date(2026, 5, 12)), MONDAY)
    assert isinstance(first, Calendar)
    second = with_exception(first, leave(date(2026, 5, 12)), MONDAY)
    assert second == first
    later = with_exception(first, leave(date(2026, 9, 1)), china("2026-08-30"))
    assert isinstance(later, Calendar)
    assert [e.begins_at.month for e in later.exceptions] == [9]
