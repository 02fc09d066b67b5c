"""The identity service on a database of a test's own, with a clock that the test moves."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from schemas.policy import rows_of
from services.identity.app import create, ensure_first_account
from services.identity.passwords import Passwords
from services.identity.settings import IdentitySettings
from services.kit import db
from services.kit.clock import ManualClock
from services.kit.health import Health
from services.kit.http import build_app
from services.kit.migrate import migrate
from services.kit.runtime import Runtime
from services.kit.settings import KitSettings
from tests.support.signing import Signing, make_signing

PASSWORD = "a long first password"


@dataclass
class Rig:
    """The service with its first account, asked without a network; `app` is what a server would serve."""

    client: httpx.AsyncClient
    app: Any
    clock: ManualClock
    pool: Any
    signing: Signing
    runtime: Runtime
    settings: IdentitySettings

    async def token(self, **grant: str) -> httpx.Response:
        """Exchange a grant."""
        return await self.client.post("/identity/tokens", json=grant)

    async def sign_in(self, name: str = "Admin", password: str = PASSWORD) -> httpx.Response:
        """Exchange a password."""
        return await self.token(grant_type="password", name=name, password=password)

    async def refresh(self, refresh_token: str) -> httpx.Response:
        """Exchange a refresh token."""
        return await self.token(grant_type="refresh_token", refresh_token=refresh_token)

    async def admin(self) -> dict[str, str]:
        """The administrator's headers."""
        return {"Authorization": f"Bearer {(await self.sign_in()).json()['access_token']}"}


@asynccontextmanager
async def identity_rig(
    make_database: Callable[..., Any], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Rig]:
    """Keys and the first password lie in the folder."""
    clock = ManualClock(datetime.now(UTC))
    signing = make_signing(folder, clock)
    (folder / "admin.password").write_text(PASSWORD + "\n")
    monkeypatch.setenv("THIRDRESCUE_SECRETS_DIR", str(folder))
    monkeypatch.setenv("THIRDRESCUE_ADMIN_NAME", "admin")
    monkeypatch.setenv("THIRDRESCUE_ADMIN_PASSWORD_FILE", str(folder / "admin.password"))
    settings = KitSettings()
    pool = await db.create_pool(make_database("identity").dsn("identity"), "identity", settings)
    runtime = Runtime("identity", settings=settings, clock=clock, pool=pool, verifier=signing.verifier, health=Health())
    service = create(runtime)
    async with pool.acquire() as connection:
        await migrate(connection, "identity", service.folder / "sql" / "migrations")
    own = IdentitySettings()
    assert await ensure_first_account(runtime, own, Passwords(at_once=1, waiting_max=5))
    app: Any = build_app(
        [service.router], rows_of("identity"), settings=settings, verifier=signing.verifier, health=Health()
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield Rig(client, app, clock, pool, signing, runtime, own)
    await pool.close()
