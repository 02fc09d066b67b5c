"""What a trace is made of, whatever order partitions are read in."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import orjson
import pytest

from services.cli.bench.whole.load import Sent
from services.cli.bench.whole.trace import PathBroken, Tracer
from services.cli.scenario.gateway import Gateway, GatewayPage
from services.cli.scenario.log_reader import LogReader
from services.cli.scenario.records import RawRecord

AT = datetime(2026, 1, 1, tzinfo=UTC)
INCIDENT = "2f0b3c1a-9d51-5c1e-8a56-0c5a7e1f2b10"
SENT = {INCIDENT: Sent(AT.timestamp(), 0.001, 201, None)}
WAVE = {"incident_id": INCIDENT, "wave": 1, "asks": [{"page_id": "p1"}]}


def record(event_type: str, after_ms: int, data: Any = None) -> RawRecord:
    at = AT + timedelta(milliseconds=after_ms)
    headers = {
        "ce_specversion": "1.0", "ce_subject": INCIDENT, "ce_id": INCIDENT, "ce_type": event_type, "ce_sequence": "1",
        "ce_time": at.isoformat(), "ce_recordedat": at.isoformat(), "ce_correlationid": INCIDENT, "ce_exercise": "true",
    }  # fmt: skip
    return RawRecord(
        topic="t", partition=0, offset=0, at=at, key=INCIDENT.encode(), value=orjson.dumps(data),
        headers=[(name, value.encode()) for name, value in headers.items()],
    )  # fmt: skip


class Log:
    """Gives what it holds batch by batch, and nothing after the last."""

    def __init__(self, *batches: list[RawRecord]) -> None:
        self.batches = list(batches)

    async def read(self, wait_s: float) -> list[RawRecord]:
        return self.batches.pop(0) if self.batches else []


class Pages:
    """A gateway that took one page."""

    async def pages_after(self, number: int) -> list[GatewayPage]:
        return [
            GatewayPage(
                number=1, page_id="p1", recipient="r", purpose="ask", token="t", text_zh="", text_en="", exercise=True,
                received_at=AT + timedelta(milliseconds=30), effects=1, attempts=1,
            )
        ][number:]  # fmt: skip


def follow(log: Log, timeout_s: float) -> Any:
    tracer = Tracer(cast(LogReader, log), cast(Gateway, Pages()))
    return asyncio.run(tracer.follow(SENT, timeout_s))


def test_a_page_may_be_known_before_what_led_to_it_is_read() -> None:
    declared, fenced = record("incident.declared", 1), record("zone.fenced", 10)
    traces = follow(Log([record("alert.wave-sent", 20, WAVE)], [fenced], [declared]), timeout_s=5)
    assert traces[INCIDENT].took_s("declared", "first page") == pytest.approx(0.029, abs=1e-5)
    assert traces[INCIDENT].took_s("fenced", "wave decided") == pytest.approx(0.010, abs=1e-5)


def test_what_never_comes_is_told() -> None:
    with pytest.raises(PathBroken, match="1 of 1 incidents"):
        follow(Log([record("alert.wave-sent", 20, WAVE)]), timeout_s=0)
