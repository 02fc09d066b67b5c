"""Which events are next, seen, or too early."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.envelope import Envelope
from schemas.events.volunteer import VolunteerOptedIn
from schemas.topics import TOPICS
from services.kit.inbox import HeldEvent, Inbox, KeyPosition, Verdict, judge

EVENTS = next(topic for topic in TOPICS if topic.name == "volunteer-events")


@pytest.mark.parametrize(
    ("sequence", "compacted", "verdict"),
    [
        pytest.param(1, False, Verdict.DUPLICATE, id="long past"),
        pytest.param(4, False, Verdict.DUPLICATE, id="the last one again"),
        pytest.param(5, False, Verdict.HANDLE, id="the next"),
        pytest.param(6, False, Verdict.PARK, id="after a gap"),
        pytest.param(4, True, Verdict.DUPLICATE, id="compacted: the last one again"),
        pytest.param(5, True, Verdict.HANDLE, id="compacted: the next"),
        pytest.param(60, True, Verdict.HANDLE, id="compacted: what was between is gone"),
    ],
)
def test_verdict_by_sequence(sequence: int, compacted: bool, verdict: Verdict) -> None:
    assert judge(KeyPosition(was=4, last=4), HeldEvent(sequence, "id"), compacted=compacted) is verdict


def test_the_same_held_event_is_a_duplicate_and_another_of_its_turn_is_not() -> None:
    position = KeyPosition(was=4, last=4, held={HeldEvent(5, "broken"), HeldEvent(7, "parked")})
    assert judge(position, HeldEvent(5, "broken"), compacted=False) is Verdict.DUPLICATE
    assert judge(position, HeldEvent(5, "true"), compacted=False) is Verdict.HANDLE
    assert judge(position, HeldEvent(7, "parked"), compacted=False) is Verdict.DUPLICATE


@given(st.permutations(range(1, 8)), st.lists(st.integers(1, 7)))
def test_any_order_with_doubles_is_handled_once_each_in_sequence(order: list[int], doubles: list[int]) -> None:
    position, handled = KeyPosition(was=0, last=0), []
    for sequence in [*order, *doubles]:
        event = HeldEvent(sequence, str(sequence))
        verdict = judge(position, event, compacted=False)
        if verdict is Verdict.PARK:
            position.held.add(event)
        elif verdict is Verdict.HANDLE:
            handled.append(sequence)
            position.last = sequence
        while (waiting := HeldEvent(position.last + 1, str(position.last + 1))) in position.held:
            position.held.remove(waiting)
            position.last = waiting.sequence
            handled.append(waiting.sequence)
    assert handled == list(range(1, 8))


@pytest.mark.parametrize(("name", "verdict"), [("volunteer-events", Verdict.PARK), ("volunteer-state", Verdict.HANDLE)])
def test_only_a_compacted_topic_may_skip(name: str, verdict: Verdict) -> None:
    topic = next(topic for topic in TOPICS if topic.name == name)
    now, who = datetime(2026, 1, 1, tzinfo=UTC), UUID(int=1)
    later = Envelope(
        id=UUID(int=2), source="/test", key=str(who), time=now, recorded_at=now, sequence=6, correlation_id=who,
        causation_id=None, exercise=False, jurisdiction=(), traceparent=None, data=VolunteerOptedIn(volunteer_id=who),
    )  # fmt: skip
    assert Inbox(topic, {str(who): KeyPosition(was=4, last=4)}).judge(later) is verdict


def test_only_a_key_that_moved_up_to_a_held_event_is_unblocked() -> None:
    held = {HeldEvent(6, "parked"), HeldEvent(9, "far")}
    inbox = Inbox(EVENTS, {
        "moved": KeyPosition(was=4, last=4, held=set(held)), "still": KeyPosition(was=5, last=5, held=set(held)),
        "behind": KeyPosition(was=1, last=1, held=set(held)), "free": KeyPosition(was=4, last=4),
    })  # fmt: skip
    assert (inbox.unblocked(), inbox.moved()) == ([], [])
    for key, sequence in (("moved", 5), ("behind", 2), ("free", 5)):
        inbox.handled(key, sequence)
    assert inbox.unblocked() == ["moved"]
    assert inbox.moved() == [
        ("volunteer-events", "moved", 5, 4), ("volunteer-events", "behind", 2, 1), ("volunteer-events", "free", 5, 4),
    ]  # fmt: skip
    assert (inbox.last("moved"), inbox.last("still")) == (5, 5)
