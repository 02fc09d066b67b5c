"""Settings of dispatch: the protective rules. Environment variables carry the prefix THIRDRESCUE_."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from services.dispatch.model import Rules
from services.kit.settings import KitSettings


class DispatchSettings(KitSettings):
    """The kit's settings and these."""

    mission_days_max: Annotated[int, Field(ge=1, le=30)] = 7
    """Days of incident time after which a team must be relieved. One week a team (two days of travel and five of work)
    is the rule of Japan's Disaster Psychiatric Assistance Teams (DPAT); that it fits here is an assumption."""
    check_in_every_minutes: Annotated[int, Field(ge=10, le=10_080)] = 720
    """Longest silence of a team, incident time. Twelve hours is an assumption: once in every shift."""
    team_members_min: Annotated[int, Field(ge=1, le=20)] = 2
    """Nobody goes alone."""

    def rules(self) -> Rules:
        """As the decisions want them."""
        return Rules(
            mission_days_max=self.mission_days_max,
            check_in_every_minutes=self.check_in_every_minutes,
            team_members_min=self.team_members_min,
        )
