"""Passwords: argon2id in a thread, a few at once, a bounded number waiting.

Parameters are OWASP's (19 MiB, 2 passes, 1 lane). A name that does not exist costs the same time as one that does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from services.kit.problems import unavailable

LENGTH_MIN: Final = 12
LENGTH_MAX: Final = 200
T = TypeVar("T")


class Passwords:
    """Makes and checks hashes."""

    def __init__(self, *, at_once: int, waiting_max: int) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._slots = asyncio.Semaphore(at_once)
        self._waiting = 0
        self._waiting_max = waiting_max
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        """The hash to keep."""
        return await self._in_thread(lambda: self._hasher.hash(password))

    async def is_right(self, password: str, kept_hash: str | None) -> bool:
        """Whether the password fits; without a hash (no such account) it takes as long and is False."""
        if kept_hash is None:
            if self._nobody is None:
                self._nobody = await self.hash("nobody has this password")
            await self._in_thread(lambda: self._verify(self._nobody or "", password))
            return False
        return await self._in_thread(lambda: self._verify(kept_hash, password))

    def is_outdated(self, kept_hash: str) -> bool:
        """Whether the hash was made with other parameters than today's and should be made anew."""
        return self._hasher.check_needs_rehash(kept_hash)

    def _verify(self, kept_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _in_thread(self, work: Callable[[], T]) -> T:
        if self._waiting >= self._waiting_max:
            raise unavailable("Too many sign-ins at once; try again.")
        self._waiting += 1
        try:
            async with self._slots:
                return await asyncio.to_thread(work)
        finally:
            self._waiting -= 1
