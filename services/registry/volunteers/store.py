"""The tables of volunteers. Every function works on the caller's connection, inside the caller's transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import aiosql
import orjson

from services.registry.volunteers.model import Credential, Identity, Settled, Volunteer
from services.registry.volunteers.rows import credential_row, read_credential, read_volunteer, volunteer_row

_SQL: Final = aiosql.from_path(Path(__file__).parent / "sql" / "queries.sql", "asyncpg", mandatory_parameters=False)


async def lock_volunteers(connection: Any, volunteer_ids: Iterable[UUID]) -> dict[UUID, Volunteer]:
    """Those of the volunteers that exist, locked until the transaction ends."""
    rows = await connection.fetch(_SQL.lock_volunteers.sql, list(set(volunteer_ids)))
    return await load_volunteers(connection, [row["volunteer_id"] for row in rows])


async def lock_volunteers_at(connection: Any, station_ids: Iterable[UUID]) -> dict[UUID, Volunteer]:
    """All whose home one of the stations is, locked until the transaction ends."""
    rows = await connection.fetch(_SQL.lock_volunteers_at.sql, list(set(station_ids)))
    return await load_volunteers(connection, [row["volunteer_id"] for row in rows])


async def lock_due(connection: Any, now: datetime, limit: int) -> dict[UUID, Volunteer]:
    """Volunteers of whom time alone changes something, locked; those being changed now are left out."""
    rows = await connection.fetch(_SQL.lock_due.sql, now, limit)
    return await load_volunteers(connection, [row["volunteer_id"] for row in rows])


async def next_due(connection: Any) -> datetime | None:
    """When time alone changes something of anybody next."""
    found: datetime | None = await connection.fetchval(_SQL.next_due.sql)
    return found


async def load_volunteer(connection: Any, volunteer_id: UUID) -> Volunteer | None:
    """One volunteer, not locked."""
    return (await load_volunteers(connection, [volunteer_id])).get(volunteer_id)


async def load_members(connection: Any, station_id: UUID) -> list[Volunteer]:
    """The unretired whose home a station is, not locked."""
    rows = await connection.fetch(_SQL.members_at.sql, station_id)
    return list((await load_volunteers(connection, [row["volunteer_id"] for row in rows])).values())


async def save_volunteers(connection: Any, settled: Sequence[Settled], now: datetime) -> None:
    """Create or replace, with memberships and credentials."""
    rows = [volunteer_row(one) for one in settled]
    await connection.execute(_SQL.save_volunteers.sql, orjson.dumps(rows).decode(), now)
    volunteers = [one.volunteer for one in settled]
    pairs = [(v.volunteer_id, station_id) for v in volunteers for station_id in v.memberships]
    ids = [volunteer.volunteer_id for volunteer in volunteers]
    await connection.execute(_SQL.save_memberships.sql, ids, [pair[0] for pair in pairs], [pair[1] for pair in pairs])
    credentials = [credential_row(v.volunteer_id, credential) for v in volunteers for credential in v.credentials]
    if credentials:
        await connection.execute(_SQL.save_credentials.sql, orjson.dumps(credentials).decode())


async def add_history(
    connection: Any, entries: Sequence[Mapping[str, Any]], *, now: datetime, by: str, reason: str | None
) -> None:
    """Keep what was changed of volunteers (`volunteer_id`, `events`, `fields`)."""
    await connection.execute(_SQL.add_history.sql, orjson.dumps(entries).decode(), now, by, reason)


async def history(connection: Any, volunteer_id: UUID, before_id: int | None, limit: int) -> list[dict[str, Any]]:
    """What was changed, the newest first."""
    return [dict(row) for row in await connection.fetch(_SQL.history.sql, volunteer_id, before_id, limit)]


async def expiring_credentials(
    connection: Any, day: date, through: date, prefixes: Sequence[str], limit: int
) -> list[dict[str, Any]]:
    """Credentials that hold on a day and run out soon, without their numbers."""
    rows = await connection.fetch(_SQL.expiring_credentials.sql, day, through, prefixes, limit)
    return [dict(row) for row in rows]


async def save_identities(connection: Any, identities: Sequence[Identity], now: datetime) -> set[UUID]:
    """Put names and phones into the vault; says whose were new or different."""
    columns = (
        [identity.volunteer_id for identity in identities],
        [identity.name for identity in identities],
        [identity.phone for identity in identities],
    )
    rows = await connection.fetch(_SQL.save_identities.sql, *columns, now)
    return {row["volunteer_id"] for row in rows}


async def count(connection: Any) -> dict[str, Any]:
    """Counts of volunteers, as last published."""
    counts = await connection.fetchrow(_SQL.count_volunteers.sql)
    return {
        **dict(counts),
        "by_vetting": {row["vetting_status"]: row["n"] for row in await connection.fetch(_SQL.count_vetting.sql)},
        "deployable_by_role": {row["role"]: row["n"] for row in await connection.fetch(_SQL.count_roles.sql)},
        "deployable_by_language": {
            row["language"]: row["n"] for row in await connection.fetch(_SQL.count_languages.sql)
        },
        "deployable_by_channel": {row["channel"]: row["n"] for row in await connection.fetch(_SQL.count_channels.sql)},
        "not_deployable_by_reason": {row["reason"]: row["n"] for row in await connection.fetch(_SQL.count_reasons.sql)},
    }


async def load_volunteers(connection: Any, volunteer_ids: Sequence[UUID]) -> dict[UUID, Volunteer]:
    """Those of the volunteers that exist, not locked."""
    if not volunteer_ids:
        return {}
    credentials: dict[UUID, list[Credential]] = defaultdict(list)
    for row in await connection.fetch(_SQL.credentials_of.sql, volunteer_ids):
        credentials[row["volunteer_id"]].append(read_credential(row))
    rows = await connection.fetch(_SQL.volunteers_by_id.sql, volunteer_ids)
    return {row["volunteer_id"]: read_volunteer(row, credentials[row["volunteer_id"]]) for row in rows}
