"""Settings of the coverage service. All times are real time."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from services.kit.settings import KitSettings, SettingsError


class CoverageSettings(KitSettings):
    """What the stream processor can be told."""

    coverage_void_hold_off_s: Annotated[float, Field(ge=0, le=86_400)] = 5.0
    """How long a lack must last before it is published as a void. Real seconds, in drills as well."""
    coverage_publish_every_s: Annotated[float, Field(ge=0.01, le=60)] = 0.15
    """The shortest time between two publications of changed totals."""
    coverage_ready_within_s: Annotated[float, Field(ge=5, le=86_400)] = 120.0
    """If the recovery of the tables stands still for this time, the process ends and is started anew."""
    coverage_stalled_after_s: Annotated[float, Field(ge=5, le=3_600)] = 60.0
    """If nothing moves in this time although there is work, the process ends and is started anew."""

    def tables_dir(self) -> Path:
        """The folder of this instance's tables, or a `SettingsError` when no state folder is set."""
        if self.state_dir is None:
            raise SettingsError("THIRDRESCUE_STATE_DIR is not set: give a folder for the stream processor's tables.")
        return self.state_dir / f"coverage-{self.member}"
