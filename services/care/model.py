"""What care knows about cases and about the teams and stations around them, as plain values. Times: incident time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from schemas.vocabulary import TriageLevel, ZoneKind


class TeamState(StrEnum):
    """How far a team is, as far as cases depend on it."""

    SENT = "sent"
    ARRIVED = "arrived"
    ENDED = "ended"


class CloseReason(StrEnum):
    """Why a case is closed; there is no free text, which might name somebody."""

    DONE = "done"
    DECLINED = "declined"
    MOVED = "moved"
    DIED = "died"
    TRANSFERRED = "transferred"


REVIEWED_LEVELS: Final = frozenset({TriageLevel.L0, TriageLevel.L1})
"""Levels that a clinician looks at when somebody else judged them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NearStation:
    """A station in reach of an incident. `inside` is the zone it lies in, if any."""

    station_id: UUID
    inside: ZoneKind | None
    distance_km: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case as it stands."""

    case_id: UUID
    level: TriageLevel
    needs_clinician_review: bool
    follow_up: bool
    is_open: bool


@dataclass(frozen=True, slots=True)
class Triage:
    """The case is triaged now."""

    level: TriageLevel
    needs_clinician_review: bool


@dataclass(frozen=True, slots=True)
class Unchanged:
    """This was so before; nothing changes."""


@dataclass(frozen=True, slots=True)
class Refused:
    """This cannot be done; `detail` says why."""

    detail: str
