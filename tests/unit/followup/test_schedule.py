"""Calendar truth: when follow-ups are due over twenty years, by the default schedule."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.vocabulary import TriageLevel
from services.followup import decide
from services.followup.model import Draft
from services.followup.schedule import After, Schedule
from services.followup.settings import FOLDER, read_schedules

SCHEDULE = read_schedules()["default-1"]
CHINA = ZoneInfo("Asia/Shanghai")
WENCHUAN = datetime(2008, 5, 12, 6, 28, 1, tzinfo=UTC)
WENCHUAN_ON = date(2008, 5, 12)
L0, L1, L2, L3 = TriageLevel
moments = st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds


def case(level: TriageLevel, triaged_at: datetime, occurred_on: date = WENCHUAN_ON, *, follow_up: bool = True) -> Draft:
    return decide.plan_case(SCHEDULE, level=level, follow_up=follow_up, triaged_at=triaged_at, occurred_on=occurred_on)


def dates(draft: Draft) -> dict[str, date]:
    return {task.step: task.due_on for task in draft.tasks}


def test_an_immediate_case_is_met_at_once_and_goes_on_as_a_high_one() -> None:
    triaged_at = datetime(2008, 5, 14, 20, 0, tzinfo=UTC)  # 04:00 on the 15th in China
    draft = case(L0, triaged_at)
    assert [task.step for task in draft.tasks] == [
        "now", "24h", "72h", "7d", "14d", "5w", "3m", "6m", "12m", "18m",
        "year-2", "year-3", "year-4", "year-5", "year-7", "year-10", "year-15", "year-20",
    ]  # fmt: skip
    assert draft.tasks[0].opens_at == triaged_at
    assert draft.tasks[1].opens_at == triaged_at + timedelta(hours=24)
    assert dates(draft)["now"] == date(2008, 5, 15)
    assert dates(draft)["18m"] == date(2009, 11, 15)
    assert dates(draft)["year-2"] == date(2010, 5, 12), "yearly contacts are the incident's anniversaries"


def test_a_high_case_begins_after_three_days() -> None:
    draft = case(L1, datetime(2008, 5, 15, 2, 0, tzinfo=UTC))
    assert list(dates(draft).items())[:4] == [
        ("72h", date(2008, 5, 18)), ("7d", date(2008, 5, 22)), ("14d", date(2008, 5, 29)), ("5w", date(2008, 6, 19)),
    ]  # fmt: skip
    five_weeks = draft.tasks[3]
    assert (five_weeks.opens_on, five_weeks.closes_on) == (date(2008, 6, 12), date(2008, 6, 26)), "four to six weeks"


def test_a_moderate_case_is_met_every_year() -> None:
    draft = case(L2, datetime(2008, 5, 15, 2, 0, tzinfo=UTC))
    assert [task.step for task in draft.tasks[:5]] == ["2w", "5w", "3m", "6m", "12m"]
    assert [task.step for task in draft.tasks[5:]] == [f"year-{year}" for year in range(2, 21)]


@pytest.mark.parametrize("level", [L0, L1, L2])
def test_the_last_contact_after_wenchuan_is_twenty_years_later_to_the_day(level: TriageLevel) -> None:
    last = case(level, WENCHUAN + timedelta(days=3)).tasks[-1]
    assert last.due_on == date(2028, 5, 12)
    assert (last.opens_on, last.closes_on) == (date(2028, 4, 28), date(2028, 5, 19))


def test_a_zone_has_its_anniversaries_in_windows_of_three_weeks() -> None:
    draft = decide.plan_zone(SCHEDULE, fenced_at=WENCHUAN, occurred_on=WENCHUAN_ON)
    assert [task.due_on.year - 2008 for task in draft.tasks] == [1, 2, 3, 5, 10, 15, 20]
    assert draft.tasks[-1].due_on == date(2028, 5, 12)
    for task in draft.tasks:
        assert task.kind == "anniversary"
        assert task.opens_on == task.due_on - timedelta(days=14)
        assert task.closes_on == task.due_on + timedelta(days=7)
        assert task.opens_at == datetime.combine(task.opens_on, datetime.min.time(), CHINA)


def test_the_date_is_the_one_people_there_write() -> None:
    assert decide.civil_date(datetime(2008, 5, 12, 15, 59, tzinfo=UTC), SCHEDULE) == date(2008, 5, 12)
    assert decide.civil_date(datetime(2008, 5, 12, 16, 0, tzinfo=UTC), SCHEDULE) == date(2008, 5, 13)


def test_the_anniversary_of_a_leap_day_is_the_last_of_february() -> None:
    draft = decide.plan_zone(SCHEDULE, fenced_at=datetime(2024, 2, 29, tzinfo=UTC), occurred_on=date(2024, 2, 29))
    assert [task.due_on for task in draft.tasks] == [
        date(2025, 2, 28), date(2026, 2, 28), date(2027, 2, 28), date(2029, 2, 28), date(2034, 2, 28),
        date(2039, 2, 28), date(2044, 2, 29),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("triaged_on", "step", "due_on"),
    [
        pytest.param(date(2023, 11, 30), "3m", date(2024, 2, 29), id="into a leap February"),
        pytest.param(date(2022, 11, 30), "3m", date(2023, 2, 28), id="into a short February"),
        pytest.param(date(2024, 8, 31), "6m", date(2025, 2, 28), id="from the 31st"),
        pytest.param(date(2024, 2, 29), "12m", date(2025, 2, 28), id="a year from a leap day"),
        pytest.param(date(2023, 12, 31), "18m", date(2025, 6, 30), id="to a month of thirty days"),
    ],
)
def test_months_end_where_the_month_ends(triaged_on: date, step: str, due_on: date) -> None:
    triaged_at = datetime.combine(triaged_on, datetime.min.time(), CHINA) + timedelta(hours=9)
    assert dates(case(L1, triaged_at, occurred_on=triaged_on))[step] == due_on


def test_without_consent_only_contacts_for_safety_are_planned() -> None:
    at = datetime(2008, 5, 15, 2, 0, tzinfo=UTC)
    assert list(dates(case(L0, at, follow_up=False))) == ["now", "24h", "72h"]
    assert list(dates(case(L1, at, follow_up=False))) == ["72h"]
    assert case(L2, at, follow_up=False).tasks == ()
    assert "only the 3 contacts for safety in the first 72 hours" in case(L0, at, follow_up=False).explanation.en
    assert "未同意随访" in case(L2, at, follow_up=False).explanation.zh


@pytest.mark.parametrize("follow_up", [True, False])
def test_the_informed_are_not_called(follow_up: bool) -> None:
    assert case(L3, WENCHUAN, follow_up=follow_up).tasks == ()


def test_somebody_met_years_later_joins_the_anniversaries_that_are_left() -> None:
    met = datetime(2013, 6, 1, 2, 0, tzinfo=UTC)
    yearly = [task.step for task in case(L1, met).tasks if task.kind == "anniversary"]
    assert yearly == ["year-7", "year-10", "year-15", "year-20"], "after the 18 months counted from triage"


def test_nothing_lies_beyond_the_horizon() -> None:
    met = datetime(2028, 3, 1, 2, 0, tzinfo=UTC)
    assert list(dates(case(L1, met))) == ["72h", "7d", "14d", "5w", "year-20"]


def test_a_zone_fenced_late_keeps_only_windows_that_are_still_open() -> None:
    late = decide.plan_zone(SCHEDULE, fenced_at=datetime(2010, 5, 19, 15, 59, tzinfo=UTC), occurred_on=WENCHUAN_ON)
    assert late.tasks[0].step == "year-2", "its window closes with the 19th of May"
    assert "1 anniversaries had passed" in late.explanation.en
    later = decide.plan_zone(SCHEDULE, fenced_at=datetime(2010, 5, 19, 16, 0, tzinfo=UTC), occurred_on=WENCHUAN_ON)
    assert later.tasks[0].step == "year-3"


@given(st.sampled_from(list(TriageLevel)), moments, st.booleans(), st.integers(0, 9000))
def test_every_plan_is_sound(level: TriageLevel, occurred_at: datetime, follow_up: bool, days_later: int) -> None:
    occurred_on = decide.civil_date(occurred_at, SCHEDULE)
    triaged_at = occurred_at + timedelta(days=days_later)
    draft = case(level, triaged_at, occurred_on, follow_up=follow_up)
    assert len({task.step for task in draft.tasks}) == len(draft.tasks), "no step twice"
    assert [task.due_on for task in draft.tasks] == sorted(task.due_on for task in draft.tasks)
    for task in draft.tasks:
        assert task.opens_on <= task.due_on <= task.closes_on
        assert task.opens_at < task.closes_at
        assert triaged_at - timedelta(days=1) < task.opens_at, "nothing opens before the person was met"
        assert follow_up is False or task.due_on <= occurred_on.replace(day=1) + timedelta(days=366 * 20 + 31)
        assert decide.civil_date(task.opens_at, SCHEDULE) == task.opens_on
        assert decide.civil_date(task.closes_at - timedelta(seconds=1), SCHEDULE) == task.closes_on
    assert draft.explanation.zh
    assert draft.explanation.en


@given(moments, moments)
def test_every_zone_plan_is_sound(occurred_at: datetime, fenced_at: datetime) -> None:
    draft = decide.plan_zone(SCHEDULE, fenced_at=fenced_at, occurred_on=decide.civil_date(occurred_at, SCHEDULE))
    assert all(task.closes_at > fenced_at for task in draft.tasks)
    assert all(task.due_on.month == draft.tasks[0].due_on.month for task in draft.tasks)


@given(st.dates(date(1950, 1, 1), date(2150, 12, 31)), st.integers(1, 20))
def test_anniversaries_agree_with_a_naive_calendar(day: date, years: int) -> None:
    is_leap_day = (day.month, day.day) == (2, 29)
    draft = decide.plan_zone(SCHEDULE, fenced_at=datetime(1940, 1, 1, tzinfo=UTC), occurred_on=day)
    for task in draft.tasks:
        year = day.year + int(task.step.removeprefix("year-"))
        try:
            expected = date(year, day.month, day.day)
        except ValueError:
            assert is_leap_day
            expected = date(year, 2, 28)
        assert task.due_on == expected


@pytest.mark.parametrize("words", [{}, {"hours": 1, "days": 1}, {"months": 1, "weeks": 1}])
def test_a_step_says_one_length(words: dict[str, int]) -> None:
    with pytest.raises(ValidationError, match="exactly one of"):
        After(**words)


def test_a_schedule_without_a_level_is_refused() -> None:
    text = (FOLDER / "default-1.json").read_text(encoding="utf-8").replace('"L3": {', '"L2": {')
    with pytest.raises(ValidationError, match="no rule for L3"):
        Schedule.model_validate_json(text)


def test_the_default_schedule_says_that_it_is_assumed_and_from_where() -> None:
    assert SCHEDULE.assumed
    assert len(SCHEDULE.sources) >= 5
