"""What may be said about a declared incident to change it, and what is known of its area."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from schemas.values import Geometry, IntensityContour, IntensityObservation, Venue
from schemas.vocabulary import Phase
from services.incidents.model import (
    AreaCodes,
    Contours,
    Incident,
    Magnitude,
    Observations,
    RadiusM,
    Reason,
    StrictRequest,
    Venues,
)


class AreaRequest(StrictRequest):
    """Where the incident is, as it is known now. What is left out stays; an empty list takes away."""

    place: dict[str, Any] | None = None
    radius_m: RadiusM | None = None
    magnitude: Magnitude | None = None
    intensity_observations: Observations | None = None
    intensity_contours: Contours | None = None
    venues: Venues | None = None
    area_codes: AreaCodes | None = None
    reason: Reason


class PhaseRequest(StrictRequest):
    """The phase the response goes over to, and why."""

    phase: Phase
    reason: Reason


class MergeRequest(StrictRequest):
    """The incident that goes on for both, and why they are the same."""

    into: UUID
    reason: Reason


class DifferentRequest(StrictRequest):
    """The incident that this one was proposed to be the same as, and why it is another."""

    other: UUID
    reason: Reason


class ReopenRequest(StrictRequest):
    """Why the response goes on."""

    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """Where an incident is: all that a revision of its area may change."""

    place: Geometry
    radius_m: float = 0
    magnitude: float | None = None
    intensity_observations: tuple[IntensityObservation, ...] = ()
    intensity_contours: tuple[IntensityContour, ...] = ()
    venues: tuple[Venue, ...] = ()
    area_codes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A declared incident with everything that its continuation takes over."""

    incident: Incident
    extent: Extent
    revision: int
    title_zh: str
    title_en: str
    occurred_at: Any
    auto_dispatch: bool
    merged_into: UUID | None
    continued_as: UUID | None
