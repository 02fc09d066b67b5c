"""What the registry does with stations in a transaction: lock, load, decide, save, tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What becomes of the entries of one transaction, by their position, and how the stations they name stand."""

    present: Mapping[UUID, Station]
    made: dict[int, StationDecision]
    refused: dict[int, Sequence[Finding]]


async def upsert_stations(unit: Unit, items: Items[StationEntry], principal: Principal) -> Any:
    """Bring the stations into the register; returns the report."""
    entries = items.entries
    require_all_jurisdiction(principal, [entry.area_code for entry in entries.values()])
    await lock_register(unit.connection)
    present = await load_named(unit.connection, entries.values())
    touched = [present[i] for e in entries.values() if (i := decide.station_id_of(e.ref)) in present]
    require_all_jurisdiction(principal, [station.area_code for station in touched])
    decided = decide_entries(entries, present)
    await save_decided(unit, decided)
    outcomes = {position: (str(d.station.station_id), d.outcome) for position, d in decided.made.items()}
    return report(items, outcomes, decided.refused)


async def load_named(connection: Any, entries: Iterable[StationEntry]) -> dict[UUID, Station]:
    """Those of the stations that the entries describe or name that exist."""
    return await store.load_stations(connection, _named_stations(entries))


async def save_decided(unit: Unit, decided: Decided) -> None:
    """Save what is new or different, tell it, and take the volunteers of stations that moved along."""
    changed = [d.station for d in decided.made.values() if d.outcome is not Outcome.UNCHANGED]
    if changed:
        await store.save_stations(unit.connection, changed, unit.now)
    tell(unit, (fact for decision in decided.made.values() for fact in decision.facts))
    await restate_members(unit, [s for s in changed if decide.moves_volunteers(decided.present.get(s.station_id), s)])


def _named_stations(entries: Iterable[StationEntry]) -> set[UUID]:
    refs = [ref for entry in entries for ref in (entry.ref, entry.detachment_ref) if ref is not None]
    return set(map(decide.station_id_of, refs))


def decide_entries(entries: Mapping[int, StationEntry], present: Mapping[UUID, Station]) -> Decided:
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
    return Decided(present=present, made=dict(sorted(made.items())), refused=refused)
