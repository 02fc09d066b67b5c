"""What is proposed: kind, level and its reason, time, titles, and what proposes nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.resources import files

import orjson
import pytest

from schemas.vocabulary import IncidentKind, Level
from services.incidents.intake.proposal import Action
from services.incidents.intake.propose import propose
from tests.unit.incidents.intake.samples import cap, info, read_text

REFERS = "a,b,2024-05-19T10:00:00+08:00"


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ("Flash Flood Watch", IncidentKind.FLOOD), ("水庫洩洪", IncidentKind.FLOOD), ("Bushfire", IncidentKind.FIRE),
        ("Hurricane Warning", IncidentKind.TYPHOON), ("台风红色预警", IncidentKind.TYPHOON),
        ("Sismo", IncidentKind.EARTHQUAKE),
        ("Tsunami Warning", IncidentKind.FLOOD), ("Debris Flow", IncidentKind.LANDSLIDE),
        ("Strong Winds", IncidentKind.OTHER),
        ("Spitfire display", IncidentKind.OTHER), ("COVID-19", IncidentKind.EPIDEMIC),
        ("山体滑坡", IncidentKind.LANDSLIDE),
    ],
)  # fmt: skip
def test_the_kind_comes_from_the_words_of_the_event(event: str, kind: IncidentKind) -> None:
    assert propose(read_text(cap(info(event=event))))[0].kind is kind


def test_the_kind_comes_from_the_code_before_the_words() -> None:
    code = "<eventCode><valueName>SAME</valueName><value>EQW</value></eventCode>"
    assert propose(read_text(cap(info(event="Flood", more=code))))[0].kind is IncidentKind.EARTHQUAKE


@pytest.mark.parametrize(
    ("severity", "level"), [("Extreme", Level.I), ("Severe", Level.II), ("Moderate", Level.III), ("Unknown", None)]
)
def test_the_level_is_assumed_and_says_so(severity: str, level: Level | None) -> None:
    (proposal,) = propose(read_text(cap(info(severity=severity))))
    assert proposal.level is level
    if level is not None:
        assert proposal.level_reason is not None
        assert "assumed" in proposal.level_reason.en
        assert "假定" in proposal.level_reason.zh


def test_what_may_come_is_a_level_lower() -> None:
    text = cap().replace("<urgency>Immediate</urgency>", "<urgency>Future</urgency>")
    assert propose(read_text(text))[0].level is Level.III


def test_an_earthquake_in_cap_takes_its_origin_from_the_parameters() -> None:
    more = "".join(
        f"<parameter><valueName>{name}</valueName><value>{value}</value></parameter>"
        for name, value in {
            "EventTime": "2010-08-30T23:25:40+00:00",
            "Magnitude": "6.3",
            "EventIDKey": "us2010apcd",
        }.items()
    )
    (proposal,) = propose(read_text(cap(info(event="Earthquake", severity="Unknown", more=more))))
    assert (proposal.magnitude, proposal.level) == (6.3, Level.II)
    assert proposal.occurred_at == datetime(2010, 8, 30, 23, 25, 40, tzinfo=UTC)
    assert "earthquake.usgs.gov,us2010apcd" in proposal.event_keys


@pytest.mark.parametrize("status", ["Test", "System", "Draft"])
def test_what_is_not_meant_for_action_proposes_nothing(status: str) -> None:
    assert propose(read_text(cap(status=status))) == ()


def test_a_drill_proposes_a_drill() -> None:
    assert propose(read_text(cap(status="Exercise")))[0].exercise is True


def test_acknowledgements_propose_nothing_and_cancels_withdraw() -> None:
    assert propose(read_text(cap(msg_type="Ack", references=REFERS))) == ()
    assert propose(read_text(cap("", msg_type="Cancel", references=REFERS)))[0].action is Action.WITHDRAW
    assert propose(read_text(cap(msg_type="Update", references=REFERS)))[0].action is Action.REVISE


def test_headlines_that_may_name_people_are_left_out() -> None:
    more = "<headline>AMBER ALERT for somebody by name</headline>"
    assert propose(read_text(cap(info(event="Child Abduction", more=more))))[0].title_en == "Child Abduction"
    assert (
        propose(read_text(cap(info(event="Flood", more="<headline>River high</headline>"))))[0].title_en == "River high"
    )


def test_chinese_area_codes_are_told_from_other_codes_of_six_digits() -> None:
    codes = "".join(
        f"<geocode><valueName>{name}</valueName><value>{value}</value></geocode>"
        for name, value in (
            ("GB/T 2260", "510722"),
            ("SAME", "006037"),
            ("行政区划代码", "510727"),
            ("GB/T 2260", "51"),
        )
    )
    (proposal,) = propose(read_text(cap(info(f"<area><areaDesc>x</areaDesc>{codes}</area>"))))
    assert proposal.area_codes == ("510722", "510727")
    assert len(proposal.geocodes) == 4
    assert proposal.place is None


def test_the_rules_say_that_they_are_assumed() -> None:
    file = files("services.incidents.intake") / "reference/proposal-rules.json"
    document = orjson.loads(file.read_bytes())
    assert document["assumed"] is True
    assert document["source"]
    assert document["licence"]
