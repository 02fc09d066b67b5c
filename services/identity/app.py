"""The identity service put together."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final
from uuid import uuid4

from schemas.policy import AccountRole
from services.identity import store
from services.identity.api import create_router
from services.identity.decide import QUIET
from services.identity.passwords import Passwords
from services.identity.settings import IdentitySettings
from services.identity.sign_in import SignIn
from services.kit.auth import TokenSigner
from services.kit.db import is_transient
from services.kit.log import describe_error, get_logger
from services.kit.runtime import Runtime
from services.kit.service import Service
from services.kit.settings import load

_log = get_logger(__name__)
_SWEEP_EVERY_S: Final = 600.0
_RETRY_S: Final = 1.0


async def ensure_first_account(runtime: Runtime, settings: IdentitySettings, passwords: Passwords) -> bool:
    """Make the account of the settings if there is none at all. False if there is none and none is set."""
    async with runtime.pool.acquire() as connection:
        if await store.queries.has_account(connection):
            return True
    first = settings.first_account()
    if first is None:
        return False
    name, password = first
    password_hash = await passwords.hash(password)
    async with runtime.pool.acquire() as connection, connection.transaction():
        await store.queries.lock_accounts(connection)
        if not await store.queries.has_account(connection):
            await store.add_account(
                connection, uuid4(), name=name, password_hash=password_hash,
                roles=[AccountRole.ADMINISTRATOR, AccountRole.DUTY_OFFICER], areas=["*"],
                now=runtime.clock.now(), actor="start",
            )  # fmt: skip
            _log.info("identity.first-account-made")
    return True


class Housekeeping:
    """Makes the first account, then forgets what has expired, now and then."""

    def __init__(self, runtime: Runtime, settings: IdentitySettings, passwords: Passwords) -> None:
        self._runtime = runtime
        self._settings = settings
        self._passwords = passwords
        self._has_account = False

    async def has_account(self) -> bool:
        """Readiness: somebody can sign in."""
        return self._has_account

    async def run(self) -> None:
        """Never ends; faults of the database are waited out."""
        while True:
            try:
                self._has_account = await ensure_first_account(self._runtime, self._settings, self._passwords)
                await self._sweep()
            except Exception as error:
                if not is_transient(error):
                    raise
                _log.warning("identity.housekeeping-postponed", error=describe_error(error))
                await asyncio.sleep(_RETRY_S)
            else:
                await asyncio.sleep(_SWEEP_EVERY_S if self._has_account else _RETRY_S)

    async def _sweep(self) -> None:
        now = self._runtime.clock.now()
        async with self._runtime.pool.acquire() as connection:
            await store.queries.sweep_refresh_tokens(connection, before=now)
            await store.queries.sweep_failures(connection, before=now - QUIET)


def create(runtime: Runtime) -> Service:
    """The service, without I/O but for reading its keys."""
    settings = load(IdentitySettings)
    passwords = Passwords(at_once=settings.password_checks_at_once, waiting_max=settings.password_checks_waiting)
    signer = TokenSigner.from_file("identity", runtime.secrets_dir, runtime.clock)
    sign_in = SignIn(runtime.pool, passwords, signer, settings, runtime.clock)
    housekeeping = Housekeeping(runtime, settings, passwords)
    return Service(
        name="identity",
        folder=Path(__file__).parent,
        router=create_router(runtime, settings, sign_in, passwords, runtime.secrets_dir / "jwks.json"),
        loops=(housekeeping.run,),
        checks={"first-account": housekeeping.has_account},
    )
