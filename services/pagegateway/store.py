"""The simulated provider's record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal
from uuid import UUID, uuid4

import aiosql

from services.pagegateway.model import Page

FOLDER: Final = Path(__file__).parent
queries: Final = aiosql.from_path(FOLDER / "sql" / "queries.sql", "asyncpg")


@dataclass(frozen=True)
class Outcome:
    """What became of a request. A page that timed out was recorded, but its sender is not told."""

    kind: Literal["accepted", "duplicate", "other-content", "fail", "timeout"]
    receipt_id: UUID


async def take(connection: Any, page: Page, now: datetime) -> Outcome:
    """Count the attempt and, unless it fails or was seen before, let the page take effect. Needs a transaction."""
    seen = await queries.attempt(connection, page_id=page.page_id, receipt_id=uuid4(), now=now)
    receipt_id: UUID = seen["receipt_id"]
    if seen["effects"] and bytes(seen["content_sha256"]) != page.content_sha256():
        return Outcome("other-content", receipt_id)
    fault = await queries.use_fault(connection)
    if fault == "fail":
        return Outcome("fail", receipt_id)
    if not seen["effects"]:
        await queries.record(
            connection, content_sha256=page.content_sha256(), now=now, **page.model_dump(mode="python")
        )
    if fault == "timeout":
        return Outcome("timeout", receipt_id)
    return Outcome("duplicate" if seen["effects"] else "accepted", receipt_id)


async def get_page(connection: Any, page_id: UUID) -> Mapping[str, Any] | None:
    """One page as it is shown."""
    row = await queries.page(connection, page_id=page_id)
    return None if row is None else dict(row)


async def pages_after(connection: Any, after: int, limit: int) -> list[Mapping[str, Any]]:
    """Pages by position."""
    return [dict(row) async for row in queries.pages_after(connection, after=after, limit=limit)]
