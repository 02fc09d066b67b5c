"""The form of a follow-up schedule: when contacts are due, for whom, how often one tries. Schedules are data files.

A schedule is never edited once plans were made by it; a new version is a new file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil.relativedelta import relativedelta
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from schemas.vocabulary import TriageLevel

Years = tuple[Annotated[int, Field(ge=1, le=100)], ...]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Words(_Part):
    """A text in the two languages."""

    zh: str
    en: str


class Source(_Part):
    """Where a rule comes from, and how sure that is."""

    what: str
    origin: Annotated[str, Field(alias="from")]


class After(_Part):
    """How long after triage. Hours are counted on the clock, everything longer on the civil calendar."""

    hours: Annotated[int, Field(ge=0, le=24 * 14)] | None = None
    days: Annotated[int, Field(ge=0, le=366)] = 0
    weeks: Annotated[int, Field(ge=0, le=520)] = 0
    months: Annotated[int, Field(ge=0, le=240)] = 0

    @model_validator(mode="after")
    def _one_unit(self) -> Self:
        given = [self.hours is not None, self.days > 0, self.weeks > 0, self.months > 0]
        if sum(given) != 1:
            raise ValueError("give exactly one of hours, days, weeks, months")
        return self

    def civil(self) -> relativedelta:
        """As a step on the calendar."""
        return relativedelta(days=self.days, weeks=self.weeks, months=self.months)


class Window(_Part):
    """How many days before and after its date a task may be done."""

    before: Annotated[int, Field(ge=0, le=60)]
    after: Annotated[int, Field(ge=0, le=60)]


class Step(_Part):
    """One contact."""

    step: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,20}$")]
    after: After
    window_days: Window


class LevelRule(_Part):
    """What follows a triage level. `then` names the level whose later steps follow on."""

    steps: tuple[Step, ...]
    then: TriageLevel | None
    anniversaries: Years
    attempts_max: Annotated[int, Field(ge=3, le=5)]


class WithoutConsent(_Part):
    """Contacts for the person's safety that do not wait for consent."""

    levels: frozenset[TriageLevel]
    up_to_hours: Annotated[int, Field(ge=0, le=24 * 14)]


class ZoneRule(_Part):
    """Outreach to a whole zone."""

    anniversaries: Years


class Schedule(_Part):
    """A whole schedule."""

    version: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")]
    assumed: bool
    about: Words
    sources: tuple[Source, ...]
    civil_zone: str
    horizon_years: Annotated[int, Field(ge=1, le=100)]
    owner_role: str
    levels: Mapping[TriageLevel, LevelRule]
    without_consent: WithoutConsent
    zones: ZoneRule
    anniversary_window_days: Window
    channels_min: Annotated[int, Field(ge=1, le=5)]

    @field_validator("civil_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{name!r} is not a time zone") from error
        return name

    @model_validator(mode="after")
    def _whole(self) -> Self:
        missing = set(TriageLevel) - set(self.levels)
        if missing:
            raise ValueError(f"no rule for {', '.join(sorted(missing))}")
        for level, rule in self.levels.items():
            names = [step.step for step in rule.steps]
            if len(names) != len(set(names)):
                raise ValueError(f"{level}: a step is named twice")
            if rule.then is not None and self.levels[rule.then].then is not None:
                raise ValueError(f"{level}: a level that is followed on must not itself follow on")
        return self

    @property
    def zone_info(self) -> ZoneInfo:
        """The zone in which dates are dates."""
        return ZoneInfo(self.civil_zone)
