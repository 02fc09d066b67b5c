"""Publishing and voids: the hold-off, the hysteresis, gapless sequences, the same records after a restart."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from schemas import codec
from schemas.events.coverage import CoverageObserved, CoverageVoidClosed, CoverageVoidOpened
from services.coverage.model import Partial
from services.coverage.observe import AreaRow, envelope_of, observe, take_in

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HOLD_OFF = timedelta(seconds=5)
ZONE = "zone:5d1f6a3e-0000-4000-8000-000000000001"
FACTS = {
    "incident": "5d1f6a3e-0000-4000-8000-0000000000ff",
    "kind": "core",
    "exercise": True,
    "jurisdiction": ["510000"],
    "lifted": False,
}
MODELS = {m.event_type: m for m in (CoverageObserved, CoverageVoidOpened, CoverageVoidClosed)}


class Area:
    """One zone's row, driven by hand."""

    def __init__(self) -> None:
        self.row = AreaRow()
        self.version = 0

    def set(self, now: datetime, *, needed: int, accepted: int = 0, **facts: Any) -> tuple[list[str], datetime | None]:
        """New totals; returns what is published and when to look again."""
        self.version += 1
        counts = {"needed:counsellor:khg": needed, "accepted:counsellor:khg": accepted}
        cells = {name: count for name, count in counts.items() if count}
        partial = Partial(area=ZONE, partition=1, version=self.version, cells=cells, facts=FACTS | facts)
        self.row = take_in(self.row, partial)
        return self.look(now)

    def look(self, now: datetime) -> tuple[list[str], datetime | None]:
        before = self.row.latest
        self.row, due_at = observe(ZONE, self.row, now, HOLD_OFF)
        self.row = AreaRow.of_json(orjson.loads(orjson.dumps(self.row.to_json()))) if self.row.latest else self.row
        published = [record["type"] for record in self.row.latest] if list(before) != list(self.row.latest) else []
        return published, due_at


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_a_lack_is_published_as_a_void_after_the_hold_off_and_not_before() -> None:
    area = Area()
    assert area.set(NOW, needed=2) == (["coverage.observed"], after(5))
    assert area.look(after(4.9)) == ([], after(5))
    assert area.look(after(5)) == (["coverage.void-opened"], None)
    assert area.look(after(60)) == ([], None)
    opened = CoverageVoidOpened.model_validate(area.row.latest[0]["data"])
    assert (opened.needed, opened.covered, opened.since_at, opened.language) == (2, 0, NOW, "khg")
    assert "2" in opened.explanation.zh
    assert "missing for longer than the hold-off" in opened.explanation.en


def test_a_need_that_is_covered_within_the_hold_off_raises_nothing() -> None:
    area = Area()
    area.set(NOW, needed=2)
    assert area.set(after(3), needed=2, accepted=2) == (["coverage.observed"], None)
    assert area.look(after(60)) == ([], None)


def test_a_void_closes_at_once_and_a_new_lack_waits_the_whole_hold_off() -> None:
    area = Area()
    area.set(NOW, needed=2)
    area.look(after(5))
    assert area.set(after(6), needed=2, accepted=2)[0] == ["coverage.observed", "coverage.void-closed"]
    assert area.set(after(7), needed=2, accepted=1) == (["coverage.observed"], after(12))
    assert area.set(after(8), needed=2, accepted=2) == (["coverage.observed"], None)
    assert area.set(after(9), needed=2, accepted=1) == (["coverage.observed"], after(14))


def test_a_void_stays_open_while_it_only_shrinks() -> None:
    area = Area()
    area.set(NOW, needed=3)
    area.look(after(5))
    assert area.set(after(6), needed=3, accepted=2) == (["coverage.observed"], None)


def test_lifting_a_zone_closes_its_voids_and_ends_its_needs() -> None:
    area = Area()
    area.set(NOW, needed=2, accepted=1)
    area.look(after(5))
    assert area.set(after(6), needed=2, accepted=1, lifted=True)[0] == ["coverage.observed", "coverage.void-closed"]
    closed = CoverageVoidClosed.model_validate(area.row.latest[1]["data"])
    assert "lifted" in closed.explanation.en
    observed = CoverageObserved.model_validate(area.row.latest[0]["data"])
    assert [(row.needed, row.accepted) for row in observed.rows] == [(0, 1)]


def test_sequences_are_gapless_per_topic_and_equal_totals_publish_nothing() -> None:
    area = Area()
    sequences: dict[str, list[int]] = {}
    for second, accepted in enumerate([0, 0, 1, 1, 2, 0, 0, 0, 0, 0, 0, 0, 2]):
        published, _ = area.set(after(second * 2), needed=2, accepted=accepted)
        for record in area.row.latest if published else ():
            topic = "state" if record["type"] == "coverage.observed" else "events"
            sequences.setdefault(topic, []).append(record["sequence"])
    assert sequences["state"] == [1, 2, 3, 4, 5]
    assert sequences["events"] == [1, 2, 3, 4]


def test_what_was_published_is_the_same_when_it_is_sent_again() -> None:
    area = Area()
    area.set(NOW, needed=2)
    kept = orjson.dumps(area.row.to_json())

    def sent(row: AreaRow) -> list[codec.EncodedRecord]:
        return [codec.encode(envelope_of(ZONE, row, record, MODELS[record["type"]])) for record in row.latest]

    assert sent(area.row) == sent(AreaRow.of_json(orjson.loads(kept))) != []
    envelope = envelope_of(ZONE, area.row, area.row.latest[0], CoverageObserved)
    assert (envelope.exercise, envelope.jurisdiction, envelope.sequence) == (True, ("510000",), 1)


def test_a_province_is_seen_by_the_readers_of_its_code() -> None:
    partial = Partial(area="area:510000", partition=0, version=1, cells={"available:support:": 3}, facts=None)
    row, _ = observe("area:510000", take_in(AreaRow(), partial), NOW, HOLD_OFF)
    envelope = envelope_of("area:510000", row, row.latest[0], CoverageObserved)
    assert envelope.jurisdiction == ("510000",)
    assert not envelope.exercise


def test_older_facts_do_not_replace_newer_ones() -> None:
    area = Area()
    area.set(NOW, needed=1, lifted=True)
    older = Partial(area=ZONE, partition=1, version=0, cells={}, facts=FACTS)
    assert take_in(area.row, older) is area.row
    same = replace(older, version=area.version)
    assert take_in(area.row, same).facts == FACTS
