"""Decisions about changes of a declared incident."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from schemas.events.incident import IncidentAreaRevised, IncidentMerged, IncidentPhaseAdvanced, IncidentToldApart
from schemas.values import NeedLine, PointGeometry, Venue
from schemas.vocabulary import IncidentKind, Level, Phase
from services.incidents.amend.decide import advance, merge, read_extent, reopen, revise_area, tell_apart
from services.incidents.amend.model import AreaRequest, Extent, PhaseRequest, Whole
from services.incidents.decide import clock_of, follow_template
from services.incidents.model import DeclareRequest, Incident, Refusal, RefusalKind, State
from services.incidents.sameness.decide import Proposed
from tests.unit.incidents.builders import INCIDENT_ID, NEED, NOW, REFERENCE, SQUARE, body

OTHER_ID = UUID(int=7)
VENUE = {
    "kind": "school", "zone_kind": "affected", "position": {"lat_deg": 31, "lon_deg": 103}, "radius_m": 200,
    "name_zh": "某中学", "name_en": "A school",
}  # fmt: skip


def incident(**changes: Any) -> Incident:
    complete = Incident(
        incident_id=INCIDENT_ID, state=State.OPEN, kind=IncidentKind.EARTHQUAKE, level=Level.II, phase=Phase.ACUTE,
        needs=(NeedLine.model_validate(NEED),), needs_by_hand=False, area_codes=("510000",), exercise=False,
        clock=clock_of(DeclareRequest.model_validate(body()), NOW),
    )  # fmt: skip
    return replace(complete, **changes)


def whole(**changes: Any) -> Whole:
    extent = Extent(place=PointGeometry(coordinates=(103, 31)), magnitude=6.6, area_codes=("510000",))
    complete = Whole(
        incident=incident(), extent=extent, revision=4, title_zh="地震", title_en="Earthquake", occurred_at=NOW,
        auto_dispatch=True, merged_into=None, continued_as=None,
    )  # fmt: skip
    return replace(complete, **changes)


def revised(**fields: Any) -> Extent | Refusal:
    return read_extent(whole().extent, AreaRequest.model_validate({"reason": "newer map", **fields}))


def test_what_is_left_out_of_a_revision_stays() -> None:
    extent = revised(venues=[VENUE], radius_m=5000)
    assert isinstance(extent, Extent)
    assert (extent.place, extent.magnitude, extent.radius_m) == (whole().extent.place, 6.6, 5000)
    event = revise_area(whole(), extent)
    assert isinstance(event, IncidentAreaRevised)
    assert (event.revision, [venue.kind for venue in event.venues]) == (5, ["school"])


def test_a_magnitude_can_be_taken_back_and_venues_too() -> None:
    with_venue = replace(whole().extent, venues=(Venue.model_validate(VENUE),))
    extent = read_extent(with_venue, AreaRequest.model_validate({"magnitude": None, "venues": [], "reason": "r"}))
    assert isinstance(extent, Extent)
    assert (extent.magnitude, extent.venues) == (None, ())


def test_the_same_area_again_is_no_revision() -> None:
    extent = revised(place={"type": "Point", "coordinates": [103, 31]}, magnitude=6.6, area_codes=["510000", "510000"])
    assert isinstance(extent, Extent)
    assert revise_area(whole(), extent) is None


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({}, ""),
        ({"place": {"type": "Point", "coordinates": [31, 103]}}, "/place/coordinates/1"),
        (
            {"intensity_contours": [{"intensity": 7, "geometry": {"type": "Polygon", "coordinates": [SQUARE[:-1]]}}]},
            "/intensity_contours/0/geometry/coordinates/0",
        ),
        (
            {"intensity_contours": [{"intensity": 7, "geometry": {"type": "Point", "coordinates": [103, 31]}}]},
            "/intensity_contours/0/geometry",
        ),
    ],
)
def test_an_area_that_cannot_be_taken_says_where(fields: dict[str, Any], where: str) -> None:
    refusal = revised(**fields)
    assert isinstance(refusal, Refusal)
    assert [finding.where for finding in refusal.findings] == [where]


def test_a_phase_goes_on_and_back() -> None:
    event = advance(incident(), PhaseRequest(phase=Phase.TRANSITION, reason="r"))
    assert isinstance(event, IncidentPhaseAdvanced)
    assert (event.phase_before, event.phase) == ("acute", "transition")
    assert isinstance(
        advance(incident(phase=Phase.RECOVERY), PhaseRequest(phase=Phase.ACUTE, reason="r")), IncidentPhaseAdvanced
    )
    assert isinstance(advance(incident(), PhaseRequest(phase=Phase.ACUTE, reason="r")), Refusal)


def test_nothing_about_a_closed_incident_is_amended() -> None:
    closed = whole(incident=incident(state=State.CLOSED))
    extent = revised(radius_m=5000)
    assert isinstance(extent, Extent)
    decisions = [
        revise_area(closed, extent), revise_area(closed, closed.extent),
        advance(closed.incident, PhaseRequest(phase=Phase.RECOVERY, reason="r")),
    ]  # fmt: skip
    assert [isinstance(one, Refusal) and one.kind for one in decisions] == [RefusalKind.CONFLICT] * 3


@pytest.mark.parametrize("model", [AreaRequest, PhaseRequest])
def test_an_amendment_says_why(model: type[AreaRequest] | type[PhaseRequest]) -> None:
    said = {"radius_m": 5} if model is AreaRequest else {"phase": "recovery"}
    model.model_validate({**said, "reason": "newer map"})
    for reason in ({}, {"reason": None}, {"reason": ""}, {"reason": "  "}):
        with pytest.raises(ValidationError):
            model.model_validate({**said, **reason})


def test_needs_follow_the_template_unless_somebody_stated_them() -> None:
    later = incident(phase=Phase.TRANSITION)
    stated = follow_template(later, REFERENCE)
    assert stated is not None
    assert stated.needs == REFERENCE.needs[IncidentKind.EARTHQUAKE, Level.II, Phase.TRANSITION]
    assert follow_template(replace(later, needs=stated.needs), REFERENCE) is None
    assert follow_template(replace(later, needs_by_hand=True), REFERENCE) is None


def test_merging_closes_one_in_favour_of_the_other() -> None:
    event = merge(incident(), incident(incident_id=OTHER_ID), NOW)
    assert isinstance(event, IncidentMerged)
    assert (event.incident_id, event.into_incident_id) == (INCIDENT_ID, OTHER_ID)


@pytest.mark.parametrize(
    ("one", "into", "kind"),
    [
        ({}, {"incident_id": INCIDENT_ID}, RefusalKind.INVALID),
        ({}, {"exercise": True}, RefusalKind.INVALID),
        ({"exercise": True}, {}, RefusalKind.INVALID),
        ({"state": State.CLOSED}, {}, RefusalKind.CONFLICT),
        ({}, {"state": State.CLOSED}, RefusalKind.CONFLICT),
    ],
)
def test_what_cannot_be_merged(one: dict[str, Any], into: dict[str, Any], kind: RefusalKind) -> None:
    refusal = merge(incident(**one), incident(**{"incident_id": OTHER_ID, **into}), NOW)
    assert isinstance(refusal, Refusal)
    assert refusal.kind is kind


def test_two_that_were_proposed_as_one_are_told_apart() -> None:
    event = tell_apart(incident(), incident(incident_id=OTHER_ID), Proposed(told_apart_at=None), NOW)
    assert isinstance(event, IncidentToldApart)
    assert (event.incident_id, event.other_incident_id, event.told_apart_at) == (INCIDENT_ID, OTHER_ID, NOW)


@pytest.mark.parametrize(
    ("one", "other", "proposed"),
    [
        ({"state": State.CLOSED}, {}, Proposed(told_apart_at=None)),
        ({}, {"state": State.CLOSED}, Proposed(told_apart_at=None)),
        ({}, {}, None),
        ({}, {}, Proposed(told_apart_at=NOW)),
    ],
)
def test_what_cannot_be_told_apart(one: dict[str, Any], other: dict[str, Any], proposed: Proposed | None) -> None:
    refusal = tell_apart(incident(**one), incident(**{"incident_id": OTHER_ID, **other}), proposed, NOW)
    assert isinstance(refusal, Refusal)
    assert refusal.kind is RefusalKind.CONFLICT


def test_a_closed_incident_goes_on_as_another() -> None:
    decided = reopen(whole(incident=incident(state=State.CLOSED)), OTHER_ID)
    assert not isinstance(decided, Refusal)
    reopened, declared = decided
    assert (reopened.incident_id, reopened.continued_as, declared.incident_id) == (INCIDENT_ID, OTHER_ID, OTHER_ID)
    assert (declared.parent_id, declared.magnitude, declared.auto_dispatch) == (INCIDENT_ID, 6.6, True)
    assert declared.clock == incident().clock


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"incident": incident(state=State.CLOSED), "merged_into": OTHER_ID},
        {"incident": incident(state=State.CLOSED), "continued_as": OTHER_ID},
    ],
)
def test_what_cannot_be_reopened(changes: dict[str, Any]) -> None:
    assert isinstance(reopen(whole(**changes), UUID(int=9)), Refusal)
