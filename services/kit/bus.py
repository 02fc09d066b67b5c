"""The event bus as the rest of the kit sees it: partitions, ordered batches out, records in.

Two forms keep this contract and pass one suite: `kafka.KafkaBus` and `memory.MemoryBus`. Order holds within a
partition, a record may come twice, and nothing that was acknowledged is lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

Headers = Sequence[tuple[str, bytes]]


class Partition(NamedTuple):
    """One ordered part of a topic."""

    topic: str
    number: int


class Record(Protocol):
    """A record as it was read. aiokafka's own record fits as it is."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Headers: ...


class Outgoing(NamedTuple):
    """A record to be sent."""

    key: bytes | None
    value: bytes | None
    headers: Headers = ()


class BusError(Exception):
    """The bus could not do what was asked now; asking again later is right."""


class SendFailed(BusError):
    """A batch was not acknowledged: it may be in the log, in part or whole, or not at all."""


class RecordTooLarge(Exception):
    """One record is larger than the bus takes; sending it again will never work. `sent` records before it went out."""

    def __init__(self, topic: str, sent: int) -> None:
        super().__init__(f"larger than {topic} takes")
        self.sent = sent


class AssignmentListener(Protocol):
    """Told when a reader gains and loses partitions. `revoked` returns before another reader gets them."""

    async def assigned(self, partitions: frozenset[Partition]) -> None: ...
    async def revoked(self, partitions: frozenset[Partition]) -> None: ...


class Reader(Protocol):
    """A member of a consumer group. Reads from the committed offsets, or from the beginning of the log."""

    async def start(self, listener: AssignmentListener | None = None) -> None:
        """Join the group. Raises BusError if the bus cannot be reached."""
        ...

    async def fetch(self, *, max_records: int, timeout_s: float) -> Mapping[Partition, Sequence[Record]]:
        """Records as soon as there are any, in order per partition; empty when the time is up. Raises BusError."""
        ...

    def pause(self, partition: Partition) -> None:
        """Deliver nothing of this partition until it is resumed."""
        ...

    def resume(self, partition: Partition) -> None:
        """Deliver this partition again."""
        ...

    def lag(self) -> Mapping[Partition, int]:
        """How many records of each assigned partition were not yet fetched, as far as is known without asking."""
        ...

    async def commit(self, offsets: Mapping[Partition, int]) -> None:
        """Record the next offset to read of each partition. Raises BusError; committing again later is harmless."""
        ...

    async def stop(self) -> None:
        """Leave. Does not commit."""
        ...


class Bus(Protocol):
    """A connection of one process to the event log."""

    async def start(self) -> None:
        """Get ready; does not need the log to be reachable yet."""
        ...

    async def stop(self) -> None:
        """Let go of everything. Readers are stopped by their owners."""
        ...

    async def partition_of(self, topic: str, key: bytes | None) -> Partition:
        """Where records of this key go. Equal keys always go to the same partition. Raises BusError."""
        ...

    async def send(self, partition: Partition, records: Sequence[Outgoing]) -> None:
        """Append the records in order; returns when all are acknowledged by every replica that must.

        Raises SendFailed (send all of them again later; consumers absorb doubles) or RecordTooLarge.
        Callers keep at most one send per partition in the air, or order is lost after a failure.
        """
        ...

    def reader(self, topics: Sequence[str], *, group: str, member: str | None = None, gather_s: float = 0.0) -> Reader:
        """A new reader; `member` names it across restarts, so that a short restart moves no partition. Records may be
        held back for `gather_s`, so that more come together."""
        ...

    async def reachable(self) -> bool:
        """Whether the log answers now."""
        ...
