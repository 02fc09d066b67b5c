"""Where an area is: the place of GeoNames that it is called after, or its seat, or the middle of its towns. Pure.

Names are compared only among places that GeoNames has in the same prefecture, so that namesakes elsewhere do not count.
The rules are tried in their order, the surest first; an area that none fits has no centre.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from services.cli.area_table.model import Centre, Listed, Town
from services.incidents.gazetteer.names import han_forms, pinyin_of, plain

NAMED: Final = "named"
"""A place that bears the area's name, or, if small, is at least a seat."""
SEAT: Final = "seat"
"""A seat that bears the name of one of its towns."""
TOWNS: Final = "towns"
"""Of several places that bear names of its towns, the one nearest to all others."""
LARGEST: Final = "largest"
"""Of a prefecture without a place of its name, the most populous place, if it is a city."""
MIDDLE: Final = "middle"
"""Of a prefecture, of the centres of its counties the one nearest to all others."""
CITY: Final = "city"
"""Of a district that no other rule fits and that consists of streets only, the place that its city is named after."""
_SOLID_POPULATION: Final = 1_000
_CITY_POPULATION: Final = 50_000
_TOWNS_OF_PROVINCE_MIN: Final = 3
"""Places that must agree where they are looked for in a whole province."""
_SOUNDS_MIN: Final = 3
"""Characters of a name that is compared by its sound: 沛县 sounds like too much."""
_COUNTY: Final = "县"
_STREET: Final = "街道"
Rule = tuple[str, Callable[[Sequence[Town]], Town], list[Town]]


