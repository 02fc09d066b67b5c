"""One command at a time may change an instance."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from filelock import FileLock, Timeout

from services.cli.instance.errors import InstanceError
from services.cli.instance.layout import Layout

WAIT_S: Final = 150


@contextmanager
def turn(layout: Layout, say: Callable[[str], None] = print) -> Iterator[None]:
    """Hold the instance's lock; the system frees it if the holder is killed. Says when it has to wait."""
    lock = FileLock(layout.lock)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say("another command is changing this instance; waiting for it")
        try:
            lock.acquire(timeout=WAIT_S)
        except Timeout as error:
            raise InstanceError(f"another command has been changing this instance for {WAIT_S} s: try later") from error
    try:
        yield
    finally:
        lock.release()
