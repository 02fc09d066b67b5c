"""The inbox: how far each key of each topic was handled. Together with the handlers' work in one transaction it makes
redelivery a no-op and keeps the order per key.

Sequences of a topic that keeps everything come without gaps, so after 4 only 5 may be handled: what comes later waits
("parked") until 5 is there. A compacted topic may skip, and only newer ones count.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from schemas.envelope import Envelope
from schemas.topics import Topic
from services.kit.sql import statement
from services.kit.unit import Position


class Verdict(StrEnum):
    """What to do with an event, by its sequence."""

    HANDLE = "handle"
    DUPLICATE = "duplicate"
    PARK = "park"


class HeldEvent(NamedTuple):
    """An event that is held back: its sequence, and its id as text ("" if that cannot be read)."""

    sequence: int
    event_id: str


@dataclass(slots=True)
class KeyPosition:
    """Where one key stands: the last handled sequence as it was read and as it is now, and what is held back."""

    was: int
    last: int
    held: set[HeldEvent] = field(default_factory=set)


def judge(position: KeyPosition, event: HeldEvent, *, compacted: bool) -> Verdict:
    """Whether an event is next, was already seen (handled or held), or comes too early.

    A broken record may claim any turn; it does not make the true event of that turn a duplicate.
    """
    sequence = event.sequence
    if sequence <= position.last or event in position.held:
        return Verdict.DUPLICATE
    if compacted or sequence == position.last + 1:
        return Verdict.HANDLE
    return Verdict.PARK


class Inbox:
    """The positions of some keys of a topic, locked for one transaction."""

    def __init__(self, topic: Topic, positions: dict[str, KeyPosition]) -> None:
        self._topic = topic
        self._positions = positions

    @classmethod
    async def open(cls, connection: Any, topic: Topic, keys: Collection[str]) -> Inbox:
        """Read and lock the positions of all these keys in one statement."""
        positions = {}
        if keys:
            rows = await connection.fetch(statement("lock_positions"), topic.name, sorted(keys))
            positions = {
                row["key"]: KeyPosition(row["last_sequence"], row["last_sequence"], _held(row["held"])) for row in rows
            }
        return cls(topic, positions)

    def judge(self, envelope: Envelope) -> Verdict:
        """What to do with this event now."""
        event = HeldEvent(envelope.sequence, str(envelope.id))
        return judge(self._positions[envelope.key], event, compacted=self._topic.cleanup == "compact")

    def last(self, key: str) -> int:
        """The last handled sequence of a key; 0 if there was none."""
        return self._positions[key].last

    def handled(self, key: str, sequence: int) -> None:
        """Move a key on; see `moved`."""
        self._positions[key].last = sequence

    def held(self, envelope: Envelope) -> None:
        """Remember that this event is now held back."""
        self._positions[envelope.key].held.add(HeldEvent(envelope.sequence, str(envelope.id)))

    def unblocked(self) -> Sequence[str]:
        """Keys that moved on and whose next event is held back here, so that it may follow now."""
        return [
            key
            for key, p in self._positions.items()
            if p.last != p.was and any(held.sequence == p.last + 1 for held in p.held)
        ]

    def moved(self) -> list[Position]:
        """The positions to be written with the batch.

        A unique violation means that another process handled the first event of a key at the same time (it had not
        noticed yet that its partition moved); the transaction fails, and the next try sees a duplicate.
        """
        return [(self._topic.name, key, p.last, p.was) for key, p in self._positions.items() if p.last != p.was]


def _held(rows: Sequence[str]) -> set[HeldEvent]:
    return {HeldEvent(int(sequence), event_id) for sequence, _, event_id in (row.partition(" ") for row in rows)}
