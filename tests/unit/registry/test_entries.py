"""Reading batches item by item."""

from __future__ import annotations

import pytest

from services.registry.entries import read_items, report
from services.registry.model import Outcome
from services.registry.stations.model import StationEntry
from services.registry.volunteers.model import VolunteerEntry
from tests.unit.registry.stations.builders import station_item
from tests.unit.registry.volunteers.builders import volunteer_item


def test_good_items_are_read_and_the_others_told_by_pointer() -> None:
    items = read_items(
        StationEntry,
        [station_item(), station_item(ref="S-002", lat_deg=120), "x", station_item(ref="S-003", colour="red")],
    )
    assert list(items.entries) == [0]
    assert [finding.where for finding in items.refused[1]] == ["/items/1/lat_deg"]
    assert [finding.where for finding in items.refused[2]] == ["/items/2"]
    assert [finding.where for finding in items.refused[3]] == ["/items/3/colour"]


def test_a_reference_that_comes_twice_is_refused_the_second_time() -> None:
    items = read_items(StationEntry, [station_item(), station_item()])
    assert list(items.entries) == [0]
    assert "item 0" in items.refused[1][0].what


@pytest.mark.parametrize("changes", [{"name": "李某某" * 100}, {"phone": "李某某"}, {"ref": "李某某"}])
def test_what_is_wrong_with_a_person_is_told_without_saying_who(changes: dict[str, str]) -> None:
    items = read_items(VolunteerEntry, [volunteer_item(**changes)])
    answer = report(items, {}, {})
    assert answer["items"][0]["outcome"] == "refused"
    assert "李" not in str(answer)


def test_the_report_keeps_the_order_and_counts() -> None:
    items = read_items(StationEntry, [station_item(ref="A"), {"ref": "B"}, station_item(ref="C")])
    answer = report(items, {0: ("id-a", Outcome.CREATED), 2: ("id-c", Outcome.UNCHANGED)}, {})
    assert [(item["ref"], item["outcome"]) for item in answer["items"]] == [
        ("A", "created"), ("B", "refused"), ("C", "unchanged"),
    ]  # fmt: skip
    assert answer["counts"] == {"created": 1, "unchanged": 1, "changed": 0, "refused": 1}
