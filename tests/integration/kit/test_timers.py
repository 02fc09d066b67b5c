"""Durable timers on a real PostgreSQL: each fires once, at its time or soon after, whatever fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from schemas.events.volunteer import VolunteerBecameAvailable
from services.kit import db
from services.kit.clock import ManualClock, SystemClock
from services.kit.migrate import migrate
from services.kit.sql import statement
from services.kit.timers import Timer, TimerFailed, TimerLoop
from services.kit.unit import Unit, Units
from tests.integration.kit.rig import SETTINGS, until
from tests.support.postgres_server import TestDatabase

pytestmark = pytest.mark.integration
NOW = datetime(2028, 5, 12, 6, 28, tzinfo=UTC)


class Fired:
    """A handler that writes a row per firing, so that what was rolled back does not count."""

    def __init__(self) -> None:
        self.failing: set[str] = set()

    async def __call__(self, unit: Unit, timer: Timer) -> None:
        await unit.connection.execute("INSERT INTO fired (key, number) VALUES ($1, $2)", timer.key, timer.payload["n"])
        if timer.key in self.failing:
            raise ZeroDivisionError("a bug")


@pytest.fixture
async def units(make_database: Callable[..., TestDatabase]) -> AsyncIterator[Units]:
    pool = await db.create_pool(make_database("alerts").dsn("alerts"), "alerts", SETTINGS)
    async with pool.acquire() as connection:
        await migrate(connection, "alerts", Path("/nonexistent"))
        await connection.execute("CREATE TABLE fired (id bigserial, key text, number int)")
    yield Units("alerts", pool, ManualClock(NOW))
    await pool.close()


async def fired(units: Units) -> list[tuple[str, int]]:
    return [tuple(row) for row in await units.pool.fetch("SELECT key, number FROM fired ORDER BY id")]


async def schedule(units: Units, key: str, due_at: datetime, number: int = 0) -> None:
    async with units.open() as unit:
        unit.schedule("wave", key, due_at, {"n": number})


def clock_of(units: Units) -> ManualClock:
    assert isinstance(units.clock, ManualClock)
    return units.clock


async def test_fires_when_due_once_and_in_order(units: Units) -> None:
    loop = TimerLoop(units, {"wave": Fired()})
    await schedule(units, "b", NOW + timedelta(minutes=2))
    await schedule(units, "a", NOW + timedelta(minutes=1))
    assert await loop.fire_due() == 0
    clock_of(units).advance(timedelta(days=365))
    assert await loop.fire_due() == 2
    assert await loop.fire_due() == 0
    assert await fired(units) == [("a", 0), ("b", 0)]


async def test_a_timer_is_replaced_and_cancelled_by_kind_and_key(units: Units) -> None:
    loop = TimerLoop(units, {"wave": Fired()})
    await schedule(units, "a", NOW, 1)
    await schedule(units, "a", NOW, 2)
    await schedule(units, "b", NOW, 3)
    async with units.open() as unit:
        unit.cancel("wave", "b")
        unit.cancel("wave", "never there")
    await loop.fire_due()
    assert await fired(units) == [("a", 2)]


async def test_a_time_without_a_zone_is_refused(units: Units) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        await schedule(units, "a", NOW.replace(tzinfo=None))
    assert await units.pool.fetchval("SELECT count(*) FROM timers") == 0


async def test_a_timer_of_a_unit_that_fails_was_never_set(units: Units) -> None:
    async def fail() -> None:
        async with units.open() as unit:
            unit.schedule("wave", "a", NOW, {"n": 1})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await TimerLoop(units, {"wave": Fired()}).fire_due() == 0


async def test_a_failing_handler_holds_nobody_up_and_is_tried_again_later(units: Units) -> None:
    handler = Fired()
    handler.failing = {"bad"}
    loop = TimerLoop(units, {"wave": handler})
    for key in ("x", "bad", "y"):
        await schedule(units, key, NOW)
    await loop.fire_due()
    assert sorted(await fired(units)) == [("x", 0), ("y", 0)]
    assert await units.pool.fetchval("SELECT last_error FROM timers WHERE key = 'bad'") == "ZeroDivisionError: a bug"
    handler.failing = set()
    assert await loop.fire_due() == 0
    clock_of(units).advance(timedelta(seconds=2))
    assert await loop.fire_due() == 1
    assert sorted(await fired(units)) == [("bad", 0), ("x", 0), ("y", 0)]


async def test_the_waits_of_a_timer_that_keeps_failing_grow(units: Units) -> None:
    handler = Fired()
    handler.failing = {"bad"}
    loop = TimerLoop(units, {"wave": handler})
    await schedule(units, "bad", NOW)
    for wait_s in (1, 2, 4):
        assert await loop.fire_due() == 1
        clock_of(units).advance(timedelta(seconds=wait_s, milliseconds=-1))
        assert await loop.fire_due() == 0
        clock_of(units).advance(timedelta(milliseconds=1))
    handler.failing = set()
    assert await loop.fire_due() == 1


async def test_a_timer_that_was_set_anew_does_not_wait_for_the_failure_of_the_old_one(units: Units) -> None:
    handler = Fired()
    handler.failing = {"a"}
    loop = TimerLoop(units, {"wave": handler})
    await schedule(units, "a", NOW, 1)
    with pytest.raises(TimerFailed) as failed:
        await loop._fire(1)
    await schedule(units, "a", NOW, 2)
    await loop._postpone(failed.value)
    handler.failing = set()
    assert await loop.fire_due() == 1
    assert await fired(units) == [("a", 2)]


async def test_what_another_process_has_in_hand_is_passed_over_and_comes_back_if_it_dies(units: Units) -> None:
    loop = TimerLoop(units, {"wave": Fired()})
    await schedule(units, "a", NOW)
    await schedule(units, "b", NOW)
    async with units.pool.acquire() as other:
        transaction = other.transaction()
        await transaction.start()
        (held,) = await other.fetch(statement("claim_timers"), NOW, ["wave"], 1)
        assert await asyncio.wait_for(loop.fire_due(), 20) == 1
        await transaction.rollback()
    assert [key for key, _ in await fired(units)] == [key for key in ("a", "b") if key != held["key"]]
    assert await loop.fire_due() == 1
    assert sorted(await fired(units)) == [("a", 0), ("b", 0)]


async def test_timers_without_a_handler_here_are_left_alone(units: Units) -> None:
    await schedule(units, "a", NOW)
    assert await TimerLoop(units, {"other": Fired()}).fire_due() == 0
    assert await TimerLoop(units, {"wave": Fired()}).fire_due() == 1


async def test_a_periodic_timer_sets_itself_anew_from_its_handler(units: Units) -> None:
    async def again(unit: Unit, timer: Timer) -> None:
        await unit.connection.execute("INSERT INTO fired (key, number) VALUES ($1, $2)", timer.key, timer.payload["n"])
        unit.schedule("wave", timer.key, timer.due_at + timedelta(hours=1), {"n": timer.payload["n"] + 1})

    loop = TimerLoop(units, {"wave": again})
    await schedule(units, "a", NOW)
    for _ in range(3):
        await loop.fire_due()
        clock_of(units).advance(timedelta(hours=1))
    assert await fired(units) == [("a", 0), ("a", 1), ("a", 2)]


async def test_two_loops_fire_each_timer_once(units: Units) -> None:
    handler = Fired()
    for number in range(120):
        await schedule(units, f"k{number}", NOW, number)
    loops = [TimerLoop(units, {"wave": handler}) for _ in range(3)]
    while sum(await asyncio.gather(*(loop.fire_due() for loop in loops))):
        pass
    assert sorted(number for _, number in await fired(units)) == list(range(120))


async def test_events_of_a_timer_inherit_from_what_set_it(units: Units) -> None:
    async def emit(unit: Unit, timer: Timer) -> None:
        unit.emit(VolunteerBecameAvailable(volunteer_id=uuid4()), key=timer.key)

    command_id = uuid4()
    async with units.open(command_id=command_id) as unit:
        unit.inherit(exercise=True, jurisdiction=("510000",))
        unit.schedule("wave", "a", NOW, {})
    await TimerLoop(units, {"wave": emit}).fire_due()
    headers = await units.pool.fetchval("SELECT headers FROM outbox")
    for part in (b"true", b"510000", str(command_id).encode()):
        assert part in headers


async def test_the_loop_wakes_for_a_new_timer_and_survives_without_one(units: Units) -> None:
    units.clock = SystemClock()
    loop = TimerLoop(units, {"wave": Fired()}, look_again_s=60)
    units.on_timers = loop.wake
    running = asyncio.create_task(loop.run())
    await asyncio.sleep(0.1)
    await schedule(units, "a", datetime.now(UTC) + timedelta(seconds=0.1))

    async def has_fired() -> bool:
        return await fired(units) == [("a", 0)]

    await until(has_fired, timeout_s=30)
    loop.stop()
    await asyncio.wait_for(running, 30)
