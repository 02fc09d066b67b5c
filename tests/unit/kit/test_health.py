"""Readiness: what failed says so, what hangs is cut off, what is degraded does not stop the rest."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from services.kit import health as module
from services.kit.clock import ManualClock
from services.kit.health import OK, CheckResult, Health, degraded, failed, of_bool
from services.kit.memory import MemoryBus
from services.kit.run import kafka_check


async def ok() -> CheckResult:
    return OK


async def test_ready_needs_every_check_that_is_not_only_degraded() -> None:
    async def slow_kafka() -> CheckResult:
        return degraded("away")

    health = Health()
    health.add("database", ok)
    health.add("kafka", slow_kafka)
    report = await health.report()
    assert report.document() == {"ready": True, "checks": {"database": "ok", "kafka": "degraded: away"}}

    async def broken() -> CheckResult:
        raise ValueError("boom")

    health.add("broken", broken)
    report = await health.report()
    assert not report.ready
    assert str(report.checks["broken"]) == "failed: ValueError: boom"


async def test_a_check_that_hangs_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHECK_TIMEOUT_S", 0.01)

    async def hangs() -> CheckResult:
        await asyncio.sleep(60)
        return OK

    health = Health()
    health.add("hangs", hangs)
    assert str((await health.report()).checks["hangs"]).startswith("failed: no answer")


async def test_a_name_is_registered_once_and_a_no_is_a_failure() -> None:
    async def no() -> bool:
        return False

    health = Health()
    health.add("a", of_bool(no))
    with pytest.raises(ValueError, match="twice"):
        health.add("a", ok)
    assert (await health.report()).checks["a"] == failed("says no")


async def test_kafka_is_awaited_after_a_start_and_missed_later() -> None:
    class Away(MemoryBus):
        away = True

        async def reachable(self) -> bool:
            return not self.away

    clock, bus = ManualClock(datetime(2026, 1, 1, tzinfo=UTC)), Away()
    check = kafka_check(bus, clock, 30)
    assert (await check()).state == "failed"
    clock.advance(timedelta(seconds=31))
    assert (await check()).state == "degraded"
    bus.away = False
    assert await check() == OK
    bus.away = True
    assert (await kafka_check(bus, clock, 30)()).state == "failed"
    assert (await check()).state == "degraded"
