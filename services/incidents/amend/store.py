"""Reading and writing what changes of a declared incident."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import aiosql
from pydantic import TypeAdapter

from schemas.events.incident import IncidentAreaRevised, IncidentDeclared
from schemas.values import Geometry, IntensityContour, IntensityObservation, Venue
from schemas.vocabulary import Phase
from services.incidents.amend.model import Extent, Whole
from services.incidents.geometry import box_of
from services.incidents.locating.model import Located
from services.incidents.store import incident_of, places_as_typed

_SQL: Final = aiosql.from_path(Path(__file__).parents[1] / "sql" / "amend.sql", "asyncpg", mandatory_parameters=False)
_PLACE: Final[TypeAdapter[Geometry]] = TypeAdapter(Geometry)
_OBSERVATIONS: Final = TypeAdapter(tuple[IntensityObservation, ...])
_CONTOURS: Final = TypeAdapter(tuple[IntensityContour, ...])
_VENUES: Final = TypeAdapter(tuple[Venue, ...])


async def load_whole(connection: Any, incident_id: UUID) -> Whole | None:
    """All of an incident, locked until the transaction ends."""
    row = await connection.fetchrow(_SQL.whole.sql, incident_id)
    if row is None:
        return None
    extent = Extent(
        place=_PLACE.validate_python(row["place"]),
        radius_m=row["radius_m"],
        magnitude=row["magnitude"],
        intensity_observations=_OBSERVATIONS.validate_python(row["intensity_observations"]),
        intensity_contours=_CONTOURS.validate_python(row["intensity_contours"]),
        venues=_VENUES.validate_python(row["venues"]),
        area_codes=tuple(row["area_codes"]),
    )
    return Whole(
        incident=incident_of(row),
        extent=extent,
        revision=row["area_revision"],
        title_zh=row["title_zh"],
        title_en=row["title_en"],
        occurred_at=row["occurred_at"],
        auto_dispatch=row["auto_dispatch"],
        merged_into=row["merged_into"],
        continued_as=row["continued_as"],
    )


async def lock_both(connection: Any, one: UUID, other: UUID) -> None:
    """Lock two incidents, in one order."""
    await connection.fetch(_SQL.lock_both.sql, [one, other])


async def set_area(connection: Any, revised: IncidentAreaRevised) -> None:
    """The area as the event tells it."""
    await connection.execute(_SQL.set_area.sql, revised.model_dump_json(), _box(revised.place))


async def set_phase(connection: Any, incident_id: UUID, phase: Phase) -> None:
    """Set the phase."""
    await connection.execute(_SQL.set_phase.sql, incident_id, phase.value)


async def set_merged(connection: Any, incident_id: UUID, into: UUID, at: datetime) -> None:
    """Close the incident in favour of another."""
    await connection.execute(_SQL.set_merged.sql, incident_id, into, at)


async def set_continued(connection: Any, incident_id: UUID, continued_as: UUID) -> None:
    """Remember as what a closed incident goes on."""
    await connection.execute(_SQL.set_continued.sql, incident_id, continued_as)


async def insert_declared(
    connection: Any,
    event: IncidentDeclared,
    *,
    exercise: bool,
    narrative: str | None,
    needs_by_hand: bool,
    now: datetime,
    actor: str | None,
    located: Located | None = None,
) -> None:
    """Keep an incident that is declared in this transaction; the row is read from the event."""
    await connection.execute(
        _SQL.insert_declared.sql, event.model_dump_json(), exercise, narrative, now, actor, needs_by_hand,
        _box(event.place), *((None, None) if located is None else places_as_typed(located)),
    )  # fmt: skip


def plain_extent(extent: Extent) -> dict[str, Any]:
    """An area as a change notes it. Observations and contours are many numbers and stay in the events."""
    return {
        "place": extent.place.model_dump(mode="json"),
        "radius_m": extent.radius_m,
        "magnitude": extent.magnitude,
        "intensity_observations": len(extent.intensity_observations),
        "intensity_contours": [contour.intensity for contour in extent.intensity_contours],
        "venues": [venue.model_dump(mode="json") for venue in extent.venues],
        "area_codes": list(extent.area_codes),
    }


def _box(place: Geometry) -> list[float]:
    box = box_of(place)
    return [box.west_deg, box.south_deg, box.east_deg, box.north_deg]
