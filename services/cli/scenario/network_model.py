"""What the simulated network consists of: stations, detachments, volunteers and their credentials."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from schemas.vocabulary import ContactChannel, Role, StationKind, StationService, Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A simulated credential and the roles that rest on it."""

    kind: str
    issuer: str
    number: str
    expires_on: date
    roles: tuple[Role, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a simulated station has and does, and when: on these days from `opens` to `closes`."""

    room_count: int
    seat_count: int
    services: tuple[StationService, ...]
    open_days: tuple[str, ...]
    opens: str
    closes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """A station or a detachment. `area_codes` runs from the province to the finest code known; WGS-84 degrees.

    `parent_ref` is what it stands below in the tree; None for a root.
    """

    external_ref: str
    kind: StationKind
    tier: Tier
    name_zh: str
    name_en: str
    province_code: str
    area_codes: tuple[str, ...]
    lat_deg: float
    lon_deg: float
    languages: tuple[str, ...]
    detachment_ref: str | None
    parent_ref: str | None
    geonameid: int
    offer: Offer | None = None
    """None for a detachment."""

    @property
    def area_code(self) -> str:
        """The finest area code known."""
        return self.area_codes[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Volunteer:
    """A simulated adult member. `name` and `phone` are for the registry's vault only; the phone reaches nobody."""

    external_ref: str
    home_station_ref: str
    name: str
    phone: str
    roles: tuple[Role, ...]
    languages: tuple[str, ...]
    credentials: tuple[Credential, ...]
    channels: tuple[ContactChannel, ...]
    available: bool
    is_adult: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Detachments, stations and volunteers, each in the order of its reference."""

    seed: int
    reference_on: date
    detachments: tuple[Station, ...]
    stations: tuple[Station, ...]
    volunteers: tuple[Volunteer, ...]
