"""Coverage: the live picture of an area. Key: the area's id, `area:<province code>` or `zone:<zone id>`."""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime

from schemas.envelope import Event
from schemas.values import Explanation, LanguageCode, Value
from schemas.vocabulary import Role, ZoneKind


class CoverageRow(Value):
    """Counts for one role and language (`None`: any). Absolute, never increments.

    needed: people asked for; accepted: counted answers that still stand; assigned: members of live missions;
    on_scene: members of missions that have arrived; available: deployable volunteers at home there.
    """

    role: Role
    language: LanguageCode | None = None
    needed: int = 0
    accepted: int = 0
    assigned: int = 0
    on_scene: int = 0
    available: int = 0


class CoverageObserved(Event):
    """An area as it stands (compacted: the last one per key is the truth)."""

    event_type: ClassVar[str] = "coverage.observed"

    area_id: str
    kind: Literal["province", "zone"]
    incident_id: UUID | None = None
    zone_kind: ZoneKind | None = None
    rows: tuple[CoverageRow, ...]
    cases: dict[str, int]
    followups_open: int


class CoverageVoidOpened(Event):
    """An area lacks a skill (or a language) it needs, for longer than the hold-off."""

    event_type: ClassVar[str] = "coverage.void-opened"

    area_id: str
    incident_id: UUID
    role: Role
    language: LanguageCode | None
    needed: int
    covered: int
    since_at: AwareDatetime
    explanation: Explanation


class CoverageVoidClosed(Event):
    """The void is covered, or no longer needed."""

    event_type: ClassVar[str] = "coverage.void-closed"

    area_id: str
    incident_id: UUID
    role: Role
    language: LanguageCode | None
    needed: int
    covered: int
    explanation: Explanation
