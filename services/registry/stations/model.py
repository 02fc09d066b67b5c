"""What a caller may say about a station, and what the register keeps of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from schemas.values import AreaCode, LatDeg, LonDeg, Position, Text
from schemas.vocabulary import StationKind, Tier
from services.registry.model import Entry, Fact, Languages, Outcome, Ref


class StationEntry(Entry):
    """A station or a detachment as it shall stand in the register. Times and free text are not taken."""

    kind: StationKind
    tier: Tier
    name_zh: Text
    name_en: Text
    area_code: AreaCode
    lat_deg: LatDeg
    lon_deg: LonDeg
    languages: Languages = ()
    detachment_ref: Ref | None = None
    is_open: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """A station as it stands. `ref` is the operator's; `station_id` follows from it."""

    station_id: UUID
    ref: str
    kind: StationKind
    tier: Tier
    name_zh: str
    name_en: str
    area_code: str
    position: Position
    languages: tuple[str, ...]
    detachment_id: UUID | None
    is_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StationDecision:
    """What becomes of one accepted station item."""

    outcome: Outcome
    station: Station
    facts: Sequence[Fact] = ()
