"""Health: `/live` says that the loop turns, `/ready` says what works.

A check answers OK, degraded (still useful, ready stays true) or failed (ready is false), each with a few words.
The decision about Kafka: a process whose database works stays ready while Kafka is away, because it must go on
taking declarations (the outbox delivers them later); the check shows "degraded". Only in the first seconds after a
start does a missing Kafka make it not ready, so that `up` reports a whole instance.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Literal

from services.kit import metrics
from services.kit.log import describe_error

State = Literal["ok", "degraded", "failed"]
_VALUE: Final[dict[State, float]] = {"ok": 1.0, "degraded": 0.5, "failed": 0.0}
CHECK_TIMEOUT_S: Final = 3.0


@dataclass(frozen=True)
class CheckResult:
    """What a check found."""

    state: State
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.state}: {self.detail}" if self.detail else self.state


OK: Final = CheckResult("ok")
Check = Callable[[], Awaitable[CheckResult]]


def failed(detail: str) -> CheckResult:
    """Not useful now."""
    return CheckResult("failed", detail)


def degraded(detail: str) -> CheckResult:
    """Useful, but something is missing."""
    return CheckResult("degraded", detail)


def of_bool(check: Callable[[], Awaitable[bool]]) -> Check:
    """A service's own yes-or-no check as a `Check`."""

    async def asked() -> CheckResult:
        return OK if await check() else failed("says no")

    return asked


@dataclass(frozen=True)
class Report:
    """All checks at one moment."""

    checks: dict[str, CheckResult]

    @property
    def ready(self) -> bool:
        """True when no check failed."""
        return all(result.state != "failed" for result in self.checks.values())

    def document(self) -> dict[str, object]:
        """`{"ready": bool, "checks": {name: "ok" | "degraded: why" | "failed: why"}}`."""
        return {"ready": self.ready, "checks": {name: str(result) for name, result in self.checks.items()}}


class Health:
    """The checks of one process, by dotted name (`alerts.database`)."""

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}

    def add(self, name: str, check: Check) -> None:
        """Register a check; a name twice is a mistake."""
        if name in self._checks:
            raise ValueError(f"the check {name} is registered twice")
        self._checks[name] = check

    async def report(self) -> Report:
        """Run all checks at once, each within its time limit; a check that raises has failed."""
        names = list(self._checks)
        results = await asyncio.gather(*(self._run(name) for name in names))
        return Report(dict(zip(names, results, strict=True)))

    async def _run(self, name: str) -> CheckResult:
        try:
            async with asyncio.timeout(CHECK_TIMEOUT_S):
                result = await self._checks[name]()
        except TimeoutError:
            result = failed(f"no answer in {CHECK_TIMEOUT_S:g} s")
        except Exception as error:  # a broken check is a failed check, and says so
            result = failed(describe_error(error))
        metrics.CHECK_STATE.labels(check=name).set(_VALUE[result.state])
        return result
