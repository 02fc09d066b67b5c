"""What a service is made of, as data: the process runner reads it, and so do the tests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import APIRouter

from schemas.envelope import Envelope, Event
from schemas.topics import Topic
from services.kit.timers import Timer
from services.kit.unit import Unit

EventHandler = Callable[[Unit, Envelope], Awaitable[None]]
"""Reacts to one event inside its unit's transaction. Runs again if that transaction fails: no effect may leave it."""
TimerHandler = Callable[[Unit, Timer], Awaitable[None]]
"""Reacts to one due timer inside its unit's transaction; the timer is gone when that commits."""


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """What a service does with each event of one topic. Every event of the topic is either handled or ignored."""

    topic: Topic
    handlers: Mapping[type[Event], EventHandler]
    ignored: frozenset[type[Event]] = frozenset()

    def __post_init__(self) -> None:
        decided = set(self.handlers) | self.ignored
        problems = (
            ("neither handled nor ignored", set(self.topic.events) - decided),
            ("not on this topic", decided - set(self.topic.events)),
            ("both handled and ignored", set(self.handlers) & self.ignored),
        )
        for what, events in problems:
            if events:
                names = ", ".join(sorted(event.__name__ for event in events))
                raise ValueError(f"{self.topic.name}: {names}: {what}; every event is decided once")


@dataclass(frozen=True, kw_only=True)
class Service:
    """One service. `folder` holds sql/; a loop that ends or fails ends the process, and it is started anew.

    `gather_s`: how long events may wait so that more come together. Every service hears of an incident at the same
    moment; one that nobody waits for gathers, so that those that page people have the machine to themselves.
    """

    name: str
    folder: Path
    router: APIRouter
    subscriptions: tuple[Subscription, ...] = ()
    timers: Mapping[str, TimerHandler] = field(default_factory=dict)
    loops: tuple[Callable[[], Awaitable[Any]], ...] = ()
    checks: Mapping[str, Callable[[], Awaitable[bool]]] = field(default_factory=dict)
    gather_s: float = 0.0

    def __post_init__(self) -> None:
        topics = [subscription.topic.name for subscription in self.subscriptions]
        if len(topics) != len(set(topics)):
            raise ValueError(f"{self.name}: a topic is subscribed to twice")
