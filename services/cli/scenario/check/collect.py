"""Gathers the evidence: reads the whole log, the API and the gateway. Waits until the live picture has caught up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from services.cli.scenario.api import Api, Bearer
from services.cli.scenario.check.coverage import differing_areas
from services.cli.scenario.check.log_facts import LogFold
from services.cli.scenario.check.model import Evidence, ExpectedZone
from services.cli.scenario.gateway import Gateway
from services.cli.scenario.log_reader import LogReader, topics_of
from services.cli.scenario.phones import SentAnswer

COVERAGE_TOPIC: Final = "coverage-state"
COMPACTED_ENDING: Final = "-state"
EVENT_ENDINGS: Final = ("-events", COMPACTED_ENDING)
READ_TIMEOUT_S: Final = 60.0
CATCH_UP_S: Final = 20.0
AREAS_PER_CALL: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the run itself knows and the evidence must be held against."""

    incident_id: str
    pages_after: int
    answers: Mapping[str, SentAnswer]
    cases_opened: frozenset[str]
    expected_zones: tuple[ExpectedZone, ...]
    followup_until_on: date | None


async def collect(bootstrap: str, api: Api, bearer: Bearer, gateway: Gateway, asked: Asked) -> Evidence:
    """All evidence. Reads the log again, for a while, as long as coverage has not caught up with it."""
    deadline = time.monotonic() + CATCH_UP_S
    while True:
        fold = await read_log(bootstrap, asked.incident_id)
        facts = fold.finish()
        documents = await _documents(api, bearer, asked.incident_id)
        behind = differing_areas(facts.coverage_wanted, facts.coverage_seen)
        if not behind or time.monotonic() > deadline:
            break
        await asyncio.sleep(1.0)
    return Evidence(
        incident_id=asked.incident_id,
        story=fold.story,
        log=facts,
        pages=tuple(await gateway.pages_after(asked.pages_after)),
        answers=asked.answers,
        cases_opened=asked.cases_opened,
        expected_zones=asked.expected_zones,
        followup_until_on=asked.followup_until_on,
        **documents,
    )


async def read_log(bootstrap: str, incident_id: str) -> LogFold:
    """Every record of every topic from its beginning to where it ends now, folded."""
    topics = sorted(await topics_of(bootstrap))
    events = frozenset(topic for topic in topics if topic.endswith(EVENT_ENDINGS))
    compacted = frozenset(topic for topic in events if topic.endswith(COMPACTED_ENDING))
    fold = LogFold(incident_id, compacted, events)
    # The dead letters last: whether one is of this incident is known by then.
    for group in (events, frozenset(topics) - events):
        reader = LogReader(bootstrap, sorted(group))
        await reader.start(from_beginning=True)
        try:
            async for records in reader.read_to(reader.started_at, READ_TIMEOUT_S):
                for record in records:
                    fold.take(record)
        finally:
            await reader.stop()
    return fold


async def _documents(api: Api, bearer: Bearer, incident_id: str) -> dict[str, Any]:
    paths = {
        "incident": f"/incidents/{incident_id}",
        "board": f"/alerts/incidents/{incident_id}",
        "zones": f"/geofencing/incidents/{incident_id}/zones",
        "missions": f"/dispatch/incidents/{incident_id}/missions",
        "cases": f"/care/incidents/{incident_id}",
        "followups": f"/followup/incidents/{incident_id}",
    }
    replies = await asyncio.gather(*(api.call("GET", path, bearer=bearer) for path in paths.values()))
    found = {name: reply.document if reply.ok else None for name, reply in zip(paths, replies, strict=True)}
    params = {"incident_id": incident_id, "kind": "zone", "limit": AREAS_PER_CALL}
    areas = await api.call("GET", "/coverage/areas", bearer=bearer, params=params)
    found["coverage"] = tuple(areas.document["items"]) if areas.ok else ()
    return found
