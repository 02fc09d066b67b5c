"""The incidents tables. Every function works on the caller's connection, inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import aiosql
import orjson
from pydantic import TypeAdapter

from schemas.values import IncidentClock, NeedLine
from schemas.vocabulary import IncidentKind, Level, Phase
from services.incidents.geometry import box_of
from services.incidents.locating.model import Located
from services.incidents.model import Declared, Incident, State
from services.incidents.sameness.decide import Likeness

FOLDER: Final = Path(__file__).parent
CHANGES_MAX: Final = 1_000
_SQL: Final = aiosql.from_path(FOLDER / "sql" / "queries.sql", "asyncpg", mandatory_parameters=False)
_NEEDS: Final = TypeAdapter(tuple[NeedLine, ...])
DECLARE: Final[str] = _SQL.declare.sql
"""The statement that declares; `declare_arguments` are what it takes beyond the command's own."""


def declare_arguments(declared: Declared, actor: str, alike: Sequence[Likeness], located: Located) -> tuple[Any, ...]:
    """The service's own arguments of `DECLARE`."""
    box = box_of(declared.event.place)
    return (
        declared.exercise, declared.narrative, actor, declared.needs_by_hand,
        [box.west_deg, box.south_deg, box.east_deg, box.north_deg],
        [other.incident_id for other in alike], [other.apart_km for other in alike],
        [other.apart_minutes for other in alike], *places_as_typed(located),
    )  # fmt: skip


def places_as_typed(located: Located) -> tuple[str | None, str | None]:
    """The place as it was typed and what it was taken for, as they are kept beside an incident."""
    return _text(located.stated), _text(located.found)


def _text(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value).decode()


async def load_for_change(connection: Any, incident_id: UUID) -> Incident | None:
    """The incident, locked until the transaction ends."""
    row = await connection.fetchrow(_SQL.incident_for_change.sql, incident_id)
    return None if row is None else incident_of(row)


def incident_of(row: Any) -> Incident:
    """What decisions need of a row."""
    return Incident(
        incident_id=row["incident_id"],
        state=State(row["state"]),
        kind=IncidentKind(row["kind"]),
        level=Level(row["level"]),
        phase=Phase(row["phase"]),
        needs=_NEEDS.validate_python(row["needs"]),
        needs_by_hand=row["needs_by_hand"],
        area_codes=tuple(row["area_codes"]),
        exercise=row["exercise"],
        clock=IncidentClock.model_validate(row["clock"]),
    )


async def set_needs(connection: Any, incident_id: UUID, needs: Sequence[NeedLine], *, by_hand: bool) -> None:
    """Replace the need lines."""
    await connection.execute(_SQL.set_needs.sql, incident_id, _needs_text(needs), by_hand)


async def set_level(connection: Any, incident_id: UUID, level: Level) -> None:
    """Set the response level."""
    await connection.execute(_SQL.set_level.sql, incident_id, level.value)


async def set_closed(connection: Any, incident_id: UUID, closed_at: datetime) -> None:
    """End the acute response."""
    await connection.execute(_SQL.set_closed.sql, incident_id, closed_at)


async def note_change(
    connection: Any,
    incident_id: UUID,
    what: str,
    *,
    before: Any,
    after: Any,
    reason: str | None,
    now: datetime,
    actor: str | None,
) -> None:
    """Keep a change with its reason, for whoever asks later. `before` and `after` are plain JSON values."""
    texts = (orjson.dumps(before).decode(), orjson.dumps(after).decode())
    await connection.execute(_SQL.insert_change.sql, incident_id, what, *texts, reason, now, actor)


def plain_needs(needs: Sequence[NeedLine]) -> Any:
    """Need lines as plain JSON values."""
    return _NEEDS.dump_python(tuple(needs), mode="json")


async def read_one(connection: Any, incident_id: UUID) -> dict[str, Any] | None:
    """One incident with its changes, oldest first, as plain values."""
    row = await connection.fetchrow(_SQL.incident.sql, incident_id)
    if row is None:
        return None
    changes = await connection.fetch(_SQL.changes.sql, incident_id, CHANGES_MAX)
    return {**dict(row), "changes": [dict(change) for change in changes]}


async def read_page(
    connection: Any,
    prefixes: Sequence[str],
    *,
    state: State | None,
    before: tuple[datetime, UUID],
    limit: int,
) -> list[dict[str, Any]]:
    """A page of incidents, newest first, of those a reader with these code prefixes may see."""
    rows = await connection.fetch(_SQL.incidents.sql, list(prefixes), state and state.value, *before, limit)
    return [dict(row) for row in rows]


def _needs_text(needs: Sequence[NeedLine]) -> str:
    return _NEEDS.dump_json(tuple(needs)).decode()
