"""Settings of care. Environment variables carry the prefix THIRDRESCUE_."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from services.kit.settings import KitSettings


class CareSettings(KitSettings):
    """The kit's settings and these."""

    lag_retry_after_s: Annotated[int, Field(ge=1, le=60)] = 2
    """What a phone is told to wait when an event about its team may still be on its way to this service."""
