"""Station events. A station is an organisation's place; its name is public. Key: the station's id."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from schemas.envelope import Event
from schemas.values import AreaCode, LanguageCode, Position, Text
from schemas.vocabulary import StationKind, Tier


class StationFacts(Event):
    """What the register says of a station."""

    station_id: UUID
    kind: StationKind
    tier: Tier
    name_zh: Text
    name_en: Text
    area_code: AreaCode
    position: Position
    languages: tuple[LanguageCode, ...]


class StationRegistered(StationFacts):
    """A station (or detachment) entered the register."""

    event_type: ClassVar[str] = "station.registered"

    detachment_id: UUID | None = None


class StationCorrected(StationFacts):
    """The register's entry of a station was corrected; all its facts as they now stand."""

    event_type: ClassVar[str] = "station.corrected"

    detachment_id: UUID | None = None


class StationClosed(Event):
    """The station no longer takes part."""

    event_type: ClassVar[str] = "station.closed"

    station_id: UUID


class StationState(StationFacts):
    """A station as it stands now (compacted: the last one per key is the truth)."""

    event_type: ClassVar[str] = "station.state"

    is_open: bool
