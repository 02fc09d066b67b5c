"""What the simulated network rests on: published figures and stated assumptions, read from one JSON file."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from schemas.values import AreaCode, LanguageCode, LatDeg, LonDeg, Text
from schemas.vocabulary import ContactChannel, Role, StationKind, StationService
from services.cli.scenario.model import SCENARIOS_FOLDER, Assumption, ScenarioError, Source, SourceId, explain_first

ASSUMPTIONS_FILE: Final = SCENARIOS_FOLDER / "network-assumptions.json"

Share = Annotated[float, Field(ge=0, le=1)]
LanguageShares = dict[LanguageCode, Share]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Province(_Strict):
    """A province, what GeoNames calls it, and what decides how many stations it has."""

    code: AreaCode
    geonames_admin1: str
    name_zh: Text
    name_en: Text
    population_2020: Annotated[int, Field(gt=0)]
    station_weight: Annotated[float, Field(gt=0, le=10)]
    language_shares: LanguageShares


class DetachmentPlan(_Strict):
    """A detachment and the place it sits at. `assumed`: its name is not among the published ones."""

    ref: Text
    kind: StationKind
    name_zh: Text
    name_en: Text
    province_code: AreaCode
    area_code: AreaCode
    geonameid: int
    assumed: bool


class Seat(_Strict):
    """A place given its number of stations by hand, with the languages spoken by the members there."""

    geonameid: int
    geonames_name: Text
    name_zh: Text
    name_en: Text
    province_code: AreaCode
    area_code: AreaCode
    lat_deg: LatDeg
    lon_deg: LonDeg
    stations: Annotated[int, Field(ge=1, le=20)]
    language_shares: LanguageShares


class MemberRoles(_Strict):
    """A set of roles and the share of the members in that seat of a station who have it."""

    roles: tuple[Role, ...]
    share: Share
    seat: Annotated[int, Field(ge=1, le=50)]


class CredentialRule(_Strict):
    """The credential on which a role rests."""

    role: Role
    kind: Text
    issuer: Text
    valid_years: Annotated[int, Field(ge=2, le=50)]


class StationOffer(_Strict):
    """What every station offers and when it is open; how many rooms and seats it has is drawn between these bounds."""

    rooms_min: Annotated[int, Field(ge=0, le=100)]
    rooms_max: Annotated[int, Field(ge=0, le=100)]
    seats_per_room_min: Annotated[int, Field(ge=1, le=100)]
    seats_per_room_max: Annotated[int, Field(ge=1, le=100)]
    services: tuple[StationService, ...]
    open_days: tuple[Text, ...]
    opens: Text
    closes: Text

    @model_validator(mode="after")
    def _bounds_are_in_order(self) -> Self:
        if self.rooms_min > self.rooms_max or self.seats_per_room_min > self.seats_per_room_max:
            raise ValueError("a lower bound is above its upper bound")
        return self


class NetworkAssumptions(_Strict):
    """Everything the generator of the network is told."""

    format: Literal[1]
    default_seed: int
    reference_on: date
    sources: dict[SourceId, Source]
    stations_total: Annotated[int, Field(ge=1, le=100_000)]
    members_per_station: Annotated[int, Field(ge=1, le=50)]
    available_share: Share
    expired_credential_share: Share
    interpreter_share: Share
    channel_shares: dict[ContactChannel, Share]
    national_language: LanguageCode
    national_language_shares: LanguageShares
    assumptions: tuple[Assumption, ...]
    station_offer: StationOffer
    provinces: tuple[Province, ...]
    detachments: tuple[DetachmentPlan, ...]
    seats: tuple[Seat, ...]
    member_roles: tuple[MemberRoles, ...]
    credentials: tuple[CredentialRule, ...]

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        for seat in range(1, self.members_per_station + 1):
            total = sum(option.share for option in self.member_roles if option.seat == seat)
            if abs(total - 1) > 1e-9:
                raise ValueError(f"the shares of seat {seat} add up to {total:g}, not 1")
        codes = {province.code for province in self.provinces}
        used = {plan.province_code for plan in self.seats} | {plan.province_code for plan in self.detachments}
        if used - codes:
            raise ValueError(f"provinces used but not listed: {', '.join(sorted(used - codes))}")
        return self

    def province(self, code: str) -> Province:
        """The province of that code (KeyError if none)."""
        return {province.code: province for province in self.provinces}[code]


@cache
def load_assumptions(file: Path = ASSUMPTIONS_FILE) -> NetworkAssumptions:
    """The assumptions, checked. Raises ScenarioError that says what is wrong and where."""
    try:
        return NetworkAssumptions.model_validate_json(file.read_bytes())
    except OSError as error:
        raise ScenarioError(f"{file.name} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        raise ScenarioError(f"{file.name}: {explain_first(error)}") from error
