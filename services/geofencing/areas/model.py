"""Administrative areas as geofencing uses them. Nothing here does I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from shapely import MultiPolygon

from schemas.vocabulary import Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlinedArea:
    """An area with a known boundary. It is there from `valid_from` on and before `valid_to`; None: no known end.

    `simplified_m` is how far the outline may lie from the boundary that was brought in.
    """

    code: str
    name_zh: str
    name_en: str | None
    tier: Tier
    parent_code: str | None
    valid_from: date | None
    valid_to: date | None
    successor_codes: tuple[str, ...]
    simplified_m: float
    outline: MultiPolygon
    population: int | None = None
    population_year: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchedArea:
    """An area that a zone covers in part or whole: how much of it, in km2 on the ellipsoid and as a share of it."""

    code: str
    name_zh: str
    name_en: str | None
    tier: Tier
    covered_km2: float
    share: float
    simplified_m: float
    population: int | None = None
    population_year: int | None = None
