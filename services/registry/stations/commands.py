"""What the registry does with stations in a transaction: lock, load, decide, save, tell, write down."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from services.kit.auth import Principal, require_all_jurisdiction
from services.kit.problems import Finding
from services.kit.unit import Unit
from services.registry.commands import tell
from services.registry.decide import civil_day
from services.registry.entries import Items, report, where_of
from services.registry.model import Refused
from services.registry.stations import decide, store
from services.registry.stations.changes.decide import told_decided
from services.registry.stations.changes.store import supersede
from services.registry.stations.kinds import DETACHMENTS
from services.registry.stations.model import Neighbours, Station, StationDecision, StationEntry
from services.registry.stations.store import Authorship
from services.registry.stations.tree import rank_of_tier
from services.registry.store import lock_register
from services.registry.volunteers.commands import restate_members


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What becomes of the entries of one transaction, by their position, and how the stations they name stand."""

    present: Mapping[UUID, Station]
    made: dict[int, StationDecision]
    refused: dict[int, Sequence[Finding]]


async def upsert_stations(unit: Unit, items: Items[StationEntry], reason: str | None, principal: Principal) -> Any:
    """Bring the stations into the register; returns the report."""
    entries = items.entries
    require_all_jurisdiction(principal, [entry.area_code for entry in entries.values()])
    await lock_register(unit.connection)
    present = await load_named(unit.connection, entries.values())
    touched = [present[i] for e in entries.values() if (i := decide.station_id_of(e.ref)) in present]
    require_all_jurisdiction(principal, [station.area_code for station in touched])
    decided = decide_entries(entries, present, principal.areas, civil_day(unit.now))
    await save_decided(unit, decided, Authorship(account_id=principal.subject, way="import", reason=reason))
    outcomes = {position: (str(d.station.station_id), d.outcome) for position, d in decided.made.items()}
    return report(items, outcomes, decided.refused)


async def load_named(connection: Any, entries: Iterable[StationEntry]) -> dict[UUID, Station]:
    """The stations that the entries describe or name, with their parents, detachments and those directly below them, as
    far as they exist."""
    listed = list(entries)
    refs = {r for e in listed for r in (e.ref, e.detachment_ref, e.parent_ref) if r is not None}
    named = await store.load_stations(connection, map(decide.station_id_of, refs))
    below = await store.load_stations_below(connection, {decide.station_id_of(entry.ref) for entry in listed})
    kept = {i for s in named.values() for i in (s.parent_id, s.detachment_id) if i is not None} - named.keys()
    return {**named, **below, **await store.load_stations(connection, kept)}


def order_of(entry: StationEntry) -> tuple[int, bool]:
    """What entries are sorted by to be decided: parents and detachments before those who name them."""
    return rank_of_tier(entry.tier), entry.kind not in DETACHMENTS


def decide_entries(
    entries: Mapping[int, StationEntry], present: Mapping[UUID, Station], areas: Sequence[str], today: date
) -> Decided:
    """Decide every entry, higher tiers and detachments first: parents and detachments may come in the same call as the
    stations that name them, before or after them. `areas` are the author's."""
    made: dict[int, StationDecision] = {}
    refused: dict[int, Sequence[Finding]] = {}
    known = _Known(present.values())
    for position in sorted(entries, key=lambda position: order_of(entries[position])):
        entry = entries[position]
        before = present.get(decide.station_id_of(entry.ref))
        around = known.around(decide.station_of(entry, before))
        decision = decide.decide_station(entry, before, around, areas, today, where_of(position))
        if isinstance(decision, Refused):
            refused[position] = decision.problems
        else:
            made[position] = decision
            known.put(decision.station)
    return Decided(present=present, made=dict(sorted(made.items())), refused=refused)


async def save_decided(unit: Unit, decided: Decided, authorship: Authorship) -> None:
    """Save what is new or different, note who did it, tell it, end the open proposals about the same, and take the
    volunteers of the stations along. Needs the register's lock."""
    made = [decision for decision in decided.made.values() if decision.record is not None]
    if not made:
        return
    changed = [decision.station for decision in made]
    await store.save_stations(unit.connection, changed, unit.now)
    records = [decision.record for decision in made if decision.record is not None]
    await store.add_history(unit.connection, records, authorship, unit.now)
    tell(unit, (fact for decision in made for fact in decision.facts))
    ended = await supersede(
        unit.connection, records, account_id=authorship.account_id, carried_out=authorship.proposal_id, now=unit.now
    )
    tell(unit, map(told_decided, ended))
    await restate_members(unit, [s for s in changed if decide.moves_volunteers(decided.present.get(s.station_id), s)])


class _Known:
    """The stations as they stand while entries are decided one after the other."""

    def __init__(self, stations: Iterable[Station]) -> None:
        self._stations: dict[UUID, Station] = {}
        self._below: defaultdict[UUID | None, set[UUID]] = defaultdict(set)
        for station in stations:
            self.put(station)

    def put(self, station: Station) -> None:
        """It stands like this now."""
        former = self._stations.get(station.station_id)
        if former is not None:
            self._below[former.parent_id].discard(station.station_id)
        self._stations[station.station_id] = station
        self._below[station.parent_id].add(station.station_id)

    def around(self, wanted: Station) -> Neighbours:
        """Whom the station is checked against if it shall stand like this."""
        return Neighbours(
            detachment=None if wanted.detachment_id is None else self._stations.get(wanted.detachment_id),
            parent=None if wanted.parent_id is None else self._stations.get(wanted.parent_id),
            children=[self._stations[child] for child in sorted(self._below[wanted.station_id])],
        )
