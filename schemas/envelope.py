"""The envelope every event travels in: CloudEvents 1.0 attributes and five extensions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from schemas.values import Value


class Event(Value):
    """A past fact about one aggregate. `event_type` is the CloudEvents type, `version` its schema's."""

    event_type: ClassVar[str]
    version: ClassVar[int] = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """An event with where it came from.

    `key` is the aggregate's id (CloudEvents subject and Kafka key); `sequence` counts 1, 2, 3 ... without gaps per
    topic and key; `time` is when the fact happened, `recorded_at` when it was written to the log; `exercise` is true
    for drills; `jurisdiction` lists the area codes whose readers may see it (empty: nobody but those of all areas).
    """

    id: UUID
    source: str
    key: str
    time: datetime
    recorded_at: datetime
    sequence: int
    correlation_id: UUID
    causation_id: UUID | None
    exercise: bool
    jurisdiction: tuple[str, ...]
    traceparent: str | None
    data: Event

    @property
    def type(self) -> str:
        """CloudEvents type, such as `incident.declared`."""
        return self.data.event_type

    @property
    def version(self) -> int:
        """Version of the data's schema."""
        return self.data.version
