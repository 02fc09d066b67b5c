"""Settings of geofencing. The rings by level and the least radius are assumptions that an operator may change."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

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
        )
