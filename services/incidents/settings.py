"""Settings of the incidents service: where places are found."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, model_validator

from services.kit.settings import KitSettings


class IncidentsSettings(KitSettings):
    """Beside the kit's. Online geocoders are off: whoever is asked learns where an emergency is."""

    incidents_places_file: Path | None = None
    """An operator's own places as CSV: name_zh, name_en, aliases, lat_deg, lon_deg, area_code."""
    incidents_geocoder: Literal["offline", "nominatim", "baidu"] = "offline"
    incidents_nominatim_domain: Annotated[str, Field(pattern=r"^[A-Za-z0-9.:-]{3,200}$")] | None = None
    """Host of an operator's own Nominatim; the public one is not for this."""
    incidents_baidu_key: SecretStr | None = None
    incidents_geocoder_timeout_s: Annotated[float, Field(gt=0, le=30)] = 3.0

    @model_validator(mode="after")
    def _is_complete(self) -> IncidentsSettings:
        if self.incidents_geocoder == "nominatim" and self.incidents_nominatim_domain is None:
            raise ValueError("THIRDRESCUE_INCIDENTS_NOMINATIM_DOMAIN must name the operator's own server")
        if self.incidents_geocoder == "baidu" and self.incidents_baidu_key is None:
            raise ValueError("THIRDRESCUE_INCIDENTS_BAIDU_KEY must be given")
        return self
