"""What the registry does with areas in a transaction: lock, load, decide, save, tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from schemas.events.area import AreaSource
from services.kit.auth import Principal, require_all_jurisdiction
from services.kit.problems import Finding
from services.kit.timers import Timer
from services.kit.unit import Unit
from services.registry.areas import decide, store
from services.registry.areas.built_in import read_built_in
from services.registry.areas.model import AreaDecision, AreaEntry, SourceEntry
from services.registry.commands import tell
from services.registry.entries import Items, report, where_of
from services.registry.model import Outcome, Refused
from services.registry.store import lock_register

REGISTER_BUILT_IN: Final = "register-built-in-areas"
"""Kind of the timer that the first migration of areas set, when only the provinces were built in."""
REGISTER_AREAS: Final = "register-areas"
"""Kind of the timer that a later migration sets, so that the built-in areas are told once; then of each next part."""
PART: Final = 500
"""Built-in areas registered in one transaction, so that nobody waits long for the register."""


async def upsert_areas(unit: Unit, items: Items[AreaEntry], source: SourceEntry, principal: Principal) -> Any:
    """Bring the areas of a pack into the register; returns the report."""
    require_all_jurisdiction(principal, [entry.code for entry in items.entries.values()])
    pack = AreaSource(**source.model_dump())
    made, refused = await _bring_in(unit, {position: (pack, entry) for position, entry in items.entries.items()})
    outcomes = {position: (d.area.code, d.outcome) for position, d in made.items()}
    return report(items, outcomes, refused)


async def register_built_in(unit: Unit, timer: Timer) -> None:
    """Register what is known without any pack, part by part. What a pack has said before stays; only a centre that it
    left open is filled in."""
    part = read_built_in(after_code=timer.payload.get("after_code", ""), limit=PART)
    present = await store.load_areas(unit.connection, (entry.code for _, entry in part))
    new = {
        number: (source, left)
        for number, (source, entry) in enumerate(part)
        if (left := decide.left_open(entry, present.get(entry.code))) is not None
    }
    _, refused = await _bring_in(unit, new)
    if refused:
        raise ValueError(f"{len(refused)} of {len(new)} built-in areas are refused")
    if len(part) == PART:
        last = part[-1][1].code
        unit.schedule(REGISTER_AREAS, last, unit.now, {"after_code": last})


async def _bring_in(
    unit: Unit, entries: Mapping[int, tuple[AreaSource, AreaEntry]]
) -> tuple[dict[int, AreaDecision], dict[int, Sequence[Finding]]]:
    await lock_register(unit.connection)
    present = await store.load_areas(unit.connection, (entry.code for _, entry in entries.values()))
    made: dict[int, AreaDecision] = {}
    refused: dict[int, Sequence[Finding]] = {}
    for position, (source, entry) in entries.items():
        decision = decide.decide_area(entry, present.get(entry.code), source, where_of(position))
        if isinstance(decision, Refused):
            refused[position] = decision.problems
        else:
            made[position] = decision
    changed = [d.area for d in made.values() if d.outcome is not Outcome.UNCHANGED]
    if changed:
        await store.save_areas(unit.connection, changed, unit.now)
    tell(unit, (fact for decision in made.values() for fact in decision.facts))
    return made, refused
