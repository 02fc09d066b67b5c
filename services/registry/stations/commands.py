"""What the registry does with stations in a transaction: lock, load, decide, save, tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from services.kit.auth import Principal, require_all_jurisdiction
from services.kit.problems import Finding
from services.kit.unit import Unit
from services.registry.commands import tell
from services.registry.entries import Items, report, where_of
from services.registry.model import Outcome, Refused
from services.registry.stations import decide, store
from services.registry.stations.model import Station, StationDecision, StationEntry
from services.registry.store import lock_register
from services.registry.volunteers.commands import restate_members


async def upsert_stations(unit: Unit, items: Items[StationEntry], principal: Principal) -> Any:
    """Bring the stations into the register; returns the report."""
    entries = items.entries
    require_all_jurisdiction(principal, [entry.area_code for entry in entries.values()])
    await lock_register(unit.connection)
    present = await store.load_stations(unit.connection, _named_stations(entries.values()))
    touched = [present[i] for e in entries.values() if (i := decide.station_id_of(e.ref)) in present]
    require_all_jurisdiction(principal, [station.area_code for station in touched])
    made, refused = _decide_stations(entries, present)
    changed = [d.station for d in made.values() if d.outcome is not Outcome.UNCHANGED]
    if changed:
        await store.save_stations(unit.connection, changed, unit.now)
    tell(unit, (fact for decision in made.values() for fact in decision.facts))
    await restate_members(unit, [s for s in changed if decide.moves_volunteers(present.get(s.station_id), s)])
    outcomes = {position: (str(d.station.station_id), d.outcome) for position, d in made.items()}
    return report(items, outcomes, refused)


def _named_stations(entries: Iterable[StationEntry]) -> set[UUID]:
    refs = [ref for entry in entries for ref in (entry.ref, entry.detachment_ref) if ref is not None]
    return set(map(decide.station_id_of, refs))


def _decide_stations(
    entries: Mapping[int, StationEntry], present: Mapping[UUID, Station]
) -> tuple[dict[int, StationDecision], dict[int, Sequence[Finding]]]:
    """Decide every entry, detachments first: they may come in the same call as their stations, before or after them."""
    made: dict[int, StationDecision] = {}
    refused: dict[int, Sequence[Finding]] = {}
    known = dict(present)
    for position in sorted(entries, key=lambda p: entries[p].kind not in decide.DETACHMENTS):
        entry = entries[position]
        detachment = None if entry.detachment_ref is None else known.get(decide.station_id_of(entry.detachment_ref))
        before = present.get(decide.station_id_of(entry.ref))
        decision = decide.decide_station(entry, before, detachment, where_of(position))
        if isinstance(decision, Refused):
            refused[position] = decision.problems
        else:
            made[position] = decision
            known[decision.station.station_id] = decision.station
    return dict(sorted(made.items())), refused
