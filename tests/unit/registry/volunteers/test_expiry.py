"""What time brings of credentials and checks: notices before they run out, and what follows when they have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.envelope import Event
from schemas.events.volunteer import VolunteerCredentialExpiring
from schemas.vocabulary import Role
from services.registry.volunteers import edits
from services.registry.volunteers.decide import next_change, settle, volunteer_state
from services.registry.volunteers.model import Vetting, VettingEntry, VettingStatus, Volunteer
from tests.unit.registry.volunteers.builders import NOW, TODAY, credential, volunteer
from tests.unit.registry.volunteers.test_standing import (
    DAY,
    HOME,
    HOUR,
    edited,
    entry_of_credential,
    later,
    new,
    state_of,
    types,
)

# --- notices before a credential runs out


def expiring_on(day: date) -> Volunteer:
    return volunteer(credentials=(credential(expires_on=day),))


def notices(events: Sequence[Event]) -> list[tuple[int, int]]:
    return [(e.notice_days, e.days_left) for e in events if isinstance(e, VolunteerCredentialExpiring)]


def told_on(person: Volunteer, days: Sequence[int]) -> list[Event]:
    """Everything that is told when the clock looks on these days."""
    events: list[Event] = []
    for day in days:
        looked = later(person, NOW + day * DAY)
        person = looked.volunteer
        events += [fact.event for fact in looked.facts]
    return events


def test_notices_are_told_at_90_30_and_7_days_and_then_the_expiry() -> None:
    events = told_on(expiring_on(TODAY + 100 * DAY), range(110))
    assert notices(events) == [(90, 90), (30, 30), (7, 7)]
    assert [e.event_type for e in events].count("volunteer.credential-expired") == 1


@given(st.lists(st.integers(0, 100), min_size=1, max_size=30))
def test_each_notice_is_told_at_most_once_whatever_the_clock_does(days: list[int]) -> None:
    """The clock jumps forward and back. A notice that a more urgent one overtook is not told any more."""
    told = [notice for notice, _ in notices(told_on(expiring_on(TODAY + 100 * DAY), days))]
    assert told == sorted(set(told), reverse=True)
    assert min(told, default=None) == next((notice for notice in (7, 30, 90) if 100 - max(days) <= notice), None)


def test_a_late_look_tells_how_many_days_are_really_left() -> None:
    assert notices(told_on(expiring_on(TODAY + 100 * DAY), [0, 95])) == [(7, 5)]


def test_renewing_ends_the_notices_and_begins_them_anew() -> None:
    person = later(new(credentials=(credential(expires_on=TODAY + 20 * DAY),)), NOW).volunteer
    renewed = edited(person, edits.with_credential(entry_of_credential(expires_on=str(TODAY + 200 * DAY))))
    assert types(renewed) == ["volunteer.credentialed"]
    assert notices(told_on(renewed.volunteer, range(100))) == []
    assert notices(told_on(renewed.volunteer, range(100, 200))) == [(90, 90), (30, 30), (7, 7)]


def midnight(day: date) -> datetime:
    """When that day begins in China."""
    return NOW - 12 * HOUR + (day - TODAY)


def test_the_clock_looks_again_at_the_beginning_of_each_day_on_which_something_is_told() -> None:
    last_day = TODAY + 100 * DAY
    person, looks = expiring_on(last_day), []
    at: datetime | None = NOW
    while at is not None and (at := next_change(person, at)) is not None:
        looks.append(at)
    assert looks == [midnight(day) for day in (*(last_day - n * DAY for n in (90, 30, 7)), last_day + DAY)]
    assert next_change(replace(person, is_retired=True), NOW) == midnight(last_day + DAY)


@pytest.mark.parametrize("day", [date.max, date.max - DAY, date.min, date.min + 7 * DAY])
def test_a_credential_may_end_on_any_day_of_the_calendar(day: date) -> None:
    state = state_of(settle(None, expiring_on(day), HOME, NOW))
    assert (Role.PFA_TRAINED in state.roles) is (day > TODAY)


def test_of_the_retired_no_notice_is_told() -> None:
    person = replace(expiring_on(TODAY + 100 * DAY), is_retired=True)
    assert notices(told_on(person, range(101))) == []


# --- vetting


@pytest.mark.parametrize(
    ("vetting", "reasons"),
    [
        pytest.param({"status": "assumed"}, (), id="nobody said anything"),
        pytest.param({"status": "cleared", "authority": "公安", "checked_on": "2026-01-01"}, (), id="cleared"),
        pytest.param({"status": "pending"}, ("not-vetted",), id="pending"),
        pytest.param({"status": "failed"}, ("not-vetted",), id="failed"),
    ],
)
def test_who_is_not_vetted_is_not_deployable(vetting: dict[str, Any], reasons: tuple[str, ...]) -> None:
    checked = edits.vetting_of(VettingEntry.model_validate(vetting))
    assert volunteer_state(volunteer(vetting=checked), HOME, NOW).reasons == reasons


def test_a_check_holds_through_its_last_day() -> None:
    check = Vetting(status=VettingStatus.CLEARED, authority="a", checked_on=TODAY, valid_until=TODAY + DAY)
    person = new(vetting=check)
    assert next_change(person, NOW) == NOW + 36 * HOUR  # midnight in China after tomorrow
    assert types(later(person, NOW + 36 * HOUR - HOUR)) == []
    lapsed = later(person, NOW + 36 * HOUR)
    assert state_of(lapsed).reasons == ("vetting-lapsed",)
