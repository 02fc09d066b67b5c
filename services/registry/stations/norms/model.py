"""Norms as data, the totals an operator gives, and what is counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, model_validator

from schemas.values import AreaCode, Explanation, Text
from services.registry.model import Request

TOTALS_MAX: Final = 1_000


class NormId(StrEnum):
    """The norms that can be measured."""

    COMMUNITY_ROOMS = "community-rooms"
    GENERAL_HOSPITAL_CLINICS = "general-hospital-clinics"
    PSYCHIATRIC_HOSPITAL_CLINICS = "psychiatric-hospital-clinics"
    UNIVERSITY_TEACHERS = "university-teachers"
    SCHOOL_ROOMS = "school-rooms"
    HOTLINE_CITIES = "hotline-cities"


class Whole(StrEnum):
    """What there is in all, of which a norm asks for a share."""

    COMMUNITIES = "communities"
    GENERAL_HOSPITALS = "general-hospitals"
    PSYCHIATRIC_HOSPITALS = "psychiatric-hospitals"
    UNIVERSITIES = "universities"
    SCHOOLS = "schools"
    PREFECTURES = "prefectures"


class NormSource(Request):
    """Where a norm is written, and how that is known here."""

    title: Text
    publisher: Text
    year: int
    known_by: Text


class Threshold(Request):
    """The share that was to be reached by a day."""

    due_on: date
    share: Annotated[float, Field(gt=0, le=1)]
    source: str


class Denominator(Explanation):
    """What the share is of."""

    what: Whole


class HotlineNorm(Request):
    """What a hotline centre must have to count."""

    lines: int
    seats: int
    daily_minutes: int


class Norm(Request):
    """One norm. Thresholds are in the order of their days."""

    norm_id: NormId
    name: Explanation
    numerator: Explanation
    denominator: Denominator
    unit: Literal["share"]
    thresholds: Annotated[tuple[Threshold, ...], Field(min_length=1)]
    students_per_teacher: int | None = None
    hotline: HotlineNorm | None = None


class Norms(Request):
    """The table. It has every norm once."""

    version: Literal[1]
    sources: dict[str, NormSource]
    norms: tuple[Norm, ...]

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if [norm.norm_id for norm in self.norms] != list(NormId):
            raise ValueError("every norm stands once, in its order")
        for norm in self.norms:
            if list(norm.thresholds) != sorted(norm.thresholds, key=lambda threshold: threshold.due_on):
                raise ValueError(f"the thresholds of {norm.norm_id} are not in order")
            if not {threshold.source for threshold in norm.thresholds} <= self.sources.keys():
                raise ValueError(f"{norm.norm_id} names an unknown source")
        return self

    def norm(self, norm_id: NormId) -> Norm:
        """The norm of that id."""
        return next(norm for norm in self.norms if norm.norm_id is norm_id)


class TotalEntry(Request):
    """How many there are in all in an area, as of a day, and who says so."""

    area_code: AreaCode | Literal["*"]
    what: Whole
    count: Annotated[int, Field(ge=1, le=10**9)]
    as_of_on: date
    source: Text


class TotalsRequest(Request):
    """Totals to keep. Nothing is replaced: of an area's totals the one of the latest day counts."""

    items: Annotated[tuple[TotalEntry, ...], Field(min_length=1, max_length=TOTALS_MAX)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What the register counts for a norm, with what else is worth knowing about it."""

    count: int
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """What is known of the whole."""

    count: int
    as_of_on: date
    source: str
