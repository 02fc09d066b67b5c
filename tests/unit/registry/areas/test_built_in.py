"""The built-in areas are whole: what one line says fits the others."""

from __future__ import annotations

from collections import Counter
from datetime import date
from functools import cache

import pytest

from schemas.areas import resolve, stands_on
from schemas.vocabulary import Tier
from services.registry.areas.built_in import read_built_in
from services.registry.areas.decide import decide_area, left_open, parent_of
from services.registry.areas.model import AreaDecision, AreaEntry
from tests.unit.registry.areas.builders import PACK

TODAY = date(2026, 11, 1)
WITHOUT_PREFECTURES = {"11", "12", "31", "50", "71", "81", "82"}
DIRECT = {"4190", "4290", "4690", "6590"}
"""Counties right below a province."""


@cache
def known() -> dict[str, AreaEntry]:
    return {entry.code: entry for _, entry in read_built_in()}


def standing(on: date = TODAY) -> list[AreaEntry]:
    return [entry for entry in known().values() if stands_on(entry, on)]


def test_every_code_is_there_once_and_can_be_registered() -> None:
    lines = read_built_in()
    assert len(known()) == len(lines)
    for number, (source, entry) in enumerate(lines):
        decision = decide_area(entry, None, source, f"/{number}")
        assert isinstance(decision, AreaDecision), entry.code


def test_a_part_goes_on_where_the_last_one_ended() -> None:
    codes = list(known())
    first = [entry.code for _, entry in read_built_in(limit=100)]
    assert first == codes[:100]
    assert [entry.code for _, entry in read_built_in(after_code=first[-1])] == codes[100:]


def test_all_tiers_are_there_in_full() -> None:
    counts = Counter(entry.tier for entry in standing())
    assert counts[Tier.PROVINCE] == 34
    assert counts[Tier.PREFECTURE] == 333
    assert counts[Tier.COUNTY] + counts[Tier.DISTRICT] == 2_847


def test_every_area_that_stands_lies_in_one_that_stands() -> None:
    codes = {entry.code for entry in standing()}
    for entry in standing():
        if entry.tier is Tier.PROVINCE:
            continue
        parent = entry.parent_code or parent_of(entry.code)
        assert parent in codes, entry.code
        assert parent[:2] == entry.code[:2]
        is_direct = entry.code[:2] in WITHOUT_PREFECTURES or entry.code[:4] in DIRECT or entry.tier is Tier.PREFECTURE
        assert parent.endswith("0000") == is_direct, entry.code


def test_every_province_has_prefectures_and_every_prefecture_counties() -> None:
    prefectures = {entry.code for entry in standing() if entry.tier is Tier.PREFECTURE}
    provinces = {entry.code[:2] for entry in standing() if entry.tier is Tier.PROVINCE}
    assert {code[:2] for code in prefectures} == provinces - WITHOUT_PREFECTURES
    parents = {entry.parent_code for entry in standing()}
    assert {code for code in prefectures if code not in parents} == {"441900", "442000", "460400", "620200"}  # of towns


def test_every_centre_lies_in_china() -> None:
    for entry in known().values():
        if entry.lat_deg is not None and entry.lon_deg is not None:
            assert 3 < entry.lat_deg < 54, entry.code
            assert 73 < entry.lon_deg < 136, entry.code


def test_how_many_have_a_centre_is_what_is_told() -> None:
    """The numbers of docs/area-data.md."""
    with_centre = Counter(entry.tier for entry in standing() if entry.lat_deg is not None)
    assert with_centre == {Tier.PROVINCE: 34, Tier.PREFECTURE: 333, Tier.COUNTY: 1_651, Tier.DISTRICT: 758}


def test_no_code_means_two_areas_on_a_day_and_every_heir_is_known() -> None:
    for entry in known().values():
        assert (entry.valid_to is not None) or not entry.successor_codes, entry.code
        assert set(entry.successor_codes) <= known().keys(), entry.code
        heirs = resolve(entry.code, TODAY, known().get)
        assert not heirs.unknown
        assert all(stands_on(known()[code], TODAY) for code in heirs.codes), entry.code


def test_only_a_few_codes_ended_without_a_known_heir() -> None:
    lost = [entry.code for entry in known().values() if not resolve(entry.code, TODAY, known().get).codes]
    assert len(lost) == 15


@pytest.mark.parametrize(
    ("old", "on", "now"),
    [
        ("110103", date(2026, 5, 12), ("110101",)),  # 崇文区
        ("110103", date(2010, 4, 14), ("110103",)),
        ("110104", date(2026, 5, 12), ("110102",)),  # 宣武区
        ("310119", date(2026, 5, 12), ("310115",)),  # 南汇区
        ("341400", date(2026, 5, 12), ("340100", "340200", "340500")),  # 巢湖市
        ("371200", date(2026, 5, 12), ("370100",)),  # 莱芜市
        ("371202", date(2026, 5, 12), ("370116",)),
        ("510724", date(2026, 5, 12), ("510705",)),  # 安县
        ("632721", date(2010, 4, 14), ("632721",)),  # 玉树县
        ("632721", date(2026, 5, 12), ("632701",)),
        ("469031", date(2026, 5, 12), ("460302",)),  # 西沙群岛
        ("500112", date(2026, 5, 12), ("500157",)),  # 渝北区
    ],
)
def test_codes_that_changed(old: str, on: date, now: tuple[str, ...]) -> None:
    assert resolve(old, on, known().get).codes == now


def test_of_what_a_pack_said_only_a_missing_centre_is_filled_in() -> None:
    entry = known()["513221"]
    assert left_open(entry, None) is entry
    said = AreaEntry(code="513221", name_zh="汶川", tier=Tier.COUNTY)
    decision = decide_area(said, None, PACK, "")
    assert isinstance(decision, AreaDecision)
    left = left_open(entry, decision.area)
    assert left is not None
    assert left.model_fields_set == {"code", "lat_deg", "lon_deg"}
    filled = decide_area(left, decision.area, PACK, "")
    assert isinstance(filled, AreaDecision)
    assert left_open(entry, filled.area) is None
