"""Decisions about volunteers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.events.volunteer import VolunteerState
from schemas.vocabulary import Role
from services.registry.decide import CIVIL_TIME
from services.registry.model import Fact, Outcome, Refused
from services.registry.volunteers.decide import (
    ROLES_WITH_CREDENTIAL,
    deployable,
    settle,
    usable_roles,
)
from services.registry.volunteers.edits import decide_entry
from services.registry.volunteers.model import Vetting, VettingStatus, Volunteer, VolunteerDecision
from tests.unit.registry.stations.builders import station
from tests.unit.registry.volunteers.builders import NOW, TODAY, credential, credential_item, volunteer, volunteer_entry

HOME = station()


def types(facts: Any) -> list[str]:
    return [fact.event.event_type for fact in facts]


def facts_of(decision: VolunteerDecision) -> Sequence[Fact]:
    return () if decision.settled is None else decision.settled.facts


def at_noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=CIVIL_TIME)


def volunteer_decision(before: Volunteer | None, **changes: Any) -> VolunteerDecision:
    decision = decide_entry(volunteer_entry(**changes), before, {HOME.station_id: HOME}, NOW, "/items/0")
    assert isinstance(decision, VolunteerDecision)
    return decision


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        pytest.param({"name": None, "phone": None}, None, id="neither"),
        pytest.param({"name": None}, (None, "+999 100 0001"), id="a number alone"),
        pytest.param({"phone": None}, ("模拟队员0001", None), id="a name alone"),
    ],
)
def test_a_name_or_a_number_alone_is_kept_too(given: dict[str, None], kept: tuple[str | None, ...] | None) -> None:
    identity = volunteer_decision(volunteer(), **given).identity
    assert (None if identity is None else (identity.name, identity.phone)) == kept


def test_the_order_of_dialects_makes_no_difference() -> None:
    before = volunteer_decision(None, dialects=["beij1235", "xian1253"]).volunteer
    assert before.dialects == ("beij1235", "xian1253")
    again = volunteer_decision(before, dialects=["xian1253", "beij1235", "xian1253"])
    assert again.outcome is Outcome.UNCHANGED


# --- who can be asked


def cleared_through(day: date) -> Vetting:
    return Vetting(status=VettingStatus.CLEARED, authority="a", checked_on=TODAY, valid_until=day)


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        pytest.param({}, (), id="nothing stands against it"),
        pytest.param({"available": False}, ("unavailable",), id="unavailable"),
        pytest.param({"is_adult": False}, ("minor",), id="a minor"),
        pytest.param({"is_retired": True}, ("retired",), id="retired"),
        pytest.param({"vetting": cleared_through(TODAY)}, (), id="a check that holds through today"),
        pytest.param(
            {"vetting": cleared_through(TODAY - timedelta(days=1))}, ("vetting-lapsed",), id="a check that has lapsed"
        ),
        pytest.param({"roles": (Role.PFA_TRAINED,), "credentials": ()}, ("no-valid-credential",), id="no credential"),
        pytest.param({"roles": (Role.SUPPORT,), "credentials": ()}, (), id="a role that needs none"),
        pytest.param(
            {"available": False, "is_adult": False, "is_retired": True}, ("retired", "minor", "unavailable"), id="all"
        ),
    ],
)
def test_deployable_says_every_reason_why_not(changes: dict[str, Any], reasons: tuple[str, ...]) -> None:
    assert deployable(volunteer(**changes), HOME, NOW) == (not reasons, reasons)


def test_nobody_is_asked_from_a_closed_station() -> None:
    assert deployable(volunteer(), replace(HOME, is_open=False), NOW) == (False, ("station-closed",))
    assert deployable(volunteer(), replace(HOME, is_suspended=True), NOW) == (False, ("station-suspended",))


def test_a_credential_holds_through_its_last_day() -> None:
    person = volunteer(credentials=(credential(expires_on=TODAY),))
    assert usable_roles(person, TODAY) == (Role.PFA_TRAINED, Role.SUPPORT)
    assert usable_roles(person, TODAY + timedelta(days=1)) == (Role.SUPPORT,)


def test_a_credential_gives_no_role_that_the_volunteer_does_not_have() -> None:
    person = volunteer(credentials=(credential(roles=(Role.PSYCHIATRIST,)),))
    assert usable_roles(person, TODAY) == (Role.SUPPORT,)


@given(
    st.lists(st.sampled_from(Role), min_size=1, unique=True),
    st.lists(st.tuples(st.sampled_from(Role), st.none() | st.dates(date(2020, 1, 1), date(2030, 1, 1))), max_size=6),
    st.booleans(), st.booleans(), st.booleans(), st.booleans(), st.dates(date(2020, 1, 1), date(2030, 1, 1)),
)  # fmt: skip
def test_who_is_deployable_is_adult_available_and_has_a_role_they_may_exercise(
    roles: list[Role], held: list[tuple[Role, date | None]], available: bool, adult: bool, retired: bool,
    is_open: bool, today: date,
) -> None:  # fmt: skip
    credentials = tuple(
        credential(number=str(number), roles=(role,), expires_on=until) for number, (role, until) in enumerate(held)
    )
    person = volunteer(
        roles=tuple(roles), credentials=credentials, available=available, is_adult=adult, is_retired=retired
    )
    proven = {role for role, until in held if until is None or until >= today}
    may = [role for role in roles if role in proven or role not in ROLES_WITH_CREDENTIAL]
    can_be_asked, reasons = deployable(person, replace(HOME, is_open=is_open), at_noon(today))
    assert can_be_asked == (available and adult and not retired and is_open and bool(may))
    assert can_be_asked == (reasons == ())
    assert list(usable_roles(person, today)) == may


# --- volunteers


def test_a_new_volunteer_is_enrolled_credentialed_and_available() -> None:
    decision = volunteer_decision(None)
    assert decision.outcome is Outcome.CREATED
    assert types(facts_of(decision)) == [
        "volunteer.enrolled", "volunteer.credentialed", "volunteer.became-available", "volunteer.state",
    ]  # fmt: skip
    state = facts_of(decision)[-1].event
    assert isinstance(state, VolunteerState)
    assert state.deployable
    assert (state.area_code, state.position) == (HOME.area_code, HOME.position)
    assert {fact.area_code for fact in facts_of(decision)} == {HOME.area_code}


def test_no_event_says_who_the_volunteer_is() -> None:
    decision = volunteer_decision(None)
    said = "".join(fact.event.model_dump_json() for fact in facts_of(decision))
    assert "模拟" not in said
    assert "999" not in said
    assert "P-1" not in said
    assert "模拟" not in repr(decision.identity)


def test_the_same_volunteer_again_tells_nothing() -> None:
    first = volunteer_decision(None)
    again = volunteer_decision(first.volunteer)
    assert again.outcome is Outcome.UNCHANGED
    assert facts_of(again) == ()


def test_what_is_left_out_stays_as_it_was() -> None:
    away = replace(volunteer(), available=False)
    decision = volunteer_decision(away, available=None, credentials=[])
    assert decision.outcome is Outcome.UNCHANGED
    assert volunteer_decision(None, available=None).volunteer.available


@pytest.mark.parametrize(
    ("changes", "facts"),
    [
        pytest.param({"languages": ["cmn", "khg"]}, ["volunteer.enrolled"], id="another language"),
        pytest.param({"available": False}, ["volunteer.became-unavailable"], id="away"),
        pytest.param(
            {"credentials": [credential_item(expires_on="2029-01-01")]}, ["volunteer.credentialed"], id="renewed"
        ),
        pytest.param(
            {"credentials": [credential_item(expires_on="2026-05-11")]},
            ["volunteer.credentialed", "volunteer.credential-expired"], id="withdrawn",
        ),
        pytest.param({"is_retired": True}, ["volunteer.retired"], id="retires"),
    ],
)  # fmt: skip
def test_each_change_is_told_once_and_then_the_state(changes: dict[str, Any], facts: list[str]) -> None:
    decision = volunteer_decision(volunteer(), **changes)
    assert decision.outcome is Outcome.CHANGED
    assert types(facts_of(decision)) == [*facts, "volunteer.state"]
    assert volunteer_decision(decision.volunteer, **changes).outcome is Outcome.UNCHANGED


def test_a_volunteer_who_comes_back_is_enrolled_anew() -> None:
    decision = volunteer_decision(replace(volunteer(), is_retired=True))
    assert types(facts_of(decision)) == ["volunteer.enrolled", "volunteer.state"]


def test_unknown_stations_are_told_by_their_place() -> None:
    entry = volunteer_entry(home_station_ref="S-9", membership_refs=["S-001", "S-8"])
    decision = decide_entry(entry, None, {HOME.station_id: HOME}, NOW, "/items/7")
    assert isinstance(decision, Refused)
    assert [p.where for p in decision.problems] == ["/items/7/home_station_ref", "/items/7/membership_refs/1"]


def test_availability_is_told_when_it_changes() -> None:
    there = settle(None, volunteer(), HOME, NOW).volunteer
    away = settle(there, replace(there, available=False), HOME, NOW)
    assert types(away.facts) == ["volunteer.became-unavailable", "volunteer.state"]
    assert settle(away.volunteer, away.volunteer, HOME, NOW).facts == ()


@given(st.lists(st.sampled_from([
    {}, {"available": False}, {"available": None}, {"languages": ["cmn", "khg"]}, {"is_retired": True},
    {"credentials": []}, {"credentials": [credential_item(number="P-2", expires_on="2020-01-01")]},
    {"credentials": [credential_item(expires_on=None)]}, {"is_adult": False},
]), max_size=8))  # fmt: skip
def test_the_last_state_told_is_the_state_there_is(history: list[dict[str, Any]]) -> None:
    before: Volunteer | None = None
    told: VolunteerState | None = None
    for changes in history:
        decision = volunteer_decision(before, **changes)
        before = decision.volunteer
        states = [fact.event for fact in facts_of(decision) if isinstance(fact.event, VolunteerState)]
        assert len(states) <= (decision.outcome is not Outcome.UNCHANGED)
        told = states[-1] if states else told
    if before is not None:
        assert told is not None
        assert (told.deployable, told.reasons) == deployable(before, HOME, NOW)
        assert told.roles == usable_roles(before, TODAY)
