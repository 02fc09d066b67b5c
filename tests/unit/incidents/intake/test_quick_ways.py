"""Where the corners of a ring are read at once, the result is that of one after the other."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.incidents.intake import values
from services.incidents.intake.model import Notes, Refused
from tests.support.properties import examples

CORNERS = st.one_of(
    st.tuples(st.floats(-91, 91), st.floats(-230, 230)).map(lambda pair: f"{pair[0]!r},{pair[1]!r}"),
    st.sampled_from(
        ["1,2", "-0.0,-0.0", "-0,180", "90,-180", "1,2,3", "91,5", "5,181", "5,-181", "1e999,2", "1,2e400"]
    ),
    st.sampled_from(["1", "1,", ",1", "1,,2", "1,2,3,4", "1-2,3", "e,1", "--1,2", "1.2.3,4", ".5,5.", "x,1", "nan,1"]),
)


def outcome_of(text: str) -> object:
    """The ring, or where and why not; and the notes."""
    notes = Notes()
    try:
        return repr(values.ring(text, "alert/info/area/polygon[3]", notes)), notes.lines()
    except Refused as refused:
        return refused.where, refused.why, notes.lines()


@settings(max_examples=examples(300))
@given(st.lists(CORNERS, max_size=8), st.sampled_from([" ", "\n", " , "]))
@example(["-0.0,-0.0", "1,2", "3,-0"], " ")
@example(["1,2,3", "4,5,6", "7,8,x"], " ")
@example(["1,170", "2,190", "3,175"], " ")
@example(["1,2", "3,4", "5,999"], " ")
def test_corners_at_once_are_those_one_by_one(corners: list[str], between: str) -> None:
    text = between.join(corners)
    at_once = outcome_of(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(values, "_plain", lambda parts: None)
        assert outcome_of(text) == at_once
