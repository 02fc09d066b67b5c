"""From declared incidents to hops: what the log and the page gateway say of each. Pure but for the reading."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import orjson

from services.cli.bench.path_client import Timed
from services.cli.scenario.gateway import GatewayPage
from services.cli.scenario.log_reader import LogReader, Offsets
from services.cli.scenario.records import Record, read_record

TOPICS = ("incident-events", "zone-events", "alert-events")
READ_TIMEOUT_S = 60.0


@dataclass(slots=True)
class Journey:
    """One incident on its way to the first page."""

    sent_at: datetime
    answered_in_s: float
    declared_at: datetime | None = None
    fenced_at: datetime | None = None
    asked_at: datetime | None = None
    paged_at: datetime | None = None
    page_ids: list[str] = field(default_factory=list)


def journeys_of(answers: Iterable[Timed], records: Iterable[Record], pages: Iterable[GatewayPage]) -> list[Journey]:
    """A journey per declared incident."""
    found: dict[str, Journey] = {}
    for answer in answers:
        if answer.status == 201:
            sent_at = datetime.fromtimestamp(answer.sent_at_s, UTC)
            found[orjson.loads(answer.body)["incident_id"]] = Journey(sent_at, answer.took_s)
    of_page: dict[str, Journey] = {}
    for record in records:
        journey = found.get(record.incident_id or "")
        if journey is None:
            continue
        if record.type == "incident.declared":
            journey.declared_at = record.recorded_at
        elif record.type == "zone.fenced":
            journey.fenced_at = record.recorded_at
        elif record.type == "alert.wave-sent" and journey.asked_at is None:
            journey.asked_at = record.recorded_at
            of_page.update({ask["page_id"]: journey for ask in record.data["asks"]})
    for page in pages:
        journey = of_page.get(page.page_id)
        if journey is not None:
            journey.paged_at = min(journey.paged_at or page.received_at, page.received_at)
    return list(found.values())


def hops_of(journeys: Sequence[Journey]) -> Mapping[str, list[float]]:
    """Milliseconds of each hop over the journeys that made it."""
    return {
        "request sent -> answered": [one.answered_in_s * 1000 for one in journeys],
        "declared -> fenced": _between(journeys, "declared_at", "fenced_at"),
        "fenced -> wave decided": _between(journeys, "fenced_at", "asked_at"),
        "wave decided -> first page": _between(journeys, "asked_at", "paged_at"),
        "declared -> first page": _between(journeys, "declared_at", "paged_at"),
        "request sent -> first page": _between(journeys, "sent_at", "paged_at"),
    }


def _between(journeys: Sequence[Journey], first: str, then: str) -> list[float]:
    pairs = [(getattr(one, first), getattr(one, then)) for one in journeys]
    return [(b - a).total_seconds() * 1000 for a, b in pairs if a is not None and b is not None]


async def ends_now(kafka: str) -> Offsets:
    """Where the topics end."""
    reader = LogReader(kafka, TOPICS)
    await reader.start(from_beginning=False)
    await reader.stop()
    return reader.started_at


async def records_since(kafka: str, since: Offsets) -> list[Record]:
    """All events since then."""
    reader = LogReader(kafka, TOPICS)
    await reader.start(from_beginning=True, at=since)
    records: list[Record] = []
    try:
        async for batch in reader.read_to(reader.started_at, READ_TIMEOUT_S):
            records += [read_record(raw) for raw in batch]
    finally:
        await reader.stop()
    return records
