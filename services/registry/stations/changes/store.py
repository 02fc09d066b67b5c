"""The table of proposals. Every function works on the caller's connection, inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import aiosql
import orjson

from schemas.vocabulary import JurisdictionLevel, StationChange
from services.registry.stations.changes.model import Proposal, State
from services.registry.stations.model import Record

_SQL: Final = aiosql.from_path(Path(__file__).parent / "sql" / "queries.sql", "asyncpg", mandatory_parameters=False)


async def add_proposal(connection: Any, proposal: Proposal) -> None:
    """Keep a new one."""
    await connection.execute(
        _SQL.add_proposal.sql,
        proposal.proposal_id,
        proposal.station_id,
        proposal.ref,
        proposal.area_codes,
        proposal.changes,
        list(proposal.after),
        proposal.wanted,
        proposal.before,
        proposal.after,
        proposal.verifier,
        proposal.reason,
        proposal.proposed_by,
        proposal.proposed_at,
    )


async def count_open(connection: Any, station_id: UUID) -> int:
    """Open proposals about the station."""
    return int(await connection.fetchval(_SQL.count_open.sql, station_id))


async def lock_proposal(connection: Any, proposal_id: UUID) -> Proposal | None:
    """The proposal, locked until the transaction ends."""
    row = await connection.fetchrow(_SQL.lock_proposal.sql, proposal_id)
    return None if row is None else _read(row)


async def load_proposal(connection: Any, proposal_id: UUID) -> Proposal | None:
    """The proposal, not locked."""
    row = await connection.fetchrow(_SQL.proposal.sql, proposal_id)
    return None if row is None else _read(row)


async def list_proposals(
    connection: Any, prefixes: Sequence[str], state: State | None, station_id: UUID | None, after: int, limit: int
) -> list[Proposal]:
    """Those about stations in these areas, the oldest first."""
    rows = await connection.fetch(_SQL.proposals.sql, list(prefixes), state, station_id, after, limit)
    return [_read(row) for row in rows]


async def lock_overdue(connection: Any, now: datetime, every: timedelta, limit: int) -> list[Proposal]:
    """Open proposals that are to be chased (again), the oldest first; those that somebody else holds are left out."""
    return [_read(row) for row in await connection.fetch(_SQL.lock_overdue.sql, now, every, limit)]


async def save_chased(connection: Any, proposals: Sequence[Proposal]) -> None:
    """Keep how often each was chased."""
    ids, counts = [one.proposal_id for one in proposals], [one.chased for one in proposals]
    await connection.execute(_SQL.save_chased.sql, ids, counts)


async def save_decision(connection: Any, proposal: Proposal) -> None:
    """Keep what became of it."""
    await connection.execute(
        _SQL.decide_proposal.sql,
        proposal.proposal_id,
        proposal.state,
        proposal.decided_by,
        proposal.decided_at,
        proposal.decision_reason,
    )


async def supersede(
    connection: Any, records: Sequence[Record], *, account_id: str, carried_out: UUID | None, now: datetime
) -> list[Proposal]:
    """End the open proposals about what was just changed, but for the one that changed it."""
    rows = [{"station_id": record.station_id, "fields": list(record.after)} for record in records]
    ended = await connection.fetch(_SQL.supersede.sql, orjson.dumps(rows).decode(), now, account_id, carried_out)
    return sorted(map(_read, ended), key=lambda proposal: proposal.number)


async def end_about(connection: Any, station_ids: Sequence[UUID], *, account_id: str, now: datetime) -> list[Proposal]:
    """End the open proposals about stations that are gone."""
    ended = await connection.fetch(_SQL.end_about.sql, station_ids, now, account_id)
    return sorted(map(_read, ended), key=lambda proposal: proposal.number)


def _read(row: Any) -> Proposal:
    return Proposal(
        proposal_id=row["proposal_id"],
        station_id=row["station_id"],
        ref=row["ref"],
        area_codes=tuple(row["area_codes"]),
        changes=tuple(map(StationChange, row["changes"])),
        wanted=row["wanted"],
        before=row["before"],
        after=row["after"],
        verifier=JurisdictionLevel(row["verifier"]),
        reason=row["reason"],
        proposed_by=row["proposed_by"],
        proposed_at=row["proposed_at"],
        state=State(row["state"]),
        decided_by=row["decided_by"],
        decided_at=row["decided_at"],
        decision_reason=row["decision_reason"],
        chased=row["chased"],
        number=row["number"],
    )
