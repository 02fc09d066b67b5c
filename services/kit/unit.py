"""The unit of work: one PostgreSQL transaction in which state changes, events and timers are committed together.

What is emitted and scheduled is buffered and written in one statement each just before the commit. If the block
raises, nothing of it happened. Ids of emitted events are derived from what caused the unit, so that doing the same
unit again gives the same ids.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import orjson

from schemas.envelope import Envelope, Event
from schemas.ids import derived_id
from services.kit import outbox
from services.kit.clock import Clock
from services.kit.sql import statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What caused a unit, and what its events inherit from that."""

    id: UUID
    correlation_id: UUID
    causation_id: UUID | None
    exercise: bool | None = None
    jurisdiction: tuple[str, ...] = ()
    traceparent: str | None = None

    @classmethod
    def of_event(cls, cause: Envelope) -> Origin:
        """Caused by an event that was received."""
        return cls(
            id=cause.id,
            correlation_id=cause.correlation_id,
            causation_id=cause.id,
            exercise=cause.exercise,
            jurisdiction=cause.jurisdiction,
            traceparent=cause.traceparent,
        )

    @classmethod
    def of_command(cls, command_id: UUID) -> Origin:
        """Caused from outside, by a request or an operator."""
        return cls(id=command_id, correlation_id=command_id, causation_id=None)


Taker = Callable[[Sequence[Any]], Awaitable[None]]
"""Takes what the units of one transaction handed over, in order."""


@dataclass(frozen=True, slots=True)
class _Scheduled:
    id: UUID
    due_at: datetime
    payload: bytes
    context: bytes


class Unit:
    """What a handler works with. Use `connection` for the service's own tables, and nothing after the block ended."""

    def __init__(self, connection: Any, now: datetime, origin: Origin, source: str, actor: str | None = None) -> None:
        self.connection = connection
        self.now = now
        self.origin = origin
        self.actor = actor
        self._source = source
        self._ordinals: dict[str, int] = {}
        self.rows: list[outbox.OutboxRow] = []
        self.timers: dict[tuple[str, str], _Scheduled | None] = {}
        self.handed_over: list[tuple[Taker, Any]] = []
        self.calls_after_commit: list[Callable[[], None]] = []

    def emit(
        self,
        event: Event,
        *,
        key: str | UUID,
        exercise: bool | None = None,
        jurisdiction: Sequence[str] | None = None,
        time: datetime | None = None,
        correlation_id: UUID | None = None,
    ) -> UUID:
        """Publish a fact with this unit's commit; returns the event's id.

        `exercise`, `jurisdiction` and the correlation are the cause's unless given; a unit without a cause must say
        `exercise`, because a drill must never look real. Raises EventTooLarge.
        """
        inherited = self.origin.exercise if exercise is None else exercise
        if inherited is None:
            raise ValueError(f"{event.event_type}: say whether this is an exercise; there is no cause to tell")
        envelope = Envelope(
            id=self._derive(event.event_type),
            source=self._source,
            key=str(key),
            time=self.now if time is None else time,
            recorded_at=self.now,
            sequence=1,  # the real one is given by the database when the row is written
            correlation_id=correlation_id or self.origin.correlation_id,
            causation_id=self.origin.causation_id,
            exercise=inherited,
            jurisdiction=self.origin.jurisdiction if jurisdiction is None else tuple(jurisdiction),
            traceparent=self.origin.traceparent,
            data=event,
        )
        self.rows.append(outbox.encode_row(envelope))
        return envelope.id

    def schedule(self, kind: str, key: str | UUID, due_at: datetime, payload: Mapping[str, Any]) -> None:
        """Have the service's handler for `kind` called at `due_at` or soon after; one timer per kind and key."""
        if due_at.tzinfo is None:
            raise ValueError(f"timer {kind}: due_at has no time zone")
        origin = self.origin
        context = {
            "correlation_id": str(origin.correlation_id),
            "causation_id": None if origin.causation_id is None else str(origin.causation_id),
            "exercise": origin.exercise,
            "jurisdiction": list(origin.jurisdiction),
            "traceparent": origin.traceparent,
        }
        self.timers[kind, str(key)] = _Scheduled(
            id=self._derive(f"timer.{kind}.{key}"),
            due_at=due_at,
            payload=orjson.dumps(dict(payload)),
            context=orjson.dumps(context),
        )

    def cancel(self, kind: str, key: str | UUID) -> None:
        """Forget the timer of this kind and key, if there is one."""
        self.timers[kind, str(key)] = None

    def hand_over(self, taker: Taker, item: Any) -> None:
        """Have `taker` called once, just before the commit, with all that this transaction's units handed to it.

        If it raises, nothing is committed. It may have taken effect although the commit fails: what it does must be
        harmless when done again.
        """
        self.handed_over.append((taker, item))

    def after_commit(self, call: Callable[[], None]) -> None:
        """Have something called once this unit is committed. A process that dies in between never calls it."""
        self.calls_after_commit.append(call)

    def inherit(self, *, exercise: bool | None = None, jurisdiction: Sequence[str] | None = None) -> None:
        """Set what later events and timers of this unit inherit (a request that has just learned what it is about)."""
        old = self.origin
        self.origin = Origin(
            id=old.id,
            correlation_id=old.correlation_id,
            causation_id=old.causation_id,
            exercise=old.exercise if exercise is None else exercise,
            jurisdiction=old.jurisdiction if jurisdiction is None else tuple(jurisdiction),
            traceparent=old.traceparent,
        )

    def _derive(self, name: str) -> UUID:
        ordinal = self._ordinals.get(name, 0)
        self._ordinals[name] = ordinal + 1
        return derived_id(self.origin.id, name, ordinal)


