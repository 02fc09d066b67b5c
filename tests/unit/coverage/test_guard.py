"""The guard: nothing leaves an agent, and what is not done is not acknowledged."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from services.coverage.guard import Guard, Sender, StreamFailed, dead_letter
from services.kit.bus import Outgoing, Partition
from services.kit.memory import MemoryBus


async def done() -> None:
    pass


async def broken() -> None:
    raise KeyError("a fault of ours")


async def test_work_that_is_done_lets_the_record_be_acknowledged() -> None:
    guard, message = Guard(), SimpleNamespace(acked=False)
    await guard.run("agent", message, done)
    assert (guard.done, guard.busy_since, message.acked) == (1, {}, False)
    guard.failed.cancel()


async def test_a_failure_fails_the_stream_processor_and_never_returns_to_the_agent() -> None:
    guard, message = Guard(), SimpleNamespace(acked=False)
    running = asyncio.create_task(guard.run("agent", message, broken))
    with pytest.raises(StreamFailed, match="agent: KeyError"):
        await guard.failed
    await asyncio.sleep(0)
    assert not running.done()
    running.cancel()
    await asyncio.wait([running])
    assert message.acked  # so that Faust, on the way out, does not count it


async def test_a_stop_in_the_middle_of_the_work_does_not_acknowledge_it() -> None:
    guard, message = Guard(), SimpleNamespace(acked=False)
    running = asyncio.create_task(guard.run("agent", message, asyncio.Event().wait))
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.wait([running])
    assert message.acked
    assert guard.done == 0
    guard.failed.cancel()


async def test_sending_waits_for_the_log_and_says_so() -> None:
    bus = MemoryBus()
    sender = Sender(bus)
    bus.fail_next_sends(1)
    bus.fail_next_sends(1, after_writing=True)
    target = Partition("coverage-partials", 0)
    sending = asyncio.create_task(sender.send(target, [Outgoing(b"k", b"v", [])]))
    await asyncio.sleep(0.05)
    waited = sender.is_waiting
    await sending
    assert (waited, sender.is_waiting) == (True, False)
    assert [record.value for record in bus.log_of(target)] == [b"v", b"v"]


async def test_a_dead_letter_says_where_it_was_and_why() -> None:
    bus = MemoryBus()
    message = SimpleNamespace(topic="coverage-inputs", partition=2, offset=7, key=b"changes")
    await dead_letter(Sender(bus), message, b"\xff", "not a batch")
    (letter,) = bus.log_of(Partition("coverage-inputs-dlq", 2))
    assert letter.value == b"\xff"
    assert dict(letter.headers)["dlq_original_offset"] == b"7"
    assert dict(letter.headers)["dlq_error_message"] == b"not a batch"
