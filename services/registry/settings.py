"""Settings of the registry. The default is an assumption that an operator may change."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from services.kit.settings import KitSettings


class RegistrySettings(KitSettings):
    """Beside the kit's."""

    registry_stale_after_days: Annotated[int, Field(ge=1, le=3650)] = 180
    """An entry of a station that nobody has verified for more than so many days is stale (assumed: twice a year)."""
