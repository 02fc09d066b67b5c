"""Idempotency-Key: the same request sent twice is done once and answered twice.

An endpoint claims its key inside its own transaction, so the answer is kept exactly when the work is. A second request
with the same key waits for the first to commit and then gets the stored answer with `Idempotent-Replay: true`;
the same key with another body is a 422. Keys belong to one subject and one route, and are kept for two days. A request
that ended in an error kept nothing and may be sent again.

    key: RequestKey            # an endpoint's parameter; without the header it only carries a fresh command id
    async with runtime.unit(command_id=key.command_id) as unit:
        if (replay := await key.claim(unit.connection, answer)) is not None:
            return replay      # `answer` may be None if it is not known yet; then `complete` follows

"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import UUID, uuid4

import aiosql
import orjson
from fastapi import Depends, Request, Response

from schemas.ids import derived_id
from services.kit.auth import Principal
from services.kit.entrance import BODY, PRINCIPAL, ROUTE
from services.kit.problems import Finding, ProblemError, invalid

HEADER: Final = "Idempotency-Key"
REPLAY_HEADER: Final = "Idempotent-Replay"
KEPT: Final = timedelta(days=2)
_KEY: Final = re.compile(r"[\x21-\x7e]{1,200}")
_NAMESPACE: Final = UUID("0a6d7a52-9f0b-5c7e-8a34-2f6f5f5c1b77")
_SWEEP_ROWS_MAX: Final = 5_000
_SQL: Final = aiosql.from_path(Path(__file__).parent / "sql" / "idempotency.sql", "asyncpg", mandatory_parameters=False)


@dataclass(frozen=True)
class Answer:
    """What an endpoint answers, in a form that can be kept."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] | None = None

    @classmethod
    def of(cls, status: int, document: Any) -> Answer:
        """A JSON answer."""
        return cls(status, orjson.dumps(document))

    def response(self, *, replayed: bool = False) -> Response:
        """The answer as it is sent."""
        headers = dict(self.headers or {})
        if replayed:
            headers[REPLAY_HEADER] = "true"
        return Response(self.body, self.status, headers, media_type=self.content_type)


@dataclass(frozen=True, kw_only=True)
class ClaimedKey:
    """The identity of a request. Without an Idempotency-Key `key` is None: nothing is kept, ids are fresh."""

    subject: str
    route: str
    key: str | None
    body_sha256: bytes
    command_id: UUID
    """The same for every repetition of a keyed request; everything the command makes derives its ids from it."""

    async def claim(self, connection: Any, answer: Answer | None = None) -> Response | None:
        """None if the work is ours to do; else the stored answer, to be returned without doing anything.

        Pass the answer when it is known beforehand: it saves the statement of `complete`. Raises `ProblemError` 422
        for a key that was used with another body. Must run inside the transaction that does the work.
        """
        if self.key is None:
            return None
        known = (answer.status, answer.body, answer.content_type) if answer else (None, None, None)
        mine = (self.subject, self.route, self.key)
        if await connection.fetchval(_SQL.claim.sql, *mine, self.body_sha256, *known, datetime.now(UTC)):
            return None
        stored = await connection.fetchrow(_SQL.stored.sql, *mine)
        if stored is None:  # the first one rolled back between the two statements
            raise ProblemError(409, "conflict", "The same request is being handled; send it again.")
        if bytes(stored["body_sha256"]) != self.body_sha256:
            detail = f"This {HEADER} was used before with another body."
            raise ProblemError(
                422, "idempotency-key-reused", detail, findings=[Finding(where=f"header:{HEADER}", what=detail)]
            )
        if stored["status"] is None:
            raise RuntimeError(f"{self.route} claims a key and never completes it")
        return Answer(stored["status"], bytes(stored["answer"]), stored["content_type"]).response(replayed=True)

    async def complete(self, connection: Any, answer: Answer) -> Response:
        """Keep the answer of a key that was claimed without one, and return it as the response."""
        if self.key is not None:
            await connection.execute(
                _SQL.complete.sql, self.subject, self.route, self.key, answer.status, answer.body, answer.content_type
            )
        return answer.response()


async def request_key(request: Request) -> ClaimedKey:
    """The key of a request, or 422 for one that cannot be a key."""
    return key_of(request, request.scope.get(BODY, b""))


def key_of(request: Request, body: bytes) -> ClaimedKey:
    """The same for a body that was read by the endpoint itself, which may give its digest instead."""
    given = request.headers.get(HEADER)
    if given is not None and not _KEY.fullmatch(given):
        raise invalid([Finding(where=f"header:{HEADER}", what="must be 1 to 200 visible ASCII characters")])
    principal = request.scope.get(PRINCIPAL)
    subject = principal.subject if isinstance(principal, Principal) else "-"
    route = f"{request.method} {request.scope.get(ROUTE, '')}"
    if given is None:
        return ClaimedKey(subject=subject, route=route, key=None, body_sha256=b"", command_id=uuid4())
    digest = hashlib.sha256(request.scope["path"].encode() + b"\n" + body).digest()
    command_id = derived_id(_NAMESPACE, f"{subject}\n{route}\n{given}\n{digest.hex()}")
    return ClaimedKey(subject=subject, route=route, key=given, body_sha256=digest, command_id=command_id)


RequestKey = Annotated[ClaimedKey, Depends(request_key)]
"""Parameter type of endpoints that change something."""


async def sweep(pool: Any, now: datetime) -> int:
    """Forget answers older than two days, a bounded number at once; returns how many."""
    status = await pool.execute(_SQL.forget.sql, now - KEPT, _SWEEP_ROWS_MAX)
    return int(status.rpartition(" ")[2])
