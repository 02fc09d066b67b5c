"""Every invariant holds on a whole drill, and each is broken by the fault it is there for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from services.cli.scenario.check.every import CHECKS, check_all
from tests.unit.cli.scenario_run.small_log import (
    ALERT,
    CASE,
    HELPER,
    INCIDENT,
    LEAD,
    MISSION,
    SPARE,
    ZONE,
    Log,
    answer,
    broken_in,
    evidence_of,
    gateway_page,
    member,
    name,
    plan,
    task,
    whole_log,
)

Spoil = Callable[[Log], None]


def test_all_hold_on_a_whole_drill() -> None:
    invariants = check_all(evidence_of(whole_log()))
    assert len(invariants) == len(CHECKS)
    assert broken_in(invariants) == []
    assert all(invariant.detail for invariant in invariants)


def drop(kind: str) -> Spoil:
    def spoil(log: Log) -> None:
        log.records = [raw for raw in log.records if dict(raw.headers)["ce_type"] != kind.encode()]

    return spoil


def also(topic: str, key: str, kind: str, data: dict[str, Any], **headers: str) -> Spoil:
    return lambda log: log.add(topic, key, kind, data, **headers)


OTHER_MISSION = name("another mission")
OTHER_TEAM = {
    "mission_id": OTHER_MISSION, "incident_id": name("another incident"), "zone_id": name("zone 2"),
    "zone_kind": "core", "team_no": 0, "members": [member(LEAD)], "lead_volunteer_id": LEAD,
}  # fmt: skip
TEAM = {**OTHER_TEAM, "mission_id": MISSION, "incident_id": INCIDENT, "zone_id": ZONE}

IN_THE_LOG: list[tuple[str, Spoil, str]] = [
    ("no zone was fenced", drop("zone.fenced"), "the declared incident"),
    ("an event is missing in between", drop("mission.departed"), "per topic and key the sequence"),
    ("the answer was lost", drop("alert.answered"), "every answer that a phone got a 2xx for"),
    (
        "an answer is there twice",
        also("alert-events", ALERT, "alert.answered", answer(LEAD, "accept", True)),
        "every answer that a phone got a 2xx for",
    ),
    (
        "one more was counted than there are places",
        also("alert-events", ALERT, "alert.answered", answer(SPARE, "accept", True)),
        "every quota is filled",
    ),
    (
        "a place became free and nobody took it",
        also(
            "alert-events", ALERT, "alert.quota-reopened",
            {"incident_id": INCIDENT, "need_id": "pfa", "volunteer_id": HELPER, "reason": "ill"},
        ),
        "every quota is filled",
    ),
    (
        "somebody was asked again",
        also(
            "alert-events", ALERT, "alert.wave-sent",
            {"incident_id": INCIDENT, "wave": 2, "ring_km": 400,
             "asks": [{"page_id": name("again"), "volunteer_id": LEAD, "need_id": "lead", "distance_km": 1.0}]},
        ),
        "nobody was asked twice",
    ),
    (
        "somebody sits where they did not accept",
        also("mission-events", MISSION, "mission.dispatched", {**TEAM, "members": [member(LEAD), member(SPARE)]}),
        "every team is made up",
    ),
    (
        "a team is short",
        also("mission-events", MISSION, "mission.dispatched", {**TEAM, "members": [member(LEAD)]}),
        "every team is made up",
    ),
    (
        "somebody is on two missions",
        also("mission-events", OTHER_MISSION, "mission.planned", OTHER_TEAM),
        "nobody is on two live missions",
    ),
    ("the team never arrived", drop("mission.arrived"), "every team that is needed"),
    ("the case was lost", drop("case.opened"), "every case that a team opened"),
    ("nobody planned", drop("followup.planned"), "every case has a follow-up plan"),
    (
        "a step is planned twice",
        also(
            "followup-events", name("plan twice"), "followup.planned",
            plan("twice", name("case 2"), task("a", "2w", "2008-05-26"), task("b", "2w", "2008-05-26")),
        ),
        "every follow-up is planned exactly once",
    ),
    (
        "a case has two plans",
        also(
            "followup-events", name("second plan"), "followup.planned",
            plan("second", CASE, task("c", "2w", "2008-05-26")),
        ),
        "every follow-up is planned exactly once",
    ),
    (
        "a follow-up lies beyond the horizon",
        also(
            "followup-events", name("late plan"), "followup.planned",
            plan("late", None, task("d", "late", "2029-05-12")),
        ),
        "the last follow-up lies on the horizon",
    ),
    ("coverage was not published", drop("coverage.observed"), "coverage equals a recomputation"),
    (
        "an event went to quarantine",
        also("mission-events-dlq", MISSION, "mission.planned", {}),
        "nothing of this incident is in quarantine",
    ),
    (
        "a name is on a topic",
        also("case-events", CASE, "case.consented", {"incident_id": INCIDENT, "follow_up": True, "x": "模拟队员 0001"}),
        "no member's name or phone",
    ),
    (
        "a phone is on a topic",
        also("case-events", CASE, "case.consented", {"incident_id": INCIDENT, "follow_up": True, "x": "+99900000001"}),
        "no member's name or phone",
    ),
    (
        "an event looks real",
        also("case-events", CASE, "case.consented", {"incident_id": INCIDENT, "follow_up": True}, ce_exercise="false"),
        "every event and every page of the drill",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "what"), [case[1:] for case in IN_THE_LOG], ids=[case[0] for case in IN_THE_LOG])
def test_a_fault_in_the_log_breaks_its_invariant(spoil: Spoil, what: str) -> None:
    log = whole_log()
    spoil(log)
    broken = broken_in(check_all(evidence_of(log)))
    assert any(text.startswith(what) for text in broken), broken


def without_page(parts: dict[str, Any]) -> None:
    parts["pages"] = parts["pages"][1:]


def with_page(**changes: Any) -> Callable[[dict[str, Any]], None]:
    def change(parts: dict[str, Any]) -> None:
        parts["pages"].append(gateway_page(9, **changes))

    return change


def page_replaced(**changes: Any) -> Callable[[dict[str, Any]], None]:
    def change(parts: dict[str, Any]) -> None:
        parts["pages"][0] = replace(parts["pages"][0], **changes)

    return change


def refused_answer(parts: dict[str, Any]) -> None:
    page_id = name(f"page{LEAD}")
    parts["answers"][page_id] = replace(parts["answers"][page_id], status=500)


def otherwise_told(parts: dict[str, Any]) -> None:
    page_id = name(f"page{LEAD}")
    parts["answers"][page_id] = replace(parts["answers"][page_id], counted=False)


def undeployable(parts: dict[str, Any]) -> None:
    states = parts["log"].volunteers
    states[LEAD] = [replace(state, deployable=False) for state in states[LEAD]]


def at_home_in_the_core(parts: dict[str, Any]) -> None:
    states = parts["log"].volunteers
    states[LEAD] = [replace(state, lat_deg=31.5, lon_deg=103.5) for state in states[LEAD]]


def elsewhere(parts: dict[str, Any]) -> None:
    parts["expected_zones"] = tuple(replace(one, lat_deg=40.0) for one in parts["expected_zones"])


def put(name_of_part: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda parts: parts.__setitem__(name_of_part, value)


OUTSIDE: list[tuple[str, Callable[[dict[str, Any]], None], str]] = [
    ("the API has no incident", put("incident", None), "the declared incident"),
    ("coverage's API shows nothing", put("coverage", ()), "the declared incident"),
    ("a place lies elsewhere", elsewhere, "the zones contain"),
    ("a page never took effect", without_page, "every page of a wave"),
    ("a page took effect twice", page_replaced(effects=2), "every page of a wave"),
    (
        "a page to somebody not asked",
        with_page(page_id=name("stray"), recipient=name("stranger"), purpose="ask"),
        "no page went to anybody",
    ),
    ("a page to another than named", page_replaced(recipient=SPARE), "no page went to anybody"),
    ("a phone was refused", refused_answer, "every answer that a phone got a 2xx for"),
    ("a phone was told otherwise", otherwise_told, "every answer that a phone got a 2xx for"),
    ("somebody could not be asked", undeployable, "nobody was asked who was not deployable"),
    ("somebody lives in the core zone", at_home_in_the_core, "nobody was asked who was not deployable"),
    ("the mission's API lags", put("missions", {"missions": []}), "every team that is needed"),
    ("a case nobody opened", put("cases_opened", frozenset()), "every case that a team opened"),
    ("the API counts other cases", put("cases", {"open": 2, "closed": 0}), "every case that a team opened"),
    ("another last day in the API", put("followups", {"last_on": "2020-05-12"}), "the last follow-up lies"),
    ("a page without the drill's mark", page_replaced(text_en="open the app"), "every event and every page"),
    ("a name in a page", page_replaced(text_zh="【演练】模拟队员 0001"), "no member's name or phone"),
]


@pytest.mark.parametrize(("change", "what"), [case[1:] for case in OUTSIDE], ids=[case[0] for case in OUTSIDE])
def test_a_fault_outside_the_log_breaks_its_invariant(change: Callable[[dict[str, Any]], None], what: str) -> None:
    broken = broken_in(check_all(evidence_of(whole_log(), change)))
    assert any(text.startswith(what) for text in broken), broken


def test_delivered_twice_is_no_fault() -> None:
    log = whole_log()
    log.records += log.records[5:9]
    evidence = evidence_of(log)
    assert broken_in(check_all(evidence)) == []
    assert evidence.log.doubled == 4


def test_one_sequence_for_two_events_is_a_fault() -> None:
    log = whole_log()
    last = log.records[-3]
    headers = [(header, name("forged").encode() if header == "ce_id" else value) for header, value in last.headers]
    log.records.append(replace(last, headers=headers))
    assert any(text.startswith("per topic and key") for text in broken_in(check_all(evidence_of(log))))


def test_the_next_mission_may_begin_when_the_last_has_ended() -> None:
    log = whole_log()
    log.add("mission-events", MISSION, "mission.completed", {"mission_id": MISSION, "incident_id": INCIDENT})
    for _ in range(3):  # three seconds pass
        log.add("incident-events", name("elsewhere"), "incident.level-raised", {"incident_id": name("elsewhere")})
    log.add("mission-events", OTHER_MISSION, "mission.planned", OTHER_TEAM)
    broken = broken_in(check_all(evidence_of(log)))
    assert not any(text.startswith("nobody is on two") for text in broken)


def test_a_real_mission_does_not_collide_with_a_drill() -> None:
    log = whole_log()
    log.add("mission-events", OTHER_MISSION, "mission.planned", OTHER_TEAM, ce_exercise="false")
    broken = broken_in(check_all(evidence_of(log)))
    assert not any(text.startswith("nobody is on two") for text in broken)