class Centres:
    """Finds centres of present areas. `former_names` are further names of an area by its code."""

    def __init__(
        self, areas: Mapping[str, Listed], towns: Iterable[Town], former_names: Mapping[str, Sequence[str]]
    ) -> None:
        self._areas = areas
        self._former = former_names
        self._within: dict[str, list[Town]] = defaultdict(list)
        self._in_province: dict[str, list[Town]] = defaultdict(list)
        for town in towns:
            self._within[town.within].append(town)
            self._in_province[town.within[:2]].append(town)
        self._siblings: dict[str | None, list[Listed]] = defaultdict(list)
        for area in areas.values():
            self._siblings[area.parent].append(area)
        self._namesakes = Counter((area.code[:2], plain(area.name)) for area in areas.values())

    def find(self, code: str) -> Centre | None:
        """The centre of a prefecture or county, by the first rule that fits."""
        rule, town = self._town_of(self._areas[code])
        if town is None:
            return None
        return Centre(
            rule=rule, lat_deg=town.lat_deg, lon_deg=town.lon_deg, geoname_id=town.geoname_id, geoname=town.name
        )  # fmt: skip

    def _town_of(self, area: Listed) -> tuple[str, Town | None]:
        rules = self._prefecture_rules(area) if area.code.endswith("00") else self._county_rules(area)
        return next(((name, pick(towns)) for name, pick, towns in rules if towns), ("", None))

    def _prefecture_rules(self, area: Listed) -> Iterator[Rule]:
        yield from self._city_rules(area)
        large = [town for town in self._of_prefecture(area) if town.population >= _CITY_POPULATION]
        yield LARGEST, _largest, large
        within = (self._town_of(one)[1] for one in self._siblings[area.code])
        yield MIDDLE, _innermost, [town for town in within if town is not None]

    def _city_rules(self, area: Listed) -> Iterator[Rule]:
        """A prefecture's own name; it is not the county of the same name, which often is not the seat."""
        towns = self._of_prefecture(area)
        counties = (one for one in self._siblings[area.code] if one.name.endswith(_COUNTY))
        forms = set(self._forms(area)) - {form for county in counties for form in self._forms(county)}
        yield NAMED, _largest, [town for town in towns if _bears(town, {plain(area.name)})]
        yield NAMED, _largest, [town for town in towns if _is_solid(town) and _forms_of(town) & forms]

    def _of_prefecture(self, area: Listed) -> list[Town]:
        return [town for town in self._in_province[area.code[:2]] if town.within.startswith(area.code[:4])]

    def _county_rules(self, area: Listed) -> Iterator[Rule]:
        towns = self._near(area)
        others = [other for other in self._siblings[area.parent] if other.code != area.code]
        theirs = {form for other in others for form in self._forms(other)}
        full, forms = plain(area.name), set(self._forms(area)) - theirs
        sounds = {pinyin_of(form) for form in forms if len(full) >= _SOUNDS_MIN} - {pinyin_of(form) for form in theirs}
        taken = theirs | forms | {form for other in others for name in other.townships for form in han_forms(name)}
        below = {form for name in area.townships for form in han_forms(name)} - taken
        below_full = {plain(name) for name in area.townships} - taken
        short = [town for town in towns if _forms_of(town) & forms]
        heard = [town for town in towns if not town.han_names and town.latin_forms & sounds]
        yield NAMED, _largest, [town for town in towns if _bears(town, {full})]
        yield NAMED, _largest, [town for town in short if _is_solid(town)]
        if self._namesakes[area.code[:2], full] == 1:
            yield NAMED, _largest, [town for town in self._in_province[area.code[:2]] if _bears(town, {full})]
        yield NAMED, _largest, [town for town in heard if _is_solid(town)]
        if self._is_of_province(area):
            agreeing = [town for town in towns if _bears(town, below_full)]
            yield TOWNS, _innermost, agreeing if len(agreeing) >= _TOWNS_OF_PROVINCE_MIN else []
            return
        yield SEAT, _largest, [town for town in towns if town.is_seat and _bears(town, below_full)]
        yield SEAT, _largest, [town for town in towns if town.is_seat and _forms_of(town) & below]
        yield TOWNS, _innermost, [town for town in towns if _bears(town, below_full)]
        yield TOWNS, _innermost, [town for town in towns if _forms_of(town) & below]
        if self._is_urban(area):
            city = self._city_rules(self._areas[area.parent or ""])
            yield from ((CITY, pick, found) for _, pick, found in city)

    def _is_urban(self, area: Listed) -> bool:
        """Whether it is a part of a city that consists of streets only, without towns or villages."""
        above = self._areas[area.parent] if area.parent is not None else area
        return above.name.endswith("市") and bool(area.townships) and all(n.endswith(_STREET) for n in area.townships)

    def _is_of_province(self, area: Listed) -> bool:
        return area.parent is not None and area.parent.endswith("0000")

    def _near(self, area: Listed) -> list[Town]:
        """The places that may lie in a county: those that GeoNames puts in it or in its prefecture; where it has no
        prefecture, or GeoNames does not say, those of its province."""
        towns = [*self._within[area.code], *self._within[area.code[:4]]]
        if not towns or self._is_of_province(area):
            towns += self._within[area.code[:2]]
        return towns

    def _forms(self, area: Listed) -> Iterator[str]:
        for name in (area.name, *self._former.get(area.code, ())):
            yield from han_forms(name)


def _forms_of(town: Town) -> set[str]:
    return {form for name in town.han_names for form in han_forms(name)}


def _bears(town: Town, names: set[str]) -> bool:
    return any(plain(name) in names for name in town.han_names)


def _is_solid(town: Town) -> bool:
    return town.is_seat or town.population >= _SOLID_POPULATION


def _largest(towns: Sequence[Town]) -> Town:
    return max(towns, key=lambda town: (town.population, town.is_seat, -town.geoname_id))


def _innermost(towns: Sequence[Town]) -> Town:
    def apart(one: Town) -> float:
        return sum(_flat_distance(one, other) for other in towns)

    return min(towns, key=lambda town: (apart(town), town.geoname_id))


def _flat_distance(one: Town, other: Town) -> float:
    """In degrees of latitude: good enough to compare within a prefecture."""
    narrow = math.cos(math.radians(one.lat_deg))
    return math.hypot(one.lat_deg - other.lat_deg, (one.lon_deg - other.lon_deg) * narrow)
