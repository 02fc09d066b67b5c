"""One service of the field (dispatch, care, followup) on a real database, fed with events as the log would feed it.

Events go through the kit's real delivery (inbox, handlers, outbox), requests through the gate and the policy table.
The clock stands still until a test moves it; `fire` lets due timers work.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schemas import codec
from schemas.envelope import Envelope, Event
from schemas.policy import AccountRole, rows_of
from schemas.topics import BY_NAME, topic_of
from services.kit import db
from services.kit.auth import KeySet, TokenSigner, TokenVerifier
from services.kit.clock import ManualClock
from services.kit.delivery import Delivery
from services.kit.health import Health
from services.kit.http import build_app
from services.kit.memory import MemoryRecord
from services.kit.migrate import migrate
from services.kit.outbox import SEQUENCE_HEADER, unpack_headers
from services.kit.quarantine_api import quarantine_router
from services.kit.quarantine_desk import QuarantineDesk
from services.kit.runtime import Runtime
from services.kit.service import Service
from services.kit.settings import KitSettings
from services.kit.timers import TimerLoop

SUBJECT = "3f0d7a34-8a5e-4b5e-9a0c-0d5f5f3c2b11"
JURISDICTION = ("510000",)
REAL_NOW = datetime(2026, 5, 12, 7, 0, tzinfo=UTC)


@dataclass
class Field:
    """The service and ways to tell and ask it."""

    service: Service
    runtime: Runtime
    delivery: Delivery
    clock: ManualClock
    app: Any
    signers: dict[str, TokenSigner]
    sequences: dict[tuple[str, str], int] = field(default_factory=dict)
    records: list[tuple[str, MemoryRecord]] = field(default_factory=list)

    def record_of(
        self, event: Event, key: UUID, *, exercise: bool = False, at: datetime | None = None
    ) -> tuple[str, MemoryRecord]:
        """The event as the next record of its key."""
        topic = topic_of(event)
        sequence = self.sequences.get((topic.name, str(key)), 0) + 1
        self.sequences[topic.name, str(key)] = sequence
        now = at or self.clock.now()
        envelope = Envelope(
            id=uuid4(), source="/test", key=str(key), time=now, recorded_at=now, sequence=sequence,
            correlation_id=uuid4(), causation_id=None, exercise=exercise, jurisdiction=JURISDICTION, traceparent=None,
            data=event,
        )  # fmt: skip
        encoded = codec.encode(envelope)
        record = MemoryRecord(
            topic=encoded.topic, partition=0, offset=len(self.records), timestamp=0, key=encoded.key,
            value=encoded.value, headers=encoded.headers,
        )  # fmt: skip
        self.records.append((topic.name, record))
        return topic.name, record

    async def tell(self, event: Event, key: UUID, *, exercise: bool = False, at: datetime | None = None) -> None:
        """Deliver one event."""
        topic, record = self.record_of(event, key, exercise=exercise, at=at)
        await self.delivery.deliver(topic, [record])

    async def tell_everything_again(self) -> None:
        """Redeliver every record, as after a crash before the offsets were committed."""
        for topic, record in self.records:
            await self.delivery.deliver(topic, [record])

    async def fire(self, advance: timedelta = timedelta()) -> int:
        """Move the clock and let due timers work, until none is left; says how many fired."""
        self.clock.advance(advance)
        loop, fired = TimerLoop(self.runtime.units, self.service.timers), 0
        while done := await loop.fire_due():
            fired += done
        return fired

    async def emitted(self, *kinds: type[Event]) -> list[Any]:
        """The events that wait in the outbox, in order; only these kinds if given."""
        return [one.data for one in await self.envelopes() if not kinds or isinstance(one.data, kinds)]

    async def envelopes(self) -> list[Envelope]:
        """What waits in the outbox, in order."""
        rows = await self.runtime.pool.fetch("SELECT topic, key, sequence, value, headers FROM outbox ORDER BY id")
        return [_envelope(row) for row in rows]

    async def everything(self, *tables: str) -> dict[str, list[Any]]:
        """All rows of these tables and of the outbox, quarantine and timers."""
        names = (*tables, "outbox", "timers", "quarantine")
        return {
            name: sorted((tuple(row) for row in await self.runtime.pool.fetch(f"SELECT * FROM {name}")), key=str)  # noqa: S608
            for name in names
        }

    def account(self, *roles: AccountRole, areas: Sequence[str] = ("*",), subject: str = SUBJECT) -> httpx.AsyncClient:
        """A caller with these roles and areas."""
        return self._client(
            self.signers["identity"].sign(subject, lifetime=timedelta(hours=12), roles=roles, areas=areas)
        )

    def phone(self, volunteer_id: UUID, mission_id: UUID) -> httpx.AsyncClient:
        """A volunteer's phone with the token of one mission."""
        return self._client(
            self.signers["alerts"].sign(str(volunteer_id), lifetime=timedelta(days=30), scope=f"mission:{mission_id}")
        )

    def _client(self, token: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url="http://test",
            headers={"Authorization": f"Bearer {token}"},
        )  # fmt: skip


def _envelope(row: Any) -> Envelope:
    headers = [*unpack_headers(row["headers"]), (SEQUENCE_HEADER, str(row["sequence"]).encode())]
    return codec.decode(BY_NAME[row["topic"]], row["key"], row["value"], headers)


def make_keys(folder: Path, clock: ManualClock) -> tuple[dict[str, TokenSigner], TokenVerifier]:
    """Signers of both issuers and the verifier that trusts them."""
    issuers = ("identity", "alerts")
    keys = {issuer: Ed25519PrivateKey.generate() for issuer in issuers}
    jwks = [
        {**jwt.algorithms.OKPAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": issuer, "use": "sig"}
        for issuer, key in keys.items()
    ]
    (folder / "jwks.json").write_text(json.dumps({"keys": jwks}))
    signers = {issuer: TokenSigner(issuer, key, clock) for issuer, key in keys.items()}
    return signers, TokenVerifier(KeySet(folder / "jwks.json", clock), clock)


@asynccontextmanager
async def open_field(
    name: str, create: Callable[[Runtime], Service], dsn: str, folder: Path, *, clock: ManualClock | None = None
) -> AsyncIterator[Field]:
    """The migrated service. `folder` takes its keys."""
    clock = clock or ManualClock(REAL_NOW)
    settings = KitSettings(secrets_dir=folder)
    signers, verifier = make_keys(folder, clock)
    pool = await db.create_pool(dsn, name, settings)
    health = Health()
    runtime = Runtime(name, settings=settings, clock=clock, pool=pool, verifier=verifier, health=health)
    service = create(runtime)
    async with pool.acquire() as connection:
        await migrate(connection, name, service.folder / "sql" / "migrations")
    delivery = Delivery(runtime.units, service.subscriptions)
    quarantine = quarantine_router(name, runtime.units, QuarantineDesk(delivery))
    rows = [row for row in rows_of(name) if not row.path.startswith("/streams")]
    app = build_app([service.router, quarantine], rows, settings=settings, verifier=verifier, health=health)
    try:
        yield Field(service, runtime, delivery, clock, app, signers)
    finally:
        await pool.close()
