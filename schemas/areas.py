"""Administrative areas in time: which codes stand on a day, and what became of those that do not.

Codes nest by their digits (`schemas.policy.prefix_of`). Codes change: a county becomes a district under a new code, two
are merged. Whoever is given an old code must be able to say which areas are meant today.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol

SUCCESSIONS_MAX: Final = 20
"""Longest chain that is followed; a longer one, or a circle, ends where it is."""


class Dated(Protocol):
    """What is asked of an area."""

    @property
    def valid_from(self) -> date | None: ...
    @property
    def valid_to(self) -> date | None: ...
    @property
    def successor_codes(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What a code means on a day. `replaced` are the codes on the way that no longer stood, in the order met."""

    codes: tuple[str, ...]
    replaced: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def is_changed(self) -> bool:
        """Whether the code that was asked for does not stand for itself."""
        return bool(self.replaced)


def stands_on(area: Dated, on: date) -> bool:
    """Whether the area is there on that day."""
    return (area.valid_from is None or area.valid_from <= on) and (area.valid_to is None or on < area.valid_to)


def resolve(code: str, on: date, find: Callable[[str], Dated | None]) -> Resolved:
    """The codes that stand for `code` on that day: itself, or what it became. A code that ended without a successor
    stands for nothing; one that had not begun stands for itself, because what it was before is not known."""
    standing: dict[str, None] = {}
    replaced: dict[str, None] = {}
    unknown: dict[str, None] = {}
    front = [code]
    for _ in range(SUCCESSIONS_MAX):
        following: list[str] = []
        for current in front:
            area = find(current)
            if area is None:
                unknown[current] = None
            elif area.valid_to is None or on < area.valid_to:
                standing[current] = None
            elif current not in replaced:
                replaced[current] = None
                following.extend(area.successor_codes)
        front = following
    return Resolved(codes=tuple(standing), replaced=tuple(replaced), unknown=tuple(unknown))
