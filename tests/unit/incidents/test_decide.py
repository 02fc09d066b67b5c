"""Decisions about incidents."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.events.incident import IncidentClosed, IncidentLevelLowered, IncidentLevelRaised, IncidentNeedStated
from schemas.values import NeedLine
from schemas.vocabulary import IncidentKind, Level, Phase, ZoneKind
from services.incidents.decide import change_level, clock_of, close, state_needs
from services.incidents.model import (
    Declared,
    DeclareRequest,
    Incident,
    LevelRequest,
    NeedsRequest,
    Refusal,
    RefusalKind,
    State,
)
from tests.unit.incidents.builders import INCIDENT_ID, NEED, NOW, REFERENCE, SQUARE, body, decided


def declared(**changes: Any) -> Declared:
    decision = decided(**changes)
    assert isinstance(decision, Declared)
    return decision


def refused(**changes: Any) -> dict[str, str]:
    decision = decided(**changes)
    assert isinstance(decision, Refusal)
    assert decision.kind is RefusalKind.INVALID
    return {finding.where: finding.what for finding in decision.findings}


def note_places(decision: Declared) -> set[str]:
    return {note.where for note in decision.notes}


def incident(**changes: Any) -> Incident:
    complete: dict[str, Any] = {
        "incident_id": INCIDENT_ID,
        "state": State.OPEN,
        "level": Level.II,
        "kind": IncidentKind.EARTHQUAKE,
        "phase": Phase.ACUTE,
        "needs": (NeedLine.model_validate(NEED),),
        "needs_by_hand": True,
        "area_codes": ("510000",),
        "exercise": False,
        "clock": clock_of(DeclareRequest.model_validate(body()), NOW),
    }
    return Incident(**{**complete, **changes})


def test_a_complete_declaration_is_declared_without_notes() -> None:
    decision = declared()
    event = decision.event
    assert decision.notes == ()
    assert event.incident_id == INCIDENT_ID
    assert event.kind is IncidentKind.EARTHQUAKE
    assert event.occurred_at == datetime(2026, 5, 12, 6, 28, tzinfo=UTC)
    assert event.needs == (NeedLine.model_validate(NEED),)


def test_the_clock_of_a_real_incident_is_the_walls() -> None:
    clock = declared(occurred_at="2026-05-01T00:00:00Z").event.clock
    later = NOW + timedelta(hours=3)
    assert clock.incident_time(later) == later
    assert clock.real_delay(timedelta(minutes=5)) == timedelta(minutes=5)


def test_the_clock_of_an_exercise_begins_now_at_the_event_and_runs_by_its_factor() -> None:
    clock = declared(exercise=True, drill_factor=720, occurred_at="2008-05-12T14:28:00+08:00").event.clock
    assert clock.anchor_real_at == NOW
    assert clock.anchor_incident_at == datetime(2008, 5, 12, 6, 28, tzinfo=UTC)
    assert clock.incident_time(NOW + timedelta(minutes=1)) == datetime(2008, 5, 12, 18, 28, tzinfo=UTC)


def test_only_an_exercise_runs_fast() -> None:
    assert "exercise" in refused(drill_factor=2)["/drill_factor"]


@pytest.mark.parametrize(
    ("occurred_at", "is_refused"),
    [
        pytest.param("2026-05-12T06:35:00Z", False, id="five minutes ahead"),
        pytest.param("2026-05-12T06:35:01Z", True, id="a second more"),
        pytest.param("1899-12-31T23:59:59Z", True, id="before 1900"),
        pytest.param("1976-07-28T03:42:00+08:00", False, id="long ago"),
    ],
)
def test_the_time_must_be_believable(occurred_at: str, is_refused: bool) -> None:
    if is_refused:
        assert "/occurred_at" in refused(occurred_at=occurred_at)
    else:
        declared(occurred_at=occurred_at)


def test_a_real_incident_of_long_ago_is_asked_about_and_a_drill_is_not() -> None:
    assert note_places(declared(occurred_at="2008-05-12T06:28:00Z")) == {"/occurred_at"}
    assert note_places(declared(occurred_at="2008-05-12T06:28:00Z", exercise=True)) == set()


def test_all_faults_are_told_at_once() -> None:
    found = refused(
        title_zh=None, title_en=None, drill_factor=3, needs=[NEED, NEED], occurred_at="2027-01-01T00:00:00Z",
        place={"type": "Polygon", "coordinates": []},
    )  # fmt: skip
    assert set(found) == {"/title_zh", "/drill_factor", "/needs/1/need_id", "/occurred_at", "/place/coordinates"}


def test_without_needs_the_template_fills_in_and_says_so() -> None:
    decision = declared(needs=None)
    assert note_places(decision) == {"/needs"}
    assert decision.event.needs == REFERENCE.needs[IncidentKind.EARTHQUAKE, Level.I, Phase.ACUTE]


def test_every_kind_and_level_has_a_template_with_a_lead_in_every_team_and_unique_ids() -> None:
    for key in product(IncidentKind, Level, Phase):
        lines = REFERENCE.needs[key]
        assert len({line.need_id for line in lines}) == len(lines)
        for zone in {line.zone_kind for line in lines}:
            leads = [line for line in lines if line.zone_kind is zone and line.role == "team-lead"]
            assert [lead.per_team for lead in leads] == [1]
        assert ZoneKind.CORE in {line.zone_kind for line in lines}


def test_neither_a_lower_level_nor_a_later_phase_asks_for_more_people() -> None:
    def people(kind: IncidentKind, level: Level, phase: Phase) -> int:
        return sum(line.count for line in REFERENCE.needs[kind, level, phase])

    for kind in IncidentKind:
        by_level = [people(kind, level, Phase.ACUTE) for level in Level]
        by_phase = [people(kind, Level.I, phase) for phase in Phase]
        assert by_level == sorted(by_level, reverse=True)
        assert by_phase == sorted(by_phase, reverse=True)


def test_one_title_stands_for_both() -> None:
    decision = declared(title_en=None)
    assert decision.event.title_en == "汶川地震"
    assert note_places(decision) == {"/title_en"}
    english = declared(title_zh=None, title_en="Wenchuan earthquake")
    assert english.event.title_zh == "Wenchuan earthquake"
    assert note_places(english) == {"/title_zh"}


def test_a_bare_point_is_asked_about() -> None:
    assert note_places(declared(magnitude=None)) == {"/radius_m"}
    assert note_places(declared(magnitude=None, radius_m=500)) == set()
    assert note_places(declared(magnitude=None, place={"type": "Polygon", "coordinates": [SQUARE]})) == set()


def test_a_point_outside_every_stated_area_is_asked_about() -> None:
    notes = declared(area_codes=["310000"]).notes
    assert [note.where for note in notes] == ["/place"]
    assert "swapped" not in notes[0].what
    assert "颠倒" not in notes[0].what_zh


def test_swapped_coordinates_that_stay_in_range_are_asked_about() -> None:
    notes = declared(area_codes=["540000"], place={"lat_deg": 88.9, "lon_deg": 29.3}).notes
    assert "swapped" in notes[0].what
    assert "颠倒" in notes[0].what_zh


def test_area_codes_count_once_and_strange_ones_are_asked_about() -> None:
    decision = declared(area_codes=["510000", "510000", "990000"])
    assert decision.event.area_codes == ("510000", "990000")
    assert note_places(decision) == {"/area_codes/1", "/area_codes/2"}


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        pytest.param({"area_codes": ["51"]}, ("area_codes", 0), id="half an area code"),
        pytest.param({"kind": None}, ("kind",), id="kind missing"),
        pytest.param({"occurred_at": "2026-05-12T14:28:00"}, ("occurred_at",), id="a time without a zone"),
        pytest.param({"occurred_at": 1210573681}, ("occurred_at",), id="a time as a number"),
        pytest.param({"needs": []}, ("needs",), id="an empty list of needs"),
        pytest.param({"needs": [NEED] * 201}, ("needs",), id="too many needs"),
        pytest.param({"narrative": "x" * 5001}, ("narrative",), id="a long narrative"),
        pytest.param({"radius_m": -1}, ("radius_m",), id="a negative radius"),
        pytest.param({"title_zh": "  "}, ("title_zh",), id="a blank title"),
        pytest.param({"radus_m": 5}, ("radus_m",), id="a misspelt field"),
        pytest.param(
            {"intensity_observations": [{"lat_deg": 1, "lon_deg": 1, "intensity": 5}] * 2001},
            ("intensity_observations",), id="too many observations",
        ),
        pytest.param(
            {"intensity_observations": [{"lat_deg": 99, "lon_deg": 1, "intensity": 5}]},
            ("intensity_observations", 0, "lat_deg"), id="an observation off the earth",
        ),
    ],
)  # fmt: skip
def test_a_body_that_is_wrong_in_itself_is_refused(changes: dict[str, Any], where: tuple[str | int, ...]) -> None:
    with pytest.raises(ValidationError) as caught:
        DeclareRequest.model_validate(body(**changes))
    assert where in {error["loc"] for error in caught.value.errors()}


def test_the_level_goes_up_and_down_by_its_gravity() -> None:
    raised = change_level(incident(), LevelRequest(level=Level.I, reason="aftershock"))
    assert raised == IncidentLevelRaised(incident_id=INCIDENT_ID, level_before=Level.II, level=Level.I)
    lowered = change_level(incident(), LevelRequest(level=Level.IV, reason="calmer"))
    assert lowered == IncidentLevelLowered(incident_id=INCIDENT_ID, level_before=Level.II, level=Level.IV)


def test_the_level_it_already_has_is_a_conflict() -> None:
    decision = change_level(incident(), LevelRequest(level=Level.II, reason="why not"))
    assert isinstance(decision, Refusal)
    assert decision.kind is RefusalKind.CONFLICT


def test_new_needs_replace_the_old_and_the_same_needs_change_nothing() -> None:
    more = {**NEED, "teams": 5}
    decision = state_needs(incident(), NeedsRequest.model_validate({"needs": [more]}))
    assert decision == IncidentNeedStated(incident_id=INCIDENT_ID, needs=(NeedLine.model_validate(more),))
    assert state_needs(incident(), NeedsRequest.model_validate({"needs": [NEED]})) is None


def test_doubled_need_ids_are_refused() -> None:
    decision = state_needs(incident(), NeedsRequest.model_validate({"needs": [NEED, NEED]}))
    assert isinstance(decision, Refusal)
    assert [finding.where for finding in decision.findings] == ["/needs/1/need_id"]


def test_an_open_incident_closes_at_real_time() -> None:
    assert close(incident(), NOW) == IncidentClosed(incident_id=INCIDENT_ID, closed_at=NOW)


def test_nothing_about_a_closed_incident_changes() -> None:
    closed = incident(state=State.CLOSED)
    decisions = [
        close(closed, NOW),
        change_level(closed, LevelRequest(level=Level.I, reason="late")),
        state_needs(closed, NeedsRequest.model_validate({"needs": [{**NEED, "teams": 9}]})),
    ]
    assert [type(decision) for decision in decisions] == [Refusal] * 3
