"""When each incident was declared, fenced, decided about and first paged: from the log and the gateway's own record."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from services.cli.bench.report import Report, percentile
from services.cli.bench.whole.load import Sent
from services.cli.instance.errors import InstanceError
from services.cli.scenario.gateway import Gateway, GatewayPage
from services.cli.scenario.log_reader import LogReader
from services.cli.scenario.records import Record, read_record

TOPICS: Final = ("incident-events", "zone-events", "alert-events")
HOPS: Final = (
    ("sent", "declared"),
    ("declared", "fenced"),
    ("fenced", "wave decided"),
    ("wave decided", "first page"),
    ("declared", "first page"),
    ("sent", "first page"),
)
QUIET_S: Final = 0.25


class PathBroken(InstanceError):
    """Something that was declared did not come through, or came through twice."""


@dataclass
class Trace:
    """Unix times of one incident, by milestone."""

    at_s: dict[str, float] = field(default_factory=dict)

    def took_s(self, start: str, end: str) -> float:
        """Seconds between two milestones."""
        return self.at_s[end] - self.at_s[start]


class Tracer:
    """Reads the log and the gateway from where they stood when it was started."""

    def __init__(self, reader: LogReader, gateway: Gateway) -> None:
        self._reader = reader
        self._gateway = gateway
        self._after = 0
        self._fenced: dict[str, float] = {}
        self._declared: dict[str, float] = {}
        self._decided: dict[str, float] = {}
        self._incident_of_page: dict[str, str] = {}
        self._pages: dict[str, GatewayPage] = {}

    @classmethod
    async def begin(cls, kafka: str, gateway: Gateway) -> Tracer:
        """A tracer of all that happens from now on."""
        reader = LogReader(kafka, TOPICS)
        await reader.start(from_beginning=False)
        tracer = cls(reader, gateway)
        tracer._after = await gateway.last_number()
        return tracer

    async def stop(self) -> None:
        """Let go of Kafka."""
        await self._reader.stop()

    async def follow(self, sent: Mapping[str, Sent], timeout_s: float) -> dict[str, Trace]:
        """The traces of these incidents once each has its first page, and what came before that is read too: partitions
        are not read in the order of time. Raises PathBroken if one does not come."""
        deadline = time.monotonic() + timeout_s
        while True:
            self._take_log(read_record(raw) for raw in await self._reader.read(QUIET_S))
            self._take_pages(await self._gateway.pages_after(self._after))
            first = self._first_pages()
            missing = sent.keys() - (first.keys() & self._declared.keys() & self._fenced.keys() & self._decided.keys())
            if not missing:
                return {
                    incident_id: self._trace(incident_id, one, first[incident_id]) for incident_id, one in sent.items()
                }
            if time.monotonic() > deadline:
                what = f"{len(missing)} of {len(sent)} incidents have no first page, or not all before it,"
                raise PathBroken(f"{what} after {timeout_s:.0f} s")

    def doubled(self) -> int:
        """Pages that took effect more than once, and people who were asked twice for the same incident."""
        asked = Counter(
            (self._incident_of_page[page.page_id], page.recipient)
            for page in self._pages.values()
            if page.page_id in self._incident_of_page
        )
        effects = sum(page.effects > 1 for page in self._pages.values())
        return effects + sum(count > 1 for count in asked.values())

    def _take_log(self, records: Iterable[Record]) -> None:
        for record in records:
            at_s = record.recorded_at.timestamp()
            if record.type == "incident.declared":
                self._declared[record.key] = at_s
            elif record.type == "zone.fenced":
                self._fenced[record.key] = at_s
            elif record.type == "alert.wave-sent":
                self._take_wave(record.data, at_s)

    def _take_wave(self, data: Mapping[str, Any], at_s: float) -> None:
        incident_id = data["incident_id"]
        if data["wave"] == 1:
            self._decided[incident_id] = at_s
        for ask in data["asks"]:
            self._incident_of_page[ask["page_id"]] = incident_id

    def _take_pages(self, pages: Sequence[GatewayPage]) -> None:
        for page in pages:
            self._pages[page.page_id] = page
            self._after = page.number

    def _first_pages(self) -> dict[str, float]:
        first: dict[str, float] = {}
        for page_id, page in self._pages.items():
            incident_id = self._incident_of_page.get(page_id)
            if incident_id is not None:
                at_s = page.received_at.timestamp()
                first[incident_id] = min(at_s, first.get(incident_id, at_s))
        return first

    def _trace(self, incident_id: str, sent: Sent, first_page: float) -> Trace:
        return Trace(
            {
                "sent": sent.sent_at_s,
                "declared": self._declared[incident_id],
                "fenced": self._fenced[incident_id],
                "wave decided": self._decided[incident_id],
                "first page": first_page,
            }
        )


def report_hops(report: Report, load: str, traces: Sequence[Trace]) -> None:
    """Median and 99th percentile of every hop."""
    for start, end in HOPS:
        took_ms = [trace.took_s(start, end) * 1000 for trace in traces]
        report.add(f"{load}: {start} -> {end}, p50", percentile(took_ms, 50), "ms")
        report.add(f"{load}: {start} -> {end}, p99", percentile(took_ms, 99), "ms")
