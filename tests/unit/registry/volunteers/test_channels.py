"""By what kinds of channels somebody can be paged: what is said, what is assumed, and what opting out leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.vocabulary import ContactChannel
from services.registry.volunteers.decide import volunteer_state
from services.registry.volunteers.edits import channels_of, of_entry, with_channels
from services.registry.volunteers.model import ChannelsRequest, OptOut, Volunteer
from tests.unit.registry.stations.builders import station
from tests.unit.registry.volunteers.builders import NOW, volunteer, volunteer_entry

HOME = station()
SMS, VOICE, EMAIL, PUSH = (
    ContactChannel.SMS, ContactChannel.VOICE_CALL, ContactChannel.EMAIL, ContactChannel.APP_PUSH,
)  # fmt: skip
SAID = st.none() | st.lists(st.sampled_from(ContactChannel), unique=True)
PHONES = st.sampled_from([None, "+86 138 0013 8000", "010-6250 0000"])


def brought(before: Volunteer | None, phone: str | None, channels: list[ContactChannel] | None) -> Volunteer:
    found = of_entry(volunteer_entry(phone=phone, channels=channels), before, {HOME.station_id: HOME}, "")
    assert isinstance(found, Volunteer)
    return found


@pytest.mark.parametrize(
    ("phone", "channels"),
    [
        ("13800138000", (SMS, VOICE)),
        ("+86 138-0013-8000", (SMS, VOICE)),
        ("86 199 0013 8000", (SMS, VOICE)),
        ("010 6250 0000", (VOICE,)),
        ("+999 100 0001", (VOICE,)),
        ("12800138000", (VOICE,)),
    ],
)
def test_a_number_stands_for_what_it_reaches(phone: str, channels: tuple[ContactChannel, ...]) -> None:
    assert channels_of(phone) == channels


@given(st.lists(st.tuples(PHONES, SAID), min_size=1, max_size=5))
def test_what_was_said_last_counts_else_the_last_number_and_the_same_again_changes_nothing(
    rounds: list[tuple[str | None, list[ContactChannel] | None]],
) -> None:
    person: Volunteer | None = None
    for phone, said in rounds:
        person = brought(person, phone, said)
        assert brought(person, phone, said) == person
    assert person is not None
    stated = [said for _, said in rounds if said is not None]
    numbers = [phone for phone, _ in rounds if phone is not None]
    if stated:
        assert (set(person.channels or ()), person.channels_assumed) == (set(stated[-1]), False)
    elif numbers:
        assert (person.channels, person.channels_assumed) == (channels_of(numbers[-1]), True)
    else:
        assert (person.channels, person.channels_assumed) == (None, False)


def test_an_edit_says_them_and_none_at_all_is_not_the_same_as_nothing_said() -> None:
    edit = with_channels(ChannelsRequest(channels=(EMAIL, PUSH, EMAIL)))
    said = edit(volunteer(channels=(SMS,), channels_assumed=True))
    assert isinstance(said, Volunteer)
    assert (said.channels, said.channels_assumed) == ((PUSH, EMAIL), False)
    assert volunteer_state(volunteer(channels=None, channels_assumed=False), HOME, NOW).channels is None
    assert volunteer_state(volunteer(channels=()), HOME, NOW).channels == ()


@given(SAID)
def test_opting_out_stops_every_channel_until_it_is_over(said: list[ContactChannel] | None) -> None:
    person = volunteer(channels=None if said is None else tuple(said))
    out = replace(person, opted_out=OptOut(since=NOW, until=NOW + timedelta(hours=1)))
    assert volunteer_state(out, HOME, NOW).channels == ()
    assert volunteer_state(out, HOME, NOW + timedelta(hours=1)).channels == person.channels
    assert volunteer_state(replace(person, is_retired=True), HOME, NOW).channels == ()
