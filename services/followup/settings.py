"""Settings of followup. Environment variables carry the prefix THIRDRESCUE_."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, ValidationError

from services.followup.schedule import Schedule
from services.kit.settings import PREFIX, KitSettings, SettingsError

FOLDER: Final = Path(__file__).parent / "schedules"


class FollowupSettings(KitSettings):
    """The kit's settings and these."""

    followup_schedule: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")] = "default-1"
    """The schedule new plans are made by: a file of schedules/ without its ending."""


def read_schedules(folder: Path = FOLDER) -> dict[str, Schedule]:
    """Every version there is, because plans of older ones go on. Raises SettingsError for a file that is wrong."""
    found: dict[str, Schedule] = {}
    for path in sorted(folder.glob("*.json")):
        try:
            schedule = Schedule.model_validate_json(path.read_text(encoding="utf-8"))
        except (ValidationError, OSError) as error:
            raise SettingsError(f"The follow-up schedule {path.name} cannot be used: {error}") from error
        if schedule.version != path.stem:
            raise SettingsError(f"The follow-up schedule {path.name} says that it is {schedule.version}.")
        found[schedule.version] = schedule
    return found


def chosen(schedules: dict[str, Schedule], settings: FollowupSettings) -> Schedule:
    """The schedule for new plans."""
    if settings.followup_schedule not in schedules:
        raise SettingsError(f"{PREFIX}FOLLOWUP_SCHEDULE names no schedule; there are: {', '.join(sorted(schedules))}.")
    return schedules[settings.followup_schedule]
