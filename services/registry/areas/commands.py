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
"""Kind of the timer that a migration sets, so that the built-in areas are told once."""


async def upsert_areas(unit: Unit, items: Items[AreaEntry], source: SourceEntry, principal: Principal) -> Any:
    """Bring the areas of a pack into the register; returns the report."""
    require_all_jurisdiction(principal, [entry.code for entry in items.entries.values()])
    made, refused = await _bring_in(unit, items.entries, AreaSource(**source.model_dump()), only_new=False)
    outcomes = {position: (d.area.code, d.outcome) for position, d in made.items()}
    return report(items, outcomes, refused)


async def register_built_in(unit: Unit, timer: Timer) -> None:
    """Register what is known without any pack; what a pack has said before stays."""
    source, entries = read_built_in()
    made, refused = await _bring_in(unit, dict(enumerate(entries)), source, only_new=True)
    if refused:
        raise ValueError(f"{len(refused)} of {len(made) + len(refused)} built-in areas are refused")


async def _bring_in(
    unit: Unit, entries: Mapping[int, AreaEntry], source: AreaSource, *, only_new: bool
) -> tuple[dict[int, AreaDecision], dict[int, Sequence[Finding]]]:
    await lock_register(unit.connection)
    present = await store.load_areas(unit.connection, (entry.code for entry in entries.values()))
    made: dict[int, AreaDecision] = {}
    refused: dict[int, Sequence[Finding]] = {}
    for position, entry in entries.items():
        before = present.get(entry.code)
        if only_new and before is not None:
            continue
        decision = decide.decide_area(entry, before, source, where_of(position))
        if isinstance(decision, Refused):
            refused[position] = decision.problems
        else:
            made[position] = decision
    changed = [d.area for d in made.values() if d.outcome is not Outcome.UNCHANGED]
    if changed:
        await store.save_areas(unit.connection, changed, unit.now)
    tell(unit, (fact for decision in made.values() for fact in decision.facts))
    return made, refused
