"""What the table is made of. Nothing here does I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

PLACEHOLDERS: Final = frozenset(
    {
        "市辖区", "市", "县", "省直辖县级行政区划", "省直辖县级行政单位", "省直辖行政单位", "自治区直辖县级行政区划",
    }
)  # fmt: skip
"""Lines of lists that group counties and are no areas themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An area as the present list has it. `parent` is None for a province."""

    code: str
    name: str
    parent: str | None
    townships: tuple[str, ...] = ()
    """Names of what lies in it one level below."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A code that became another, an area that got another name (then the codes are the same), or one that was set up
    (then there is no old code)."""

    year: int
    old_code: str
    old_name: str
    new_code: str
    is_reassigned: bool
    """The code was given to another place: nothing succeeded anything."""
    document: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Former:
    """An area whose code is not on the present list. `ended_on` is the day of the first list without it."""

    code: str
    name: str
    ended_on: date
    successors: tuple[str, ...]
    document: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """A populated place of GeoNames. `within` is the digits of the area that GeoNames puts it in; `is_seat`: it is in
    the list of seats down to the third level, whatever its population.
    """

    geoname_id: int
    name: str
    within: str
    han_names: frozenset[str]
    latin_forms: frozenset[str]
    population: int
    is_seat: bool
    lat_deg: float
    lon_deg: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Centre:
    """Where an area is taken to be, and by which rule of `centres.py`."""

    rule: str
    lat_deg: float
    lon_deg: float
    geoname_id: int
    geoname: str
