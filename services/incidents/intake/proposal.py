"""A proposal: what a feed suggests that a person may declare. It carries no needs, and never declares by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from schemas.values import AreaCode, Explanation, Geometry, IntensityObservation
from schemas.vocabulary import IncidentKind, Level
from services.incidents.intake.model import Geocode, Reference


class Action(StrEnum):
    """What a message does to what was proposed before."""

    PROPOSE = "propose"
    REVISE = "revise"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True)
class Contour:
    """Where at least this intensity was felt."""

    intensity: float
    shape: Geometry


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What one message proposes. None and empty mean that it does not say; a thread's other messages may.

    `event_keys` are names (sender,identifier) under which others speak of the same event, its own among them;
    `supersedes` are the messages it follows. `level` is assumed from `level_reason`; None: nothing the rules
    would respond to. `exposure` has the people living where each intensity (1-12) was felt. `is_restricted`: the
    sender meant it for named receivers, not for publication.
    """

    format: str
    sender: str
    identifier: str | None
    sent_at: datetime | None
    version: int = 0
    action: Action = Action.PROPOSE
    supersedes: tuple[Reference, ...] = ()
    event_keys: tuple[str, ...] = ()
    exercise: bool = False
    is_restricted: bool = False
    kind: IncidentKind = IncidentKind.OTHER
    level: Level | None = None
    level_reason: Explanation | None = None
    occurred_at: datetime | None = None
    expires_at: datetime | None = None
    place: Geometry | None = None
    radius_m: float = 0
    area_names: tuple[str, ...] = ()
    area_codes: tuple[AreaCode, ...] = ()
    geocodes: tuple[Geocode, ...] = ()
    title_zh: str | None = None
    title_en: str | None = None
    title_other: str | None = None
    magnitude: float | None = None
    intensity_max: float | None = None
    contours: tuple[Contour, ...] = ()
    observations: tuple[IntensityObservation, ...] = ()
    exposure: Mapping[int, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
