"""Decisions about stations."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.events.station import StationState, StationVerified
from schemas.vocabulary import JurisdictionLevel, StationChange
from services.registry.model import Outcome, Refused
from services.registry.stations.decide import (
    CHANGE_OF_FIELD,
    as_json,
    decide_station,
    is_open_now,
    moves_volunteers,
)
from services.registry.stations.facts import station_state, went_stale
from services.registry.stations.hours import Weekday
from services.registry.stations.model import Catchment, Neighbours, Station, StationDecision, StationEntry
from tests.unit.registry.stations.builders import station, station_entry, station_item

HOME = station()
ALONE = Neighbours()
TODAY = date(2026, 5, 12)


def types(facts: Any) -> list[str]:
    return [fact.event.event_type for fact in facts]


def decide(before: Station | None, around: Neighbours = ALONE, **changes: Any) -> StationDecision | Refused:
    return decide_station(station_entry(**changes), before, around, ("510000",), TODAY, "/items/3")


def station_decision(before: Station | None, around: Neighbours = ALONE, **changes: Any) -> StationDecision:
    decision = decide(before, around, **changes)
    assert isinstance(decision, StationDecision)
    return decision


def problems(before: Station | None, around: Neighbours = ALONE, **changes: Any) -> list[str]:
    decision = decide(before, around, **changes)
    assert isinstance(decision, Refused)
    return [problem.where for problem in decision.problems]


def test_a_new_station_is_registered_with_its_state() -> None:
    decision = station_decision(None)
    assert decision.outcome is Outcome.CREATED
    assert types(decision.facts) == ["station.registered", "station.state"]
    state = decision.facts[-1].event
    assert isinstance(state, StationState)
    assert state.is_open


def test_the_same_station_again_tells_nothing() -> None:
    decision = station_decision(HOME)
    assert decision.outcome is Outcome.UNCHANGED
    assert decision.facts == ()


def test_the_order_of_languages_makes_no_difference() -> None:
    before = station(languages=["cmn", "adx"])
    assert station_decision(before, languages=["adx", "cmn", "cmn"]).outcome is Outcome.UNCHANGED


@pytest.mark.parametrize(
    ("catchment", "kept"),
    [
        pytest.param({}, None, id="of nobody"),
        pytest.param({"area_codes": []}, None, id="of no areas"),
        pytest.param({"radius_m": 5_000}, {"radius_m": 5_000}, id="around it"),
        pytest.param({"area_codes": ["510182", "510181", "510182"]}, {"area_codes": ["510181", "510182"]}, id="areas"),
    ],
)
def test_a_catchment_is_kept_in_order_and_one_of_nobody_is_none(
    catchment: dict[str, Any], kept: dict[str, Any] | None
) -> None:
    assert station(catchment=catchment).catchment == (None if kept is None else Catchment.model_validate(kept))


def test_a_corrected_station_is_told_whole() -> None:
    decision = station_decision(HOME, name_en="Dujiangyan station")
    assert decision.outcome is Outcome.CHANGED
    assert types(decision.facts) == ["station.corrected", "station.state"]


@pytest.mark.parametrize(
    ("before", "changes", "facts"),
    [
        pytest.param({}, {"is_open": False}, ["station.closed", "station.state"], id="closes"),
        pytest.param({"is_open": False}, {"is_open": True}, ["station.corrected", "station.state"], id="opens again"),
        pytest.param({}, {"is_suspended": True}, ["station.suspended", "station.state"], id="is suspended"),
        pytest.param(
            {"is_suspended": True}, {"is_suspended": False}, ["station.resumed", "station.state"], id="resumes"
        ),
        pytest.param({}, {"room_count": 3}, ["station.capacity-changed", "station.state"], id="gets rooms"),
        pytest.param({}, {"verified_on": TODAY}, ["station.verified", "station.state"], id="is verified"),
        pytest.param({}, {"opening_hours": {"weekly": []}}, ["station.state"], id="has hours, which stay here"),
        pytest.param(
            {}, {"is_open": False, "name_en": "X"}, ["station.corrected", "station.closed", "station.state"],
            id="is corrected and closes",
        ),
    ],
)  # fmt: skip
def test_closing_and_opening_are_told(before: dict[str, Any], changes: dict[str, Any], facts: list[str]) -> None:
    assert types(station_decision(station(**before), **changes).facts) == facts


def test_only_place_area_and_opening_take_volunteers_along() -> None:
    assert not moves_volunteers(None, HOME)
    assert not moves_volunteers(HOME, station(name_en="X"))
    assert moves_volunteers(HOME, station(lat_deg=31.5))
    assert moves_volunteers(HOME, station(area_code="510182"))
    assert moves_volunteers(HOME, station(is_open=False))
    assert moves_volunteers(HOME, station(is_suspended=True))


def test_a_detachment_must_be_one() -> None:
    detachment = station(ref="D-51", kind="provincial-detachment", tier="province")
    assert isinstance(decide(None, Neighbours(detachment=detachment), detachment_ref="D-51"), StationDecision)
    for wrong in (None, station(ref="D-51")):
        assert problems(None, Neighbours(detachment=wrong), detachment_ref="D-51") == ["/items/3/detachment_ref"]


def test_what_is_left_out_stays_and_null_clears() -> None:
    full = {
        "languages": ["cmn", "khg"], "services": ["referral", "counselling"], "room_count": 2, "seat_count": 8,
        "opening_hours": {"weekly": [{"days": ["mon"], "opens": "09:00", "closes": "17:00"}]},
        "catchment": {"area_codes": ["510181"], "radius_m": 5000}, "is_open": False, "is_suspended": True,
        "verified_on": "2026-05-01",
    }  # fmt: skip
    before = station(**full)
    item = station_item()
    del item["languages"]
    kept = decide_station(StationEntry.model_validate(item), before, ALONE, ("*",), TODAY, "")
    assert kept == StationDecision(outcome=Outcome.UNCHANGED, station=before)
    after = station_decision(before, room_count=None, catchment=None, services=[]).station
    assert (after.room_count, after.catchment, after.services, after.seat_count) == (None, None, (), 8)


def test_a_verification_is_not_undone_by_an_older_file_and_not_in_the_future() -> None:
    before = station(verified_on="2026-05-01")
    assert station_decision(before, verified_on="2026-04-01").outcome is Outcome.UNCHANGED
    assert problems(before, verified_on="2026-05-13") == ["/items/3/verified_on"]


def test_being_verified_again_ends_being_stale() -> None:
    stale, facts = went_stale(station(verified_on="2025-01-01"))
    assert types(facts) == ["station.went-stale", "station.state"]
    assert station_decision(stale, room_count=3).station.is_stale
    assert not station_decision(stale, verified_on=TODAY).station.is_stale


def test_the_record_holds_what_differs_and_what_kind_of_change_it_is() -> None:
    new = station_decision(None).record
    assert new is not None
    assert (new.before, new.changes) == (None, (StationChange.REGISTRATION,))
    record = station_decision(HOME, lat_deg=31.5, name_en="X", room_count=2).record
    assert record is not None
    assert record.changes == (StationChange.DESCRIPTION, StationChange.CAPACITY, StationChange.PLACE)
    assert record.before == {
        "name_en": HOME.name_en, "room_count": None, "position": {"lat_deg": 31.0, "lon_deg": 103.6},
    }  # fmt: skip
    assert record.after == {"name_en": "X", "room_count": 2, "position": {"lat_deg": 31.5, "lon_deg": 103.6}}
    assert station_decision(HOME).record is None


def test_every_field_but_ids_is_some_kind_of_change() -> None:
    assert {field.name for field in fields(Station)} - set(CHANGE_OF_FIELD) == {"station_id", "ref", "is_stale"}


def test_who_verifies_is_told_by_their_level() -> None:
    event = station_decision(HOME, verified_on=TODAY).facts[0].event
    assert isinstance(event, StationVerified)
    assert event.verified_by is JurisdictionLevel.PROVINCE


def test_whether_somebody_can_be_helped_now() -> None:
    always = {"weekly": [{"days": list(Weekday), "opens": "00:00", "closes": "24:00"}]}
    now = datetime(2026, 5, 12, tzinfo=UTC)
    assert is_open_now(HOME, now) is None
    assert is_open_now(station(opening_hours=always), now) is True
    assert is_open_now(station(opening_hours=always, is_suspended=True), now) is False


@given(st.lists(st.sampled_from([
    {}, {"is_open": False}, {"is_open": True}, {"is_suspended": True}, {"is_suspended": False}, {"room_count": 4},
    {"room_count": None}, {"verified_on": "2026-05-01"}, {"services": ["counselling"]}, {"name_en": "Y"},
    {"catchment": {"radius_m": 10}}, {"catchment": {}},
]), max_size=8))  # fmt: skip
def test_the_last_state_told_and_the_history_are_how_it_stands(history: list[dict[str, Any]]) -> None:
    before: Station | None = None
    told: StationState | None = None
    written: dict[str, Any] = {}
    for changes in history:
        decision = station_decision(before, **changes)
        states = [fact.event for fact in decision.facts if isinstance(fact.event, StationState)]
        assert len(states) == (decision.outcome is not Outcome.UNCHANGED) == (decision.record is not None)
        told = states[-1] if states else told
        if decision.record is not None:
            assert {k: written.get(k) for k in decision.record.before or ()} == (decision.record.before or {})
            written |= decision.record.after
        before = decision.station
    if before is not None:
        assert told == station_state(before)
        assert written == as_json(before)
