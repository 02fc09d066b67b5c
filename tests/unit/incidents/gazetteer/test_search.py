"""Places by name: what people write finds what they mean, and what is in doubt is never picked."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.values import Position
from schemas.vocabulary import Tier
from services.incidents.gazetteer.entries import merged
from services.incidents.gazetteer.geocoder import OfflineGazetteer
from services.incidents.gazetteer.model import QUERY_CHARS_MAX, Entry, QueryRefused
from services.incidents.gazetteer.names import han_forms, pinyin_of
from services.incidents.gazetteer.search import Index

TODAY = date(2026, 5, 12)
MERGED = date(2016, 3, 20)


def area(code: str, name_zh: str, name_en: str | None = None, tier: Tier = Tier.COUNTY, **more: object) -> Entry:
    return Entry(key=code, code=code, name_zh=name_zh, name_en=name_en, tier=tier, source="area", **more)  # type: ignore[arg-type]


ENTRIES = [
    area("110000", "北京市", "Beijing", Tier.PROVINCE, names=("北京", "Peking")),
    area("110105", "朝阳区"),
    area("220000", "吉林省", "Jilin", Tier.PROVINCE, names=("吉林",)),
    area("220100", "长春市", tier=Tier.PREFECTURE),
    area("220104", "朝阳区"),
    area("220200", "吉林市", tier=Tier.PREFECTURE),
    area("510000", "四川省", "Sichuan", Tier.PROVINCE, names=("四川",)),
    area("510700", "绵阳市", tier=Tier.PREFECTURE),
    area("510705", "安州区", valid_from=MERGED),
    area("510724", "安县", valid_to=MERGED, successor_codes=("510705",)),
    area("510726", "北川羌族自治县"),
    area("513200", "阿坝藏族羌族自治州", tier=Tier.PREFECTURE),
    area("513221", "汶川县", "Wenchuan County", position=Position(lat_deg=31.48, lon_deg=103.59)),
    area("511826", "芦山县"),
    area("141100", "吕梁市", tier=Tier.PREFECTURE),
]
TOWN = Entry(
    key="t1", name_zh="映秀", name_en="Yingxiu", within="510000", position=Position(lat_deg=31.06, lon_deg=103.49),
    source="towns",
)  # fmt: skip
INDEX = Index([*ENTRIES, TOWN])


def certain(query: str, on: date = TODAY) -> str | None:
    found = INDEX.find(query, on).certain
    return found and found.entry.key


@pytest.mark.parametrize(
    ("query", "key"),
    [
        ("汶川县", "513221"), ("汶川", "513221"), (" 汶 川 县 ", "513221"), ("wenchuan", "513221"),
        ("Wènchuān", "513221"),
        ("wen4 chuan1 xian4", "513221"), ("WENCHUAN COUNTY, Sichuan", "513221"), ("Sichuan Wenchuan", "513221"),
        ("北川", "510726"), ("北川县", "510726"), ("阿坝州", "513200"), ("阿坝", "513200"), ("Peking", "110000"),
        ("北京市朝阳区", "110105"), ("长春朝阳", "220104"), ("吉林省", "220000"), ("吉林省吉林市", "220200"),
        ("Lǚliáng", "141100"), ("lvliang", "141100"), ("映秀镇", "t1"), ("四川映秀", "t1"),
    ],
)  # fmt: skip
def test_what_people_write_finds_what_they_mean(query: str, key: str) -> None:
    assert certain(query) == key


def test_a_name_of_several_is_never_picked_and_their_parents_tell_them_apart() -> None:
    found = INDEX.find("朝阳区", TODAY)
    assert found.certain is None
    parents = {one.entry.code: [p.name_zh for p in one.parents] for one in found.candidates}
    assert parents == {"110105": ["北京市"], "220104": ["吉林省", "长春市"]}
    assert {one.entry.code for one in INDEX.find("吉林", TODAY).candidates} == {"220000", "220200"}


def test_what_is_not_known_of_an_address_is_told() -> None:
    found = INDEX.find("四川省阿坝州汶川县幸福路8号", TODAY).certain
    assert found is not None
    assert (found.entry.key, found.rest) == ("513221", "幸福路8号")


@pytest.mark.parametrize("query", ["汶穿县", "文川县", "wenchaun", "四川省朝阳区"])
def test_what_is_misspelt_or_contradicts_itself_gives_guesses_only(query: str) -> None:
    found = INDEX.find(query, TODAY)
    assert found.candidates
    assert all(one.is_guess and one.score < 1 for one in found.candidates)
    assert found.certain is None


def test_an_old_name_means_what_it_became_by_the_day() -> None:
    assert certain("安县", date(2008, 5, 12)) == "510724"
    found = INDEX.find("绵阳市安县", TODAY).certain
    assert found is not None
    assert (found.entry.code, found.replaced) == ("510705", ("510724",))


def test_a_name_means_who_bears_it_on_the_day_and_not_who_once_did() -> None:
    index = Index(
        [
            area("340000", "安徽省", tier=Tier.PROVINCE),
            area("340100", "合肥市", tier=Tier.PREFECTURE),
            area("340181", "巢湖市", valid_from=date(2011, 12, 31)),
            area("341400", "巢湖市", tier=Tier.PREFECTURE, valid_to=date(2011, 12, 31), successor_codes=("340100",)),
        ]
    )
    for on, code in ((TODAY, "340181"), (date(2008, 5, 12), "341400")):
        for query in ("巢湖市", "安徽省巢湖", "chaohu"):
            certain = index.find(query, on).certain
            assert certain is not None
            assert (certain.entry.code, certain.replaced) == (code, ())
    past = area("341400", "巢湖市", tier=Tier.PREFECTURE, valid_to=MERGED, position=None)
    town = replace(TOWN, key="t2", name_zh="巢湖", name_en="Chaohu", within="340000", population=9)
    placed = {entry.key: entry.position for entry in merged([area("340181", "巢湖市"), past], [town])}
    assert placed == {"340181": town.position, "341400": None}


def test_nothing_is_like_it() -> None:
    assert INDEX.find("qqqqqqqq", TODAY).candidates == ()


@pytest.mark.parametrize("query", ["", "  ", "x" * (QUERY_CHARS_MAX + 1)])
def test_empty_and_endless_queries_are_refused(query: str) -> None:
    with pytest.raises(QueryRefused):
        INDEX.find(query, TODAY)


@pytest.mark.parametrize(
    ("name", "forms"),
    [
        ("汶川县", ("汶川县", "汶川")),
        ("阿坝藏族羌族自治州", ("阿坝藏族羌族自治州", "阿坝州", "阿坝自治州", "阿坝")),
        ("新疆维吾尔自治区", ("新疆维吾尔自治区", "新疆自治区", "新疆")),
        ("县", ()),
    ],
)
def test_chinese_names_are_shortened_as_people_do(name: str, forms: tuple[str, ...]) -> None:
    assert han_forms(name) == forms


@given(st.sampled_from(ENTRIES))
def test_every_area_is_among_the_answers_to_its_name_its_short_name_and_its_sound(entry: Entry) -> None:
    day = date(2010, 1, 1) if entry.valid_to else TODAY
    assert entry.name_zh is not None
    for form in han_forms(entry.name_zh):
        for query in (form, pinyin_of(form)):
            found = INDEX.find(query, day, limit=50).candidates
            assert entry.key in {one.entry.key for one in found if not one.is_guess}


@given(st.text(min_size=1, max_size=60), st.randoms())
def test_any_text_gives_the_same_bounded_answer_whatever_the_order_of_entries(text: str, chance: random.Random) -> None:
    shuffled = [*ENTRIES, TOWN]
    chance.shuffle(shuffled)
    try:
        found = INDEX.find(text, TODAY)
    except QueryRefused:
        return
    assert len(found.candidates) <= 10
    assert Index(shuffled).find(text, TODAY) == found


def test_a_town_that_is_an_area_lends_it_its_place_and_names() -> None:
    town = Entry(
        key="t2", name_zh="绵阳", name_en="Mianyang", names=("Mien-yang",), within="510000", source="towns",
        position=Position(lat_deg=31.47, lon_deg=104.68),
    )  # fmt: skip
    entries = merged(ENTRIES, [town, TOWN])
    assert "t2" not in {entry.key for entry in entries}
    mianyang = next(entry for entry in entries if entry.key == "510700")
    assert mianyang.position == town.position
    assert Index(entries).find("Mien-yang", TODAY).certain is not None


def test_it_is_a_geopy_geocoder() -> None:
    gazetteer = OfflineGazetteer(INDEX, TODAY)
    location = gazetteer.geocode("汶川")
    assert (location.latitude, location.longitude, location.address) == (
        31.48,
        103.59,
        "四川省阿坝藏族羌族自治州汶川县",
    )
    assert gazetteer.geocode("朝阳区") is None
    assert gazetteer.geocode("wenchaun") is None
    assert gazetteer.geocode("wenchaun", exactly_one=False)[0].raw["is_guess"]
    nearest = gazetteer.reverse((31.05, 103.5))
    assert nearest.raw["key"] == "t1"
    assert nearest.raw["distance_m"] == pytest.approx(1_460, rel=0.02)
    assert [one.raw["key"] for one in gazetteer.reverse((31.05, 103.5), exactly_one=False)] == ["t1", "513221"]
