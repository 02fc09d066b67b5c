"""Codes that are no more, and since when those that are stand. Pure.

A list says what stands on its day. A code ended on the day of the first list without it and began on that of the first
list with it; where the source of changes names the year, not after that year's last day. So a day is known to within
the time between two lists: a month from 2015 on, a year before and after that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from services.cli.area_table.model import PLACEHOLDERS, Change, Former, Listed
from services.cli.area_table.sources import LISTED_ON, Lists
from services.incidents.gazetteer.names import han_forms

FIRST_YEAR: Final = 2001
"""Of changes after the first list."""


def begun(code: str, lists: Lists, changes: Iterable[Change]) -> date | None:
    """The day of the first list with the code; None if the first list of all has it, or nobody knows."""
    days = list(lists)
    first = next((day for day in days if code in lists[day]), None)
    if first is not None:
        return None if first == days[0] else _bounded(first, _last(days, first), _years(changes, new=code))
    return _after_the_lists(days[-1], _years(changes, new=code))


def former_areas(present: Mapping[str, Listed], lists: Lists, changes: Sequence[Change]) -> dict[str, Former]:
    """The areas that stood on some list and are not on the present one, by code."""
    names = {code: name for listed in lists.values() for code, name in listed.items()}
    gone = {code: name for code, name in sorted(names.items()) if code not in present and name not in PLACEHOLDERS}
    into: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        if not change.is_reassigned and change.old_code and change.new_code != change.old_code:
            into[change.old_code].append(change)
    known = present.keys() | gone.keys()
    ends = {code: _ended(code, lists, into[code]) for code in gone}
    found = {}
    for code, name in gone.items():
        told = [one for one in into[code] if one.new_code in known]
        last = [one for one in told if one.year == max(one.year for one in told)]
        successors = tuple(dict.fromkeys(one.new_code for one in last)) or tuple(_namesakes(code, name, present))
        document = next((one.document for one in last if one.document), None)
        found[code] = Former(code=code, name=name, ended_on=ends[code], successors=successors, document=document)
    return {code: _of_counties(area, found, present) for code, area in found.items()}


def former_names(present: Mapping[str, Listed], changes: Iterable[Change]) -> dict[str, tuple[str, ...]]:
    """Other names that an area had under its present code since the first list, by code, the latest first. Only where a
    change says so: a code whose name differs between lists may have been given to another place."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for change in sorted(changes, key=lambda one: -one.year):
        if change.old_code == change.new_code and not change.is_reassigned and change.year >= FIRST_YEAR:
            found[change.new_code][change.old_name] = None
    return {
        code: tuple(name for name in found[code] if name != area.name and name not in PLACEHOLDERS)
        for code, area in present.items()
    }


def _ended(code: str, lists: Lists, into: Sequence[Change]) -> date:
    """The day of the first list without it."""
    days = list(lists)
    last = max(day for day in days if code in lists[day])
    after = next((day for day in days if day > last), None)
    years = [change.year for change in into]
    return _after_the_lists(last, years) or LISTED_ON if after is None else _bounded(after, last, years)


def _after_the_lists(last: date, years: Sequence[int]) -> date | None:
    """The end of the year of a change that the last list does not show; None if no change is told."""
    return min(date(max(*years, last.year), 12, 31), LISTED_ON) if years else None


def _bounded(day: date, above: date, years: Iterable[int]) -> date:
    """The day, or the end of a year that lies between."""
    ends = (date(year, 12, 31) for year in years)
    return min((end for end in ends if above < end < day), default=day)


def _last(days: Sequence[date], before: date) -> date:
    return days[days.index(before) - 1]


def _years(changes: Iterable[Change], *, new: str) -> list[int]:
    return [change.year for change in changes if change.new_code == new and not change.is_reassigned]


def _namesakes(code: str, name: str, present: Mapping[str, Listed]) -> Iterator[str]:
    """The one present area of the same prefecture, else of the province, that is called the same but for its rank."""
    forms = {form for form in han_forms(name) if form != name}
    same_rank = [area for area in present.values() if area.code.endswith("00") == code.endswith("00")]
    for digits in (4, 2):
        near = (area for area in same_rank if area.code.startswith(code[:digits]))
        alike = [area.code for area in near if forms & {*han_forms(area.name)}]
        if len(alike) == 1:
            yield alike[0]
            return


def _of_counties(area: Former, found: Mapping[str, Former], present: Mapping[str, Listed]) -> Former:
    """A prefecture became those that its counties went to."""
    if not area.code.endswith("00"):
        return area
    heirs = (heir for one in found.values() if one.code.startswith(area.code[:4]) for heir in one.successors)
    above = dict.fromkeys(heir[:4] + "00" for heir in heirs if not heir.startswith(area.code[:4]))
    known = tuple(code for code in above if code in present or code in found)
    return replace(area, successors=known or area.successors)
