"""The mends of Faust: the version they are tied to, and what goes wrong without them."""

from __future__ import annotations

from collections import defaultdict
from types import SimpleNamespace
from typing import Any

import faust
import pytest
from faust.transport.consumer import Consumer
from faust.types.tuples import TP
from intervaltree import IntervalTree  # type: ignore[import-untyped]

from services.coverage import mends

STOCK = Consumer._new_offset
PLACE = TP("t", 0)


def consumer(acked: list[int], in_work: list[int], committed: int | None) -> Any:
    return SimpleNamespace(
        _acked={PLACE: list(acked)},
        _acked_index=defaultdict(set, {PLACE: set(acked)}),
        _gap=defaultdict(IntervalTree),
        _committed_offset={PLACE: committed},
        _unacked_messages=[SimpleNamespace(tp=PLACE, offset=n, acked=False) for n in in_work],
    )


def mended(state: Any) -> int | None:
    mends.apply_mends()
    return Consumer._new_offset(state, PLACE)


def test_another_version_of_faust_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faust, "__version__", "0.16.0")
    with pytest.raises(mends.UnknownFaust, match=r"0\.16\.0"):
        mends.apply_mends()


def test_nothing_is_committed_past_a_message_in_work() -> None:
    """faust-streaming 606. Stock commits 30 while offset 0 is in work, and 7 while offset 5 is."""
    assert STOCK(consumer([*range(1, 30)], [0], None), PLACE) == 30
    assert STOCK(consumer([6], [5], 5), PLACE) == 7
    assert mended(consumer([*range(1, 30)], [0], None)) is None
    assert mended(consumer([6], [5], 5)) is None


def test_what_is_before_a_message_in_work_is_committed() -> None:
    assert mended(consumer([5, 6, 8], [7], 5)) == 7
    assert mended(consumer([5, 6, 7], [], 5)) == 8
    assert mended(consumer([], [7], 5)) is None
