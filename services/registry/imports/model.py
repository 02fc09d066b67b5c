"""What is asked for, and how far an import has come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from services.registry.model import Entry
from services.registry.stations.model import StationEntry
from services.registry.volunteers.model import VolunteerEntry

UNDO_DAYS: Final = 30
UNDO_FOR: Final = timedelta(days=UNDO_DAYS)
"""How long an import can be undone; then what stood before is forgotten."""


class Kind(StrEnum):
    """What the rows of a file are."""

    STATIONS = "stations"
    VOLUNTEERS = "volunteers"


ENTRIES: Final[Mapping[Kind, type[Entry]]] = {Kind.STATIONS: StationEntry, Kind.VOLUNTEERS: VolunteerEntry}


class State(StrEnum):
    """Where an import stands. `refused`: nothing of it was stored; `failed`: it came to a fault of ours."""

    WAITING = "waiting"
    CHECKING = "checking"
    STORING = "storing"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    UNDOING = "undoing"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What became of rows."""

    created: int = 0
    unchanged: int = 0
    changed: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """An import as it stands."""

    import_id: UUID
    kind: Kind
    dry_run: bool
    all_or_nothing: bool
    state: State
    sha256: bytes
    file_bytes: int
    file_format: str | None
    file_detail: str | None
    same_file_as: UUID | None
    actor: str
    areas: tuple[str, ...]
    rows_total: int | None
    rows_done: int
    counts: Counts
    errors_total: int
    restored: int
    left_as_is: int
    requested_at: datetime
    finished_at: datetime | None
    undone_at: datetime | None

    @property
    def undo_until(self) -> datetime | None:
        """Until when it can be undone; None if there is nothing to undo (any more)."""
        if self.state is not State.DONE or self.dry_run or self.finished_at is None:
            return None
        return self.finished_at + UNDO_FOR


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What an import did to one object. `before` is JSON; None if it was created."""

    ordinal: int
    row: int
    object_id: UUID
    before: bytes | None
    after_digest: bytes
    stored_at: datetime | None = None
