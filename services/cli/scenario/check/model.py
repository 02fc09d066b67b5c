"""What a check is given and what it finds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from services.cli.scenario.gateway import GatewayPage
from services.cli.scenario.phones import SentAnswer
from services.cli.scenario.story import Story

SHOWN: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariant:
    """Something that must hold, whether it did, and how it was seen (or what broke it)."""

    what: str
    held: bool
    detail: str

    def document(self) -> dict[str, Any]:
        """As it stands in the result."""
        return {"what": self.what, "held": self.held, "detail": self.detail}


def judge(what: str, broken: Iterable[str], seen: str) -> Invariant:
    """Held if nothing broke it. `seen` says how much was looked at."""
    found = list(broken)
    if not found:
        return Invariant(what=what, held=True, detail=seen)
    more = f" (and {len(found) - SHOWN} more)" if len(found) > SHOWN else ""
    return Invariant(what=what, held=False, detail="; ".join(found[:SHOWN]) + more)


@dataclass(frozen=True, slots=True, kw_only=True)
class VolunteerAt:
    """A volunteer as the log said from a moment on."""

    recorded_at: datetime
    deployable: bool
    lat_deg: float
    lon_deg: float
    roles: frozenset[str]
    languages: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """A time in which a volunteer belonged to a live mission; no end: still does."""

    volunteer_id: str
    mission_id: str
    exercise: bool
    began_at: datetime
    ended_at: datetime | None


@dataclass(slots=True, kw_only=True)
class LogFacts:
    """What the whole log says, beyond the one incident."""

    records: int = 0
    unreadable: list[str] = field(default_factory=list)
    sequence_faults: list[str] = field(default_factory=list)
    doubled: int = 0
    canaries: list[str] = field(default_factory=list)
    quarantined: list[str] = field(default_factory=list)
    paged: dict[str, str] = field(default_factory=dict)
    """Who was to get each page, by any event of any alert."""
    volunteers: dict[str, list[VolunteerAt]] = field(default_factory=dict)
    spells: list[Spell] = field(default_factory=list)
    coverage_wanted: dict[str, dict[str, Any]] = field(default_factory=dict)
    coverage_seen: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedZone:
    """A place and the zone it must lie in."""

    place: str
    lat_deg: float
    lon_deg: float
    zone_kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything a check may look at. API documents are None where the API had none."""

    incident_id: str
    story: Story
    log: LogFacts
    pages: tuple[GatewayPage, ...]
    answers: Mapping[str, SentAnswer]
    cases_opened: frozenset[str]
    expected_zones: tuple[ExpectedZone, ...]
    followup_until_on: date | None
    incident: Mapping[str, Any] | None
    board: Mapping[str, Any] | None
    zones: Mapping[str, Any] | None
    missions: Mapping[str, Any] | None
    cases: Mapping[str, Any] | None
    followups: Mapping[str, Any] | None
    coverage: tuple[Mapping[str, Any], ...]
