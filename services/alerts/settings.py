"""Settings of alerts. Waits are incident time; a drill's clock shortens them."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import AliasChoices, Field, ValidationInfo, field_validator
from pydantic_settings import NoDecode

from services.alerts.model import WaveRules
from services.kit.settings import KitSettings

RINGS_MAX = 10


class AlertsSettings(KitSettings):
    """Beside the kit's: how waves widen, and how pages are sent."""

    alerts_rings_km: Annotated[tuple[float, ...], NoDecode] = (150.0, 400.0, 1000.0, 3000.0)
    """Distances from the gravest zone, rising, separated by commas."""
    alerts_oversample: Annotated[float, Field(ge=1, le=10)] = 1.5
    """People asked per missing place."""
    alerts_wave_interval_minutes: Annotated[float, Field(gt=0, le=1440)] = 10.0
    alerts_ask_open_minutes: Annotated[float, Field(gt=0, le=10_080)] = 120.0
    """After this, an unanswered ask no longer keeps other incidents from asking the same person."""

    alerts_page_gateway_url: Annotated[
        str,
        Field(
            validation_alias=AliasChoices(
                "alerts_page_gateway_url", "THIRDRESCUE_PAGE_GATEWAY", "THIRDRESCUE_ALERTS_PAGE_GATEWAY_URL"
            )
        ),
    ] = "http://127.0.0.1:8109"
    """An instance names its provider once, as THIRDRESCUE_PAGE_GATEWAY."""
    alerts_page_gateway_key_file: str = "page-gateway.key"
    """File in the secrets folder with the key that the page gateway shares."""
    alerts_page_channel: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")] = "page-gateway"
    alerts_page_timeout_s: Annotated[float, Field(gt=0, le=60)] = 5.0
    alerts_page_lease_s: Annotated[float, Field(gt=0, le=600)] = 15.0
    """How long an attempt may take before somebody else may make the next. At least three times the timeout: one for
    waiting for a turn, one for asking the provider, one for sending."""
    alerts_page_attempts_max: Annotated[int, Field(ge=1, le=1000)] = 40
    alerts_page_retry_s: Annotated[float, Field(gt=0, le=60)] = 0.5
    alerts_page_retry_max_s: Annotated[float, Field(gt=0, le=3600)] = 30.0
    alerts_page_concurrency: Annotated[int, Field(ge=1, le=256)] = 32
    alerts_page_batch: Annotated[int, Field(ge=1, le=1000)] = 64
    alerts_page_token_hours: Annotated[float, Field(gt=0, le=720)] = 72.0
    """Real hours in which a page can be answered."""
    alerts_mission_token_days: Annotated[float, Field(gt=0, le=90)] = 30.0

    @field_validator("alerts_rings_km", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else value

    @field_validator("alerts_rings_km")
    @classmethod
    def _rising(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if not 1 <= len(value) <= RINGS_MAX or value[0] <= 0 or list(value) != sorted(set(value)):
            raise ValueError(f"must be 1 to {RINGS_MAX} rising distances in km, such as 150,400,1000,3000")
        return value

    @field_validator("alerts_page_lease_s")
    @classmethod
    def _outlasts_attempts(cls, value: float, info: ValidationInfo) -> float:
        if value < 3 * info.data.get("alerts_page_timeout_s", 0):
            raise ValueError("must be at least three times THIRDRESCUE_ALERTS_PAGE_TIMEOUT_S")
        return value

    def rules(self) -> WaveRules:
        """As the decisions take them."""
        return WaveRules(
            rings_km=self.alerts_rings_km,
            oversample=self.alerts_oversample,
            interval=timedelta(minutes=self.alerts_wave_interval_minutes),
            ask_open=timedelta(minutes=self.alerts_ask_open_minutes),
        )
