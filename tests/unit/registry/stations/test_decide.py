"""Decisions about stations."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.events.station import StationState
from services.registry.model import Outcome, Refused
from services.registry.stations.decide import decide_station, moves_volunteers
from services.registry.stations.model import Station, StationDecision
from tests.unit.registry.stations.builders import station, station_entry

HOME = station()


def types(facts: Any) -> list[str]:
    return [fact.event.event_type for fact in facts]


def station_decision(before: Station | None, **changes: Any) -> StationDecision:
    decision = decide_station(station_entry(**changes), before, None, "/items/0")
    assert isinstance(decision, StationDecision)
    return decision


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


def test_a_corrected_station_is_told_whole() -> None:
    decision = station_decision(HOME, name_en="Dujiangyan station")
    assert decision.outcome is Outcome.CHANGED
    assert types(decision.facts) == ["station.corrected", "station.state"]


@pytest.mark.parametrize(
    ("before", "changes", "facts"),
    [
        pytest.param({}, {"is_open": False}, ["station.closed", "station.state"], id="closes"),
        pytest.param({"is_open": False}, {}, ["station.corrected", "station.state"], id="opens again"),
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


def test_a_detachment_must_be_one() -> None:
    detachment = station(ref="D-51", kind="provincial-detachment", tier="province")
    entry = station_entry(detachment_ref="D-51")
    assert isinstance(decide_station(entry, None, detachment, "/items/3"), StationDecision)
    for wrong in (None, station(ref="D-51")):
        decision = decide_station(entry, None, wrong, "/items/3")
        assert isinstance(decision, Refused)
        assert decision.problems[0].where == "/items/3/detachment_ref"
