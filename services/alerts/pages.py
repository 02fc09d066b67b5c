"""What becomes of an attempt to send a page. Pure: the sender does the sending."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Generic, Literal, TypeVar
from uuid import UUID

from schemas.values import Explanation
from schemas.vocabulary import PagePurpose
from services.alerts.words import page_text

START_WITHIN: Final = 3
"""An attempt begins in the first third of its lease, or not at all: one third each for asking and for sending."""


class Effect(StrEnum):
    """What the provider said, or did not say."""

    TAKEN = "taken"
    """It has the page: now, or since an earlier attempt."""
    NOT_TAKEN = "not-taken"
    """It certainly has not, and may take it later: no connection, or it asked to come back."""
    UNKNOWN = "unknown"
    """It may have it: the connection broke, the time was up, or it failed halfway."""
    REFUSED = "refused"
    """It will never take it."""


@dataclass(frozen=True, kw_only=True)
class Outgoing(ABC):
    """What goes to a phone; its attempt is recorded and committed. The id is the provider's idempotency key."""

    page_id: UUID
    volunteer_id: UUID
    mission_id: UUID | None
    attempts: int
    in_doubt: bool
    exercise: bool
    start_by: datetime
    """An attempt that has not begun by then is not made: its lease could end before the provider answers."""

    @property
    @abstractmethod
    def sent_as(self) -> str:
        """What it is called to the provider."""

    @property
    @abstractmethod
    def scope(self) -> str:
        """What its token is good for."""

    @property
    @abstractmethod
    def text(self) -> Explanation:
        """What stands on the phone."""


@dataclass(frozen=True, kw_only=True)
class ClaimedPage(Outgoing):
    """A page of an alert."""

    alert_id: UUID
    incident_id: UUID
    purpose: PagePurpose
    level: str | None
    jurisdiction: tuple[str, ...]
    correlation_id: UUID

    @property
    def sent_as(self) -> str:
        """What it is called to the provider."""
        return self.purpose.value

    @property
    def text(self) -> Explanation:
        """What stands on the phone."""
        return page_text(self.purpose, self.level, exercise=self.exercise)

    @property
    def scope(self) -> str:
        """What the page's token is good for."""
        return f"mission:{self.mission_id}" if self.mission_id is not None else f"page:{self.page_id}"


@dataclass(frozen=True)
class Attempt:
    """What an attempt brought. `repeated`: it was sent again although an earlier one may have arrived."""

    effect: Effect
    error: str | None = None
    repeated: bool = False


@dataclass(frozen=True)
class RetryRules:
    """When to try again, and when to give up."""

    attempts_max: int
    wait: timedelta
    wait_max: timedelta


P = TypeVar("P", bound=Outgoing)


@dataclass(frozen=True)
class Settled(Generic[P]):
    """The state of a page after an attempt."""

    page: P
    state: Literal["sent", "failed", "pending"]
    due_at: datetime
    in_doubt: bool
    repeated: bool
    error: str | None


_PERMANENT_FROM: Final = 400
_SERVER_ERROR_FROM: Final = 500
_COME_BACK: Final = frozenset({408, 425, 429, 503})


def effect_of_status(status: int) -> Effect:
    """What an HTTP status of the provider means for the page."""
    if 200 <= status < 300:
        return Effect.TAKEN
    if status in _COME_BACK:
        return Effect.NOT_TAKEN
    if status >= _SERVER_ERROR_FROM:
        return Effect.UNKNOWN
    return Effect.REFUSED if status >= _PERMANENT_FROM else Effect.UNKNOWN


def settle(page: P, attempt: Attempt, now: datetime, rules: RetryRules) -> Settled[P]:
    """Sent, failed for good, or to be tried again with growing waits."""
    if attempt.effect is Effect.TAKEN:
        return Settled(page, "sent", now, False, attempt.repeated, None)
    if attempt.effect is Effect.REFUSED:
        return Settled(page, "failed", now, False, attempt.repeated, attempt.error)
    in_doubt = attempt.effect is Effect.UNKNOWN or (page.in_doubt and not attempt.repeated)
    if page.attempts >= rules.attempts_max:
        return Settled(page, "failed", now, in_doubt, attempt.repeated, f"given up: {attempt.error}")
    wait = min(rules.wait * 2 ** min(page.attempts - 1, 16), rules.wait_max)
    return Settled(page, "pending", now + wait, in_doubt, attempt.repeated, attempt.error)
