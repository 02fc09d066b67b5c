"""Where the rows of one kind are decided and stored, by the same decisions as a batch call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

from schemas.policy import covers
from services.kit.problems import Finding
from services.kit.unit import Unit
from services.registry.decide import civil_day
from services.registry.imports import decide, store
from services.registry.imports.findings import RowError
from services.registry.imports.mapping import RosterFile
from services.registry.imports.model import Change, Counts, Import, Kind
from services.registry.model import Outcome
from services.registry.stations import commands as stations
from services.registry.stations.decide import station_id_of
from services.registry.stations.model import Station, StationEntry
from services.registry.stations.store import Authorship, load_stations
from services.registry.volunteers import commands as volunteers
from services.registry.volunteers.decide import volunteer_id_of
from services.registry.volunteers.model import Identity, VolunteerEntry
from services.registry.volunteers.store import load_volunteers, lock_volunteers

_CODES: Final = {"there is no such station": "no-station", "there is no such detachment": "no-detachment"}


@dataclass(slots=True)
class Judged:
    """What becomes of some rows, by their numbers; `save` stores the good ones in a unit."""

    save: Callable[[Unit], Any]
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    errors: dict[int, list[RowError]] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    former_identities: list[Identity] = field(default_factory=list)

    def counts(self, refused_before: int) -> Counts:
        """How many rows became what; `refused_before` could not even be read."""
        found = list(self.outcomes.values())
        return Counts(
            created=found.count(Outcome.CREATED),
            unchanged=found.count(Outcome.UNCHANGED),
            changed=found.count(Outcome.CHANGED),
            refused=refused_before + len(self.errors),
        )


class Desk(Protocol):
    """Decides the rows of one pass over a file."""

    order: Callable[[Any], Any] | None
    """Gives what rows are sorted by, because some refer to others; None: as they stand in the file."""

    async def judge(self, connection: Any, entries: Mapping[int, Any], now: datetime, *, lock: bool) -> Judged:
        """Decide; with `lock` what is there stays as it is until the transaction ends."""
        ...


def desk_of(job: Import, file: RosterFile[Any]) -> Desk:
    """The desk for a pass over a file."""
    return (StationDesk if job.kind is Kind.STATIONS else VolunteerDesk)(file, job)


class StationDesk:
    """Stations. Remembers what a pass that stores nothing has decided, so that it decides as one that does."""

    def __init__(self, file: RosterFile[StationEntry], job: Import) -> None:
        self.order: Callable[[Any], Any] | None = stations.order_of
        self._file = file
        self._job = job
        self._decided: dict[UUID, Station] = {}

    async def judge(self, connection: Any, entries: Mapping[int, StationEntry], now: datetime, *, lock: bool) -> Judged:
        """Decide; the register's lock, which every writer of stations takes, holds them still."""
        present = await stations.load_named(connection, entries.values())
        known = {**present, **self._decided_for(entries.values(), present)}
        inside, outside = self._apart(entries, present)
        decided = await asyncio.to_thread(stations.decide_entries, inside, known, self._job.areas, civil_day(now))
        reason = f"import {self._job.import_id}"
        authorship = Authorship(account_id=self._job.actor, way="import", reason=reason)
        judged = Judged(save=lambda unit: stations.save_decided(unit, decided, authorship))
        judged.errors = {row: [_outside(row, "area_code", self._file)] for row in outside}
        judged.errors |= {row: _errors(row, findings, self._file) for row, findings in decided.refused.items()}
        # in the order in which they were decided, so that what others refer to is undone last
        for row in sorted(decided.made, key=lambda row: stations.order_of(entries[row])):
            decision = decided.made[row]
            station_id = decision.station.station_id
            judged.outcomes[row] = decision.outcome
            if decision.outcome is not Outcome.UNCHANGED:
                judged.changes.append(_change(row, station_id, present.get(station_id), decision.station))
                if not lock:
                    self._decided[station_id] = decision.station
        return judged

    def _decided_for(self, entries: Iterable[StationEntry], present: Mapping[UUID, Station]) -> Mapping[UUID, Station]:
        """Those decided before that these entries are checked against."""
        refs = {ref for entry in entries for ref in (entry.parent_ref, entry.detachment_ref) if ref is not None}
        wanted = present.keys() | set(map(station_id_of, refs))
        return {station_id: self._decided[station_id] for station_id in wanted & self._decided.keys()}

    def _apart(
        self, entries: Mapping[int, StationEntry], present: Mapping[UUID, Station]
    ) -> tuple[dict[int, StationEntry], list[int]]:
        """Those that lie, and shall lie, in the account's areas, and the rows of the others."""
        inside: dict[int, StationEntry] = {}
        for row, entry in entries.items():
            before = present.get(station_id_of(entry.ref))
            codes = {entry.area_code, entry.area_code if before is None else before.area_code}
            if all(covers(self._job.areas, code) for code in codes):
                inside[row] = entry
        return inside, [row for row in entries if row not in inside]


