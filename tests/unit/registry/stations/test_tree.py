"""The tree of stations."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.vocabulary import JurisdictionLevel, Tier
from services.registry.model import Refused
from services.registry.stations.decide import decide_station
from services.registry.stations.model import Neighbours, Station, StationEntry
from services.registry.stations.tree import (
    level_of_area,
    level_over,
    problems_with_children,
    problems_with_parent,
    rank_of_tier,
)
from tests.unit.registry.stations.builders import station, station_item

PREFECTURE = station(ref="P", tier="prefecture", area_code="510100")


def where(station_: Station, parent: Station | None) -> list[str]:
    return [problem.where for problem in problems_with_parent(station_, parent, "")]


def test_a_parent_is_there_and_of_a_higher_tier() -> None:
    below = station(parent_ref="P")
    assert where(station(), None) == []
    assert where(below, PREFECTURE) == []
    assert where(below, None) == ["/parent_ref"]
    assert where(below, station(ref="P", tier="district")) == ["/parent_ref"]
    assert where(below, below) == ["/parent_ref"]


def test_an_area_is_nested_or_explained() -> None:
    apart = {"parent_ref": "P", "area_code": "510681"}
    assert where(station(**apart), PREFECTURE) == ["/area_code"]
    assert where(station(**apart, parent_explanation="托管"), PREFECTURE) == []


def test_a_station_does_not_sink_below_those_under_it() -> None:
    child = station(ref="C", parent_ref="P")

    def problems(**changes: Any) -> list[str]:
        sunk = station(**{"ref": "P", "tier": "prefecture", "area_code": "510100", **changes})
        return [problem.where for problem in problems_with_children(sunk, [child], "")]

    assert problems() == []
    assert problems(tier="county") == ["/tier"]
    assert problems(area_code="510700") == ["/area_code"]


@pytest.mark.parametrize(
    ("area", "level"),
    [("*", "nation"), ("510000", "province"), ("510100", "prefecture"), ("510181", "county"),
     ("510181000000", "county"), ("510181001000", "township"), ("510181001002", "village")],
)  # fmt: skip
def test_the_level_of_an_account_follows_from_its_areas(area: str, level: str) -> None:
    assert level_of_area(area) == level


def test_the_level_over_several_places_is_the_lowest_of_them() -> None:
    assert level_over(("510000", "510181"), ["510181"]) is JurisdictionLevel.PROVINCE
    assert level_over(("510181", "610000"), ["510181", "610100"]) is JurisdictionLevel.COUNTY
    with pytest.raises(ValueError, match="do not cover"):
        level_over(("510181",), ["510181", "610100"])


wishes = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from(Tier), st.none() | st.integers(0, 5)), max_size=30
)  # fmt: skip


@given(wishes)
def test_whatever_is_asked_for_the_tree_stays_a_tree(asked: list[tuple[int, Tier, int | None]]) -> None:
    known: dict[Any, Station] = {}
    for number, tier, parent in asked:
        item = station_item(ref=f"S-{number}", tier=tier, parent_ref=None if parent is None else f"S-{parent}")
        entry = StationEntry.model_validate(item)
        wanted = station(**item)
        around = Neighbours(
            parent=known.get(wanted.parent_id), children=[s for s in known.values() if s.parent_id == wanted.station_id]
        )
        before = known.get(wanted.station_id)
        decision = decide_station(entry, before, around, ("*",), date(2026, 5, 12), "")
        if not isinstance(decision, Refused):
            known[wanted.station_id] = decision.station
    for one in known.values():
        steps, here = 0, one
        while here.parent_id is not None:
            above = known[here.parent_id]
            assert rank_of_tier(above.tier) < rank_of_tier(here.tier)
            here, steps = above, steps + 1
            assert steps <= len(known)
