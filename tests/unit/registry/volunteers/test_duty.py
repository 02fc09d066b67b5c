"""Until when somebody is on a duty, which is more than that they may be asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from schemas.values import Position
from services.registry.decide import CIVIL_TIME
from services.registry.volunteers.calendar.decide import calendar_of
from services.registry.volunteers.calendar.model import Calendar, CalendarRequest
from services.registry.volunteers.decide import on_duty_until, settle, volunteer_state
from services.registry.volunteers.model import Place
from tests.unit.registry.stations.builders import station
from tests.unit.registry.volunteers.builders import NOW, volunteer

HOME, HOUR = station(), timedelta(hours=1)
ALWAYS = {"days": ["MO", "TU", "WE", "TH", "FR", "SA", "SU"], "begins": "00:00", "ends": "00:00"}
NOON_TO_TWO = {"days": ["TU"], "begins": "11:00", "ends": "14:00"}
LEAVE = {"kind": "leave", "begins_at": NOW + HOUR, "ends_at": NOW + 9 * HOUR}
EXTRA = {"kind": "extra-duty", "begins_at": NOW + 2 * HOUR, "ends_at": NOW + 5 * HOUR}


@pytest.mark.parametrize(
    ("calendar", "there_h", "ends_h"),
    [
        pytest.param({}, None, None, id="no calendar is no duty"),
        pytest.param({}, 3, 3, id="there until a time"),
        pytest.param({"weekly": [NOON_TO_TWO]}, None, 2, id="a slot"),
        pytest.param({"weekly": [NOON_TO_TWO]}, 1, 2, id="there, then a slot"),
        pytest.param({"weekly": [NOON_TO_TWO]}, 3, 3, id="there beyond the slot"),
        pytest.param({"weekly": [NOON_TO_TWO], "exceptions": [EXTRA]}, None, 5, id="a slot, then extra duty"),
        pytest.param({"weekly": [NOON_TO_TWO], "exceptions": [LEAVE]}, None, 1, id="until leave begins"),
        pytest.param({"exceptions": [EXTRA]}, None, None, id="extra duty is still to come"),
        pytest.param({"exceptions": [EXTRA]}, 2, 5, id="there until extra duty begins"),
        pytest.param({"weekly": [ALWAYS]}, None, 12 * 24 + 12, id="for ever is told through next week"),
    ],
)
def test_until_when_somebody_is_on_duty(calendar: dict[str, Any], there_h: int | None, ends_h: int | None) -> None:
    made = calendar_of(CalendarRequest.model_validate(calendar), NOW)
    assert isinstance(made, Calendar)
    person = volunteer(calendar=made)
    if there_h is not None:
        until = NOW + there_h * HOUR
        person = replace(person, available=True, available_until=until)
    wanted = None if ends_h is None else NOW + ends_h * HOUR
    assert on_duty_until(person, NOW) == wanted
    assert volunteer_state(person, HOME, NOW).on_duty_until == wanted
    assert volunteer_state(replace(person, is_adult=False), HOME, NOW).on_duty_until is None


def test_who_said_that_they_are_away_is_on_no_duty_whatever_the_calendar_says() -> None:
    made = calendar_of(CalendarRequest.model_validate({"weekly": [NOON_TO_TWO]}), NOW)
    assert isinstance(made, Calendar)
    for until in (None, NOW + 3 * HOUR):
        assert on_duty_until(volunteer(calendar=made, available=False, available_until=until), NOW) is None


def test_a_long_duty_is_told_anew_when_the_next_week_begins() -> None:
    monday = datetime(2026, 5, 18, tzinfo=CIVIL_TIME)
    person = volunteer(available=True, available_until=NOW + 60 * 24 * HOUR)
    told = settle(None, person, HOME, NOW)
    assert (on_duty_until(person, NOW), told.next_change_at) == (monday + timedelta(days=7), monday)
    again = settle(told.volunteer, told.volunteer, HOME, monday)
    assert (on_duty_until(person, monday), again.next_change_at) == (
        monday + timedelta(days=14),
        monday + timedelta(days=7),
    )
    assert [fact.event.event_type for fact in again.facts] == ["volunteer.state"]
    short = volunteer(available=True, available_until=NOW + 3 * HOUR)
    assert settle(None, short, HOME, NOW).next_change_at == NOW + 3 * HOUR


def test_a_declared_place_is_forgotten_when_its_time_is_over() -> None:
    place = Place(position=Position(lat_deg=31.0, lon_deg=104.0), until=NOW + HOUR)
    person = settle(None, volunteer(place=place), HOME, NOW).volunteer
    assert person.place == place
    assert settle(person, person, HOME, NOW + HOUR).volunteer.place is None
