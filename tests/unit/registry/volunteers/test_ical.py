"""Calendars as iCalendar: what is read, what is refused, and that nothing hostile takes long."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry.decide import CIVIL_TIME
from services.registry.model import Refused
from services.registry.volunteers.calendar.ical import BYTES_MAX, read_ics, write_ics
from services.registry.volunteers.calendar.model import Calendar, ExceptionKind
from tests.support.properties import examples
from tests.unit.registry.volunteers.test_calendar import MONDAY, calendars

HER = UUID(int=7)
TIMES = ("DTSTART;TZID=Asia/Shanghai:20260511T080000", "DTEND;TZID=Asia/Shanghai:20260511T170000")


def event(*lines: str, uid: str = "1") -> str:
    return "\r\n".join(["BEGIN:VEVENT", f"UID:{uid}", *lines, "END:VEVENT"])


def file(*events: str) -> bytes:
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test", *events, "END:VCALENDAR", ""]).encode()


def read(*events: str) -> Calendar:
    made = read_ics(file(*events))
    assert isinstance(made, Calendar), made
    return made


def refused(*events: str) -> tuple[str, str]:
    made = read_ics(file(*events))
    assert isinstance(made, Refused)
    assert len(made.problems) == 1
    return made.problems[0].where, made.problems[0].what


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 5, day, hour, minute)  # noqa: DTZ001 - the civil time of China


def test_a_recurring_event_is_a_duty_and_its_words_are_not_read() -> None:
    made = read(event(*TIMES, "RRULE:FREQ=WEEKLY;BYDAY=MO", "EXDATE;TZID=Asia/Shanghai:20260518T080000",
                      "SUMMARY:张三值班", "ATTENDEE:mailto:z@example.org"))  # fmt: skip
    (duty,) = made.duties
    assert (duty.begins_at, duty.minutes, duty.rrule) == (at(11, 8), 540, "FREQ=WEEKLY;BYDAY=MO")
    assert duty.excluded == (at(18, 8),)
    assert "张三" not in repr(made)


@pytest.mark.parametrize(
    ("lines", "begins_at", "minutes"),
    [
        pytest.param(("DTSTART:20260511T080000", "DTEND:20260511T090000"), at(11, 8), 60, id="no zone is China's"),
        pytest.param(("DTSTART:20260511T080000Z", "DURATION:PT2H"), at(11, 16), 120, id="UTC and a duration"),
        pytest.param(("DTSTART;VALUE=DATE:20260511",), at(11, 0), 1440, id="a whole day"),
        pytest.param(
            ("DTSTART;TZID=Europe/Berlin:20260511T080000", "DTEND;TZID=Europe/Berlin:20260511T090000"),
            at(11, 14), 60, id="one time in a zone with summer time",
        ),
        pytest.param(
            ("DTSTART;TZID=China Standard Time:20260511T080000", "DTEND:20260511T235959"), at(11, 8), 960,
            id="the name Windows has for China, and an end of day",
        ),
    ],
)  # fmt: skip
def test_times_are_read_as_they_are_meant(lines: tuple[str, ...], begins_at: datetime, minutes: int) -> None:
    (duty,) = read(event(*lines)).duties
    assert (duty.begins_at, duty.minutes, duty.rrule) == (begins_at, minutes, None)


def test_categories_make_exceptions() -> None:
    made = read(event(*TIMES, "CATEGORIES:Leave,x"), event(*TIMES, "CATEGORIES:EXTRA-DUTY"))
    assert made.duties == ()
    assert {exception.kind for exception in made.exceptions} == set(ExceptionKind)


def test_moved_cancelled_and_transparent_events() -> None:
    made = read(
        event(*TIMES, "RRULE:FREQ=WEEKLY;BYDAY=MO"),
        event("RECURRENCE-ID;TZID=Asia/Shanghai:20260518T080000", "DTSTART;TZID=Asia/Shanghai:20260519T080000",
              "DTEND;TZID=Asia/Shanghai:20260519T170000"),
        event("RECURRENCE-ID;TZID=Asia/Shanghai:20260525T080000", *TIMES, "STATUS:CANCELLED"),
        event(*TIMES, "TRANSP:TRANSPARENT", uid="2"),
    )  # fmt: skip
    weekly, moved = made.duties
    assert weekly.excluded == (at(18, 8), at(25, 8))
    assert (moved.begins_at, moved.rrule) == (at(19, 8), None)


@pytest.mark.parametrize(
    ("lines", "where"),
    [
        pytest.param((TIMES[0],), "DTEND", id="no end"),
        pytest.param((TIMES[1],), "DTSTART", id="no beginning"),
        pytest.param((TIMES[0], "DTEND;TZID=Asia/Shanghai:20260511T080000"), "DTEND", id="ends as it begins"),
        pytest.param(("DTSTART;TZID=Mars/Olympus:20260511T080000", "DURATION:PT1H"), "DTSTART", id="unknown zone"),
        pytest.param(("DTSTART:banana", "DURATION:PT1H"), "DTSTART", id="no time"),
        pytest.param((*TIMES, TIMES[0]), "DTSTART", id="two beginnings"),
        pytest.param((TIMES[0], "DURATION:-PT1H"), "DURATION", id="a negative duration"),
        pytest.param((TIMES[0], "DURATION:P999999999D"), "DURATION", id="an endless duration"),
        pytest.param((TIMES[0], "DURATION:P30D"), "minutes", id="a month on duty"),
        pytest.param(("DTSTART:99991231T235959Z", "DURATION:PT1H"), "DTSTART", id="the end of time"),
        pytest.param(("DTSTART:18000101T000000", "DURATION:PT1H"), "DTSTART", id="long ago"),
        pytest.param((*TIMES, "RRULE:FREQ=SECONDLY"), "rrule", id="every second"),
        pytest.param((*TIMES, "RRULE:FREQ=DAILY;COUNT=999999999"), "rrule", id="a huge count"),
        pytest.param((*TIMES, "RRULE:FREQ=BANANA"), "RRULE", id="no rule"),
        pytest.param((*TIMES, "RRULE:FREQ=DAILY", "RRULE:FREQ=WEEKLY"), "RRULE", id="two rules"),
        pytest.param((*TIMES, "RDATE:20260512T080000"), "RDATE", id="RDATE"),
        pytest.param((*TIMES, "RRULE:FREQ=DAILY", "EXDATE:banana"), "EXDATE", id="an unreadable exclusion"),
        pytest.param((*TIMES, "RRULE:FREQ=DAILY", "CATEGORIES:LEAVE"), "RRULE", id="leave that recurs"),
        pytest.param(
            ("DTSTART;TZID=Europe/Berlin:20260511T080000", "DURATION:PT1H", "RRULE:FREQ=DAILY"), "DTSTART",
            id="recurs where clocks change",
        ),
        pytest.param(("DTSTART:20260511T080000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY"), "DTSTART", id="recurs in UTC"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_without_doubt_is_refused(lines: tuple[str, ...], where: str) -> None:
    assert refused(event(*lines))[0] == f"/VEVENT/0/{where}"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"BEGIN:VCALENDAR\r\n", id="cut off"),
        pytest.param(b"hello", id="no calendar"),
        pytest.param(b"\xff\xfe\x00", id="no text"),
        pytest.param(event(*TIMES).encode(), id="an event alone"),
        pytest.param(b"BEGIN:VCALENDAR\r\n" * 5_000 + b"END:VCALENDAR\r\n" * 5_000, id="deep"),
        pytest.param(file(*[event(*TIMES)] * 601), id="many events"),
        pytest.param(file(*[event(*TIMES, f"RRULE:FREQ=DAILY;INTERVAL={n}") for n in range(1, 102)]), id="many duties"),
        pytest.param(b"BEGIN:VCALENDAR\r\nX-LONG:" + b"x" * BYTES_MAX, id="large"),
    ],
)
def test_files_that_are_none_too_deep_or_too_large_are_refused(body: bytes) -> None:
    assert isinstance(read_ics(body), Refused)


@given(calendars())
@settings(max_examples=examples(40))
def test_what_is_written_reads_the_same(made: Calendar) -> None:
    """Seconds do not occur, and a count has become an end."""
    again = read_ics(write_ics(HER, made, MONDAY))
    assert isinstance(again, Calendar)
    assert set(again.duties) == set(made.duties)
    assert {(e.kind, e.begins_at, e.ends_at) for e in again.exceptions} == {
        (e.kind, e.begins_at.astimezone(CIVIL_TIME), e.ends_at.astimezone(CIVIL_TIME)) for e in made.exceptions
    }


@given(st.binary(max_size=400), st.integers(0, 300))
@settings(deadline=timedelta(seconds=2))
def test_a_damaged_file_is_read_or_refused(damage: bytes, place: int) -> None:
    whole = file(event(*TIMES, "RRULE:FREQ=WEEKLY;BYDAY=MO", "EXDATE;TZID=Asia/Shanghai:20260518T080000"))
    assert isinstance(read_ics(whole[:place] + damage + whole[place + len(damage) :]), Calendar | Refused)
