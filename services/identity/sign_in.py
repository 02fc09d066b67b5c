"""Sign-in: a password, an API key or a refresh token becomes a short-lived access token.

A refusal never says which part was wrong. Failures slow down further tries for that account name and for that network
address; the counts are shared by all processes through the database. The secrets themselves are never logged.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from schemas.policy import AccountRole
from services.identity import store
from services.identity.decide import (
    ACCOUNT_FREE_FAILURES,
    ADDRESS_FREE_FAILURES,
    QUIET,
    RefreshVerdict,
    decide_refresh,
    lock_after,
)
from services.identity.passwords import Passwords
from services.identity.secrets_made import is_same, make_refresh_token, prefix_of, sha256
from services.identity.settings import IdentitySettings
from services.kit import metrics
from services.kit.auth import TokenSigner, unauthorized
from services.kit.clock import Clock
from services.kit.db import Pool
from services.kit.log import get_logger
from services.kit.problems import ProblemError

_log = get_logger(__name__)
_q: Final = store.queries


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What a sign-in gives."""

    access_token: str
    expires_in_s: int
    refresh_token: str | None = None


def _bucket(kind: str, value: str) -> bytes:
    return hashlib.sha256(f"{kind}\n{value.casefold()}".encode()).digest()


class SignIn:
    """The three grants."""

    def __init__(
        self, pool: Pool, passwords: Passwords, signer: TokenSigner, settings: IdentitySettings, clock: Clock
    ) -> None:
        self._pool = pool
        self._passwords = passwords
        self._signer = signer
        self._settings = settings
        self._clock = clock

    async def with_password(self, name: str, password: str, address: str) -> Grant:
        """401 when it does not fit, 429 while the name or the address is slowed down."""
        buckets = {_bucket("account", name): ACCOUNT_FREE_FAILURES, _bucket("address", address): ADDRESS_FREE_FAILURES}
        await self._refuse_locked(list(buckets), "password")
        async with self._pool.acquire() as connection:
            found = await store.find_account(connection, name)
        right = await self._passwords.is_right(password, found[1] if found else None)
        if not right or found is None or found[0].disabled_at is not None:
            await self._count_failure(buckets)
            raise self._refused("password", "Name or password is wrong.")
        account, kept_hash = found
        fresh_hash = await self._passwords.hash(password) if self._passwords.is_outdated(kept_hash) else None
        async with self._pool.acquire() as connection, connection.transaction():
            await _q.forget_failures(connection, bucket=_bucket("account", name))
            if fresh_hash is not None:
                await _q.set_password_hash(connection, id=account.id, password_hash=fresh_hash)
            refresh_token = await self._add_refresh_token(connection, account.id, uuid4())
        return self._granted("password", str(account.id), account.roles, account.areas, refresh_token)

    async def with_api_key(self, api_key: str, address: str) -> Grant:
        """401 when the key is not valid (any more), 429 while the address is slowed down."""
        buckets = {_bucket("address", address): ADDRESS_FREE_FAILURES}
        await self._refuse_locked(list(buckets), "client_credentials")
        async with self._pool.acquire() as connection:
            row = await _q.api_key_by_prefix(connection, prefix=prefix_of(api_key) or "")
        valid = row is not None and is_same(api_key, row["secret_sha256"])
        if not valid or row["revoked_at"] is not None or row["expires_at"] <= self._clock.now():
            await self._count_failure(buckets)
            raise self._refused("client_credentials", "The API key is not valid.")
        roles = [AccountRole(role) for role in row["roles"]]
        return self._granted("client_credentials", str(row["id"]), roles, row["areas"], None)

    async def with_refresh_token(self, refresh_token: str) -> Grant:
        """401 when it is not valid; a token that was used before ends the whole family it belongs to."""
        now = self._clock.now()
        async with self._pool.acquire() as connection, connection.transaction():
            await _q.lock_family_of(connection, secret_sha256=sha256(refresh_token))
            found = await store.refresh_state(connection, sha256(refresh_token))
            verdict = decide_refresh(found[0] if found else None, now)
            if found is not None and verdict is RefreshVerdict.STOLEN:
                await _q.revoke_family(connection, family_id=found[1]["family_id"], now=now)
                _log.warning("identity.refresh-token-reused", account_id=found[1]["account_id"])
            if found is not None and verdict is RefreshVerdict.ROTATE:
                row = found[1]
                await _q.use_refresh_token(connection, secret_sha256=sha256(refresh_token), now=now)
                next_token = await self._add_refresh_token(connection, row["account_id"], row["family_id"])
        if found is None or verdict is not RefreshVerdict.ROTATE:
            raise self._refused("refresh_token", "The refresh token is not valid; sign in again.")
        roles = [AccountRole(role) for role in row["roles"]]
        return self._granted("refresh_token", str(row["account_id"]), roles, row["areas"], next_token)

    async def end(self, refresh_token: str) -> None:
        """End the family of this token, used or not, so that no copy of any of its tokens is worth anything."""
        kept = sha256(refresh_token)
        async with self._pool.acquire() as connection, connection.transaction():
            await _q.lock_family_of(connection, secret_sha256=kept)
            await _q.revoke_family_of(connection, secret_sha256=kept, now=self._clock.now())

    async def _add_refresh_token(self, connection: Any, account_id: UUID, family_id: UUID) -> str:
        made, now = make_refresh_token(), self._clock.now()
        await _q.add_refresh_token(
            connection, secret_sha256=made.sha256, family_id=family_id, account_id=account_id, now=now,
            expires_at=now + timedelta(days=self._settings.refresh_token_days),
        )  # fmt: skip
        return made.text

    async def _refuse_locked(self, buckets: Sequence[bytes], grant: str) -> None:
        now = self._clock.now()
        async with self._pool.acquire() as connection:
            until: datetime | None = await _q.locked_until(connection, buckets=list(buckets), now=now)
        if until is not None:
            metrics.SIGN_INS.labels(grant=grant, outcome="slowed-down").inc()
            wait_s = max(1, round((until - now).total_seconds()))
            detail = f"Too many failed sign-ins; try again in {wait_s} s."
            raise ProblemError(429, "too-many-requests", detail, headers={"Retry-After": str(wait_s)})

    async def _count_failure(self, buckets: dict[bytes, int]) -> None:
        now = self._clock.now()
        async with self._pool.acquire() as connection, connection.transaction():
            for bucket, free_failures in sorted(buckets.items()):  # one order for everybody: no deadlock
                failures = await _q.count_failure(connection, bucket=bucket, now=now, quiet_since=now - QUIET)
                await _q.lock_bucket(connection, bucket=bucket, locked_until=now + lock_after(failures, free_failures))

    def _refused(self, grant: str, detail: str) -> ProblemError:
        metrics.SIGN_INS.labels(grant=grant, outcome="refused").inc()
        return unauthorized(detail)

    def _granted(
        self, grant: str, subject: str, roles: Sequence[AccountRole], areas: Sequence[str], refresh_token: str | None
    ) -> Grant:
        metrics.SIGN_INS.labels(grant=grant, outcome="granted").inc()
        lifetime_s = self._settings.access_token_s
        token = self._signer.sign(subject, lifetime=timedelta(seconds=lifetime_s), roles=roles, areas=areas)
        return Grant(access_token=token, expires_in_s=lifetime_s, refresh_token=refresh_token)
