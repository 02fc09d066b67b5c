"""Station events. A station is an organisation's place; its name is public. Key: the station's id."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from schemas.envelope import Event
from schemas.values import AreaCode, LanguageCode, Position, Text
from schemas.vocabulary import StationKind, Tier


class StationRegistered(Event):
    """A station (or detachment) entered the register."""

    event_type: ClassVar[str] = "station.registered"

    station_id: UUID
    kind: StationKind
    tier: Tier
    name_zh: Text
    name_en: Text
    area_code: AreaCode
    position: Position
    languages: tuple[LanguageCode, ...]
    detachment_id: UUID | None = None


class StationCorrected(Event):
    """The register's entry of a station was corrected; all its facts as they now stand."""

    event_type: ClassVar[str] = "station.corrected"

    station_id: UUID
    kind: StationKind
    tier: Tier
    name_zh: Text
    name_en: Text
    area_code: AreaCode
    position: Position
    languages: tuple[LanguageCode, ...]
    detachment_id: UUID | None = None


class StationClosed(Event):
    """The station no longer takes part."""

    event_type: ClassVar[str] = "station.closed"

    station_id: UUID


class StationState(Event):
    """A station as it stands now (compacted: the last one per key is the truth)."""

    event_type: ClassVar[str] = "station.state"

    station_id: UUID
    kind: StationKind
    tier: Tier
    name_zh: Text
    name_en: Text
    area_code: AreaCode
    position: Position
    languages: tuple[LanguageCode, ...]
    is_open: bool
