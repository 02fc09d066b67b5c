"""What may be proposed, who may decide it, and when it no longer fits."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.policy import covers
from schemas.vocabulary import JurisdictionLevel, StationChange, Tier
from services.registry.stations.changes.decide import (
    NoLongerOpen,
    NotAllowed,
    check_fit,
    check_verdict,
    may_say,
    read_changes,
    told_decided,
    told_proposed,
)
from services.registry.stations.changes.model import Proposal, State, Verdict
from services.registry.stations.changes.verifiers import Verifiers, load_verifiers, may_verify
from services.registry.stations.model import StationEntry
from services.registry.stations.tree import rank, rank_of_tier
from tests.unit.registry.stations.builders import station

HOME = station()
AUTHOR, OTHER = "a-1", "a-2"


def proposal(**changes: Any) -> Proposal:
    complete: dict[str, Any] = {
        "proposal_id": UUID(int=1), "station_id": HOME.station_id, "ref": HOME.ref, "area_codes": ("510181",),
        "changes": (StationChange.CAPACITY,), "wanted": {"room_count": 3}, "before": {"room_count": None},
        "after": {"room_count": 3}, "verifier": JurisdictionLevel.PREFECTURE, "reason": "x", "proposed_by": AUTHOR,
        "proposed_at": datetime(2026, 5, 12, tzinfo=UTC),
    }  # fmt: skip
    return Proposal(**{**complete, **changes})


def test_changes_are_laid_over_the_station() -> None:
    entry = read_changes("S-001", {"room_count": 3}, HOME)
    assert isinstance(entry, StationEntry)
    assert (entry.name_zh, entry.room_count) == (HOME.name_zh, 3)
    assert "languages" not in entry.model_fields_set


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"room_count": -1}, "/changes/room_count"),
        ({"colour": "red"}, "/changes/colour"),
        ({"ref": "S-2"}, "/changes/ref"),
        ({"verified_on": "2026-05-01"}, "/changes/verified_on"),
        ({"institution": {"ref": "H", "kind": "barracks"}}, "/changes/institution/kind"),
    ],
)
def test_what_is_wrong_with_changes_is_said_by_pointer(changes: dict[str, Any], where: str) -> None:
    problems = read_changes("S-001", changes, HOME)
    assert isinstance(problems, list)
    assert [problem.where for problem in problems] == [where]


def test_a_new_station_must_be_whole() -> None:
    problems = read_changes("S-9", {"kind": "emergency-station", "tier": "county"}, None)
    assert isinstance(problems, list)
    assert "/changes/name_zh" in [problem.where for problem in problems]


@pytest.mark.parametrize(
    ("changes", "tier", "level"),
    [
        (["capacity"], "county", "prefecture"),
        (["capacity"], "community", "township"),
        (["capacity"], "province", "nation"),
        (["closure"], "community", "prefecture"),
        (["registration"], "village", "county"),
        (["suspension"], "county", "county"),
        (["description", "place"], "street", "prefecture"),
    ],
)
def test_the_table_says_which_level_verifies(changes: list[str], tier: str, level: str) -> None:
    assert load_verifiers().level(map(StationChange, changes), [Tier(tier)]) == level


@given(st.sets(st.sampled_from(StationChange), min_size=1), st.lists(st.sampled_from(Tier), min_size=1, max_size=2))
def test_more_changes_and_higher_tiers_never_need_a_lower_verifier(
    changes: set[StationChange], tiers: list[Tier]
) -> None:
    level = load_verifiers().level
    together = rank(level(changes, tiers))
    assert together == min(rank(level([change], tiers)) for change in changes)
    assert together == min(rank(level(changes, [tier])) for tier in tiers)
    assert together <= min(map(rank_of_tier, tiers))


AREAS = st.sampled_from(["*", "510000", "510100", "510181", "510181001000", "510181001002", "610000"])


@given(st.lists(AREAS, max_size=3), st.sampled_from(Verdict), st.sampled_from(State), st.sampled_from([AUTHOR, OTHER]))
def test_only_an_open_proposal_of_somebody_else_is_verified_from_far_enough_above(
    areas: list[str], verdict: Verdict, state: State, account: str
) -> None:
    one = proposal(state=state)
    expected = state is State.OPEN and covers(tuple(areas), "510181") and (
        account == AUTHOR if verdict is Verdict.WITHDRAW
        else account != AUTHOR and any(area in ("*", "510000", "510100") for area in areas)
    )  # fmt: skip
    assert may_say(one, verdict, account, tuple(areas)) == expected


def test_the_refusal_says_why() -> None:
    with pytest.raises(NotAllowed, match="own proposal"):
        check_verdict(proposal(), Verdict.ACCEPT, AUTHOR, ("*",))
    with pytest.raises(NotAllowed, match="level of the prefecture or above"):
        check_verdict(proposal(), Verdict.REJECT, OTHER, ("510181",))
    with pytest.raises(NotAllowed, match="Only who proposed it"):
        check_verdict(proposal(), Verdict.WITHDRAW, OTHER, ("*",))
    with pytest.raises(NoLongerOpen, match="superseded"):
        check_verdict(proposal(state=State.SUPERSEDED), Verdict.ACCEPT, OTHER, ("*",))


@pytest.mark.parametrize(
    ("areas", "verdict", "state", "account", "may"),
    [
        (("510100",), Verdict.ACCEPT, State.OPEN, OTHER, True),
        (("510181",), Verdict.ACCEPT, State.OPEN, OTHER, False),
        (("510100",), Verdict.ACCEPT, State.OPEN, AUTHOR, False),
        (("510100",), Verdict.WITHDRAW, State.OPEN, AUTHOR, True),
        (("510100",), Verdict.WITHDRAW, State.OPEN, OTHER, False),
        (("510100",), Verdict.WITHDRAW, State.ACCEPTED, AUTHOR, False),
        (("610000",), Verdict.WITHDRAW, State.OPEN, AUTHOR, False),
    ],
)
def test_who_may_say_what(areas: tuple[str, ...], verdict: Verdict, state: State, account: str, may: bool) -> None:
    assert may_say(proposal(state=state), verdict, account, areas) is may


def test_of_a_move_both_places_must_be_ones_own() -> None:
    move = proposal(area_codes=("510181", "610100"))
    assert may_say(move, Verdict.WITHDRAW, AUTHOR, ("510000", "610000"))
    assert not may_say(move, Verdict.WITHDRAW, AUTHOR, ("510000",))


def test_a_proposal_and_its_verdict_are_told_where_the_station_shall_stand() -> None:
    move = proposal(area_codes=("510181", "610100"), state=State.REJECTED)
    for fact in (told_proposed(move), told_decided(move)):
        assert (fact.key, fact.area_code) == (HOME.station_id, "610100")


def test_a_table_in_which_a_change_has_no_verifier_is_refused() -> None:
    table = load_verifiers().model_dump(mode="json")
    Verifiers.model_validate_json(json.dumps(table))
    del table["verifiers"]["closure"]
    with pytest.raises(ValueError, match="nobody verifies closure"):
        Verifiers.model_validate_json(json.dumps(table))


def test_whoever_reaches_over_both_places_verifies_a_move() -> None:
    assert may_verify(("510100",), ("510181",), JurisdictionLevel.PREFECTURE)
    assert may_verify(("510000",), ("510181", "510681"), JurisdictionLevel.PREFECTURE)
    assert not may_verify(("510100", "510681"), ("510181", "510681"), JurisdictionLevel.PREFECTURE)


def test_a_proposal_fits_while_what_it_changes_is_as_it_was() -> None:
    check_fit(proposal(), replace(HOME, seat_count=9))
    for gone in (replace(HOME, room_count=2), None):
        with pytest.raises(NoLongerOpen, match="propose it anew"):
            check_fit(proposal(), gone)
    with pytest.raises(NoLongerOpen, match="propose it anew"):
        check_fit(proposal(before=None), HOME)
