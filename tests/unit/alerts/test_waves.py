"""Whom a wave asks, and why nobody else."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from schemas.events.volunteer import VolunteerState
from schemas.vocabulary import Role, ZoneKind
from services.alerts.model import NO_CHANNEL, Exclusions, obstacles
from tests.unit.alerts.builders import RULES, asked, near, person, quota, wave

RINGED = (near(20, 1), near(300, 2), near(900, 3), near(2500, 4))


def test_asks_half_as_many_again_as_are_missing() -> None:
    people = [person(n) for n in range(1, 20)]
    assert len(wave([quota(4)], people).asks) == 6
    assert len(wave([quota(4, accepted=3)], people).asks) == 2
    assert wave([quota(4, accepted=4)], people).asks == ()


def test_people_whose_answer_is_awaited_are_counted_in() -> None:
    people = [person(n) for n in range(1, 20)]
    assert len(wave([quota(4, waiting=5)], people).asks) == 1
    silent = wave([quota(4, waiting=6)], people)
    assert silent.asks == ()
    assert not silent.exhausted
    short = wave([quota(4, waiting=2)], [person(1)])
    assert (len(short.asks), [one.missing for one in short.shortfalls]) == (1, [1])


def test_with_nothing_open_nothing_is_exhausted_and_with_a_filled_need_beside_it_the_open_one_is() -> None:
    assert not wave([quota(4, accepted=4)], []).exhausted
    filled = quota(1, need_id="filled", accepted=1, waiting=1)
    done = wave([filled, quota(2, need_id="open")], [])
    assert (done.exhausted, list(done.rings)) == (True, ["open"])


@pytest.mark.parametrize(
    ("excluded", "word"),
    [
        (Exclusions(committed=frozenset({UUID(int=1)})), "committed elsewhere"),
        (Exclusions(asked_here=frozenset({UUID(int=1)})), "already asked here"),
        (Exclusions(asked_elsewhere=frozenset({UUID(int=1)})), "being asked for another request"),
    ],
)
def test_excluded_people_are_not_asked_and_counted_with_the_reason(excluded: Exclusions, word: str) -> None:
    result = wave([quota(1)], [person(1)], exclusions=excluded)
    assert result.exhausted
    assert result.shortfalls[0].missing == 1
    assert f"{word}: 1" in result.shortfalls[0].why.en


def test_the_register_s_reason_is_told() -> None:
    result = wave([quota(1)], [person(1, deployable=False, reasons=("minor",))])
    assert "minor: 1" in result.shortfalls[0].why.en


def test_people_of_the_core_zone_are_left_with_their_families() -> None:
    result = wave([quota(1)], [person(1)], reach=[near(0, inside=ZoneKind.CORE)])
    assert result.asks == ()
    assert "inside the core zone: 1" in result.shortfalls[0].why.en


def test_people_of_the_affected_zone_go_last_and_never_into_the_core() -> None:
    people = [person(1, station=1), person(2, station=2)]
    reach = [near(5, 1, ZoneKind.AFFECTED), near(300, 2)]
    assert asked(wave([quota(1)], people, reach=reach)) == [2]
    assert asked(wave([quota(2, zone=ZoneKind.AFFECTED)], people, reach=reach)) == [2, 1]


def test_a_ring_widens_only_when_it_holds_too_few() -> None:
    people = [person(1, station=1), person(2, station=1), person(3, station=2), person(4, station=3)]
    first = wave([quota(2)], people, reach=RINGED)
    assert (asked(first), first.ring_km, first.rings) == ([1, 2], 150.0, {"need": 0})
    second = wave([quota(3)], people, reach=RINGED)
    assert (asked(second), second.ring_km, second.rings) == ([1, 2, 3], 400.0, {"need": 1})
    later = wave([quota(1, ring=2)], people, reach=RINGED)
    assert (asked(later), later.rings) == ([1, 2], {"need": 2})


def test_nobody_beyond_the_last_ring() -> None:
    assert wave([quota(1)], [person(1, station=9)], reach=[near(3500, 9)]).exhausted


def test_who_no_channel_reaches_is_not_asked_and_is_told_where_nothing_graver_stands_against_it() -> None:
    silent = person(1, deployable=False, reasons=(NO_CHANNEL,))
    assert "no channel reaches them: 1" in wave([quota(1)], [silent]).shortfalls[0].why.en
    there = wave([quota(1)], [silent], reach=[near(inside=ZoneKind.CORE)])
    assert "inside the core zone: 1" in there.shortfalls[0].why.en


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"channels": ()}, ("no-channel",)),
        ({"channels": None}, ()),
        ({"channels": ("sms",)}, ()),
        ({"channels": (), "deployable": False, "reasons": ("opted-out",)}, ("opted-out",)),
        ({"deployable": False}, ("not-deployable",)),
    ],
)
def test_nobody_is_asked_whom_the_register_says_nothing_reaches(said: dict[str, object], why: tuple[str, ...]) -> None:
    somebody = {
        "volunteer_id": UUID(int=1),
        "home_station_id": UUID(int=2),
        "area_code": "513221",
        "position": {"lat_deg": 31.0, "lon_deg": 103.5},
        "roles": ("counsellor",),
        "languages": ("cmn",),
        "deployable": True,
    }
    assert obstacles(VolunteerState.model_validate(somebody | said)) == why


def test_scarce_roles_are_kept_for_their_own_places() -> None:
    both = person(1, Role.PSYCHIATRIST, Role.COUNSELLOR)
    counsellors = [person(n) for n in range(2, 6)]
    assert asked(wave([quota(2)], [both, *counsellors])) == [2, 3, 4]
    needs = [quota(1, need_id="a"), quota(1, Role.PSYCHIATRIST, need_id="b")]
    by_need = {ask.volunteer_id.int: ask.need_id for ask in wave(needs, [both, *counsellors]).asks}
    assert by_need == {1: "b", 2: "a", 3: "a"}
    assert asked(wave([quota(1)], [both])) == [1]


def test_language_quotas_choose_first() -> None:
    speaker = person(1, languages=("cmn", "cng"))
    needs = [quota(1, need_id="any"), quota(1, need_id="qiang", language="cng")]
    by_need = {ask.need_id: ask.volunteer_id.int for ask in wave(needs, [speaker, person(2)]).asks}
    assert by_need == {"qiang": 1, "any": 2}


def test_rank_is_band_then_last_asked_then_distance_then_id() -> None:
    people = [person(1, station=1), person(2, station=2), person(3, station=3), person(4, station=2)]
    reach = [near(20, 1), near(40, 2), near(200, 3)]
    recently = {UUID(int=1): datetime(2026, 1, 2, tzinfo=UTC), UUID(int=2): datetime(2026, 1, 1, tzinfo=UTC)}
    result = wave([quota(4)], people, reach=reach, exclusions=Exclusions(last_asked_at=recently))
    assert asked(result) == [4, 2, 1, 3]
    assert result.asks[0].why == "counsellor; 40 km, ring 150 km; never asked before"
    assert "last asked 2026-01-01" in result.asks[1].why


def test_of_those_equally_near_and_long_unasked_who_is_sooner_on_the_way_is_asked_first() -> None:
    people = [person(1), person(2, activation_minutes=90), person(3, activation_minutes=15)]
    result = wave([quota(2)], people)
    assert [ask.volunteer_id.int for ask in result.asks] == [3, 1, 2]
    assert result.asks[0].why.endswith("; on the way in 15 min")
    assert "on the way" not in result.asks[1].why


def test_page_ids_do_not_depend_on_the_wave() -> None:
    one, other = wave([quota(1)], [person(1)]), wave([quota(1, ring=1)], [person(1)], rules=RULES)
    assert one.asks[0].page_id == other.asks[0].page_id


def test_every_wave_is_explained_in_both_languages() -> None:
    result = wave([quota(3)], [person(1)])
    assert "People lacking: 3 " in result.explanation.en
    assert "尚缺3人" in result.explanation.zh
    assert "共1人" in result.shortfalls[0].why.zh
