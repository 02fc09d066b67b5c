"""How the table of areas is made, on a small country."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from services.cli.area_table import history
from services.cli.area_table.centres import CITY, MIDDLE, NAMED, SEAT, TOWNS, Centres
from services.cli.area_table.english import english_name
from services.cli.area_table.model import Change, Former, Listed, Town
from services.cli.area_table.sources import LISTED_ON
from services.incidents.gazetteer.names import latin_forms


def listed(*lines: tuple[str, str] | tuple[str, str, Sequence[str]]) -> dict[str, Listed]:
    """A present list; parents are those of the digits."""
    found = {}
    for code, name, *below in lines:
        parent = None if code.endswith("0000") else code[:2] + "0000" if code.endswith("00") else code[:4] + "00"
        found[code] = Listed(code=code, name=name, parent=parent, townships=tuple(below[0]) if below else ())
    return found


def town(number: int, *han: str, within: str = "5101", latin: str = "X", **more: Any) -> Town:
    return Town(
        **{
            "geoname_id": number, "name": latin, "within": within, "han_names": frozenset(han), "population": 0,
            "latin_forms": frozenset(latin_forms(latin)), "is_seat": False, "lat_deg": 30 + number / 100,
            "lon_deg": 104.0, **more,
        }
    )  # fmt: skip


AREAS = listed(
    ("510000", "四川省"), ("510100", "成都市"), ("510101", "青羊区", ("太升街道",)),
    ("510121", "金堂县", ("赵镇", "淮口镇")), ("510122", "双流县", ("彭镇", "黄水镇", "永安镇")),
    ("513200", "阿坝藏族羌族自治州"), ("513231", "阿坝县"), ("513221", "汶川县"),
)  # fmt: skip


def centre(code: str, *towns: Town, former: dict[str, Sequence[str]] | None = None) -> tuple[str, int] | None:
    found = Centres(AREAS, towns, former or {}).find(code)
    return found and (found.rule, found.geoname_id)


def test_a_place_of_the_name_counts_in_its_prefecture_only() -> None:
    assert centre("510121", town(1, "金堂县", within="5132"), town(2, "金堂县")) == (NAMED, 2)
    assert centre("510121", town(1, "金堂", within="5132", population=9_999)) is None


def test_a_short_name_counts_for_a_seat_or_a_populous_place() -> None:
    assert centre("510121", town(1, "金堂镇")) is None
    assert centre("510121", town(1, "金堂镇", is_seat=True)) == (NAMED, 1)
    assert centre("510121", town(1, latin="Jintang", population=20_000)) == (NAMED, 1)
    assert centre("510121", town(1, "别处", latin="Jintang", population=20_000)) is None


def test_a_former_name_is_a_name() -> None:
    assert centre("510121", town(1, "怀州", population=5_000), former={"510121": ("怀州县",)}) == (NAMED, 1)


def test_a_seat_with_the_name_of_a_town_and_the_middle_of_towns() -> None:
    assert centre("510121", town(1, "淮口"), town(2, "赵镇", is_seat=True)) == (SEAT, 2)
    towns = (town(1, "彭镇"), town(5, "黄水镇"), town(6, "永安镇"))
    assert centre("510122", *towns) == (TOWNS, 5)
    assert centre("510122", *reversed(towns)) == (TOWNS, 5)


def test_a_district_of_streets_is_where_its_city_is() -> None:
    assert centre("510101", town(1, "成都市", population=7_000_000)) == (CITY, 1)
    assert centre("510121", town(1, "成都市", population=7_000_000)) is None


def test_a_prefecture_is_not_the_county_of_its_name() -> None:
    aba = town(1, "阿坝", within="5132", population=20_000)
    assert centre("513200", aba, town(2, "汶川县", within="5132")) == (MIDDLE, 1)
    assert centre("513200", aba, town(2, "马尔康", within="5132", population=60_000)) == ("largest", 2)


LISTS = {
    date(2000, 12, 31): {"510100": "成都市", "510124": "郫县", "510102": "西城区", "510125": "新都县"},
    date(2015, 12, 31): {"510100": "成都市", "510124": "郫县", "510114": "新都区"},
    date(2019, 4, 30): {"510100": "成都市", "510117": "郫都区", "510114": "新都区"},
}  # fmt: skip
PRESENT = listed(
    ("510000", "四川省"), ("510100", "成都市"), ("510117", "郫都区"), ("510114", "新都区"), ("510118", "新津区"),
    ("510105", "青羊区"),
)  # fmt: skip


def change(year: int, old_code: str, new_code: str, **more: Any) -> Change:
    return Change(
        **{
            "year": year, "old_code": old_code, "old_name": "某", "new_code": new_code, "is_reassigned": False,
            "document": None, **more,
        }
    )  # fmt: skip


def former(*changes: Change) -> dict[str, Former]:
    return history.former_areas(PRESENT, LISTS, changes)


def test_a_code_ends_with_the_first_list_without_it_or_the_year_that_is_told() -> None:
    assert former()["510124"].ended_on == date(2019, 4, 30)
    assert former(change(2016, "510124", "510117"))["510124"].ended_on == date(2016, 12, 31)
    assert former(change(1995, "510124", "510117"))["510124"].ended_on == date(2019, 4, 30)


def test_heirs_are_told_or_bear_the_name_or_are_not_known() -> None:
    assert former(change(2016, "510124", "510117", document="a"))["510124"].successors == ("510117",)
    assert former()["510125"].successors == ("510114",)
    assert former()["510102"].successors == ()
    given_away = change(2002, "510102", "510105", is_reassigned=True)
    assert former(given_away)["510102"].successors == ()


def test_when_a_code_began() -> None:
    told = [change(2016, "510124", "510117"), change(2020, "", "510118")]
    assert history.begun("510100", LISTS, told) is None
    assert history.begun("510117", LISTS, told) == date(2016, 12, 31)
    assert history.begun("510114", LISTS, told) == date(2015, 12, 31)
    assert history.begun("510118", LISTS, told) == date(2020, 12, 31)
    assert history.begun("510118", LISTS, [change(LISTED_ON.year, "", "510118")]) == LISTED_ON


def test_a_former_name_is_told_by_a_change_that_gave_the_code_to_nobody_else() -> None:
    renamed = change(2010, "510114", "510114", old_name="旧名区")
    taken = change(2010, "510117", "510117", old_name="别处区", is_reassigned=True)
    names = history.former_names(PRESENT, [renamed, taken])
    assert (names["510114"], names["510117"]) == (("旧名区",), ())


@pytest.mark.parametrize(
    ("chinese", "letters"),
    [
        ("汶川县", "Wenchuan County"),
        ("阿坝藏族羌族自治州", "Aba Tibetan and Qiang Autonomous Prefecture"),
        ("西安市", "Xi'an"),
        ("什邡市", "Shifang"),
        ("城区", "Cheng District"),
        ("朝阳区", "Chaoyang District"),
        ("丰都县", "Fengdu County"),
        ("莫力达瓦达斡尔族自治旗", "Molidawa Daur Autonomous Banner"),
    ],
)
def test_names_in_letters(chinese: str, letters: str) -> None:
    assert english_name(chinese) == letters
