"""Mends of Faust, each with its upstream issue. Tied to one version: another one must be looked at first.

They replace methods of the classes this process uses; nothing else in the process runs Faust.

Looked at and left alone: faust-streaming 316 (offsets count as committed although the commit failed). What is not
committed is read again after a restart, which changes nothing here; and taking the offsets back, as its branch does,
would leave a gap in the acknowledged ones that no later commit passes. 176 (recovery waits for changelog records that
are gone): does not happen with `consumer_auto_offset_reset="earliest"`; a test keeps it so. Faster draining of single
messages: here a message is a batch of many changes, and its own cost is lost in theirs.
"""

from __future__ import annotations

from typing import Any, Final

import faust
from faust.tables.recovery import Recovery
from faust.transport.consumer import Consumer
from mode.threads import WorkerThread

MENDED_VERSION: Final = "0.15.3"
_THREAD_STOP_S: Final = 1.0


class UnknownFaust(Exception):
    """Faust has another version than the one these mends were written and tested for."""


def apply_mends() -> None:
    """Mend Faust, once. Raises UnknownFaust for a version that was not looked at."""
    if faust.__version__ != MENDED_VERSION:
        raise UnknownFaust(
            f"Faust is {faust.__version__}, but its mends were tested with {MENDED_VERSION}: "
            "run the stream processor's tests, then change MENDED_VERSION."
        )
    if getattr(Consumer, "_mended", False):
        return
    Consumer._mended = True  # type: ignore[attr-defined]
    _mend_commit_past_unfinished()
    _mend_records_dropped_after_recovery()
    _mend_thread_that_outlives_the_process()


def _mend_commit_past_unfinished() -> None:
    """faust-streaming 606 (pull request 707, open): offsets are committed past a message that is still in work.

    The stock code looks only at what was acknowledged: with nothing committed yet it takes any offset, and after that
    it lets one unfinished message pass. Nothing may be committed while an earlier message is in work.
    """
    stock = Consumer._new_offset

    def _new_offset(self: Any, tp: Any) -> int | None:
        acked = self._acked[tp]
        in_work = (message.offset for message in self._unacked_messages if message.tp == tp and not message.acked)
        if acked and min(in_work, default=min(acked)) < min(acked):
            return None
        return stock(self, tp)  # type: ignore[no-any-return,unused-ignore] # Faust is loosely typed

    Consumer._new_offset = _new_offset  # type: ignore[method-assign]


def _mend_records_dropped_after_recovery() -> None:
    """Records handed over between the end of a recovery and the resumption of the flow are lost (no issue known).

    Stock opens the stream's partitions, waits for the seek to the committed offsets while the flow is on, and then
    resumes the flow control, which empties the agents' queues. What was read meanwhile is gone until a restart: the
    consumer's position is already behind it. Here the flow is off until the seek is done.
    """
    stock = Recovery.on_recovery_completed

    async def on_recovery_completed(self: Any, generation_id: int = 0) -> None:
        self.app.consumer.stop_flow()
        await stock(self, generation_id)

    Recovery.on_recovery_completed = on_recovery_completed  # type: ignore[method-assign]


def _mend_thread_that_outlives_the_process() -> None:
    """The consumer's thread (mode 0.7.1, no issue known): when Kafka is away it does not end.

    Stock waits for it in the event loop, without a limit, and the interpreter waits for it again: a process that was
    told to stop, or whose stream processor failed, hangs.
    """

    def stop(self: Any) -> None:
        self.is_stopped.wait(_THREAD_STOP_S)

    stock = WorkerThread.__init__

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        stock(self, *args, **kwargs)
        self.daemon = True

    WorkerThread.__init__ = __init__  # type: ignore[method-assign]
    WorkerThread.stop = stop  # type: ignore[method-assign]
