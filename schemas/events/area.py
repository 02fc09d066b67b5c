"""Area events. An administrative area is public, and so is its name. Key: the area's code."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar

from pydantic import Field

from schemas.envelope import Event
from schemas.values import AreaCode, MultiPolygonGeometry, Position, Text, Value
from schemas.vocabulary import Tier

ALIASES_MAX = 40
GEOMETRY_BYTES_MAX = 200_000
"""Longest outline as JSON; a finer one is simplified before it is brought in, and says by how much."""


class AreaSource(Value):
    """Where facts were taken from: the pack, its licence with the attribution it asks for, and the file's SHA-256."""

    name: Text
    licence: Text
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class AreaState(Event):
    """An administrative area as it stands in the register (compacted: the last one per code is the truth).

    `valid_from` is its first day and `valid_to` the first day on which it is no more; None: not known to begin or end.
    `successor_codes` say what it became part of. `aliases` are old, short and foreign names. Without a boundary pack
    `geometry` is None: the area is known by name and, if `centre` is there, by a point. `simplified_m` is how far the
    outline may lie from the pack's, 0 if it is the pack's own.
    """

    event_type: ClassVar[str] = "area.state"

    code: AreaCode
    name_zh: Text
    name_en: Text | None = None
    aliases: Annotated[tuple[Text, ...], Field(max_length=ALIASES_MAX)] = ()
    tier: Tier
    parent_code: AreaCode | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    successor_codes: tuple[AreaCode, ...] = ()
    centre: Position | None = None
    geometry: MultiPolygonGeometry | None = None
    simplified_m: Annotated[float, Field(ge=0)] | None = None
    population: Annotated[int, Field(ge=0)] | None = None
    population_year: Annotated[int, Field(ge=1900, le=2200)] | None = None
    source: AreaSource
    geometry_source: AreaSource | None = None
