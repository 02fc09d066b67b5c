"""Undoing an import, last change first: what still stands as the import left it becomes what it was before.

What was changed since, or is referred to by something newer, is left as it is and reported.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from schemas.ids import derived_id
from services.kit.runtime import Runtime
from services.kit.unit import Unit
from services.registry.commands import tell
from services.registry.imports import decide, store
from services.registry.imports.findings import RowError
from services.registry.imports.model import Change, Import, Kind, State
from services.registry.model import Fact, Outcome
from services.registry.stations.changes.decide import told_decided
from services.registry.stations.changes.store import end_about
from services.registry.stations.commands import Decided, save_decided
from services.registry.stations.decide import area_codes_of
from services.registry.stations.model import Record, Station, StationDecision
from services.registry.stations.store import Authorship, add_history, load_stations
from services.registry.stations.tree import level_over
from services.registry.store import lock_register
from services.registry.volunteers.commands import save_settled
from services.registry.volunteers.model import Settled
from services.registry.volunteers.store import lock_volunteers

Left = dict[int, str]
"""Why changes were left as they are: finding codes by ordinal."""
Remove = Callable[[Any, Sequence[UUID]], Awaitable[None]]


async def undo_some(runtime: Runtime, job: Import, limit: int) -> None:
    """Undo so many of the changes that are not undone yet, in one transaction; if there are none, finish."""
    command_id = derived_id(job.import_id, "undo", job.restored + job.left_as_is)
    async with runtime.unit(command_id=command_id, actor=job.actor) as unit:
        await lock_register(unit.connection)
        held = await store.lock(unit.connection, job.import_id)
        if held.state is not State.UNDOING or held.restored + held.left_as_is != job.restored + job.left_as_is:
            return  # another process works on it
        changes = await store.changes_left(unit.connection, job.import_id, limit)
        if not changes:
            await store.finish_undo(unit.connection, job.import_id, unit.now)
            return
        left = await (_undo_stations if job.kind is Kind.STATIONS else _undo_volunteers)(unit, held, changes)
        restored = [change for change in changes if change.ordinal not in left]
        kept = [change for change in changes if change.ordinal in left]
        errors = [RowError(row=change.row, code=left[change.ordinal]) for change in kept]
        await store.settle(unit.connection, held, restored, kept, errors)


async def _undo_stations(unit: Unit, job: Import, changes: Sequence[Change]) -> Left:
    present = await load_stations(unit.connection, [change.object_id for change in changes])
    befores = {c.object_id: decide.station_from(c.before) for c in changes if c.before is not None}
    named = {i for before in befores.values() if before is not None for i in decide.refs_needed(before)}
    there = await load_stations(unit.connection, named)
    left: Left = {}
    made: dict[UUID, Change] = {}
    back: list[tuple[Station, Station]] = []
    for change in changes:
        now, before = present.get(change.object_id), befores.get(change.object_id)
        code = _obstacle(change, now, before)
        if code is None and before is not None and not set(decide.refs_needed(before)) <= there.keys():
            code = "gone"
        if code is not None or now is None:
            left[change.ordinal] = code or "gone"
        elif before is None:
            made[change.object_id] = change
        else:
            back.append((now, before))
    made_undone = {
        number: StationDecision(outcome=Outcome.CHANGED, station=station, facts=facts, record=record)
        for number, (station, facts, record) in enumerate(_undone(job, now, before) for now, before in back)
    }
    authorship = Authorship(account_id=job.actor, way="import", reason=f"import {job.import_id} is undone")
    await save_decided(unit, Decided(present=present, made=made_undone, refused={}), authorship)
    removed = await _remove(unit.connection, list(made), store.remove_stations)
    left |= {change.ordinal: "referred-to" for i, change in made.items() if i not in removed}
    gone = [_undone(job, present[station_id], None) for station_id in removed]
    tell(unit, (fact for _, facts, _ in gone for fact in facts))
    records = [record for _, _, record in gone if record is not None]
    if records:
        await add_history(unit.connection, records, authorship, unit.now)
    ended = await end_about(unit.connection, removed, account_id=job.actor, now=unit.now)
    tell(unit, map(told_decided, ended))
    return left


def _undone(job: Import, now: Station, before: Station | None) -> tuple[Station, Sequence[Fact], Record | None]:
    return decide.undo_station(now, before, level_over(job.areas, area_codes_of(before, now)))


async def _undo_volunteers(unit: Unit, job: Import, changes: Sequence[Change]) -> Left:
    connection = unit.connection
    present = await lock_volunteers(connection, [change.object_id for change in changes])
    vault = await store.load_identities(connection, present)
    former = await store.former_identities(connection, job.import_id, present)
    trained = await store.with_trainings(connection, present)
    befores = {c.object_id: decide.volunteer_from(c.before) for c in changes if c.before is not None}
    wanted = [volunteer for volunteer in (*present.values(), *befores.values()) if volunteer is not None]
    homes = await load_stations(connection, {station_id for one in wanted for station_id in one.memberships})
    left: Left = {}
    made: dict[UUID, Change] = {}
    settled: list[Settled] = []
    for change in changes:
        now, before = present.get(change.object_id), befores.get(change.object_id)
        identity = vault.get(change.object_id)
        is_ours = change.before is None or change.object_id in former
        code = _obstacle(change, now, before)
        if code is None and is_ours and identity is not None and identity[1] != change.stored_at:
            code = "changed-since"
        if code is None and before is not None and not set(before.memberships) <= homes.keys():
            code = "gone"
        if code is None and change.before is None and change.object_id in trained:
            code = "referred-to"
        if code is not None or now is None:
            left[change.ordinal] = code or "gone"
        elif before is None:
            made[change.object_id] = change
        else:
            settled.append(decide.undo_volunteer(now, before, homes, unit.now))
    if settled:
        ids = [one.volunteer.volunteer_id for one in settled]
        await store.remove_credentials(connection, ids)
        await save_settled(unit, present, settled, f"import {job.import_id} is undone")
        await store.restore_identities(connection, [former[i] for i in ids if i in former], unit.now)
    removed = await _remove(connection, list(made), store.remove_volunteers)
    left |= {change.ordinal: "referred-to" for i, change in made.items() if i not in removed}
    for volunteer_id in removed:
        tell(unit, decide.undo_volunteer(present[volunteer_id], None, homes, unit.now).facts)
    return left


def _obstacle(change: Change, now: decide.Thing | None, before: decide.Thing | None) -> str | None:
    """Why it cannot be undone, as a finding's code."""
    if now is None:
        return "gone"
    if decide.digest_of(now) != change.after_digest:
        return "changed-since"
    if change.before is not None and before is None:
        return "other-version"
    return None


async def _remove(connection: Any, ids: Sequence[UUID], remove: Remove) -> list[UUID]:
    """Remove all at once, or, if something refers to one of them, each that nothing refers to; says which are gone."""
    if not ids or await _removed(connection, ids, remove):
        return list(ids)
    return [one for one in ids if await _removed(connection, [one], remove)]


async def _removed(connection: Any, ids: Sequence[UUID], remove: Remove) -> bool:
    try:
        async with connection.transaction():
            await remove(connection, ids)
    except asyncpg.ForeignKeyViolationError:
        return False
    return True
