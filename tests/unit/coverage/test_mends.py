"""The mends of Faust: the version they are tied to, and what goes wrong without them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import faust
import pytest
from faust.tables.recovery import Recovery
from faust.transport.consumer import Consumer
from faust.types.tuples import TP
from intervaltree import IntervalTree  # type: ignore[import-untyped]

from services.coverage import mends

STOCK = Consumer._new_offset
STOCK_COMPLETED = Recovery.on_recovery_completed
PLACE = TP("t", 0)


class Flow:
    """A consumer whose seek says whether records could be handed over meanwhile."""

    consumer_generation_id = 1
    flow_active = True
    seeking_with_flow: bool | None = None

    def stop_flow(self) -> None:
        self.flow_active = False

    def resume_flow(self) -> None:
        self.flow_active = True

    def assignment(self) -> set[TP]:
        return {PLACE}

    def resume_partitions(self, tps: set[TP]) -> None:
        pass

    async def perform_seek(self) -> None:
        self.seeking_with_flow = self.flow_active


async def complete(completed: Callable[..., Awaitable[None]]) -> Flow:
    """The end of a recovery on a worker of which only what matters here is there."""
    flow = Flow()

    async def nothing(*_: Any) -> None:
        pass

    async def wait(work: Awaitable[None], timeout: float) -> None:
        await work

    def ignore(*_: Any) -> None:
        pass

    fetcher = SimpleNamespace(maybe_start=nothing)
    app = SimpleNamespace(
        consumer=flow,
        consumer_generation_id=1,
        on_rebalance_complete=SimpleNamespace(send=nothing),
        conf=SimpleNamespace(broker_request_timeout=1),
        flow_control=SimpleNamespace(resume=ignore),
        assignor=SimpleNamespace(assigned_standbys=set),
        on_rebalance_end=ignore,
        _fetcher=fetcher,
    )
    tables = SimpleNamespace(values=tuple, on_actives_ready=ignore, on_standbys_ready=ignore)
    recovery = SimpleNamespace(
        app=app,
        tables=tables,
        log=SimpleNamespace(info=ignore, dev=ignore, warning=ignore),
        completed=SimpleNamespace(set=ignore),
        _set_recovery_ended=ignore,
        _is_changelog_tp=lambda _: False,
        _wait=wait,
    )
    await completed(recovery, 1)
    return flow


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


async def test_nothing_is_handed_over_while_the_end_of_a_recovery_seeks() -> None:
    """Stock hands over what is read during the seek, and then empties the queues it went to."""
    stock = await complete(STOCK_COMPLETED)
    assert stock.seeking_with_flow is True
    mends.apply_mends()
    kept = await complete(Recovery.on_recovery_completed)
    assert kept.seeking_with_flow is False
    assert kept.flow_active is True
