"""A scenario: a real disaster written down as cited facts, with what is assumed said so.

Each scenario is a folder of `scenarios/` that holds `scenario.json`. Loading checks all of it, so that what runs is
what was meant: an unknown field, a source nobody names or a missing time zone is refused with the place it is at.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from schemas.values import AreaCode, IntensityObservation, LatDeg, LonDeg, NeedLine, Text
from schemas.vocabulary import IncidentKind, Level, ZoneKind

SCENARIOS_FOLDER: Final = Path(__file__).resolve().parents[3] / "scenarios"
SCENARIO_FILE: Final = "scenario.json"
MAX_OBSERVATIONS: Final = 500
MAX_FILE_BYTES: Final = 2 * 1024 * 1024

SourceId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{1,63}$")]
LonLatDeg = tuple[LonDeg, LatDeg]


class ScenarioError(ValueError):
    """A scenario does not exist or cannot be used; the message says which and why."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Words(_Strict):
    """The same words in the two languages."""

    zh: Text
    en: Text


class Source(_Strict):
    """Where a fact comes from and under what terms it is repeated here."""

    title: Text
    publisher: Text
    published: str | None = None
    url: str | None = None
    licence: Text


class Origin(_Strict):
    """Where and how strong an earthquake was."""

    lat_deg: LatDeg
    lon_deg: LonDeg
    depth_km: Annotated[float, Field(ge=0, le=800)]
    magnitude: Annotated[float, Field(ge=-2, le=10)]
    magnitude_scale: Text
    source: SourceId


class Observation(IntensityObservation):
    """An intensity at a place, the network that saw it and the place's name in that network's list."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    network: Text
    place: Text | None = None


class ScenarioNeed(NeedLine):
    """A need line as stated when the incident is declared."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class TimelineFact(_Strict):
    """Something that was known at a time or on a day. With `day_assumed` the source gives the day only roughly."""

    at: AwareDatetime | None = None
    on: date | None = None
    text: Words
    source: SourceId
    day_assumed: bool = False

    @model_validator(mode="after")
    def _has_one_time(self) -> Self:
        if (self.at is None) == (self.on is None):
            raise ValueError("give either `at` (a time) or `on` (a day)")
        return self


class ExpectedZone(_Strict):
    """A place and the kind of zone that it must come to lie in; a run is checked against it."""

    place: Text
    lat_deg: LatDeg
    lon_deg: LonDeg
    zone_kind: ZoneKind
    source: SourceId


class Assumption(_Strict):
    """A choice made by whoever wrote the scenario; `assumed` is false where it only says how facts were selected."""

    what: Text
    text: Words
    assumed: bool


class Scenario(_Strict):
    """One disaster, ready to be declared as an exercise.

    `drill_factor`: how many times faster than the wall clock the incident's clock runs. `occurred_at` is UTC once
    loaded. Rings of `rupture_lon_lat_deg` are closed and in GeoJSON's order (lon, lat).
    """

    format: Literal[1]
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{1,63}$")]
    title: Words
    summary: Words
    kind: IncidentKind
    level: Level
    occurred_at: AwareDatetime
    followup_until_on: date
    drill_factor: Annotated[float, Field(ge=1, le=100_000)]
    area_codes: Annotated[tuple[AreaCode, ...], Field(min_length=1)]
    origin: Origin
    rupture_lon_lat_deg: tuple[tuple[LonLatDeg, ...], ...] = ()
    intensity_scale: Literal["MMI", "CSIS"]
    intensity_source: SourceId
    intensity_observations: Annotated[tuple[Observation, ...], Field(min_length=1, max_length=MAX_OBSERVATIONS)]
    expected_zones: tuple[ExpectedZone, ...] = ()
    needs: Annotated[tuple[ScenarioNeed, ...], Field(min_length=1)]
    timeline: tuple[TimelineFact, ...]
    assumptions: tuple[Assumption, ...]
    sources: dict[SourceId, Source]

    @field_validator("occurred_at")
    @classmethod
    def _in_utc(cls, value: datetime) -> datetime:
        return value.astimezone(UTC)

    @field_validator("rupture_lon_lat_deg")
    @classmethod
    def _rings_are_closed(cls, rings: tuple[tuple[LonLatDeg, ...], ...]) -> tuple[tuple[LonLatDeg, ...], ...]:
        for number, ring in enumerate(rings):
            if len(ring) < 4 or ring[0] != ring[-1]:
                raise ValueError(f"ring {number} needs at least 4 points and must end where it starts")
        return rings

    @field_validator("needs")
    @classmethod
    def _need_ids_are_unique(cls, needs: tuple[ScenarioNeed, ...]) -> tuple[ScenarioNeed, ...]:
        seen: set[str] = set()
        for need in needs:
            if need.need_id in seen:
                raise ValueError(f"need_id {need.need_id} is given twice")
            seen.add(need.need_id)
        return needs

    @model_validator(mode="after")
    def _sources_are_named(self) -> Self:
        cited = [self.origin.source, self.intensity_source, *(fact.source for fact in self.timeline)]
        cited += [expected.source for expected in self.expected_zones]
        missing = sorted({source for source in cited if source not in self.sources})
        if missing:
            raise ValueError(f"cited but not listed under sources: {', '.join(missing)}")
        return self

    @property
    def people_needed(self) -> int:
        """People asked for by all need lines together."""
        return sum(need.count for need in self.needs)


def list_scenarios(folder: Path = SCENARIOS_FOLDER) -> tuple[str, ...]:
    """Names of the scenarios there are, in alphabetical order."""
    return tuple(sorted(file.parent.name for file in folder.glob(f"*/{SCENARIO_FILE}")))


def load_scenario(name: str, folder: Path = SCENARIOS_FOLDER) -> Scenario:
    """The scenario of that name, checked. Raises ScenarioError that says what is wrong and where."""
    known = list_scenarios(folder)
    if name not in known:
        raise ScenarioError(f"There is no scenario named {name!r}. Known: {', '.join(known) or 'none'}.")
    file = folder / name / SCENARIO_FILE
    scenario = parse_scenario(_read(file), where=f"{name}/{SCENARIO_FILE}")
    if scenario.name != name:
        raise ScenarioError(f"{name}/{SCENARIO_FILE}: its name is {scenario.name!r}, its folder's is {name!r}.")
    return scenario


def parse_scenario(text: str | bytes, where: str) -> Scenario:
    """A scenario from its JSON. `where` names the input in errors."""
    try:
        return Scenario.model_validate_json(text)
    except ValidationError as error:
        raise ScenarioError(f"{where}: {explain_first(error)}") from error


def explain_first(error: ValidationError) -> str:
    """The first problem as `place: what`, and how many more there are."""
    first, *rest = error.errors(include_url=False, include_context=False, include_input=False)
    place = "/" + "/".join(str(part) for part in first["loc"])
    more = f" (and {len(rest)} more)" if rest else ""
    return f"{place}: {first['msg']}{more}"


def _read(file: Path) -> bytes:
    try:
        size = file.stat().st_size
        if size > MAX_FILE_BYTES:
            raise ScenarioError(f"{file.name} has {size} bytes; at most {MAX_FILE_BYTES} are read.")
        return file.read_bytes()
    except OSError as error:
        raise ScenarioError(f"{file.name} cannot be read: {error.strerror}.") from error
