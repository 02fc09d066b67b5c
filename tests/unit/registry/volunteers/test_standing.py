"""What time brings: words that end; and that order between keys makes no difference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.events.volunteer import VolunteerState
from schemas.vocabulary import Role
from services.registry.model import Refused
from services.registry.stations.decide import station_id_of
from services.registry.stations.model import Station
from services.registry.volunteers import edits
from services.registry.volunteers.calendar.decide import calendar_of
from services.registry.volunteers.calendar.model import Calendar, CalendarRequest
from services.registry.volunteers.decide import deployable, settle, volunteer_state
from services.registry.volunteers.duty import gaps
from services.registry.volunteers.model import (
    MEMBERSHIPS_MAX,
    AvailabilityRequest,
    CredentialEntry,
    OptOutRequest,
    PlaceRequest,
    Settled,
    Vetting,
    VettingStatus,
    Volunteer,
)
from tests.support.properties import examples
from tests.unit.registry.stations.builders import station
from tests.unit.registry.volunteers.builders import NOW, TODAY, credential, credential_item, volunteer, volunteer_entry

HOME, OTHER = station(), station(ref="S-002", lat_deg=29.5, area_code="510300")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def state_of(settled: Settled) -> VolunteerState:
    assert settled.volunteer.told is not None
    return settled.volunteer.told


def types(settled: Settled) -> list[str]:
    return [fact.event.event_type for fact in settled.facts]


def new(**changes: Any) -> Volunteer:
    return settle(None, volunteer(**changes), HOME, NOW).volunteer


def edited(before: Volunteer, edit: edits.Edit, now: datetime = NOW) -> Settled:
    wanted = edit(before)
    assert isinstance(wanted, Volunteer), wanted
    return settle(before, wanted, HOME, now)


def later(before: Volunteer, now: datetime) -> Settled:
    """Only time has passed."""
    return settle(before, before, HOME, now)


def entry_of_credential(**changes: Any) -> CredentialEntry:
    return CredentialEntry.model_validate(credential_item(**changes))


# --- words with an end


def test_who_opts_out_is_not_deployable_until_the_time_they_said() -> None:
    out = edited(new(), edits.with_opt_out(OptOutRequest(until=NOW + DAY), NOW))
    assert types(out) == ["volunteer.opted-out", "volunteer.state"]
    assert state_of(out).reasons == ("opted-out",)
    assert out.next_change_at == NOW + DAY
    back = later(out.volunteer, NOW + DAY)
    assert types(back) == ["volunteer.opted-in", "volunteer.state"]
    assert state_of(back).deployable


def test_opting_out_for_good_is_not_ended_by_time_or_by_a_batch() -> None:
    out = edited(new(), edits.with_opt_out(OptOutRequest(), NOW)).volunteer
    assert not state_of(later(out, NOW + 3650 * DAY)).deployable
    again = edits.of_entry(volunteer_entry(available=True), out, {HOME.station_id: HOME}, "")
    assert again == out


def test_away_until_a_time_and_then_as_the_calendar_says() -> None:
    request = CalendarRequest.model_validate({"weekly": [{"days": ["WE"], "begins": "08:00", "ends": "17:00"}]})
    calendar = calendar_of(request, NOW)
    assert isinstance(calendar, Calendar)
    person = new(calendar=calendar)  # noon of a Tuesday
    assert person.told is not None
    assert person.told.reasons == ("off-duty",)
    there = edited(person, edits.with_availability(AvailabilityRequest(available=True, until=NOW + HOUR), NOW))
    assert types(there) == ["volunteer.became-available", "volunteer.state"]
    gone = later(there.volunteer, NOW + HOUR)
    assert (types(gone), state_of(gone).reasons) == (["volunteer.became-unavailable", "volunteer.state"], ("off-duty",))
    assert (gone.volunteer.available, gone.volunteer.available_until) == (True, None)
    assert gone.next_change_at == NOW + 20 * HOUR
    on_duty = later(gone.volunteer, NOW + 20 * HOUR)
    away = edited(
        on_duty.volunteer,
        edits.with_availability(AvailabilityRequest(available=False, until=NOW + 22 * HOUR), NOW + 20 * HOUR),
        NOW + 20 * HOUR,
    )
    assert state_of(away).reasons == ("unavailable",)
    assert state_of(later(away.volunteer, NOW + 22 * HOUR)).deployable
    assert deployable(away.volunteer, HOME, NOW + 22 * HOUR)[0], "also before the clock has looked"


def test_a_declared_place_is_coarse_and_lapses_to_the_home_station() -> None:
    place = PlaceRequest(lat_deg=30.66789, lon_deg=104.06543, until=NOW + DAY)
    there = edited(new(), edits.with_place(place, NOW))
    state = state_of(there)
    assert (state.position.lat_deg, state.position.lon_deg, state.position_source) == (30.65, 104.05, "declared")
    assert "30.66" not in repr(there)
    back = state_of(later(there.volunteer, NOW + DAY))
    assert (back.position, back.position_source) == (HOME.position, "home-station")


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_a_cell_holds_the_place_and_lies_on_earth(lat_deg: float, lon_deg: float) -> None:
    for degrees, limit in ((lat_deg, 90), (lon_deg, 180)):
        middle = edits.coarse(degrees, limit)
        assert abs(middle - degrees) <= 0.05 + 1e-6
        assert abs(middle) < limit


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(edits.with_opt_out(OptOutRequest(until=NOW), NOW), id="opts out until now"),
        pytest.param(
            edits.with_availability(AvailabilityRequest(available=False, until=NOW), NOW), id="away until now"
        ),
        pytest.param(
            edits.with_place(PlaceRequest(lat_deg=0, lon_deg=0, until=NOW + 93 * DAY), NOW), id="far too long"
        ),
        pytest.param(edits.left(HOME.station_id), id="leaves home"),
    ],
)
def test_what_makes_no_sense_is_refused(edit: edits.Edit) -> None:
    assert isinstance(edit(volunteer()), Refused)


def test_joining_and_leaving_a_station_is_told() -> None:
    member = edited(new(), edits.joined(OTHER.station_id))
    assert types(member) == ["volunteer.joined"]
    assert set(member.volunteer.memberships) == {HOME.station_id, OTHER.station_id}
    assert types(edited(member.volunteer, lambda one: replace(one, activation_minutes=15))) == ["volunteer.state"]
    gone = edited(member.volunteer, edits.left(OTHER.station_id))
    assert (types(gone), gone.volunteer.memberships) == (["volunteer.left"], (HOME.station_id,))


def test_nobody_is_a_member_of_more_stations_than_the_limit() -> None:
    full = tuple(station_id_of(f"T-{number}") for number in range(MEMBERSHIPS_MAX - 1))
    before = volunteer(memberships=(HOME.station_id, *full))
    last = edits.joined(OTHER.station_id)(before)
    assert isinstance(last, Volunteer)
    assert isinstance(edits.joined(station_id_of("S-003"))(last), Refused)
    assert edits.joined(OTHER.station_id)(last) == last


def test_retiring_is_told_once_also_of_somebody_who_is_new() -> None:
    retired = settle(None, volunteer(is_retired=True), HOME, NOW)
    assert types(retired).count("volunteer.retired") == 1
    again = edited(retired.volunteer, lambda one: replace(one, activation_minutes=15))
    assert types(again) == ["volunteer.state"]


# --- empty hours


@given(
    st.lists(st.tuples(st.sampled_from(["MO", "TU", "WE", "TH"]), st.integers(0, 23), st.integers(0, 23)), max_size=3),
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30)), max_size=2),
    st.none() | st.integers(1, 70), st.none() | st.integers(1, 70),
)  # fmt: skip
@example([("TU", 0, 23)], [], None, 2)
@settings(max_examples=examples(40))
def test_the_empty_hours_are_those_in_which_nobody_can_be_asked(
    slots: list[tuple[str, int, int]], leaves: list[tuple[int, int]], out_h: int | None, away_h: int | None
) -> None:
    """Whoever said nothing has a calendar of their own; one has opted out for a while, one is away for a while."""
    people = []
    for number, (day, begins, ends) in enumerate(slots):
        leave = [
            {"kind": "leave", "begins_at": NOW + begin * HOUR, "ends_at": NOW + (begin + hours) * HOUR}
            for begin, hours in leaves[:number]
        ]
        slot = {"days": [day], "begins": f"{begins:02}:00", "ends": f"{ends:02}:00"}
        calendar = calendar_of(CalendarRequest.model_validate({"weekly": [slot], "exceptions": leave}), NOW)
        assert isinstance(calendar, Calendar)
        people.append(volunteer(calendar=calendar))
    if people and out_h is not None:
        people[0] = _applied(edits.with_opt_out(OptOutRequest(until=NOW + out_h * HOUR), NOW))(people[0])
    if people and away_h is not None:
        away = AvailabilityRequest(available=False, until=NOW + away_h * HOUR)
        people[-1] = _applied(edits.with_availability(away, NOW))(people[-1])
    found = gaps(people, HOME, NOW, NOW + 72 * HOUR)
    empty = [hour for hour in range(72) if not any(deployable(one, HOME, NOW + hour * HOUR)[0] for one in people)]
    assert [hour for hour in range(72) if any(a <= NOW + hour * HOUR < b for a, b in found)] == empty
    assert all(a < b for a, b in found)


# --- everything together

Step = Callable[[Volunteer], Volunteer]


def _applied(edit: edits.Edit) -> Step:
    def step(before: Volunteer) -> Volunteer:
        wanted = edit(before)
        return before if isinstance(wanted, Refused) else wanted

    return step


def _moved(home: Station) -> Step:
    return lambda before: replace(
        before, home_station_id=home.station_id, memberships=tuple(sorted({*before.memberships, home.station_id}))
    )


steps: st.SearchStrategy[Step] = st.sampled_from([
    _applied(edits.with_opt_out(OptOutRequest(), NOW)), lambda v: replace(v, opted_out=None),
    _moved(OTHER), _moved(HOME),
    lambda v: replace(v, available=not v.available), lambda v: replace(v, is_retired=not v.is_retired),
    lambda v: replace(v, is_adult=not v.is_adult), lambda v: replace(v, vetting=Vetting(status=VettingStatus.PENDING)),
    lambda v: replace(v, vetting=Vetting()), lambda v: replace(v, roles=(Role.COUNSELLOR,)),
    _applied(edits.with_credential(entry_of_credential(expires_on="2020-01-01"))),
    _applied(edits.with_place(PlaceRequest(lat_deg=28.0, lon_deg=102.0, until=NOW + DAY), NOW)),
    lambda v: replace(v, place=None, activation_minutes=15),
])  # fmt: skip
station_changes = st.lists(
    st.tuples(st.sampled_from(["S-001", "S-002"]), st.booleans(), st.sampled_from([30.0, 31.0, 32.0])), max_size=4
)


def play(order: Sequence[bool], steps: Sequence[Step], changes: Sequence[tuple[str, bool, float]]) -> VolunteerState:
    """The last state that is told when the volunteer's steps and the stations' changes come in this order."""
    stations = {HOME.station_id: HOME, OTHER.station_id: OTHER}
    person = settle(None, volunteer(), HOME, NOW).volunteer
    mine, theirs = iter(steps), iter(changes)
    last = person.told
    for of_volunteer in order:
        wanted = person
        if of_volunteer:
            wanted = next(mine)(person)
        else:
            ref, is_open, lat_deg = next(theirs)
            station_id = station_id_of(ref)
            position = stations[station_id].position.model_copy(update={"lat_deg": lat_deg})
            stations[station_id] = replace(stations[station_id], is_open=is_open, position=position)
            if person.home_station_id != station_id:
                continue
        settled = settle(person, wanted, stations[wanted.home_station_id], NOW)
        person = settled.volunteer
        told = [fact.event for fact in settled.facts if isinstance(fact.event, VolunteerState)]
        last = told[-1] if told else last
    assert last is not None
    assert last == volunteer_state(person, stations[person.home_station_id], NOW)
    return last


@given(st.lists(steps, max_size=6), station_changes, st.randoms(use_true_random=False))
def test_any_order_between_volunteer_and_stations_ends_in_the_same_answer(
    steps: list[Step], changes: list[tuple[str, bool, float]], random: Any
) -> None:
    order = [True] * len(steps) + [False] * len(changes)
    shuffled = random.sample(order, len(order))
    assert play(order, steps, changes) == play(order[::-1], steps, changes) == play(shuffled, steps, changes)


@given(
    st.lists(st.integers(-5, 300), max_size=2),
    st.none() | st.integers(-2, 20), st.none() | st.integers(1, 300), st.none() | st.integers(1, 300),
    st.none() | st.integers(1, 300), st.booleans(),
    st.lists(st.tuples(st.integers(-9, 300), st.integers(1, 99)), max_size=3), st.booleans(),
)  # fmt: skip
@settings(max_examples=examples(40))
def test_between_two_looks_of_the_clock_nothing_changes(
    expiries: list[int], vetted: int | None, away_h: int | None, out_h: int | None, place_h: int | None, slots: bool,
    extra: list[tuple[int, int]], is_there: bool,
) -> None:  # fmt: skip
    """The clock that looks only at `next_change_at` tells what one that looks every hour tells."""
    weekly = [{"days": ["TU", "SA"], "begins": "20:00", "ends": "08:00"}]
    exceptions = [
        {"kind": "extra-duty", "begins_at": NOW + begins * HOUR, "ends_at": NOW + (begins + hours) * HOUR}
        for begins, hours in extra
    ]
    request = CalendarRequest.model_validate({"weekly": weekly if slots else [], "exceptions": exceptions})
    calendar = calendar_of(request, NOW)
    assert isinstance(calendar, Calendar)
    credentials = tuple(credential(number=str(n), expires_on=TODAY + day * DAY) for n, day in enumerate(expiries))
    person = volunteer(credentials=credentials, calendar=calendar)
    if vetted is not None:
        person = replace(person, vetting=Vetting(status=VettingStatus.CLEARED, valid_until=TODAY + vetted * DAY))
    wishes: list[tuple[int | None, Callable[[datetime], edits.Edit]]] = [
        (away_h, lambda until: edits.with_availability(AvailabilityRequest(available=is_there, until=until), NOW)),
        (out_h, lambda until: edits.with_opt_out(OptOutRequest(until=until), NOW)),
        (place_h, lambda until: edits.with_place(PlaceRequest(lat_deg=1, lon_deg=1, until=until), NOW)),
    ]
    for hours, edit in wishes:
        if hours is not None:
            person = _applied(edit(NOW + hours * HOUR))(person)
    first = settle(None, person, HOME, NOW)

    every_hour, by_hour = [], first.volunteer
    by_clock, next_at, clocked = first.volunteer, first.next_change_at, []
    for hour in range(1, 400):
        now = NOW + hour * HOUR
        looked = later(by_hour, now)
        by_hour = looked.volunteer
        every_hour += [(now, fact.event) for fact in looked.facts]
        if next_at is not None and next_at <= now:
            looked = later(by_clock, now)
            by_clock, next_at = looked.volunteer, looked.next_change_at
            clocked += [(now, fact.event) for fact in looked.facts]
    assert clocked == every_hour
