"""People who must not be paged any more, from the moment the register says so.

Somebody who cannot be asked now (off duty, on leave, retired, without any channel ...) is not sent an ask that has
not left yet. Somebody who opted out is sent nothing at all: pages of every purpose are cancelled, asks no longer
wait, and a promise that has not become a mission is given back. What was being sent at that very moment cannot be
called back; the sender looks once more before every attempt, so nothing that is decided later leaves either.
"""

from __future__ import annotations

from typing import Final

from schemas.events.volunteer import VolunteerState
from services.alerts import store
from services.alerts.asking import Asking
from services.alerts.model import AlertState
from services.alerts.store import AlertRow, statement
from services.kit.unit import Unit

OPTED_OUT: Final = "opted-out"
"""The register's reason that stops every page."""


class Muting:
    """Stops what was about to be sent."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    async def hear(self, unit: Unit, state: VolunteerState) -> None:
        """Take back whatever must not reach a volunteer who cannot be asked."""
        opted_out = OPTED_OUT in state.reasons
        rows = await unit.connection.fetch(statement("alerts_to_mute"), state.volunteer_id, opted_out)
        for row in rows:
            alert = await store.lock_alert(unit.connection, row["alert_id"])
            if alert is not None and alert.state is AlertState.OPEN:
                await self._withdraw(unit, alert, state, opted_out)
        if rows or opted_out:
            await unit.connection.execute(statement("mute_pages"), state.volunteer_id, opted_out)

    async def _withdraw(self, unit: Unit, alert: AlertRow, state: VolunteerState, opted_out: bool) -> None:
        withdrawn = await unit.connection.fetch(
            statement("withdraw_asks"), alert.alert_id, state.volunteer_id, opted_out
        )
        if opted_out and await self._give_back(unit, alert, state):
            return
        if withdrawn and not alert.exhausted:
            self._asking.hasten(unit, alert)

    async def _give_back(self, unit: Unit, alert: AlertRow, state: VolunteerState) -> bool:
        """Give back the place of somebody who had promised and was not sent yet; says whether there was one."""
        released = await unit.connection.fetchrow(
            statement("release_undispatched"), state.volunteer_id, alert.world, alert.alert_id
        )
        if released is None:
            return False
        freed = await unit.connection.fetchrow(statement("free_place"), alert.alert_id, state.volunteer_id)
        if freed is not None:
            await self._asking.reopen(unit, alert, state.volunteer_id, freed["need_id"], "opted out")
        return freed is not None
