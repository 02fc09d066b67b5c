"""Proposals from messages: whatever the order of arrival, and whatever is kept in between, they end the same."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.values import IntensityObservation, PointGeometry, PolygonGeometry
from schemas.vocabulary import IncidentKind, Level
from services.incidents.amend.model import Extent
from services.incidents.feeds.decide import (
    centre_of,
    declaration_of,
    extent_after,
    fold,
    keys_as_texts,
    may_declare,
    told,
)
from services.incidents.feeds.model import AcceptRequest, DeclaresBy, FeedPolicy, Kept, Known, Message, ProposalState
from services.incidents.feeds.texts import message_of, proposal_of, text_of
from services.incidents.feeds.worker import lighter, read_document
from services.incidents.intake.proposal import Contour
from services.incidents.intake.propose import propose
from services.incidents.model import DeclareRequest
from tests.support.properties import examples
from tests.unit.incidents.builders import NOW
from tests.unit.incidents.intake.samples import cap, info, read_text
from tests.unit.incidents.intake.test_follow import MESSAGES, message

NEW = tuple(message_of(text_of(proposal)) for proposal in MESSAGES)


class Shelf:
    """A naive store: what the tables keep between documents, as canonical text."""

    def __init__(self) -> None:
        self.kept: dict[UUID, Kept] = {}
        self.messages: dict[bytes, tuple[str, UUID]] = {}

    def take(self, messages: Sequence[Message]) -> None:
        new = list({one.digest: one for one in messages if one.digest not in self.messages}.values())
        if not new:
            return
        keys = {key for message in new for key in keys_as_texts(message.proposal)}
        touched = {
            proposal_id for text, proposal_id in self.messages.values() if keys & set(keys_as_texts(proposal_of(text)))
        }
        known = Known(
            kept={proposal_id: self.kept[proposal_id] for proposal_id in touched},
            messages=tuple(message_of(*one) for one in self.messages.values() if one[1] in touched),
        )
        for one in fold(known, new):
            for gone in one.joined:
                del self.kept[gone]
            before = self.kept.get(one.proposal_id)
            revision = 1 if before is None else before.revision + one.changed
            self.kept[one.proposal_id] = Kept(
                proposal_id=one.proposal_id, source="met", state=ProposalState.PROPOSED, revision=revision,
                withdrawn=one.withdrawn, picture=proposal_of(one.picture_text), picture_digest=one.picture_digest,
                incident_id=None, accepted_level=None, accepted_area_revision=None, accepted_revision=None,
            )  # fmt: skip
            self.messages |= {message.digest: (message.text, one.proposal_id) for message in one.messages}

    def outcome(self) -> Any:
        groups: dict[UUID, list[bytes]] = {}
        for digest, (_, proposal_id) in self.messages.items():
            groups.setdefault(proposal_id, []).append(digest)
        return sorted(
            (sorted(groups[one.proposal_id]), one.picture_digest, one.withdrawn) for one in self.kept.values()
        )


WHOLE = Shelf()
WHOLE.take(NEW)


@settings(max_examples=examples(60))
@given(st.permutations(NEW), st.lists(st.sampled_from(NEW), max_size=4), st.integers(1, 5))
def test_any_order_any_repetition_and_any_packing_end_the_same(
    order: list[Message], again: list[Message], at_once: int
) -> None:
    shelf = Shelf()
    arrived = [*order, *again]
    for begin in range(0, len(arrived), at_once):
        shelf.take(arrived[begin : begin + at_once])
    assert shelf.outcome() == WHOLE.outcome()


def test_the_same_messages_again_change_no_revision() -> None:
    shelf = Shelf()
    shelf.take(NEW)
    before = dict(shelf.kept)
    shelf.take(NEW)
    assert shelf.kept == before


def test_a_message_is_the_same_after_it_was_kept() -> None:
    for one in NEW:
        assert message_of(one.text).proposal == one.proposal
        assert text_of(one.proposal) == one.text


def proposal(status: str = "Actual", **more: Any) -> Any:
    (found,) = propose(read_text(cap(info(**more), status=status)))
    return found


POLICY = FeedPolicy(
    declares=DeclaresBy(
        kinds=frozenset({IncidentKind.FLOOD}), levels=frozenset({Level.II}), senders=frozenset({"met@example.org"})
    )
)


@pytest.mark.parametrize(
    ("found", "policy", "senders", "may"),
    [
        (proposal(), POLICY, {"met@example.org"}, True),
        (proposal(), FeedPolicy(), {"met@example.org"}, False),
        (proposal(), POLICY, {"met@example.org", "other"}, False),
        (proposal("Exercise"), POLICY, {"met@example.org"}, False),
        (proposal(severity="Extreme"), POLICY, {"met@example.org"}, False),
        (proposal(severity="Unknown"), POLICY, {"met@example.org"}, False),
        (proposal(event="Wildfire"), POLICY, {"met@example.org"}, False),
        (replace(proposal(), is_restricted=True), POLICY, {"met@example.org"}, False),
    ],
)
def test_a_policy_lets_through_only_what_it_names(found: Any, policy: FeedPolicy, senders: set[str], may: bool) -> None:
    assert may_declare(found, policy, senders) is may


def test_what_is_only_expected_begins_now_and_a_person_has_the_last_word() -> None:
    early = datetime(2024, 1, 1, tzinfo=UTC)
    said = declaration_of(proposal(), AcceptRequest(level=Level.IV, title_zh="洪水", area_codes=("510000",)), early)
    request = DeclareRequest.model_validate(said)
    assert (request.occurred_at, request.level, request.title_zh) == (early, Level.IV, "洪水")
    assert (request.kind, request.area_codes, request.exercise) == (IncidentKind.FLOOD, ("510000",), False)


def test_what_the_feed_leaves_out_of_the_area_stays() -> None:
    extent = Extent(place=PointGeometry(coordinates=(1, 2)), radius_m=5_000, magnitude=6, area_codes=("510000",))
    after = extent_after(extent, proposal())
    assert (after.place.type, after.radius_m, after.magnitude, after.area_codes) == ("Polygon", 5_000, 6, ("510000",))


def test_what_the_feed_says_of_the_area_counts_and_a_mark_is_no_contour() -> None:
    extent = Extent(place=PointGeometry(coordinates=(1, 2)), radius_m=5_000, magnitude=6, area_codes=("510000",))
    ground = PolygonGeometry(coordinates=(((0, 0), (2, 0), (2, 4), (0, 0)),))
    said = replace(
        proposal(), place=None, radius_m=100, magnitude=7, area_codes=("610000",),
        observations=(IntensityObservation(lon_deg=1, lat_deg=2, intensity=8),),
        contours=(Contour(7, ground), Contour(9, PointGeometry(coordinates=(1, 2)))),
    )  # fmt: skip
    after = extent_after(extent, said)
    assert (after.place, after.radius_m, after.magnitude, after.area_codes) == (extent.place, 5_000, 7, ("610000",))
    assert after.intensity_observations == said.observations
    assert [(one.intensity, one.geometry) for one in after.intensity_contours] == [(7, ground)]
    assert extent_after(extent, replace(said, place=ground)).radius_m == 100
    marks = replace(said, contours=(Contour(9, PointGeometry(coordinates=(1, 2))),), observations=())
    assert extent_after(after, marks) == replace(after, magnitude=7)


def kept(number: int, state: ProposalState, picture: Any) -> Kept:
    """A proposal that is kept."""
    return Kept(
        proposal_id=UUID(int=number), source="met", state=state, revision=1, withdrawn=False, picture=picture,
        picture_digest=b"", incident_id=UUID(int=99) if state is ProposalState.ACCEPTED else None, accepted_level=None,
        accepted_area_revision=None, accepted_revision=None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("states", "stays"),
    [
        ((ProposalState.PROPOSED, ProposalState.ACCEPTED), 2),
        ((ProposalState.ACCEPTED, ProposalState.DISMISSED), 1),
        ((ProposalState.PROPOSED, ProposalState.DISMISSED), 2),
        ((ProposalState.PROPOSED, ProposalState.PROPOSED), 1),
    ],
)
def test_of_proposals_that_turn_out_to_be_one_that_of_a_person_stays(
    states: tuple[ProposalState, ProposalState], stays: int
) -> None:
    first, second, join = message("A", 1), message("B", 2), message("C", 3, "Update", "A", "B")
    known = Known(
        kept={UUID(int=1): kept(1, states[0], first), UUID(int=2): kept(2, states[1], second)},
        messages=tuple(message_of(text_of(one), UUID(int=n)) for n, one in enumerate((first, second), start=1)),
    )
    (found,) = fold(known, [message_of(text_of(join))])
    assert (found.proposal_id, found.is_new, found.joined) == (UUID(int=stays), False, (UUID(int=3 - stays),))


def test_what_the_rules_would_not_respond_to_is_told_only_once_it_is_accepted() -> None:
    (found,) = fold(Known(kept={}, messages=()), [message_of(text_of(proposal()))])
    event = told(found, "met", 1, None)
    assert event is not None
    assert (event.proposal_id, event.accepted_as, event.level) == (found.proposal_id, None, found.picture.level)
    assert event.centre is not None
    nowhere = replace(found, picture=replace(found.picture, level=None, place=None))
    assert told(nowhere, "met", 1, None) is None
    assert told(nowhere, "met", 1, kept(1, ProposalState.PROPOSED, nowhere.picture)) is None
    followed = told(nowhere, "met", 2, kept(1, ProposalState.ACCEPTED, nowhere.picture))
    assert followed is not None
    assert (followed.accepted_as, followed.centre, followed.revision) == (UUID(int=99), None, 2)


def test_the_middle_of_a_place_is_that_of_its_box() -> None:
    middle = centre_of(PolygonGeometry(coordinates=(((0, 10), (2, 10), (2, 14), (0, 10)),)))
    assert (middle.lon_deg, middle.lat_deg) == (1, 12)
    there = centre_of(PointGeometry(coordinates=(103, 31)))
    assert (there.lon_deg, there.lat_deg) == (103, 31)


def test_a_declaration_from_a_feed_says_no_more_than_the_feed() -> None:
    bare = replace(proposal(), place=None, area_codes=(), occurred_at=None)
    said = declaration_of(bare, AcceptRequest(), NOW)
    assert not {"place", "area_codes", "occurred_at", "needs"} & said.keys()


def test_contours_are_made_light_enough_for_a_declaration() -> None:
    def ring(radius: float) -> tuple[tuple[float, float], ...]:
        step = math.tau / 6_000
        points = [(100 + radius * math.cos(n * step), 30 + radius * math.sin(n * step)) for n in range(6_000)]
        return (*points, points[0])

    heavy = replace(
        proposal(),
        contours=tuple(Contour(9 - n, PolygonGeometry(coordinates=(ring(1 + n),))) for n in range(4)),
    )
    light = lighter(heavy)
    assert [contour.intensity for contour in light.contours] == [9, 8, 7, 6]
    said = declaration_of(light, AcceptRequest(area_codes=("510000",)), NOW)
    assert len(DeclareRequest.model_validate(said).intensity_contours) == 4


def test_a_character_the_database_cannot_hold_is_replaced() -> None:
    document = b'{"No1": {}, "x": "\\u0000"}'
    assert read_document("x", document).refused is not None
    event = (
        b'{"type":"Feature","id":"us1","properties":{"mag":6,"time":1725000000000,"place":"A\\u0000B","type":"earthquake",'
        b'"status":"reviewed","code":"1","net":"us","title":"M 6"},"geometry":{"type":"Point","coordinates":[1,2,3]}}'
    )
    read = read_document("x", event)
    assert read.refused is None, read
    assert "\\u0000" not in read.proposals[0]
