"""What the registry does with volunteers in a transaction: lock, load, decide, save, tell, keep the history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from schemas.policy import prefix_of
from services.kit.auth import Principal, require_all_jurisdiction
from services.kit.problems import Finding, conflict, invalid, not_found
from services.kit.unit import Unit
from services.registry.commands import tell, tell_beside
from services.registry.entries import Items, report, where_of
from services.registry.model import Outcome, Refused
from services.registry.stations.decide import station_id_of
from services.registry.stations.model import Station
from services.registry.stations.store import load_stations
from services.registry.store import lock_register
from services.registry.volunteers import clock, edits, store
from services.registry.volunteers.decide import settle, volunteer_id_of
from services.registry.volunteers.history import differences
from services.registry.volunteers.model import Settled, Volunteer, VolunteerDecision, VolunteerEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What becomes of the entries of one transaction, by their position, and how those they name stand."""

    present: Mapping[UUID, Volunteer]
    stations: Mapping[UUID, Station]
    made: dict[int, VolunteerDecision]
    refused: dict[int, Sequence[Finding]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A volunteer after a change, with their home station, and whether anything is different."""

    volunteer: Volunteer
    home: Station
    is_new: bool


async def upsert_volunteers(unit: Unit, items: Items[VolunteerEntry], principal: Principal) -> Any:
    """Bring the volunteers into the register; returns the report."""
    entries = items.entries
    await lock_register(unit.connection)
    present = await store.lock_volunteers(unit.connection, (volunteer_id_of(e.ref) for e in entries.values()))
    stations = await load_named(unit.connection, entries.values(), present.values())
    decided = decide_entries(entries, present, stations, unit.now)
    wanted = [decision.volunteer for decision in decided.made.values()]
    homes = [stations[volunteer.home_station_id] for volunteer in (*present.values(), *wanted)]
    require_all_jurisdiction(principal, [home.area_code for home in homes])
    renamed = await save_decided(unit, decided)
    outcomes = {position: (str(d.volunteer.volunteer_id), _outcome(d, renamed)) for position, d in decided.made.items()}
    return report(items, outcomes, decided.refused)


async def load_named(
    connection: Any, entries: Iterable[VolunteerEntry], present: Iterable[Volunteer]
) -> dict[UUID, Station]:
    """Those of the stations that the entries name that exist, and the homes of those who are there already."""
    named = {station_id_of(ref) for e in entries for ref in (e.home_station_ref, *e.membership_refs)}
    return await load_stations(connection, named | {volunteer.home_station_id for volunteer in present})


def decide_entries(
    entries: Mapping[int, VolunteerEntry],
    present: Mapping[UUID, Volunteer],
    stations: Mapping[UUID, Station],
    now: datetime,
) -> Decided:
    """Decide every entry on its own."""
    made: dict[int, VolunteerDecision] = {}
    refused: dict[int, Sequence[Finding]] = {}
    for position, entry in entries.items():
        before = present.get(volunteer_id_of(entry.ref))
        decision = edits.decide_entry(entry, before, stations, now, where_of(position))
        if isinstance(decision, Refused):
            refused[position] = decision.problems
        else:
            made[position] = decision
    return Decided(present=present, stations=stations, made=made, refused=refused)


async def save_decided(unit: Unit, decided: Decided, reason: str | None = None) -> set[UUID]:
    """Save and tell what is new or different; returns whose name or phone was."""
    decisions = decided.made.values()
    settled = [decision.settled for decision in decisions if decision.settled is not None]
    await save_settled(unit, decided.present, settled, reason)
    identities = [d.identity for d in decisions if d.identity is not None]
    return await store.save_identities(unit.connection, identities, unit.now) if identities else set()


async def save_settled(
    unit: Unit, present: Mapping[UUID, Volunteer], settled: Sequence[Settled], reason: str | None
) -> None:
    """Save changed volunteers, tell what there is to tell, keep the history, and let the clock look again."""
    if not settled:
        return
    facts = [fact for one in settled for fact in one.facts]
    await tell_beside(unit, facts, store.save_volunteers(unit.connection, settled, unit.now))
    entries = [
        {
            "volunteer_id": one.volunteer.volunteer_id,
            "events": [fact.event.event_type for fact in one.facts],
            "fields": differences(present.get(one.volunteer.volunteer_id), one.volunteer),
        }
        for one in settled
    ]
    await store.add_history(unit.connection, entries, now=unit.now, by=unit.actor or "-", reason=reason)
    clock.wake(unit, settled)


def _outcome(decision: VolunteerDecision, renamed: set[UUID]) -> Outcome:
    """A new name or phone is a change too, though nobody else hears of it."""
    if decision.outcome is Outcome.UNCHANGED and decision.volunteer.volunteer_id in renamed:
        return Outcome.CHANGED
    return decision.outcome


async def change(
    unit: Unit,
    volunteer_id: UUID,
    principal: Principal,
    edit: edits.Edit,
    *,
    reason: str | None = None,
    also_retired: bool = False,
) -> Changed:
    """Change one volunteer. Raises `ProblemError`: 404, 403 outside the caller's areas, 409 for somebody who has
    retired (unless that makes no difference), 422 for what the edit refuses."""
    before, home = await lock_one(unit, volunteer_id, principal)
    if before.is_retired and not also_retired:
        raise conflict("The volunteer has retired and cannot be asked in any case.")
    wanted = edit(before)
    if isinstance(wanted, Refused):
        raise invalid(wanted.problems)
    if wanted == before:
        return Changed(volunteer=before, home=home, is_new=False)
    settled = settle(before, wanted, home, unit.now)
    await save_settled(unit, {volunteer_id: before}, [settled], reason)
    return Changed(volunteer=settled.volunteer, home=home, is_new=True)


async def lock_one(unit: Unit, volunteer_id: UUID, principal: Principal) -> tuple[Volunteer, Station]:
    """One volunteer with their home station, locked. 404, or 403 outside the caller's areas."""
    found = (await store.lock_volunteers(unit.connection, [volunteer_id])).get(volunteer_id)
    return await with_home(unit.connection, found, principal)


async def with_home(connection: Any, found: Volunteer | None, principal: Principal) -> tuple[Volunteer, Station]:
    """A volunteer with their home station; 404 if there is none, 403 outside the caller's areas."""
    if found is None:
        raise not_found("volunteer")
    home = (await load_stations(connection, [found.home_station_id]))[found.home_station_id]
    require_all_jurisdiction(principal, [home.area_code])
    return found, home


def prefixes_of(principal: Principal, area_code: str) -> list[str]:
    """What codes begin with that a list is about: one area, 403 outside the caller's, or (`*`) all of those."""
    if area_code == "*":
        return [prefix_of(area) for area in principal.areas]
    require_all_jurisdiction(principal, [area_code])
    return [prefix_of(area_code)]


async def restate_members(unit: Unit, moved: Sequence[Station]) -> None:
    """Volunteers are where their home station is, so a station that moves or closes takes them along."""
    if not moved:
        return
    homes = {station.station_id: station for station in moved}
    members = await store.lock_volunteers_at(unit.connection, homes)
    settled = [settle(member, member, homes[member.home_station_id], unit.now) for member in members.values()]
    if settled:
        await store.save_volunteers(unit.connection, settled, unit.now)
        tell(unit, (fact for one in settled for fact in one.facts))
        clock.wake(unit, settled)
