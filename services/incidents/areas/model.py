"""Administrative areas as declaring uses them. Nothing here does I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from schemas.values import Position
from schemas.vocabulary import Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownArea:
    """An area without its boundary. It is there from `valid_from` on and before `valid_to`; None: no known end."""

    code: str
    name_zh: str
    name_en: str | None
    aliases: tuple[str, ...]
    tier: Tier
    parent_code: str | None
    valid_from: date | None
    valid_to: date | None
    successor_codes: tuple[str, ...]
    centre: Position | None
    has_outline: bool