_Timers = Mapping[tuple[str, str], _Scheduled | None]
Position = tuple[str, str, int, int]
"""How far a key was handled: topic, key, sequence now, sequence as it was read and locked (0: the key was new)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a batch wrote that somebody waits for."""

    has_events: bool
    earliest_timer_at: datetime | None
    calls: Sequence[Callable[[], None]]


class UnitBatch:
    """Several units that share one transaction."""

    def __init__(self, connection: Any, now: datetime, source: str) -> None:
        self.connection = connection
        self.now = now
        self.dead_letters: list[outbox.DeadLetter] = []
        self.positions: list[Position] = []
        self._source = source
        self._units: list[Unit] = []

    def unit(self, origin: Origin, actor: str | None = None) -> Unit:
        """The next unit; its emissions come after those of the units before it."""
        unit = Unit(self.connection, self.now, origin, self._source, actor)
        self._units.append(unit)
        return unit

    async def flush(self) -> Written:
        """Write everything buffered, what every unit has in one statement."""
        rows = [row for unit in self._units for row in unit.rows]
        timers: dict[tuple[str, str], _Scheduled | None] = {}
        for unit in self._units:
            timers.update(unit.timers)
        await outbox.append_dead_letters(self.connection, self.dead_letters, self.now)
        await self._write(rows, timers)
        handed_over: dict[Taker, list[Any]] = {}
        for unit in self._units:
            for taker, item in unit.handed_over:
                handed_over.setdefault(taker, []).append(item)
        for taker, items in handed_over.items():
            await taker(items)
        due_at = min((timer.due_at for timer in timers.values() if timer is not None), default=None)
        calls = [call for unit in self._units for call in unit.calls_after_commit]
        return Written(has_events=bool(rows or self.dead_letters), earliest_timer_at=due_at, calls=calls)

    async def _write(self, rows: Sequence[outbox.OutboxRow], timers: _Timers) -> None:
        """Positions, timers and events in one round trip; a lone event takes the shorter way of requests."""
        if timers or self.positions:
            await self.connection.execute(
                statement("settle_batch"), *_columns(self.positions, 4), *_timer_columns(timers), *outbox.columns(rows),
                self.now,
            )  # fmt: skip
        else:
            await outbox.append(self.connection, rows, self.now)


def _timer_columns(timers: _Timers) -> list[list[Any]]:
    cancelled = sorted(name for name, timer in timers.items() if timer is None)
    scheduled = [
        (*name, timer.id, timer.due_at, timer.payload.decode(), timer.context.decode())
        for name, timer in timers.items()
        if timer is not None
    ]
    return [*_columns(cancelled, 2), *_columns(scheduled, 6)]


def _columns(rows: Sequence[tuple[Any, ...]], count: int) -> list[list[Any]]:
    """Rows as columns; so many empty ones if there are none."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(count)]


def _nothing() -> None:
    """Nobody waits for this."""


def _nobody_waits(_: datetime) -> None:
    """Nor for this."""


class Units:
    """Opens units for one service. `on_events` is called after a commit that wrote some, `on_timers` with the time of
    the earliest one."""

    def __init__(
        self,
        service: str,
        pool: Any,
        clock: Clock,
        *,
        on_events: Callable[[], None] = _nothing,
        on_timers: Callable[[datetime], None] = _nobody_waits,
        acquire_timeout_s: float = 5.0,
    ) -> None:
        self.service = service
        self.pool = pool
        self.clock = clock
        self.on_events = on_events
        self.on_timers = on_timers
        self._acquire_timeout_s = acquire_timeout_s
        self._source = f"/thirdrescue/{service}"

    @asynccontextmanager
    async def batch(self) -> AsyncIterator[UnitBatch]:
        """One transaction for several units: committed with all they emitted when the block ends, or not at all."""
        async with self.pool.acquire(timeout=self._acquire_timeout_s) as connection, connection.transaction():
            batch = UnitBatch(connection, self.clock.now(), self._source)
            yield batch
            written = await batch.flush()
        for call in dict.fromkeys(written.calls):  # first: somebody may be waiting for what they begin
            call()
        if written.has_events:
            self.on_events()
        if written.earliest_timer_at is not None:
            self.on_timers(written.earliest_timer_at)

    @asynccontextmanager
    async def open(
        self, cause: Envelope | None = None, *, command_id: UUID | None = None, actor: str | None = None
    ) -> AsyncIterator[Unit]:
        """One unit in its own transaction. Without a cause it is a command; a fresh id is drawn unless one is given."""
        origin = Origin.of_event(cause) if cause is not None else Origin.of_command(command_id or uuid4())
        async with self.batch() as batch:
            yield batch.unit(origin, actor)
