"""Settings of the identity service, beside the kit's."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from services.kit.settings import KitSettings, SettingsError


class IdentitySettings(KitSettings):
    """How long tokens live, how sign-in is slowed down, and the first account."""

    admin_name: str | None = None
    admin_password_file: Path | None = None
    access_token_s: Annotated[int, Field(ge=60, le=3600)] = 600
    refresh_token_days: Annotated[int, Field(ge=1, le=90)] = 14
    api_key_days_max: Annotated[int, Field(ge=1, le=3660)] = 400
    password_checks_at_once: Annotated[int, Field(ge=1, le=16)] = 2
    """Each takes 19 MiB and about 20 ms of one core."""
    password_checks_waiting: Annotated[int, Field(ge=1, le=1000)] = 50

    def first_account(self) -> tuple[str, str] | None:
        """Name and password of the first account, or None if none is set. Raises `SettingsError`."""
        if self.admin_name is None or self.admin_password_file is None:
            return None
        try:
            password = self.admin_password_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError("THIRDRESCUE_ADMIN_PASSWORD_FILE cannot be read.") from error
        if not password:
            raise SettingsError("THIRDRESCUE_ADMIN_PASSWORD_FILE is empty.")
        return self.admin_name, password
