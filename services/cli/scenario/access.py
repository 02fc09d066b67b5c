"""How the drill signs in: with a machine's key that is kept in the instance's secrets folder, made once if missing."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from schemas.policy import AccountRole
from services.cli.instance.errors import InstanceError
from services.cli.instance.keys import ADMIN_NAME, admin_password_file
from services.cli.instance.record import replace_file
from services.cli.scenario.api import Api

KEY_FILE: Final = "scenario.key"
KEY_VARIABLE: Final = "THIRDRESCUE_SCENARIO_KEY"
KEY_DAYS: Final = 30
ROLES: Final = (
    AccountRole.DUTY_OFFICER,
    AccountRole.STATION_LEAD,
    AccountRole.CLINICIAN,
    AccountRole.VIEWER,
    AccountRole.AUDITOR,
)
EVERYWHERE: Final = ("*",)
_SPARE_S: Final = 30


class MachineAccess:
    """A bearer that exchanges an API key for short-lived tokens, and renews them in time."""

    def __init__(self, api: Api, api_key: str) -> None:
        self._api = api
        self._api_key = api_key
        self._token = ""
        self._good_until = 0.0

    async def token(self) -> str:
        """A token with at least half a minute left. Raises InstanceError if the key is not accepted."""
        if time.monotonic() >= self._good_until and not await self._renew():
            raise InstanceError("the scenario's API key is not accepted (any more)")
        return self._token

    def refused(self) -> None:
        """Ask for a new one next time."""
        self._good_until = 0.0

    async def works(self) -> bool:
        """Whether the key is accepted."""
        return await self._renew()

    async def _renew(self) -> bool:
        grant = {"grant_type": "client_credentials", "api_key": self._api_key}
        reply = await self._api.call("POST", "/identity/tokens", grant)
        if not reply.ok:
            return False
        self._token = reply.document["access_token"]
        self._good_until = time.monotonic() + max(0, reply.document["expires_in_s"] - _SPARE_S)
        return True


async def sign_in(api: Api, secrets: Path) -> MachineAccess:
    """Access with the key from the environment or the secrets folder; made by the first account if there is none."""
    given = os.environ.get(KEY_VARIABLE)
    if given:
        return MachineAccess(api, given)
    file = secrets / KEY_FILE
    if file.exists():
        access = MachineAccess(api, file.read_text("utf-8").strip())
        if await access.works():
            return access
    key = await _make_key(api, secrets)
    replace_file(file, key + "\n")
    return MachineAccess(api, key)


async def _make_key(api: Api, secrets: Path) -> str:
    try:
        password = admin_password_file(secrets).read_text("utf-8").strip()
    except OSError as error:
        raise InstanceError(f"{error.filename} cannot be read: set {KEY_VARIABLE} to an API key") from error
    grant = {"grant_type": "password", "name": ADMIN_NAME, "password": password}
    signed_in = await api.call("POST", "/identity/tokens", grant)
    if not signed_in.ok:
        raise InstanceError(
            f"the first account's password does not sign in ({signed_in.explain()}): set {KEY_VARIABLE} to an API key"
        )
    wanted = {
        "label": "scenario (simulated)",
        "roles": list(ROLES),
        "areas": list(EVERYWHERE),
        "expires_at": (datetime.now(UTC) + timedelta(days=KEY_DAYS)).isoformat(),
    }
    made = await api.call("POST", "/identity/api-keys", wanted, token=signed_in.document["access_token"])
    if not made.ok:
        raise InstanceError(f"no API key could be made for the scenario: {made.explain()}")
    return str(made.document["api_key"])
