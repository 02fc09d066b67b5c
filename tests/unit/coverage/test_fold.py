"""The live picture is a function of the events alone: order between keys, repetition and restarts change nothing."""

from __future__ import annotations

import random
from collections.abc import Iterable

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.envelope import Envelope
from schemas.events.coverage import CoverageObserved
from schemas.topics import PARTITIONS
from services.coverage import fold, recompute
from services.coverage.model import Change, ContributorRow
from services.coverage.observe import AreaRow, picture, take_in
from services.coverage.totals import Totals
from services.coverage.translate import MEANINGS, translate
from tests.support.properties import examples
from tests.unit.coverage.world import World, events, interleaved

SEEDS = st.integers(min_value=0, max_value=2**32)


class Rehearsal:
    """The stream processor without Kafka: rows, totals, areas, through the same JSON."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[int, bytes]] = {}
        self.totals = Totals()
        self.areas: dict[str, AreaRow] = {}
        self.offsets = dict.fromkeys(range(PARTITIONS), 0)

    def take(self, envelope: Envelope) -> None:
        change = translate(envelope) if type(envelope.data) in MEANINGS else None
        if change is None:
            return
        partition = hash(envelope.key) % PARTITIONS
        self.offsets[partition] += 1
        change = Change.of_json(orjson.loads(orjson.dumps(change.to_json())))
        kept = self._row(change.contributor)
        row = fold.apply(kept, change, self.offsets[partition])
        if row is not None:
            self.rows[change.contributor] = partition, orjson.dumps(row.to_json())
            self.totals.replace(partition, kept, row)

    def publish(self) -> None:
        for changed in self.totals.take_changed():
            self.areas[changed.area] = take_in(self.areas.get(changed.area, AreaRow()), changed)

    def restart(self) -> None:
        """Lose what is in memory; rows and areas are kept."""
        self.totals = Totals()
        for partition, row in self.rows.values():
            self.totals.replace(partition, None, ContributorRow.of_json(orjson.loads(row)))

    def _row(self, contributor: str) -> ContributorRow | None:
        kept = self.rows.get(contributor)
        return None if kept is None else ContributorRow.of_json(orjson.loads(kept[1]))

    def pictures(self) -> dict[str, CoverageObserved]:
        self.publish()
        seen = {area: picture(area, row) for area, row in self.areas.items()}
        return {area: observed for area, observed in seen.items() if observed is not None}


def recomputed(made: Iterable[Envelope]) -> dict[str, CoverageObserved]:
    facts = recompute.Facts()
    for envelope in made:
        recompute.learn(facts, envelope)
    return recompute.picture(facts)


@given(seed=SEEDS, order=SEEDS)
@settings(max_examples=examples(40))
def test_any_order_between_keys_and_any_repetition_gives_the_recomputed_picture(seed: int, order: int) -> None:
    made = events(seed, volunteers=5, incidents=2)
    rng = random.Random(order)
    rehearsal = Rehearsal()
    for envelope in interleaved(made, rng, duplicates=0.3):
        rehearsal.take(envelope)
        if rng.random() < 0.1:
            rehearsal.publish()
        if rng.random() < 0.05:
            rehearsal.restart()
    assert recompute.differences(recomputed(made), rehearsal.pictures()) == []


@given(seed=SEEDS)
@settings(max_examples=examples(10))
def test_totals_lost_before_they_were_published_come_with_the_restart(seed: int) -> None:
    made = events(seed, volunteers=5, incidents=2)
    rehearsal = Rehearsal()
    for envelope in made[: len(made) // 2]:
        rehearsal.take(envelope)
    rehearsal.publish()
    for envelope in made[len(made) // 2 :]:
        rehearsal.take(envelope)  # contributors may leave an area for good here, and nobody was told
    rehearsal.restart()
    assert recompute.differences(recomputed(made), rehearsal.pictures()) == []


def test_an_older_total_of_a_partition_does_not_replace_a_newer_one() -> None:
    world = World(1)
    rehearsal = Rehearsal()
    volunteer = list(world.volunteer(2))
    rehearsal.take(volunteer[0])
    stale = rehearsal.totals.take_changed()
    rehearsal.take(volunteer[1])
    rehearsal.publish()
    before = rehearsal.pictures()
    for old in stale:
        row = take_in(rehearsal.areas.get(old.area, AreaRow()), old)
        if old.area in rehearsal.areas:
            assert row == rehearsal.areas[old.area]
    assert rehearsal.pictures() == before


def test_a_zone_is_not_shown_before_it_is_known_that_it_was_fenced() -> None:
    made = [e for e in World(3).incident() if not e.type.startswith("zone.")]
    rehearsal = Rehearsal()
    for envelope in made:
        rehearsal.take(envelope)
    assert rehearsal.pictures() == {}


def test_a_change_of_an_unknown_kind_is_refused() -> None:
    change = Change(contributor="x/1", sequence=1, type="no-such-change", data={})
    with pytest.raises(fold.UnknownChange, match="no-such-change"):
        fold.apply(None, change, 1)


@pytest.mark.parametrize("value", [None, {}, [], ["a", 0, "t", {}], ["a", 1, "t", None], ["a", "1", "t", {}], "x"])
def test_what_is_not_a_change_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="not a change"):
        Change.of_json(value)


def test_a_row_survives_its_json() -> None:
    rehearsal = Rehearsal()
    for envelope in events(7, volunteers=2, incidents=2):
        rehearsal.take(envelope)
    for _, row in rehearsal.rows.values():
        value = orjson.loads(row)
        assert ContributorRow.of_json(value).to_json() == value
