"""The answer desk: answers that wait for the same alert are taken in one transaction.

An alert decides one answer after the other, and each transaction costs the disk's wait. In a burst that would be a
few dozen a second; together, as many as wait share one wait. What each answer does is the same as if it came alone.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID
from weakref import WeakValueDictionary

from services.alerts.answering import Answering, Given, Outcome
from services.kit.problems import ProblemError
from services.kit.runtime import Runtime
from services.kit.unit import Origin

TOGETHER_MAX: Final = 64
"""Answers of one transaction: bounds for how long the alert's row stays locked."""


@dataclass(eq=False, slots=True)
class _Entry:
    """An answer that waits, and what became of it once that is committed."""

    page_id: UUID
    given: Given
    origin: Origin
    outcome: Outcome | None = None
    error: BaseException | None = None

    @property
    def is_done(self) -> bool:
        return self.outcome is not None or self.error is not None


@dataclass(eq=False)
class _Counter:
    """The queue of one alert. Lives as long as somebody stands in it."""

    waiting: list[_Entry] = field(default_factory=list)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class AnswerDesk:
    """Takes answers of this process, those of one alert together."""

    def __init__(self, runtime: Runtime, answering: Answering) -> None:
        self._runtime = runtime
        self._answering = answering
        self._counters: WeakValueDictionary[UUID, _Counter] = WeakValueDictionary()

    async def take(self, alert_id: UUID, page_id: UUID, given: Given) -> Outcome:
        """Take an answer; returns when it is committed. Raises what `Answering.answer` raises for this one."""
        counter = self._counters.get(alert_id)
        if counter is None:
            counter = self._counters[alert_id] = _Counter()
        entry = _Entry(page_id, given, self._runtime.origin())
        counter.waiting.append(entry)
        async with counter.turn:
            while not entry.is_done:
                await self._serve(counter)
        if entry.error is not None:
            raise entry.error
        assert entry.outcome is not None
        return entry.outcome

    async def _serve(self, counter: _Counter) -> None:
        """Take everybody who waits, in order. If that fails as a whole, one by one, so that each gets its own fault."""
        entries = counter.waiting[:TOGETHER_MAX]
        del counter.waiting[:TOGETHER_MAX]
        try:
            await self._take_together(entries)
        except Exception as error:
            if len(entries) == 1:
                entries[0].error = error
                return
            for entry in entries:
                await self._take_alone(entry)
        except BaseException:
            counter.waiting[:0] = entries  # this request is cancelled, not the others': whoever is next serves them
            raise

    async def _take_alone(self, entry: _Entry) -> None:
        try:
            await self._take_together([entry])
        except Exception as error:
            entry.error = error

    async def _take_together(self, entries: list[_Entry]) -> None:
        """One transaction. A refusal writes nothing, so it concerns its own answer only."""
        results: list[Outcome | ProblemError] = []
        async with self._runtime.units.batch() as batch:
            for entry in entries:
                try:
                    unit = batch.unit(entry.origin)
                    results.append(await self._answering.answer(unit, entry.page_id, entry.given))
                except ProblemError as problem:
                    results.append(problem)
        for entry, result in zip(entries, results, strict=True):
            if isinstance(result, Outcome):
                entry.outcome = result
            else:
                entry.error = result
