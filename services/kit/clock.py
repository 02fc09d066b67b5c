"""Where "now" comes from. Everything outside the tests uses `SystemClock`; decisions get `now` as an argument."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The current instant, aware, UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The current instant, aware, UTC."""
        return datetime.now(UTC)


class ManualClock:
    """A clock that stands still until it is moved (tests, simulations)."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock starts at an aware time")
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """The instant it was last moved to."""
        return self._now

    def advance(self, by: timedelta) -> datetime:
        """Move on and return the new instant."""
        self._now += by
        return self._now

    def set(self, to: datetime) -> None:
        """Jump to an aware instant, forwards or back."""
        self._now = to.astimezone(UTC)
