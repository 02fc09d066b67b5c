"""Numbers and choices by hashing: the same names give the same result, in any order and after any restart."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")


def uniform(*names: object) -> float:
    """A number in (0, 1) that depends on the names only; where one name ends and the next begins matters."""
    text = "\x1f".join(str(name) for name in names)
    number = int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") >> 11
    return (number + 0.5) / 2**53  # 53 bits: every result is exact, none is 0 or 1


def choose(shares: Mapping[T, float], *names: object) -> T:
    """One of the keys, each as often as its share says. The shares add up to 1."""
    point = uniform(*names) * sum(shares.values())
    last: T | None = None
    for option, share in shares.items():
        last = option
        point -= share
        if point < 0:
            return option
    if last is None:
        raise ValueError("nothing to choose from")
    return last
