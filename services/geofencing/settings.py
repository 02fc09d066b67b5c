"""Settings of geofencing. The rings by level and the least radius are assumptions that an operator may change."""

from __future__ import annotations

from typing import Annotated

from pydantic import AliasChoices, Field, field_validator
from pydantic_settings import NoDecode

from schemas.vocabulary import Level
from services.geofencing.model import Rings, Rules
from services.kit.settings import KitSettings

RingKm = Annotated[float, Field(gt=0, le=1000)]


class GeofencingSettings(KitSettings):
    """Beside the kit's: how far zones and help reach."""

    geofencing_reach_km: Annotated[float, Field(gt=0, le=20_100)] = 3000.0
    """Stations farther from the gravest zone than this are not named."""
    geofencing_stations_max: Annotated[int, Field(ge=1, le=5000)] = 1000
    geofencing_members_near_km: Annotated[float, Field(gt=0, le=3000)] = 150.0
    """Volunteers inside a zone, or within this of the gravest one, are followed as they come and go."""
    geofencing_core_radius_min_m: Annotated[float, Field(gt=0, le=100_000)] = 1000.0
    """Around a point that was declared without a radius (assumed)."""
    geofencing_affected_km_level_1: RingKm = 30.0
    geofencing_affected_km_level_2: RingKm = 20.0
    geofencing_affected_km_level_3: RingKm = 10.0
    geofencing_affected_km_level_4: RingKm = 5.0
    geofencing_ripple_km_level_1: RingKm = 100.0
    geofencing_ripple_km_level_2: RingKm = 60.0
    geofencing_ripple_km_level_3: RingKm = 30.0
    geofencing_ripple_km_level_4: RingKm = 15.0

    geofencing_rings_km: Annotated[
        tuple[float, ...],
        NoDecode,
        Field(
            validation_alias=AliasChoices(
                "geofencing_rings_km", "THIRDRESCUE_GEOFENCING_RINGS_KM", "THIRDRESCUE_ALERTS_RINGS_KM"
            ),
            min_length=1,
            max_length=10,
        ),
    ] = (150.0, 400.0, 1000.0, 3000.0)
    """Rings by which the preview counts: those of the waves, which an instance names once."""

    @field_validator("geofencing_rings_km", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else value

    def rules(self) -> Rules:
        """As the decisions take them."""
        return Rules(
            rings={
                level: Rings(
                    affected_km=getattr(self, f"geofencing_affected_km_level_{number}"),
                    ripple_km=getattr(self, f"geofencing_ripple_km_level_{number}"),
                )
                for number, level in enumerate((Level.I, Level.II, Level.III, Level.IV), start=1)
            },
            core_radius_min_m=self.geofencing_core_radius_min_m,
            reach_km=self.geofencing_reach_km,
            stations_max=self.geofencing_stations_max,
            members_near_km=self.geofencing_members_near_km,
            rings_km=self.geofencing_rings_km,
        )
