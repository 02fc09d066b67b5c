"""A command in one statement: claim the request, do the work, write the event, commit, in one round trip.

For commands that come so often, or must be answered so fast, that the five round trips of a unit count. The promise is
that of a unit with an Idempotency-Key: all of it is committed or nothing, and the same request is done once.
The service's statement begins with the thirteen parameters below and calls the two functions of
sql/migrations/0002_at_once.sql; `services/incidents/sql/queries.sql` (`declare`) shows how.

    $1 subject, $2 route, $3 key or NULL, $4 body hash, $5 status, $6 answer, $7 content type, $8 now,
    $9 topic, $10 event key, $11 event value (JSON, UTF-8), $12 event headers; the service's own begin at $13
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Response

from schemas.envelope import Event
from services.kit.idempotency import Answer, ClaimedKey
from services.kit.log import CORRELATION
from services.kit.problems import conflict
from services.kit.runtime import Runtime
from services.kit.unit import Origin, Unit


async def commit_at_once(
    runtime: Runtime,
    request: ClaimedKey,
    statement: str,
    arguments: Sequence[Any],
    *,
    event: Event,
    key: UUID,
    exercise: bool,
    jurisdiction: Sequence[str],
    now: datetime,
    answer: Answer,
) -> Response:
    """Run the statement, which must return whether the request was new; answers, or answers again if it was not.

    Raises `ProblemError` 422 for a key that was used with another body, and EventTooLarge.
    """
    origin = Origin(
        id=request.command_id, correlation_id=CORRELATION.get() or request.command_id, causation_id=None
    )  # fmt: skip
    unit = Unit(None, now, origin, f"/thirdrescue/{runtime.service}")
    unit.emit(event, key=key, exercise=exercise, jurisdiction=jurisdiction)
    (row,) = unit.rows
    async with runtime.pool.acquire(timeout=runtime.settings.pool_acquire_timeout_s) as connection:
        is_new = await connection.fetchval(
            statement, request.subject, request.route, request.key, request.body_sha256, answer.status, answer.body,
            answer.content_type, now, row.topic, row.key, row.value, row.headers, *arguments,
        )  # fmt: skip
        if not is_new:
            return await _answer_again(connection, request)
    runtime.wake_outbox()
    return answer.response()


async def _answer_again(connection: Any, request: ClaimedKey) -> Response:
    async with connection.transaction():
        replay = await request.claim(connection)
        if replay is None:  # the answer was forgotten between the two statements; leave the key unclaimed
            raise conflict("The same request was handled a moment ago and is no longer known; send it again.")
        return replay
