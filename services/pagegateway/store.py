"""The simulated provider's record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal
from uuid import UUID, uuid4

import aiosql

from services.pagegateway.model import Page

FOLDER: Final = Path(__file__).parent
queries: Final = aiosql.from_path(FOLDER / "sql" / "queries.sql", "asyncpg")


Fault = Literal["fail", "timeout"]


@dataclass(frozen=True)
class Outcome:
    """What became of a request. A page that timed out was recorded, but its sender is not told."""

    kind: Literal["accepted", "duplicate", "other-content", "fail", "timeout"]
    receipt_id: UUID


async def take_group(connection: Any, pages: Sequence[Page], now: datetime) -> list[Outcome]:
    """Count an attempt for each page and let those take effect that do not fail and did not before.

    Needs a transaction, and each page at most once. Rows are locked in the order of their ids, so that two processes
    with the same pages cannot lock each other out.
    """
    ids = sorted(page.page_id for page in pages)
    seen = {
        row["page_id"]: row
        async for row in queries.attempt(connection, page_ids=ids, receipt_ids=[uuid4() for _ in ids], now=now)
    }
    fresh = [page for page in pages if not _is_other_content(page, seen[page.page_id])]
    faults = dict(zip((page.page_id for page in fresh), await _use_faults(connection, len(fresh)), strict=True))
    taken = [page for page in fresh if not seen[page.page_id]["effects"] and faults[page.page_id] != "fail"]
    if taken:
        await _record(connection, taken, now)
    return [_outcome(page, seen[page.page_id], faults.get(page.page_id)) for page in pages]


def _is_other_content(page: Page, seen: Any) -> bool:
    return bool(seen["effects"]) and bytes(seen["content_sha256"]) != page.content_sha256()


def _outcome(page: Page, seen: Any, fault: Fault | None) -> Outcome:
    if _is_other_content(page, seen):
        return Outcome("other-content", seen["receipt_id"])
    return Outcome(fault or ("duplicate" if seen["effects"] else "accepted"), seen["receipt_id"])


async def _use_faults(connection: Any, count: int) -> list[Fault | None]:
    """Use up as many armed faults as there are requests; those to fail come first."""
    armed = await queries.armed_faults(connection)
    if armed is None:
        return [None] * count
    fail = min(armed["fail_next"], count)
    timeout = min(armed["timeout_next"], count - fail)
    await queries.set_faults(
        connection, fail_next=armed["fail_next"] - fail, timeout_next=armed["timeout_next"] - timeout
    )
    used: list[Fault | None] = [None] * count
    for number in range(fail + timeout):
        used[number] = "fail" if number < fail else "timeout"
    return used


async def _record(connection: Any, pages: Sequence[Page], now: datetime) -> None:
    await queries.record(
        connection,
        page_ids=[page.page_id for page in pages],
        contents_sha256=[page.content_sha256() for page in pages],
        recipients=[page.recipient for page in pages],
        purposes=[str(page.purpose) for page in pages],
        tokens=[page.token for page in pages],
        texts_zh=[page.text_zh for page in pages],
        texts_en=[page.text_en for page in pages],
        exercises=[page.exercise for page in pages],
        count=len(pages),
        now=now,
    )


async def get_page(connection: Any, page_id: UUID) -> Mapping[str, Any] | None:
    """One page as it is shown."""
    row = await queries.page(connection, page_id=page_id)
    return None if row is None else dict(row)


async def pages_after(connection: Any, after: int, limit: int) -> list[Mapping[str, Any]]:
    """Pages by position."""
    return [dict(row) async for row in queries.pages_after(connection, after=after, limit=limit)]