class VolunteerDesk:
    """Volunteers, with who they are."""

    def __init__(self, file: RosterFile[VolunteerEntry], job: Import) -> None:
        self.order: Callable[[Any], Any] | None = None
        self._file = file
        self._areas = job.areas
        self._reason = f"import {job.import_id}"
        self._to_fill = file.layout.absent - decide.IDENTITY_FIELDS

    async def judge(
        self, connection: Any, entries: Mapping[int, VolunteerEntry], now: datetime, *, lock: bool
    ) -> Judged:
        """Decide; with `lock` their rows stay as they are until the transaction ends."""
        ids = [volunteer_id_of(entry.ref) for entry in entries.values()]
        present = await (lock_volunteers if lock else load_volunteers)(connection, ids)
        if self._to_fill and present:
            refs = await _refs(connection, present.values())
            values = {i: decide.volunteer_values(volunteer, refs, None) for i, volunteer in present.items()}
            entries = {
                row: decide.completed(entry, self._to_fill, values[volunteer_id])
                if (volunteer_id := volunteer_id_of(entry.ref)) in values
                else entry
                for row, entry in entries.items()
            }
        named = await volunteers.load_named(connection, entries.values(), present.values())
        decided = await asyncio.to_thread(volunteers.decide_entries, entries, present, named, now)
        given = [d.identity.volunteer_id for d in decided.made.values() if d.identity is not None]
        vault = await store.load_identities(connection, [i for i in given if i in present])
        judged = Judged(save=lambda unit: volunteers.save_decided(unit, decided, self._reason))
        for row, findings in decided.refused.items():
            judged.errors[row] = _errors(row, findings, self._file)
        for row, decision in list(decided.made.items()):
            after = decision.volunteer
            before = present.get(after.volunteer_id)
            codes = {named[one.home_station_id].area_code for one in (before, after) if one is not None}
            if not all(covers(self._areas, code) for code in codes):
                judged.errors[row] = [_outside(row, "home_station_ref", self._file)]
                del decided.made[row]
                continue
            former = vault[after.volunteer_id][0] if after.volunteer_id in vault else None
            is_renamed = decision.identity is not None and decide.replaces(decision.identity, former)
            outcome = Outcome.CHANGED if is_renamed and before is not None else decision.outcome
            judged.outcomes[row] = outcome
            if outcome is Outcome.UNCHANGED:
                del decided.made[row]
                continue
            judged.changes.append(_change(row, after.volunteer_id, before, after))
            if is_renamed and before is not None:
                judged.former_identities.append(
                    former or Identity(volunteer_id=after.volunteer_id, name=None, phone=None)
                )  # fmt: skip
        return judged


async def _refs(connection: Any, things: Iterable[decide.Thing]) -> dict[UUID, str]:
    needed = {station_id for thing in things for station_id in decide.refs_needed(thing)}
    found = await load_stations(connection, needed) if needed else {}
    return {station_id: station.ref for station_id, station in found.items()}


def _change(row: int, object_id: UUID, before: decide.Thing | None, after: decide.Thing) -> Change:
    """The ordinal is given when it is stored."""
    return Change(
        ordinal=0, row=row, object_id=object_id, before=None if before is None else decide.form_of(before),
        after_digest=decide.digest_of(after),
    )  # fmt: skip


def _errors(row: int, findings: Sequence[Finding], file: RosterFile[Any]) -> list[RowError]:
    return [_error(row, finding, file) for finding in findings]


def _error(row: int, finding: Finding, file: RosterFile[Any]) -> RowError:
    """A finding of a decision; its pointer is /items/ROW/FIELD..."""
    name = (finding.where.split("/") + [""] * 4)[3]
    code = _CODES.get(finding.what, "invalid")
    args = {"said": finding.what} if code == "invalid" else {}
    return RowError(row=row, code=code, column=file.headings_of(name), field=name, args=args)


def _outside(row: int, name: str, file: RosterFile[Any]) -> RowError:
    return RowError(row=row, code="outside", column=file.headings_of(name), field=name)
