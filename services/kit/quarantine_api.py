"""HTTP for the quarantine, the same for every service: list, show, release, discard. For operators only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from services.kit import quarantine
from services.kit.http import CurrentPrincipal
from services.kit.outbox import unpack_headers
from services.kit.problems import conflict, not_found
from services.kit.quarantine_desk import NotPossible, QuarantineDesk, UnknownEntry
from services.kit.sql import statement
from services.kit.unit import Units

LATEST: Final = (datetime.max.replace(tzinfo=UTC), UUID(int=2**128 - 1))
PAGE_MAX: Final = 200
_PLAIN: Final = (
    "id", "topic", "partition", "record_offset", "key_text", "sequence", "event_id", "event_type", "state", "reason",
    "detail", "attempts", "held_at", "resolved_at", "resolved_by", "resolution",
)  # fmt: skip
_NAMES: Final = {"record_offset": "offset", "key_text": "key"}


class Discard(BaseModel):
    """Why a record is given up."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, Field(min_length=3, max_length=500)]


def quarantine_router(service: str, units: Units, desk: QuarantineDesk) -> APIRouter:
    """The four endpoints under `/<service>/quarantine`."""
    router = APIRouter(prefix=f"/{service}/quarantine")

    @router.get("")
    async def list_entries(
        state: Literal["quarantined", "parked", "released", "discarded"] | None = None,
        topic: str | None = None,
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 50,
        after: UUID | None = None,
    ) -> dict[str, Any]:
        """Entries, newest first; `next` is the `after` of the next page."""
        async with units.pool.acquire() as connection:
            before = LATEST if after is None else await _place_of(connection, after)
            rows = await quarantine.entries(connection, state=state, topic=topic, before=before, limit=limit)
        entries = [_summary(row) for row in rows]
        return {"entries": entries, "next": entries[-1]["id"] if len(entries) == limit else None}

    @router.get("/{entry_id}")
    async def show_entry(entry_id: UUID) -> dict[str, Any]:
        """One entry with the record as it came."""
        async with units.pool.acquire() as connection:
            row = await _entry(connection, entry_id)
        headers = {name: _readable(content) for name, content in unpack_headers(row["headers"])}
        return {**_summary(row), "headers": headers, "value": _readable(row["value"])}

    @router.post("/{entry_id}/release")
    async def release_entry(entry_id: UUID, principal: CurrentPrincipal) -> dict[str, Any]:
        """Handle it now; what is parked behind it follows. 409 with the reason if it cannot be handled still."""
        with _as_problems():
            await desk.release(entry_id, principal.subject)
        return {"id": str(entry_id), "state": "released"}

    @router.post("/{entry_id}/discard")
    async def discard_entry(entry_id: UUID, decision: Discard, principal: CurrentPrincipal) -> dict[str, Any]:
        """Go on without it; what is parked behind it follows."""
        with _as_problems():
            await desk.discard(entry_id, principal.subject, decision.reason)
        return {"id": str(entry_id), "state": "discarded"}

    return router


async def _entry(connection: Any, entry_id: UUID) -> Any:
    row = await connection.fetchrow(statement("entry"), entry_id)
    if row is None:
        raise not_found("quarantine entry")
    return row


async def _place_of(connection: Any, entry_id: UUID) -> tuple[datetime, UUID]:
    row = await _entry(connection, entry_id)
    return row["held_at"], row["id"]


@contextmanager
def _as_problems() -> Iterator[None]:
    try:
        yield
    except UnknownEntry:
        raise not_found("quarantine entry") from None
    except NotPossible as error:
        raise conflict(str(error)) from error


def _summary(row: Mapping[str, Any]) -> dict[str, Any]:
    return {_NAMES.get(name, name): row[name] for name in _PLAIN}


def _readable(content: bytes | None) -> str | None:
    """Bytes as text; what is not UTF-8 shows as \\x escapes."""
    return None if content is None else content.decode("utf-8", "backslashreplace")
