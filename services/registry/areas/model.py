"""What a caller may say about an administrative area, and what the register keeps of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final

from pydantic import Field, model_validator

from schemas.events.area import ALIASES_MAX, AreaSource
from schemas.values import AreaCode, LatDeg, LonDeg, Position, Text
from schemas.vocabulary import Tier
from services.registry.model import Batch, Fact, Outcome, Request

SUCCESSORS_MAX: Final = 40


class SourceEntry(Request):
    """The pack that all items of the call come from."""

    name: Text
    licence: Text
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class AreaBatch(Batch):
    """A batch from one pack."""

    source: SourceEntry


class AreaEntry(Request):
    """An area, or only what a pack knows of it: what is left out stays as it is, so that names may come from one pack
    and boundaries from another. A new area needs `name_zh` and `tier`. Aliases are added, never removed. `geometry` is
    a GeoJSON Polygon or MultiPolygon that was simplified to fit, `simplified_m` by how much.
    """

    code: AreaCode
    name_zh: Text | None = None
    name_en: Text | None = None
    aliases: Annotated[tuple[Text, ...], Field(max_length=ALIASES_MAX)] = ()
    tier: Tier | None = None
    parent_code: AreaCode | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    successor_codes: Annotated[tuple[AreaCode, ...], Field(max_length=SUCCESSORS_MAX)] = ()
    lat_deg: LatDeg | None = None
    lon_deg: LonDeg | None = None
    geometry: dict[str, Any] | None = None
    simplified_m: Annotated[float, Field(ge=0, le=100_000)] | None = None
    population: Annotated[int, Field(ge=0, le=10**10)] | None = None
    population_year: Annotated[int, Field(ge=1900, le=2200)] | None = None

    @model_validator(mode="after")
    def _pairs(self) -> AreaEntry:
        for one, other in (("lat_deg", "lon_deg"), ("population", "population_year"), ("simplified_m", "geometry")):
            if (getattr(self, one) is None) != (getattr(self, other) is None):
                raise ValueError(f"{one} and {other} come together")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """An area as it stands. `outline` is a GeoJSON MultiPolygon as JSON text: it is only ever passed on whole."""

    code: str
    name_zh: str
    name_en: str | None
    aliases: tuple[str, ...]
    tier: Tier
    parent_code: str | None
    valid_from: date | None
    valid_to: date | None
    successor_codes: tuple[str, ...]
    centre: Position | None
    outline: str | None
    simplified_m: float | None
    population: int | None
    population_year: int | None
    source: AreaSource
    geometry_source: AreaSource | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaDecision:
    """What becomes of one entry."""

    outcome: Outcome
    area: Area
    facts: tuple[Fact, ...] = ()
