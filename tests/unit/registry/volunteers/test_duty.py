"""Until when somebody is on a duty, which is more than that they may be asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.registry.volunteers.calendar.decide import calendar_of
from services.registry.volunteers.calendar.model import Calendar, CalendarRequest
from services.registry.volunteers.decide import on_duty_until, volunteer_state
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
