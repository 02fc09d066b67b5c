"""The tables of feeds. Every function works on the caller's connection, inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import aiosql
import orjson

from schemas.vocabulary import Level
from services.incidents.feeds.decide import keys_as_texts
from services.incidents.feeds.model import FeedPolicy, Followed, Kept, Known, Message, ProposalState
from services.incidents.feeds.texts import message_of, proposal_of

_SQL: Final = aiosql.from_path(Path(__file__).parents[1] / "sql" / "feeds.sql", "asyncpg", mandatory_parameters=False)


async def one_at_a_time(connection: Any) -> None:
    """Be the only one that takes messages, until the transaction ends."""
    await connection.execute(_SQL.one_at_a_time.sql)


async def known_messages(connection: Any, digests: Sequence[bytes]) -> dict[bytes, UUID]:
    """In which proposals those of the messages are that are kept."""
    rows = await connection.fetch(_SQL.known_messages.sql, list(digests))
    return {row["digest"]: row["proposal_id"] for row in rows}


async def related(connection: Any, messages: Sequence[Message]) -> tuple[list[Any], list[Any]]:
    """Rows of all proposals that the messages may belong to, and of their messages; `as_known` reads them."""
    keys = sorted({key for message in messages for key in keys_as_texts(message.proposal)})
    rows = await connection.fetch(_SQL.related_messages.sql, keys)
    ids = list({row["proposal_id"] for row in rows})
    return await connection.fetch(_SQL.proposals_by_id.sql, ids) if ids else [], rows


def as_known(proposals: Sequence[Any], messages: Sequence[Any]) -> Known:
    """What rows say. Takes time with their number, and waits for nothing."""
    return Known(
        kept={row["proposal_id"]: _kept(row) for row in proposals},
        messages=tuple(message_of(row["message"], row["proposal_id"]) for row in messages),
    )


async def load(connection: Any, proposal_id: UUID) -> Kept | None:
    """One proposal, locked."""
    row = await connection.fetchrow(_SQL.proposals_by_id.sql, [proposal_id])
    return None if row is None else _kept(row)


async def put(connection: Any, followed: Followed, source: str, new: Sequence[Message], now: datetime) -> int:
    """Keep what became of a proposal, with its new messages; returns its revision."""
    picture = followed.picture
    revision: int = await connection.fetchval(
        _SQL.put_proposal.sql, followed.proposal_id, source, picture.exercise, followed.withdrawn,
        followed.picture_text, followed.picture_digest, picture.kind.value, picture.level and picture.level.value,
        picture.occurred_at, list(picture.area_codes), now,
    )  # fmt: skip
    if followed.joined:
        await connection.execute(_SQL.join_proposals.sql, list(followed.joined), followed.proposal_id, now)
        await connection.execute(_SQL.move_messages.sql, list(followed.joined), followed.proposal_id)
    await insert_messages(connection, followed.proposal_id, source, new, now)
    return revision


async def insert_messages(
    connection: Any, proposal_id: UUID, source: str, messages: Sequence[Message], now: datetime
) -> None:
    """Keep messages of a proposal."""
    keys = [orjson.dumps(keys_as_texts(message.proposal)).decode() for message in messages]
    await connection.execute(
        _SQL.insert_messages.sql, [message.digest for message in messages], [proposal_id] * len(messages), source,
        [message.text for message in messages], keys, now,
    )  # fmt: skip


async def set_accepted(
    connection: Any, kept: Kept, incident_id: UUID, area_revision: int, *, now: datetime, actor: str | None
) -> None:
    """The proposal at its present revision is what the incident says."""
    level = kept.picture.level and kept.picture.level.value
    await connection.execute(
        _SQL.set_accepted.sql, kept.proposal_id, incident_id, level, area_revision, now, actor
    )  # fmt: skip


async def set_dismissed(connection: Any, proposal_id: UUID, reason: str, *, now: datetime, actor: str | None) -> None:
    """Nothing is declared from it."""
    await connection.execute(_SQL.set_dismissed.sql, proposal_id, reason, now, actor)


async def read_page(
    connection: Any,
    prefixes: Sequence[str],
    *,
    state: ProposalState | None,
    source: str | None,
    without_level: bool,
    before: tuple[datetime, UUID],
    limit: int,
) -> list[dict[str, Any]]:
    """A page of proposals, the last changed first."""
    rows = await connection.fetch(
        _SQL.proposals_page.sql, list(prefixes), state and state.value, source, without_level, *before, limit
    )
    return [dict(row) for row in rows]


async def read_one(connection: Any, proposal_id: UUID) -> dict[str, Any] | None:
    """One proposal with its picture and all its messages, as plain values."""
    row = await connection.fetchrow(_SQL.proposal.sql, proposal_id)
    if row is None:
        return None
    document = {name: value for name, value in row.items() if name != "picture_digest"}
    document["picture"] = orjson.loads(row["picture"])
    document["messages"] = [{**one, "message": orjson.loads(one["message"])} for one in row["messages"]]
    return document


async def policy_of(connection: Any, source: str) -> tuple[FeedPolicy, int]:
    """What the source may do by itself, and the version of that; version 0 is nothing."""
    row = await connection.fetchrow(_SQL.newest_policy.sql, source)
    return (FeedPolicy(), 0) if row is None else (FeedPolicy.model_validate(row["policy"]), row["version"])


async def save_policy(connection: Any, source: str, policy: FeedPolicy, *, now: datetime, actor: str | None) -> int:
    """Keep a new version of a policy; returns its number."""
    version: int = await connection.fetchval(_SQL.insert_policy.sql, source, policy.model_dump_json(), now, actor)
    return version


def _kept(row: Any) -> Kept:
    return Kept(
        proposal_id=row["proposal_id"],
        source=row["source"],
        state=ProposalState(row["state"]),
        revision=row["revision"],
        withdrawn=row["withdrawn"],
        picture=proposal_of(row["picture"]),
        picture_digest=row["picture_digest"],
        incident_id=row["incident_id"],
        accepted_level=row["accepted_level"] and Level(row["accepted_level"]),
        accepted_area_revision=row["accepted_area_revision"],
        accepted_revision=row["accepted_revision"],
    )
