"""Older versions of events become the newest here; the rest of the code knows only the newest.

To supersede version n: keep its model in the event's file under `# Superseded` with a name ending in `Vn`, make the
new model `version = n + 1`, and register a pure function here. An upcaster lives as long as the log does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from schemas.envelope import Event


@dataclass(frozen=True)
class Upcaster:
    """How records of one older version are read and brought up to the newest."""

    reads: type[Event]
    upcast: Callable[[Event], Event]


UPCASTERS: Final[Mapping[tuple[str, int], Upcaster]] = {}
