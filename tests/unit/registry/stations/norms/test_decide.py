"""Norms: what is due, what is reached, and what is not known."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.registry.stations.norms.api import load_norms
from services.registry.stations.norms.decide import count_hotline_cities, measure, threshold_due, verdict
from services.registry.stations.norms.model import Counted, HotlineNorm, NormId, Norms, Total, Whole
from tests.unit.registry.stations.builders import station

TODAY = date(2026, 5, 12)
NORMS = load_norms()
ROOMS = NORMS.norm(NormId.COMMUNITY_ROOMS).thresholds
ALL_DAY = {"weekly": [{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "opens": "06:00", "closes": "24:00"}]}
ASKED = HotlineNorm(lines=1, seats=2, daily_minutes=1080)


def measured(norm_id: NormId, count: int, total: int | None, on: date = TODAY) -> Any:
    whole = NORMS.norm(norm_id).denominator.what
    totals = {} if total is None else {whole: Total(count=total, as_of_on=TODAY, source="年鉴")}
    counted = {norm: Counted(count=count) for norm in NormId}
    return next(one for one in measure(NORMS, counted, totals, on) if one["norm_id"] == norm_id)


@pytest.mark.parametrize(
    ("on", "share"), [("2019-12-30", None), ("2019-12-31", 0.2), ("2021-12-30", 0.5), ("2026-05-12", 0.8)]
)
def test_the_last_threshold_that_was_due_counts(on: str, share: float | None) -> None:
    due = threshold_due(ROOMS, date.fromisoformat(on))
    assert (due and due.share) == share


@pytest.mark.parametrize(
    ("count", "total", "expected"), [(80, 100, "met"), (79, 100, "missed"), (80, None, "unknown"), (0, 10, "missed")]
)
def test_a_share_is_given_only_of_a_known_whole(count: int, total: int | None, expected: str) -> None:
    one = measured(NormId.COMMUNITY_ROOMS, count, total)
    assert one["verdict"] == expected
    assert one["denominator"]["known"] is (total is not None)
    assert one["share"] == (None if total is None else count / total)
    assert one["numerator"]["count"] == count
    assert one["thresholds"][2]["citation"]["year"] == 2021


def test_more_than_the_whole_is_shown_as_what_it_is() -> None:
    assert measured(NormId.SCHOOL_ROOMS, 11, 10)["exceeds_whole"] is True


@given(st.none() | st.floats(0, 1.5), st.dates(date(2018, 1, 1), date(2030, 1, 1)))
def test_the_verdict_agrees_with_the_table(share: float | None, on: date) -> None:
    past = [threshold.share for threshold in ROOMS if threshold.due_on <= on]
    expected = "not-due" if not past else "unknown" if share is None else "met" if share >= past[-1] else "missed"
    assert verdict(share, threshold_due(ROOMS, on)) == expected


@pytest.mark.parametrize(
    ("changes", "cities"),
    [
        ({}, 1),
        ({"seat_count": 1}, 0),
        ({"seat_count": None}, 0),
        ({"line_count": 0}, 0),
        ({"opening_hours": None}, 0),
        ({"opening_hours": {"weekly": ALL_DAY["weekly"][:0]}}, 0),
        ({"area_code": "510000"}, 0),
    ],
)
def test_a_hotline_counts_when_it_has_what_is_asked(changes: dict[str, Any], cities: int) -> None:
    complete = {"kind": "hotline-centre", "line_count": 1, "seat_count": 2, "opening_hours": ALL_DAY}
    centres = [station(**{**complete, **changes}), station(**{**complete, **changes, "ref": "S-002"})]
    assert count_hotline_cities(centres, ASKED).count == cities


def test_the_table_is_whole_and_names_its_sources() -> None:
    assert {norm.denominator.what for norm in NORMS.norms} == set(Whole)
    broken = NORMS.model_dump(mode="json")
    broken["norms"][0]["thresholds"].reverse()
    with pytest.raises(ValidationError, match="not in order"):
        Norms.model_validate(broken)
    broken["norms"][0]["thresholds"] = [{"due_on": "2019-12-31", "share": 0.2, "source": "hearsay"}]
    with pytest.raises(ValidationError, match="unknown source"):
        Norms.model_validate(broken)
