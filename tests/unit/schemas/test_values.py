"""Need lines and the incident's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from schemas.ids import NAMESPACE, derived_id, referenced_id
from schemas.policy import covers
from schemas.values import IncidentClock, NeedLine
from schemas.vocabulary import Role, ZoneKind

REAL = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
THEN = datetime(2008, 5, 12, 6, 28, 1, tzinfo=UTC)


def test_a_drill_clock_shortens_waiting_by_its_factor() -> None:
    clock = IncidentClock(anchor_real_at=REAL, anchor_incident_at=THEN, factor=1200)
    assert clock.incident_time(REAL + timedelta(seconds=3)) == THEN + timedelta(hours=1)
    assert clock.real_delay(timedelta(minutes=10)) == timedelta(seconds=0.5)


def test_a_real_incident_runs_with_the_wall_clock() -> None:
    clock = IncidentClock(anchor_real_at=REAL, anchor_incident_at=REAL)
    assert clock.incident_time(REAL + timedelta(days=400)) == REAL + timedelta(days=400)


@given(factor=st.floats(1, 100_000), seconds=st.floats(0, 10**6))
def test_real_time_undoes_incident_time(factor: float, seconds: float) -> None:
    clock = IncidentClock(anchor_real_at=REAL, anchor_incident_at=THEN, factor=factor)
    moment = REAL + timedelta(seconds=seconds)
    assert abs(clock.real_time(clock.incident_time(moment)) - moment) < timedelta(milliseconds=1)


def test_a_drill_left_running_for_years_does_not_break() -> None:
    clock = IncidentClock(anchor_real_at=REAL, anchor_incident_at=THEN, factor=100_000)
    assert clock.incident_time(REAL + timedelta(days=36500)).year == 9999


def test_a_need_line_asks_for_its_seats_in_every_team() -> None:
    line = NeedLine(need_id="core-pfa", zone_kind=ZoneKind.CORE, role=Role.PFA_TRAINED, per_team=2, teams=4)
    assert line.count == 8


def test_derived_ids_repeat_and_differ() -> None:
    assert derived_id(NAMESPACE, "page", 1) == derived_id(NAMESPACE, "page", 1)
    assert derived_id(NAMESPACE, "page", 1) != derived_id(NAMESPACE, "page", 2)
    assert referenced_id("station", "A") != referenced_id("volunteer", "A")


def test_jurisdiction_nests_by_area_code() -> None:
    assert covers(("510000",), "510722")
    assert covers(("510700",), "510722")
    assert covers(("*",), "110101")
    assert not covers(("510700",), "510822")
    assert not covers(("500000",), "510000"), "the tens digit's zero is significant"
    assert not covers(("510722",), "510000"), "a county does not cover its province"
    assert not covers((), "510000")
