"""What alerts works with: people who may be asked, quotas, one alert's state. Nothing here does I/O."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal
from uuid import UUID

from schemas.events.alert import Ask, Quota, Shortfall
from schemas.events.volunteer import VolunteerState
from schemas.values import Explanation
from schemas.vocabulary import Answer, Role, ZoneKind

World = Literal["real", "exercise"]
"""Real incidents and drills count people apart: what a drill does never keeps anybody from a real page."""
GRAVEST_FIRST: Final = (ZoneKind.CORE, ZoneKind.AFFECTED, ZoneKind.RIPPLE)


def world_of(exercise: bool) -> World:
    """The world an incident belongs to."""
    return "exercise" if exercise else "real"


class AlertState(StrEnum):
    """`waiting`: needs or zones are not known yet. `open`: asking, or ready to ask again. `closed`: for good."""

    WAITING = "waiting"
    OPEN = "open"
    CLOSED = "closed"


class AskState(StrEnum):
    """What became of an ask. Only `open` ones wait for an answer."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    LATER = "later"
    STOOD_DOWN = "stood-down"
    RELEASED = "released"
    """Had accepted, and gave the place back or was taken off the mission."""


NO_CHANNEL: Final = "no-channel"
"""The reason not to ask somebody of whom the register says that there is no channel. Of whom nobody said, it is not."""


def obstacles(state: VolunteerState) -> tuple[str, ...]:
    """Why somebody must not be asked, wherever they are and whatever for; empty: they may be."""
    if not state.deployable:
        return state.reasons or ("not-deployable",)
    return (NO_CHANNEL,) if state.channels == () else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A volunteer as the register has them now. No name, no number. `deployable` only if nothing stands against asking
    them; `reasons` are those `obstacles`."""

    volunteer_id: UUID
    home_station_id: UUID
    roles: frozenset[Role]
    languages: frozenset[str]
    deployable: bool
    reasons: tuple[str, ...] = ()
    activation_minutes: int | None = None
    """From a page until they are on their way, if they said so."""


@dataclass(frozen=True)
class Roster:
    """Everybody, by role and home station; and how many deployable people have each role, to know who is scarce."""

    by_role: Mapping[Role, Mapping[UUID, tuple[Person, ...]]]
    holders: Mapping[Role, int]

    @classmethod
    def of(cls, people: Iterable[Person]) -> Roster:
        """From people in any order."""
        by_role: dict[Role, dict[UUID, list[Person]]] = {}
        holders: Counter[Role] = Counter()
        for person in sorted(people, key=lambda person: person.volunteer_id.bytes):
            for role in person.roles:
                by_role.setdefault(role, {}).setdefault(person.home_station_id, []).append(person)
            if person.deployable:
                holders.update(person.roles)
        return cls(
            {
                role: {station: tuple(members) for station, members in stations.items()}
                for role, stations in by_role.items()
            },
            dict(holders),
        )

    def with_role(self, role: Role, station_id: UUID) -> tuple[Person, ...]:
        """Those at home at a station who have the role."""
        return self.by_role.get(role, {}).get(station_id, ())


@dataclass(frozen=True, slots=True)
class Reach:
    """A station in reach: how far from the gravest zone, and inside which zone."""

    station_id: UUID
    distance_km: float
    inside: ZoneKind | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaState:
    """A quota and how far it is. `waiting` counts people asked so recently that their answer is still awaited."""

    quota: Quota
    accepted: int = 0
    ring: int = 0
    waiting: int = 0

    @property
    def missing(self) -> int:
        """Places still to fill."""
        return max(self.quota.count - self.accepted, 0)


@dataclass(frozen=True, kw_only=True)
class Exclusions:
    """Who must not be asked now, and when each was asked last (in the same world)."""

    committed: frozenset[UUID] = frozenset()
    asked_elsewhere: frozenset[UUID] = frozenset()
    asked_here: frozenset[UUID] = frozenset()
    last_asked_at: Mapping[UUID, datetime] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class WaveRules:
    """What an operator may set. Rings are distances from the gravest zone, rising; times are incident time."""

    rings_km: tuple[float, ...] = (150.0, 400.0, 1000.0, 3000.0)
    oversample: float = 1.5
    interval: timedelta = timedelta(minutes=10)
    ask_open: timedelta = timedelta(hours=2)


@dataclass(frozen=True, kw_only=True)
class Wave:
    """One wave: whom to ask for what, which quotas lack people, and the ring each quota has now reached."""

    asks: tuple[Ask, ...]
    shortfalls: tuple[Shortfall, ...]
    rings: Mapping[str, int]
    ring_km: float
    exhausted: bool
    explanation: Explanation


@dataclass(frozen=True, kw_only=True)
class AskSituation:
    """Everything that decides what an answer does."""

    alert_state: AlertState
    ask_state: AskState
    last_answer: Answer | None
    count: int
    accepted: int
    dispatched: bool
    committed_elsewhere: bool


@dataclass(frozen=True, kw_only=True)
class AnswerDecision:
    """What an answer does. `delta` is the change of accepted places; `is_new` is false for a repetition."""

    ask_state: AskState
    counted: bool
    message: Explanation
    delta: int = 0
    is_new: bool = True
    why: Explanation | None = None

    @property
    def releases(self) -> bool:
        """Whether a place that was taken becomes free."""
        return self.delta < 0


class AnswerRefused(StrEnum):
    """Answers that change nothing and are told so."""

    DISPATCHED = "dispatched"
