"""Sending items to the register in batches that it takes, and reading what it knows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

from services.cli.access import Instance

ITEMS_MAX: Final = 500
BODY_BYTES_MAX: Final = 1_500_000
"""Of one call; the registry takes 2 MiB."""
_PAGE: Final = 1_000


@dataclass(kw_only=True)
class Sent:
    """What became of the items."""

    counts: Counter[str] = field(default_factory=Counter)
    refused: list[dict[str, Any]] = field(default_factory=list)


def batches(items: Sequence[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    """The items in order, in calls that are neither too long nor too large."""
    batch: list[Mapping[str, Any]] = []
    size = 0
    for item in items:
        length = len(json.dumps(item))
        if batch and (len(batch) == ITEMS_MAX or size + length > BODY_BYTES_MAX):
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += length
    if batch:
        yield batch


def send(
    instance: Instance, source: Mapping[str, str], items: Sequence[Mapping[str, Any]], tell: Callable[[int], None]
) -> Sent:
    """Bring the items in; `tell` hears how many are done. An item that is refused holds up no other."""
    sent, done = Sent(), 0
    for batch in batches(items):
        body = {"source": source, "items": batch}
        answer = instance.ask(
            "registry", "POST", "/areas:batch", json=body, headers={"Idempotency-Key": str(uuid4())}, timeout=120.0
        )
        sent.counts.update(answer["counts"])
        sent.refused += [item for item in answer["items"] if item["outcome"] == "refused"]
        done += len(batch)
        tell(done)
    return sent


def known_areas(instance: Instance, tier: str) -> list[dict[str, Any]]:
    """The areas of a tier that the register knows."""
    found: list[dict[str, Any]] = []
    after: str | None = ""
    while after is not None:
        query = {"tier": tier, "after_code": after, "limit": _PAGE}
        page = instance.ask("registry", "GET", "/areas", params=query)
        found += page["items"]
        after = page["next_after_code"]
    return found


def province_outlines(instance: Instance) -> dict[str, Any]:
    """The boundaries of the provinces that the register knows, by code."""
    outlines = {}
    for area in known_areas(instance, "province"):
        if area["has_geometry"]:
            meaning = instance.ask("registry", "GET", f"/areas/{area['code']}", params={"geometry": "true"})
            outlines[area["code"]] = meaning["areas"][0]["geometry"]
    return outlines
