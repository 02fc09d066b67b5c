"""One service behind its real HTTP layer on a real database, without a process or a broker around it.

Requests go through the gate, the policy table and FastAPI to the service; what it emitted is read from its outbox.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schemas import codec
from schemas.envelope import Envelope
from schemas.policy import AccountRole, rows_of
from schemas.topics import BY_NAME, MAX_RECORD_BYTES
from services.kit import db
from services.kit.auth import KeySet, TokenSigner, TokenVerifier
from services.kit.bus import Bus
from services.kit.clock import Clock, SystemClock
from services.kit.health import Health
from services.kit.http import build_app
from services.kit.kafka import KafkaBus
from services.kit.migrate import migrate
from services.kit.outbox import SEQUENCE_HEADER, unpack_headers
from services.kit.relay import Relay
from services.kit.runtime import Runtime
from services.kit.service import Service
from services.kit.settings import KitSettings

SUBJECT = "3f0d7a34-8a5e-4b5e-9a0c-0d5f5f3c2b11"


@dataclass(frozen=True)
class ServiceRig:
    """The service, its database and ways to ask it."""

    service: Service
    runtime: Runtime
    app: Any
    dsn: str
    signer: TokenSigner

    @asynccontextmanager
    async def client(
        self, *roles: AccountRole, areas: Sequence[str] = ("*",), subject: str = SUBJECT
    ) -> AsyncIterator[httpx.AsyncClient]:
        """A caller with these roles and areas; a duty officer of everywhere unless told otherwise."""
        token = self.signer.sign(
            subject, lifetime=timedelta(hours=12), roles=roles or (AccountRole.DUTY_OFFICER,), areas=areas
        )
        transport = httpx.ASGITransport(self.app)
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
            yield client

    async def emitted(self, topic: str | None = None) -> list[Envelope]:
        """What waits in the outbox, in order; of one topic or of all."""
        rows = await self.runtime.pool.fetch("SELECT topic, key, sequence, value, headers FROM outbox ORDER BY id")
        return [_envelope(row) for row in rows if topic in (None, row["topic"])]

    async def forget_emitted(self) -> None:
        """Empty the outbox, as if the relay had sent everything."""
        await self.runtime.pool.execute("DELETE FROM outbox")

    @asynccontextmanager
    async def relayed(self, bus: Bus) -> AsyncIterator[None]:
        """The service's relay runs on this bus inside the block, and is cancelled at its end."""

        async def connect() -> Any:
            return await db.connect(self.dsn, self.service.name, self.runtime.settings)

        relay = Relay(self.service.name, connect, bus, max_record_bytes=MAX_RECORD_BYTES)
        self.runtime.units.on_events = relay.wake
        running = asyncio.create_task(relay.run())
        try:
            yield
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await bus.stop()

    async def count(self, table: str) -> int:
        """Rows of a table of the service's schema."""
        return int(await self.runtime.pool.fetchval(f"SELECT count(*) FROM {table}"))  # noqa: S608 - a test's word


def _envelope(row: Any) -> Envelope:
    headers = [*unpack_headers(row["headers"]), (SEQUENCE_HEADER, str(row["sequence"]).encode())]
    return codec.decode(BY_NAME[row["topic"]], row["key"], row["value"], headers)


def make_keys(folder: Path, clock: Clock) -> tuple[TokenSigner, TokenVerifier]:
    """A signer of the identity service and the verifier that trusts it."""
    key = Ed25519PrivateKey.generate()
    jwk = jwt.algorithms.OKPAlgorithm.to_jwk(key.public_key(), as_dict=True)
    (folder / "jwks.json").write_text(json.dumps({"keys": [{**jwk, "kid": "identity", "use": "sig"}]}))
    return TokenSigner("identity", key, clock), TokenVerifier(KeySet(folder / "jwks.json", clock), clock)


@asynccontextmanager
async def open_service(
    name: str,
    create: Callable[[Runtime], Service],
    dsn: str,
    folder: Path,
    *,
    clock: Clock | None = None,
    bus: Bus | None = None,
) -> AsyncIterator[ServiceRig]:
    """The migrated service. `folder` takes its keys."""
    clock = clock or SystemClock()
    settings = KitSettings(secrets_dir=folder)
    signer, verifier = make_keys(folder, clock)
    pool = await db.create_pool(dsn, name, settings)
    health = Health()
    runtime = Runtime(name, settings=settings, clock=clock, pool=pool, verifier=verifier, health=health, bus=bus)
    service = create(runtime)
    async with pool.acquire() as connection:
        await migrate(connection, name, service.folder / "sql" / "migrations")
    rows = [row for row in rows_of(name) if not row.path.startswith(("/streams", f"/{name}/quarantine"))]
    app = build_app([service.router], rows, settings=settings, verifier=verifier, health=health)
    try:
        yield ServiceRig(service, runtime, app, dsn, signer)
    finally:
        await pool.close()


async def read_keys(
    bootstrap: str, topic: str, keys: set[str], expected: int, *, timeout_s: float = 40
) -> list[Envelope]:
    """The first `expected` events of these keys on a topic, from its beginning, in log order per key."""
    bus = KafkaBus(bootstrap, client_id="reader")
    reader = bus.reader([topic], group=f"reader-{uuid4()}")
    await reader.start()
    found: list[Envelope] = []
    try:
        async with asyncio.timeout(timeout_s):
            while len(found) < expected:
                batches = await reader.fetch(max_records=500, timeout_s=0.5)
                records = [record for batch in batches.values() for record in batch]
                mine = [record for record in records if (record.key or b"").decode() in keys]
                found += [codec.decode(BY_NAME[topic], r.key, r.value, r.headers) for r in mine]
    finally:
        await reader.stop()
        await bus.stop()
    return found
