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

from schemas.values import PointGeometry, PolygonGeometry
from schemas.vocabulary import IncidentKind, Level
from services.incidents.amend.model import Extent
from services.incidents.feeds.decide import declaration_of, extent_after, fold, keys_as_texts, may_declare
from services.incidents.feeds.model import AcceptRequest, DeclaresBy, FeedPolicy, Kept, Known, Message, ProposalState
from services.incidents.feeds.texts import message_of, proposal_of, text_of
from services.incidents.feeds.worker import lighter, read_document
from services.incidents.intake.proposal import Contour
from services.incidents.intake.propose import propose
from services.incidents.model import DeclareRequest
from tests.support.properties import examples
from tests.unit.incidents.builders import NOW
from tests.unit.incidents.intake.samples import cap, info, read_text
from tests.unit.incidents.intake.test_follow import MESSAGES

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
    for message in NEW:
        assert message_of(message.text).proposal == message.proposal
        assert text_of(message.proposal) == message.text


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
