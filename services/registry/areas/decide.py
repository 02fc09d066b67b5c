"""Decisions about areas: what becomes of an entry of a pack. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from schemas.events.area import ALIASES_MAX, AreaSource, AreaState
from schemas.values import MultiPolygonGeometry, Position
from services.kit.problems import Finding
from services.registry.areas.geometry import Outline, OutlineRefused, read_outline
from services.registry.areas.model import Area, AreaDecision, AreaEntry
from services.registry.model import Fact, Outcome, Refused

_LEVELS: Final = (2, 4, 6, 9, 12)
_SHORT: Final = 6
"""Digits of a GB/T 2260 code; those of townships and villages (GB/T 10114) have twelve."""


def parent_of(code: str) -> str | None:
    """The code one level up, by the digits; None for a province."""
    stem = code.rstrip("0")
    level = next(length for length in _LEVELS if length >= len(stem))
    if level == _LEVELS[0]:
        return None
    above = _LEVELS[_LEVELS.index(level) - 1]
    return code[:above].ljust(_SHORT if above <= _SHORT else _LEVELS[-1], "0")


def decide_area(entry: AreaEntry, before: Area | None, source: AreaSource, where: str) -> AreaDecision | Refused:
    """What becomes of the entry. `before` is the area's present form; None if it is new."""
    problems = list(_faults(entry, before, where))
    outline = None
    if entry.geometry is not None:
        try:
            outline = read_outline(entry.geometry)
        except OutlineRefused as refused:
            problems.append(Finding(where=f"{where}/geometry", what=str(refused)))
    if problems:
        return Refused(problems=tuple(problems))
    after = _changed(entry, before, outline, source) if before is not None else _created(entry, outline, source)
    if after == before:
        return AreaDecision(outcome=Outcome.UNCHANGED, area=after)
    fact = Fact(key=after.code, area_code=after.code, event=area_state(after))
    outcome = Outcome.CREATED if before is None else Outcome.CHANGED
    return AreaDecision(outcome=outcome, area=after, facts=(fact,))


def left_open(entry: AreaEntry, before: Area | None) -> AreaEntry | None:
    """What of a built-in area is still to be said: all of a new one, else only a centre that nobody has told."""
    if before is None:
        return entry
    if before.centre is not None or entry.lat_deg is None:
        return None
    return AreaEntry(code=entry.code, lat_deg=entry.lat_deg, lon_deg=entry.lon_deg)


def area_state(area: Area) -> AreaState:
    """The compacted state of an area."""
    outline = None if area.outline is None else json.loads(area.outline)["coordinates"]
    return AreaState(
        code=area.code,
        name_zh=area.name_zh,
        name_en=area.name_en,
        aliases=area.aliases,
        tier=area.tier,
        parent_code=area.parent_code,
        valid_from=area.valid_from,
        valid_to=area.valid_to,
        successor_codes=area.successor_codes,
        centre=area.centre,
        geometry=None if outline is None else MultiPolygonGeometry(coordinates=outline),
        simplified_m=area.simplified_m,
        population=area.population,
        population_year=area.population_year,
        source=area.source,
        geometry_source=area.geometry_source,
    )


def _faults(entry: AreaEntry, before: Area | None, where: str) -> Iterator[Finding]:
    if before is None:
        for field in ("name_zh", "tier"):
            if getattr(entry, field) is None:
                yield Finding(where=f"{where}/{field}", what="is missing: the area is new here")
    valid_from = entry.valid_from or (before and before.valid_from)
    valid_to = entry.valid_to or (before and before.valid_to)
    if valid_from and valid_to and valid_to <= valid_from:
        yield Finding(where=f"{where}/valid_to", what=f"is not after valid_from, {valid_from}")
    if entry.successor_codes and valid_to is None:
        yield Finding(where=f"{where}/successor_codes", what="only an area that has ended (valid_to) has successors")
    if entry.code in entry.successor_codes:
        yield Finding(where=f"{where}/successor_codes", what="an area does not succeed itself")


def _created(entry: AreaEntry, outline: Outline | None, source: AreaSource) -> Area:
    assert entry.name_zh is not None
    assert entry.tier is not None
    return Area(
        code=entry.code,
        name_zh=entry.name_zh,
        name_en=entry.name_en,
        aliases=_aliases((), entry.aliases, entry.name_zh, entry.name_en),
        tier=entry.tier,
        parent_code=entry.parent_code or parent_of(entry.code),
        valid_from=entry.valid_from,
        valid_to=entry.valid_to,
        successor_codes=entry.successor_codes,
        centre=_centre(entry, outline),
        outline=None if outline is None else outline.text,
        simplified_m=entry.simplified_m,
        population=entry.population,
        population_year=entry.population_year,
        source=source,
        geometry_source=source if outline else None,
    )


def _changed(entry: AreaEntry, before: Area, outline: Outline | None, source: AreaSource) -> Area:
    """The area with what the entry says; a name that changes lives on as an alias."""
    name_zh = entry.name_zh or before.name_zh
    name_en = entry.name_en or before.name_en
    former = [name for name in (before.name_zh, before.name_en) if name is not None]
    return Area(
        code=before.code,
        name_zh=name_zh,
        name_en=name_en,
        aliases=_aliases(before.aliases, (*former, *entry.aliases), name_zh, name_en),
        tier=entry.tier or before.tier,
        parent_code=entry.parent_code or before.parent_code,
        valid_from=entry.valid_from or before.valid_from,
        valid_to=entry.valid_to or before.valid_to,
        successor_codes=entry.successor_codes or before.successor_codes,
        centre=_centre(entry, outline) or before.centre,
        outline=outline.text if outline else before.outline,
        simplified_m=entry.simplified_m if outline else before.simplified_m,
        population=before.population if entry.population is None else entry.population,
        population_year=entry.population_year or before.population_year,
        source=source if _says_facts(entry) else before.source,
        geometry_source=source if outline else before.geometry_source,
    )


def _says_facts(entry: AreaEntry) -> bool:
    """Whether the entry says more than where the area lies."""
    return bool(entry.model_fields_set - {"code", "lat_deg", "lon_deg", "geometry", "simplified_m"})


def _centre(entry: AreaEntry, outline: Outline | None) -> Position | None:
    """As it is given, or else a point inside the outline."""
    if entry.lat_deg is None or entry.lon_deg is None:
        return None if outline is None else outline.inner
    return Position(lat_deg=entry.lat_deg, lon_deg=entry.lon_deg)


def _aliases(before: tuple[str, ...], more: tuple[str, ...], *names: str | None) -> tuple[str, ...]:
    """Both, each once, without the names themselves; the oldest stay when there are too many."""
    return tuple(alias for alias in dict.fromkeys((*before, *more)) if alias not in names)[:ALIASES_MAX]
