"""What the registry does with volunteers in a transaction: lock, load, decide, save, tell. Also the daily expiry of
credentials."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from services.kit.auth import Principal, require_all_jurisdiction
from services.kit.problems import Finding, conflict, not_found
from services.kit.timers import Timer
from services.kit.unit import Unit
from services.registry.commands import tell
from services.registry.decide import civil_day, next_civil_day_begins
from services.registry.entries import Items, report, where_of
from services.registry.model import Outcome, Refused
from services.registry.stations.decide import station_id_of
from services.registry.stations.model import Station
from services.registry.stations.store import load_stations
from services.registry.store import lock_register
from services.registry.volunteers import decide, store
from services.registry.volunteers.model import AvailabilityRequest, Volunteer, VolunteerDecision, VolunteerEntry

EXPIRE_CREDENTIALS: Final = "expire-credentials"
"""Kind of the timer that runs once a day, and again soon while there is more to do."""
DAILY: Final = "daily"
EXPIRIES_MAX: Final = 500
"""Volunteers per round, so that no transaction holds many rows for long."""
_AGAIN: Final = timedelta(seconds=30)
_AFTER_MIDNIGHT: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What becomes of the entries of one transaction, by their position; `stations` are those they name."""

    stations: Mapping[UUID, Station]
    made: dict[int, VolunteerDecision]
    refused: dict[int, Sequence[Finding]]


async def upsert_volunteers(unit: Unit, items: Items[VolunteerEntry], principal: Principal) -> Any:
    """Bring the volunteers into the register; returns the report."""
    entries = items.entries
    await lock_register(unit.connection)
    present = await store.lock_volunteers(unit.connection, (decide.volunteer_id_of(e.ref) for e in entries.values()))
    stations = await load_named(unit.connection, entries.values(), present.values())
    decided = decide_entries(entries, present, stations, civil_day(unit.now))
    wanted = [decision.volunteer for decision in decided.made.values()]
    homes = [stations[volunteer.home_station_id] for volunteer in (*present.values(), *wanted)]
    require_all_jurisdiction(principal, [home.area_code for home in homes])
    renamed = await save_decided(unit, decided)
    unit.schedule(EXPIRE_CREDENTIALS, DAILY, unit.now, {})
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
    today: date,
) -> Decided:
    """Decide every entry on its own."""
    made: dict[int, VolunteerDecision] = {}
    refused: dict[int, Sequence[Finding]] = {}
    for position, entry in entries.items():
        before = present.get(decide.volunteer_id_of(entry.ref))
        decision = decide.decide_volunteer(entry, before, stations, today, where_of(position))
        if isinstance(decision, Refused):
            refused[position] = decision.problems
        else:
            made[position] = decision
    return Decided(stations=stations, made=made, refused=refused)


async def save_decided(unit: Unit, decided: Decided) -> set[UUID]:
    """Save and tell what is new or different; returns whose name or phone was."""
    decisions = decided.made.values()
    changed = [d.volunteer for d in decisions if d.outcome is not Outcome.UNCHANGED]
    if changed:
        await store.save_volunteers(
            unit.connection, changed, decided.stations, today=civil_day(unit.now), now=unit.now
        )  # fmt: skip
    identities = [d.identity for d in decisions if d.identity is not None]
    renamed = await store.save_identities(unit.connection, identities, unit.now) if identities else set()
    tell(unit, (fact for decision in decisions for fact in decision.facts))
    return renamed


def _outcome(decision: VolunteerDecision, renamed: set[UUID]) -> Outcome:
    """A new name or phone is a change too, though nobody else hears of it."""
    if decision.outcome is Outcome.UNCHANGED and decision.volunteer.volunteer_id in renamed:
        return Outcome.CHANGED
    return decision.outcome


async def set_availability(
    unit: Unit, volunteer_id: UUID, request: AvailabilityRequest, principal: Principal
) -> tuple[Volunteer, Station, bool]:
    """Say whether a volunteer can be asked; returns them, their home and whether that is new."""
    before = (await store.lock_volunteers(unit.connection, [volunteer_id])).get(volunteer_id)
    if before is None:
        raise not_found("volunteer")
    home = (await load_stations(unit.connection, [before.home_station_id]))[before.home_station_id]
    require_all_jurisdiction(principal, [home.area_code])
    if before.is_retired:
        raise conflict("The volunteer has retired and cannot be asked in any case.")
    today = civil_day(unit.now)
    after, facts = decide.change_availability(before, home, request.available, today)
    if facts:
        await store.save_volunteers(unit.connection, [after], {home.station_id: home}, today=today, now=unit.now)
        tell(unit, facts)
    await store.set_availability_reason(unit.connection, volunteer_id, request.reason)
    return after, home, bool(facts)


async def expire_credentials(unit: Unit, timer: Timer) -> None:
    """The daily timer: tell of credentials that ran out, and which roles are gone with them."""
    today = civil_day(unit.now)
    volunteers = await store.lock_running_out(unit.connection, today, EXPIRIES_MAX)
    homes = await load_stations(unit.connection, (v.home_station_id for v in volunteers.values()))
    changed: list[Volunteer] = []
    for volunteer in volunteers.values():
        after, facts = decide.expire(volunteer, homes[volunteer.home_station_id], today)
        changed.append(after)
        tell(unit, facts)
    if changed:
        await store.save_volunteers(unit.connection, changed, homes, today=today, now=unit.now)
    more = await store.any_running_out(unit.connection, today)
    due_at = unit.now + _AGAIN if more else next_civil_day_begins(unit.now) + _AFTER_MIDNIGHT
    unit.schedule(timer.kind, timer.key, due_at, {})


async def restate_members(unit: Unit, moved: Sequence[Station]) -> None:
    """Volunteers are where their home station is, so a station that moves or closes takes them along."""
    if not moved:
        return
    homes = {station.station_id: station for station in moved}
    members = await store.lock_volunteers_at(unit.connection, homes)
    today = civil_day(unit.now)
    if members:
        await store.save_volunteers(unit.connection, list(members.values()), homes, today=today, now=unit.now)
    tell(unit, (decide.restate(member, homes[member.home_station_id], today) for member in members.values()))
