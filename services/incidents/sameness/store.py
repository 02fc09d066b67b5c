"""What a declaration must know of the incidents around it, and the proposals to merge that come of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import aiosql
from pydantic import TypeAdapter

from schemas.values import Geometry
from schemas.vocabulary import IncidentKind
from services.incidents.geometry import Box, box_of
from services.incidents.sameness.decide import ANYWHERE, Happening, Likeness, Proposed, Thresholds, around

NEARBY_MAX: Final = 10
"""On either side of the moment: enough to ask a person, and few enough for a flood of declarations."""
_SQL: Final = aiosql.from_path(
    Path(__file__).parents[1] / "sql" / "sameness.sql", "asyncpg", mandatory_parameters=False
)
_PLACE: Final[TypeAdapter[Geometry]] = TypeAdapter(Geometry)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """The incident that another is part of."""

    exercise: bool
    area_codes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What is read before a declaration is decided, in one statement."""

    parent: Parent | None
    nearby: tuple[Happening, ...]


async def look_around(
    connection: Any,
    *,
    kind: IncidentKind,
    exercise: bool,
    occurred_at: datetime,
    box: Box | None,
    parent_id: UUID | None,
    thresholds: Thresholds,
) -> Surroundings:
    """Open incidents of the kind and world about that time and near that box (None: anywhere), and the parent."""
    within = ANYWHERE if box is None else around(box, thresholds.apart_km)
    row = await connection.fetchrow(
        _SQL.look_around.sql, kind.value, exercise, occurred_at - thresholds.apart, occurred_at,
        occurred_at + thresholds.apart, parent_id, NEARBY_MAX, within.west_deg, within.south_deg, within.east_deg,
        within.north_deg,
    )  # fmt: skip
    parent = row["parent"]
    return Surroundings(
        parent=parent and Parent(exercise=parent["exercise"], area_codes=tuple(parent["area_codes"])),
        nearby=tuple(
            _happening(UUID(n["incident_id"]), datetime.fromisoformat(n["occurred_at"]), n["box"], n["place"])
            for n in row["nearby"] or ()
        ),
    )


async def read_open(connection: Any) -> list[tuple[IncidentKind, bool, Happening]]:
    """Every open incident, with its kind and whether it is a drill."""
    rows = await connection.fetch(_SQL.read_open.sql)
    return [
        (IncidentKind(r["kind"]), r["exercise"], _happening(r["incident_id"], r["occurred_at"], r["box"], r["place"]))
        for r in rows
    ]


async def note_likenesses(connection: Any, incident_id: UUID, alike: Sequence[Likeness], now: datetime) -> None:
    """Keep proposals to merge that are not kept yet, in either direction."""
    await connection.execute(
        _SQL.note_likenesses.sql, incident_id, [one.incident_id for one in alike], [one.apart_km for one in alike],
        [one.apart_minutes for one in alike], now,
    )  # fmt: skip


async def likenesses_of(connection: Any, incident_id: UUID) -> list[dict[str, Any]]:
    """The open proposals to merge an incident: nobody has told them apart, and the other incident still is open."""
    return [dict(row) for row in await connection.fetch(_SQL.likenesses_of.sql, incident_id)]


async def proposed_between(connection: Any, incident_id: UUID, other_id: UUID) -> Proposed | None:
    """The proposal to merge these two, whichever of them it began with."""
    row = await connection.fetchrow(_SQL.likeness_between.sql, incident_id, other_id)
    return None if row is None else Proposed(told_apart_at=row["told_apart_at"])


async def tell_apart(connection: Any, incident_id: UUID, other_id: UUID, *, now: datetime, actor: str | None) -> None:
    """Keep that they are different. They are not proposed again."""
    await connection.execute(_SQL.tell_apart.sql, incident_id, other_id, now, actor)


def _happening(incident_id: UUID, occurred_at: datetime, box: list[float] | None, place: Any) -> Happening:
    known = box_of(_PLACE.validate_python(place)) if box is None else Box(*box)
    return Happening(incident_id=incident_id, occurred_at=occurred_at, box=known)
