"""What becomes of an entry about an area."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.events.area import AreaSource, AreaState
from services.registry.areas.decide import decide_area, parent_of
from services.registry.areas.model import Area, AreaDecision, AreaEntry
from services.registry.model import Outcome, Refused
from tests.unit.registry.areas.builders import PACK, area_item, square

OTHER = AreaSource(name="Other pack", licence="ODbL 1.0", sha256="cd" * 32)


def decided(item: dict[str, Any], before: Area | None = None, source: AreaSource = PACK) -> AreaDecision:
    decision = decide_area(AreaEntry.model_validate(item), before, source, "/items/0")
    assert isinstance(decision, AreaDecision), decision
    return decision


def refused(item: dict[str, Any], before: Area | None = None) -> dict[str, str]:
    decision = decide_area(AreaEntry.model_validate(item), before, PACK, "/items/0")
    assert isinstance(decision, Refused)
    return {problem.where: problem.what for problem in decision.problems}


def test_names_from_one_pack_and_the_boundary_from_another() -> None:
    named = decided(area_item(aliases=["汶川"])).area
    outlined = decided({"code": "513221", "geometry": square(103, 31), "simplified_m": 50}, named, OTHER)
    assert outlined.outcome is Outcome.CHANGED
    assert outlined.area.source == PACK
    assert outlined.area.geometry_source == OTHER
    assert (outlined.area.name_zh, outlined.area.aliases) == ("汶川县", ("汶川",))
    (fact,) = outlined.facts
    assert isinstance(fact.event, AreaState)
    assert fact.event.centre is not None
    assert (fact.event.centre.lon_deg, fact.event.centre.lat_deg) == (103.5, 31.5)
    again = decided({"code": "513221", "geometry": square(103, 31), "simplified_m": 50}, outlined.area, OTHER)
    assert (again.outcome, again.facts) == (Outcome.UNCHANGED, ())


def test_what_is_left_out_stays_as_it_was() -> None:
    before = decided(
        area_item(geometry=square(103, 31), simplified_m=50, population=104_000, population_year=2010)
    ).area
    after = decided({"code": "513221", "aliases": ["汶川"]}, before, OTHER).area
    assert after == replace(before, aliases=("汶川",), source=after.source)
    assert after.geometry_source == PACK


def test_a_former_name_lives_on_as_an_alias() -> None:
    before = decided(area_item(code="632700", name_zh="玉树县", name_en=None)).area
    after = decided(area_item(code="632700", name_zh="玉树市", name_en=None), before).area
    assert after.aliases == ("玉树县",)


@pytest.mark.parametrize(
    ("changes", "where", "what"),
    [
        ({"name_zh": None}, "/items/0/name_zh", "new here"),
        ({"valid_from": "2020-01-01", "valid_to": "2020-01-01"}, "/items/0/valid_to", "not after"),
        ({"successor_codes": ["510705"]}, "/items/0/successor_codes", "has ended"),
        ({"valid_to": "2020-01-01", "successor_codes": ["513221"]}, "/items/0/successor_codes", "itself"),
        ({"geometry": square(31, 103), "simplified_m": 0}, "/items/0/geometry", "swapped"),
        ({"geometry": square(500_000, 3_400_000), "simplified_m": 0}, "/items/0/geometry", "WGS-84"),
        ({"geometry": {"type": "Point", "coordinates": [1, 2]}, "simplified_m": 0}, "/items/0/geometry", "Polygon"),
        ({"geometry": {"type": "Polygon", "coordinates": "x"}, "simplified_m": 0}, "/items/0/geometry", "read"),
        (
            {
                "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]},
                "simplified_m": 0,
            },
            "/items/0/geometry",
            "not valid",
        ),
    ],
)
def test_what_is_wrong_is_told_and_nothing_changes(changes: dict[str, Any], where: str, what: str) -> None:
    assert what in refused(area_item(**changes))[where]


def test_an_outline_that_is_too_long_is_refused() -> None:
    ring = [[103 + step / 20_000, 31 + (step % 2) / 10_000] for step in range(20_000)]
    polygon = {"type": "Polygon", "coordinates": [[*ring, [104, 32], [103, 32], ring[0]]]}
    assert "simplify" in refused(area_item(geometry=polygon, simplified_m=0))["/items/0/geometry"]


@pytest.mark.parametrize(
    ("code", "parent"),
    [
        ("510000", None), ("510700", "510000"), ("510722", "510700"), ("510722100000", "510722"),
        ("510722100001", "510722100000"),
    ],
)  # fmt: skip
def test_codes_nest_by_their_digits(code: str, parent: str | None) -> None:
    assert parent_of(code) == parent


@given(st.from_regex(r"[1-9]\d{5}(\d{6})?", fullmatch=True))
def test_every_code_leads_up_to_a_province(code: str) -> None:
    steps = 0
    while (parent := parent_of(code)) is not None:
        code, steps = parent, steps + 1
    assert code.rstrip("0") == code[:2].rstrip("0")
    assert steps <= 4


def test_dates_of_an_area_that_is_known_bind_too() -> None:
    before = replace(decided(area_item()).area, valid_from=date(1958, 1, 1))
    assert "1958" in refused({"code": "513221", "valid_to": "1950-01-01"}, before)["/items/0/valid_to"]
