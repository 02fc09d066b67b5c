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

from schemas.vocabulary import Role
from services.registry.stations.model import Station
from services.registry.volunteers.decide import deployable, usable_roles
from services.registry.volunteers.model import Credential, Identity, Volunteer

_SQL: Final = aiosql.from_path(Path(__file__).parent / "sql" / "queries.sql", "asyncpg", mandatory_parameters=False)


async def lock_volunteers(connection: Any, volunteer_ids: Iterable[UUID]) -> dict[UUID, Volunteer]:
    """Those of the volunteers that exist, locked until the transaction ends."""
    rows = await connection.fetch(_SQL.lock_volunteers.sql, list(set(volunteer_ids)))
    return await load_volunteers(connection, [row["volunteer_id"] for row in rows])


async def lock_volunteers_at(connection: Any, station_ids: Iterable[UUID]) -> dict[UUID, Volunteer]:
    """All whose home one of the stations is, locked until the transaction ends."""
    rows = await connection.fetch(_SQL.lock_volunteers_at.sql, list(set(station_ids)))
    return await load_volunteers(connection, [row["volunteer_id"] for row in rows])


async def lock_running_out(connection: Any, day: date, limit: int) -> dict[UUID, Volunteer]:
    """Volunteers with credentials that ran out before the day untold, locked; those being changed now are left out."""
    rows = await connection.fetch(_SQL.lock_running_out.sql, day, limit)
    return await load_volunteers(connection, [row["volunteer_id"] for row in rows])


async def any_running_out(connection: Any, day: date) -> bool:
    """Whether credentials are left that ran out before the day untold."""
    return bool(await connection.fetchval(_SQL.any_running_out.sql, day))


async def load_volunteer(connection: Any, volunteer_id: UUID) -> Volunteer | None:
    """One volunteer, not locked."""
    return (await load_volunteers(connection, [volunteer_id])).get(volunteer_id)


async def save_volunteers(
    connection: Any, volunteers: Sequence[Volunteer], homes: Mapping[UUID, Station], *, today: date, now: datetime
) -> None:
    """Create or replace, with memberships and credentials. `homes` holds at least their home stations."""
    rows = [_volunteer_row(volunteer, homes[volunteer.home_station_id], today) for volunteer in volunteers]
    await connection.execute(_SQL.save_volunteers.sql, orjson.dumps(rows).decode(), now)
    pairs = [(v.volunteer_id, station_id) for v in volunteers for station_id in v.memberships]
    ids = [volunteer.volunteer_id for volunteer in volunteers]
    await connection.execute(_SQL.save_memberships.sql, ids, [pair[0] for pair in pairs], [pair[1] for pair in pairs])
    credentials = [_credential_row(v.volunteer_id, credential) for v in volunteers for credential in v.credentials]
    if credentials:
        await connection.execute(_SQL.save_credentials.sql, orjson.dumps(credentials).decode())


async def save_identities(connection: Any, identities: Sequence[Identity], now: datetime) -> set[UUID]:
    """Put names and phones into the vault; says whose were new or different."""
    columns = (
        [identity.volunteer_id for identity in identities],
        [identity.name for identity in identities],
        [identity.phone for identity in identities],
    )
    rows = await connection.fetch(_SQL.save_identities.sql, *columns, now)
    return {row["volunteer_id"] for row in rows}


async def set_availability_reason(connection: Any, volunteer_id: UUID, reason: str | None) -> None:
    """Keep why a volunteer cannot be asked; it goes nowhere else."""
    await connection.execute(_SQL.set_availability_reason.sql, volunteer_id, reason)


async def count(connection: Any) -> dict[str, Any]:
    """Counts of volunteers, as last published."""
    counts = await connection.fetchrow(_SQL.count_volunteers.sql)
    return {
        **dict(counts),
        "deployable_by_role": {row["role"]: row["n"] for row in await connection.fetch(_SQL.count_roles.sql)},
        "deployable_by_language": {
            row["language"]: row["n"] for row in await connection.fetch(_SQL.count_languages.sql)
        },
        "not_deployable_by_reason": {row["reason"]: row["n"] for row in await connection.fetch(_SQL.count_reasons.sql)},
    }


async def load_volunteers(connection: Any, volunteer_ids: Sequence[UUID]) -> dict[UUID, Volunteer]:
    """Those of the volunteers that exist, not locked."""
    if not volunteer_ids:
        return {}
    credentials: dict[UUID, list[Credential]] = defaultdict(list)
    for row in await connection.fetch(_SQL.credentials_of.sql, volunteer_ids):
        credentials[row["volunteer_id"]].append(
            Credential(
                kind=row["kind"],
                issuer=row["issuer"],
                number=row["number"],
                roles=tuple(map(Role, row["roles"])),
                expires_on=row["expires_on"],
                expiry_told=row["expiry_told"],
            )
        )
    rows = await connection.fetch(_SQL.volunteers_by_id.sql, volunteer_ids)
    return {row["volunteer_id"]: _read_volunteer(row, credentials[row["volunteer_id"]]) for row in rows}


def _read_volunteer(row: Any, credentials: Sequence[Credential]) -> Volunteer:
    return Volunteer(
        volunteer_id=row["volunteer_id"],
        ref=row["ref"],
        home_station_id=row["home_station_id"],
        memberships=tuple(row["memberships"]),
        roles=tuple(map(Role, row["roles"])),
        languages=tuple(row["languages"]),
        credentials=tuple(sorted(credentials, key=lambda credential: (credential.kind, credential.number))),
        available=row["available"],
        is_adult=row["is_adult"],
        is_retired=row["is_retired"],
    )


def _volunteer_row(volunteer: Volunteer, home: Station, today: date) -> dict[str, Any]:
    can_be_asked, reasons = deployable(volunteer, home, today)
    return {
        "volunteer_id": volunteer.volunteer_id,
        "ref": volunteer.ref,
        "home_station_id": volunteer.home_station_id,
        "roles": volunteer.roles,
        "languages": volunteer.languages,
        "available": volunteer.available,
        "is_adult": volunteer.is_adult,
        "is_retired": volunteer.is_retired,
        "usable_roles": usable_roles(volunteer, today),
        "deployable": can_be_asked,
        "reasons": reasons,
    }


def _credential_row(volunteer_id: UUID, credential: Credential) -> dict[str, Any]:
    return {
        "volunteer_id": volunteer_id,
        "kind": credential.kind,
        "number": credential.number,
        "issuer": credential.issuer,
        "roles": credential.roles,
        "expires_on": credential.expires_on,
        "expiry_told": credential.expiry_told,
    }
