"""A service decides every event of a topic that it reads, once."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi import APIRouter

from schemas.envelope import Envelope
from schemas.topics import BY_NAME
from services.kit.service import Service, Subscription
from services.kit.unit import Unit

TOPIC = BY_NAME["station-events"]
FIRST, *REST = TOPIC.events
FOREIGN = BY_NAME["zone-events"].events[0]


async def nothing(unit: Unit, envelope: Envelope) -> None:
    """Does nothing."""


def test_every_event_handled_or_ignored_is_fine() -> None:
    Subscription(topic=TOPIC, handlers={FIRST: nothing}, ignored=frozenset(REST))


@pytest.mark.parametrize(
    ("handled", "ignored", "words"),
    [
        pytest.param({FIRST}, set(REST[1:]), "neither handled nor ignored", id="one forgotten"),
        pytest.param({FIRST, FOREIGN}, set(REST), "not on this topic", id="one of another topic"),
        pytest.param({FIRST}, {FIRST, *REST}, "both handled and ignored", id="one decided twice"),
    ],
)
def test_an_undecided_event_is_named(handled: set[type], ignored: set[type], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Subscription(topic=TOPIC, handlers=dict.fromkeys(handled, nothing), ignored=frozenset(ignored))


def test_a_topic_is_subscribed_to_once() -> None:
    subscription = Subscription(topic=TOPIC, handlers={}, ignored=frozenset(TOPIC.events))
    with pytest.raises(ValueError, match="subscribed to twice"):
        Service(name="x", folder=Path(), router=APIRouter(), subscriptions=(subscription, subscription))
