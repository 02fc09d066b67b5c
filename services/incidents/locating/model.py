"""What locating works with and what it finds. Nothing here does I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import shapely

from schemas.values import JsonObject
from schemas.vocabulary import Tier
from services.incidents.areas.model import KnownArea
from services.incidents.model import DeclareRequest, Note

ASSUMED_RADIUS_M: Final = {
    Tier.PROVINCE: 200_000.0,
    Tier.PREFECTURE: 60_000.0,
    Tier.COUNTY: 20_000.0,
    Tier.DISTRICT: 10_000.0,
    Tier.TOWNSHIP: 6_000.0,
    Tier.STREET: 3_000.0,
    Tier.VILLAGE: 2_000.0,
    Tier.COMMUNITY: 1_000.0,
}
"""How far an area reaches from its centre where its boundary is not known (assumed; said in the answer)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlined:
    """An area with its boundary, or with None where only its centre is known."""

    area: KnownArea
    outline: shapely.Geometry | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A place as GeoJSON with its radius, and how it came about."""

    place: JsonObject
    radius_m: float
    simplified_m: float
    by_centre: tuple[str, ...]
    """Codes of areas that are in it as a circle of assumed radius."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """The request with a place and area codes. `stated` is what was typed and `found` what that was taken for; both are
    None when the request needed no looking up."""

    request: DeclareRequest
    stated: dict[str, Any] | None = None
    found: dict[str, Any] | None = None
    notes: tuple[Note, ...] = ()
