"""The watchdog: patient while something gets on, and not otherwise."""

from __future__ import annotations

from typing import Any

from services.coverage.processor import Watchdog

CALM: dict[str, Any] = {"recovered": True, "to_recover": 0, "done": 0, "has_work": False, "busy_since": None}


def dog() -> Watchdog:
    watchdog = Watchdog(ready_within_s=120, stalled_after_s=60)
    assert watchdog.look(0, **CALM) is None
    return watchdog


def test_idle_is_fine_for_ever() -> None:
    watchdog = dog()
    assert all(watchdog.look(now, **CALM) is None for now in range(0, 100_000, 50))


def test_a_recovery_may_take_as_long_as_it_gets_on() -> None:
    watchdog = dog()
    for now in range(0, 10_000, 100):
        assert watchdog.look(now, **CALM | {"recovered": False, "to_recover": 10_000 - now}) is None


def test_a_recovery_that_stands_still_is_ended() -> None:
    watchdog = dog()
    stuck = CALM | {"recovered": False, "to_recover": 7}
    assert watchdog.look(100, **stuck) is None
    assert watchdog.look(219, **stuck) is None
    assert watchdog.look(221, **stuck) == "the tables do not become ready"


def test_work_that_nobody_does_is_noticed() -> None:
    watchdog = dog()
    assert watchdog.look(30, **CALM | {"has_work": True}) is None
    assert watchdog.look(61, **CALM | {"has_work": True}) == "nothing moves although there is work"
    assert watchdog.look(62, **CALM | {"has_work": True, "done": 1}) is None


def test_a_record_in_work_for_too_long_is_noticed() -> None:
    assert dog().look(100, **CALM | {"busy_since": 39.0}) == "a record is in work for too long"
