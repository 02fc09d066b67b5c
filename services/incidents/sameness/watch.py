"""What a process keeps in mind of open incidents: those it knows, and the second looks it owes."""

from __future__ import annotations

from dataclasses import dataclass, field

from services.incidents.sameness.again import SecondLook
from services.incidents.sameness.known import KnownOpen


@dataclass(frozen=True, slots=True)
class Watch:
    """One per process."""

    known: KnownOpen = field(default_factory=KnownOpen)
    second_look: SecondLook = field(default_factory=SecondLook)
