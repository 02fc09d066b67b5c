"""Threads of proposals: updates and cancels follow their references, in whatever order they come."""

from __future__ import annotations

import dataclasses

from hypothesis import given, settings
from hypothesis import strategies as st

from services.incidents.intake.follow import Thread, follow
from services.incidents.intake.proposal import Proposal
from services.incidents.intake.propose import propose
from tests.support.properties import examples
from tests.unit.incidents.intake.samples import cap, info, read_json, read_text


def message(
    identifier: str, hour: int, msg_type: str = "Alert", *refers: str, status: str = "Actual", event: str = "Flood"
) -> Proposal:
    """A message of a feed; `refers` are identifiers."""
    references = " ".join(f"met@example.org,{name},2024-05-19T00:00:00+00:00" for name in refers)
    body = "" if msg_type == "Cancel" else info(event=event)
    sent = f"2024-05-19T{hour:02}:00:00+00:00"
    text = cap(body, identifier=identifier, sent=sent, msg_type=msg_type, references=references or None, status=status)
    (proposal,) = propose(read_text(text))
    return proposal


def threads_of(*proposals: Proposal) -> tuple[Thread, ...]:
    """All messages followed, one after the other."""
    threads: tuple[Thread, ...] = ()
    for proposal in proposals:
        threads = follow(threads, proposal)
    return threads


def test_an_update_revises_what_it_refers_to() -> None:
    (thread,) = threads_of(message("A", 1), message("B", 2, "Update", "A", event="Hurricane"))
    assert (thread.latest.identifier, thread.is_withdrawn) == ("B", False)
    assert thread.picture().kind == "typhoon"


def test_a_cancel_withdraws_what_it_refers_to() -> None:
    first, second, cancel = message("A", 1), message("B", 2, "Update", "A"), message("C", 3, "Cancel", "B")
    assert threads_of(first, second, cancel)[0].is_withdrawn is True
    assert threads_of(cancel)[0].is_withdrawn is True
    # The cancel of a message that was replaced before leaves the newer one.
    assert threads_of(first, second, message("C", 3, "Cancel", "A"))[0].is_withdrawn is False


def test_what_was_cancelled_no_longer_counts_in_the_picture() -> None:
    flood, typhoon = message("A", 1), message("B", 2, "Update", "A", event="Hurricane")
    (thread,) = threads_of(flood, typhoon, message("C", 3, "Cancel", "B"))
    assert thread.picture().kind == "flood"
    (gone,) = threads_of(flood, message("C", 3, "Cancel", "A"))
    assert gone.picture().kind == "flood"  # all are withdrawn: what was known last


def test_a_message_of_the_same_name_takes_the_place_of_an_older_one_only() -> None:
    assert threads_of(message("A", 1), message("A", 2, "Cancel", "A"))[0].is_withdrawn is True
    assert threads_of(message("A", 1, "Cancel", "A"), message("A", 2))[0].is_withdrawn is False
    assert threads_of(message("A", 1), message("A", 2, "Update", "A"))[0].is_withdrawn is False


def test_a_radius_belongs_to_the_place_it_was_said_of() -> None:
    older = dataclasses.replace(message("A", 1), radius_m=5_000)
    newer = message("B", 2, "Update", "A")
    assert threads_of(older, newer)[0].picture().radius_m == newer.radius_m != 5_000
    placeless = dataclasses.replace(newer, place=None, radius_m=100)
    picture = threads_of(older, placeless)[0].picture()
    assert (picture.place, picture.radius_m) == (older.place, 5_000)


def test_a_message_that_comes_again_changes_nothing() -> None:
    threads = threads_of(message("A", 1), message("B", 2, "Update", "A"))
    assert follow(threads, message("A", 1)) == threads


def test_what_has_no_common_reference_stays_apart() -> None:
    assert len(threads_of(message("A", 1), message("B", 2), message("C", 3, "Update", "A"))) == 2


def test_an_update_of_two_joins_them() -> None:
    (thread,) = threads_of(message("A", 1), message("B", 2), message("C", 3, "Update", "A", "B"))
    assert [version.identifier for version in thread.versions] == ["A", "B", "C"]


def test_a_drill_never_joins_what_is_real() -> None:
    assert len(threads_of(message("A", 1), message("B", 2, "Update", "A", status="Exercise"))) == 2


def test_the_newest_revision_of_an_event_counts_and_old_parts_are_kept() -> None:
    origin = {"event_id": "us2000h8ty", "latitude": "42.7", "longitude": "142", "origin_time": "2018-09-05T18:07:59Z",
              "magnitude": "6.6", "location": "Tomakomai"}  # fmt: skip
    shakemap = read_json({"input": {"event_information": origin}})
    exposures = [
        read_json(
            {"population_exposure": {"mmi": [7], "aggregated_exposure": [people]}}, f"us2000h8ty/{time}_exposures.json"
        )
        for time, people in ((1536216337941, 760_883), (1536172579675, 28_671), (1541539345392, 1_281_064))
    ]
    proposals = [proposal for reading in (*exposures, shakemap) for proposal in propose(reading)]
    (thread,) = threads_of(*proposals)
    picture = thread.picture()
    assert picture.exposure == {7: 1_281_064}
    assert (picture.magnitude, picture.title_en) == (6.6, "M 6.6 - Tomakomai")
    assert picture.place is not None


MESSAGES = (
    message("A", 1), message("B", 2, "Update", "A"), message("C", 3, "Cancel", "B"), message("D", 4),
    message("E", 5, "Update", "D"), message("F", 6, "Update", "D"), message("G", 7, "Cancel", "E"), message("H", 8),
    message("I", 9, "Update", "X", "H"), message("A", 1, status="Exercise"),
)  # fmt: skip


@settings(max_examples=examples(60))
@given(st.permutations(MESSAGES), st.lists(st.sampled_from(MESSAGES), max_size=4))
def test_the_order_of_arrival_does_not_matter(order: list[Proposal], again: list[Proposal]) -> None:
    threads = threads_of(*order, *again)
    assert threads == threads_of(*MESSAGES)
    withdrawn = {thread.versions[0].identifier: thread.is_withdrawn for thread in threads if not thread.latest.exercise}
    assert withdrawn == {"A": True, "D": False, "H": False}
