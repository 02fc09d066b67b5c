"""Asking: opens alerts, decides waves, stands people down. Used by the event handlers, the timers and the answers.

All of it works inside a unit whose connection holds the alert's row lock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

from schemas.envelope import Event
from schemas.events.alert import (
    AlertClosed,
    AlertExhausted,
    AlertOpened,
    AlertQuotaReopened,
    AlertWaveSent,
    Ask,
)
from schemas.ids import derived_id
from schemas.vocabulary import PagePurpose
from services.alerts import store
from services.alerts.decide import quotas_of, restate
from services.alerts.first_attempts import FirstAttempts
from services.alerts.model import AlertState, QuotaState, Reach, Wave, WaveRules
from services.alerts.pages import START_WITHIN, ClaimedPage
from services.alerts.store import AlertRow, statement
from services.alerts.waking import CHANNEL, Waker
from services.alerts.waves import decide_wave, looked_farther, nearby
from services.kit.unit import Unit

WAVE_TIMER: Final = "wave"


def alert_id_of(incident_id: UUID) -> UUID:
    """The id of an incident's alert."""
    return derived_id(incident_id, "alert")


class Asking:
    """Asks people by the rules it was made with."""

    def __init__(self, rules: WaveRules, waker: Waker, first_attempts: FirstAttempts) -> None:
        self._rules = rules
        self._waker = waker
        self._first_attempts = first_attempts
        self._rosters = store.Rosters()

    async def open(self, unit: Unit, alert: AlertRow, reach: Sequence[Reach]) -> None:
        """Open the alert and send the first wave. Needs and zones must be known; the world must be locked."""
        assert alert.needs is not None
        assert alert.zones is not None
        wanted = quotas_of(alert.needs, alert.zones)
        states = [QuotaState(quota=quota) for quota in wanted]
        await store.replace_quotas(unit.connection, alert.alert_id, states, opened_at=unit.now)
        opened = replace(alert, state=AlertState.OPEN)
        self._emit_opened(unit, opened, states, len(reach))
        if states:
            await self._wave(unit, opened, states, reach)

    async def restate(self, unit: Unit, alert: AlertRow) -> None:
        """Replace the quotas by what the alert's needs now say, and ask for what is missing."""
        assert alert.needs is not None
        assert alert.zones is not None
        before = await store.quotas(unit.connection, alert.alert_id, self._fresh_since(unit, alert))
        states = restate(before, quotas_of(alert.needs, alert.zones))
        await store.replace_quotas(unit.connection, alert.alert_id, states)
        kept = {state.quota.need_id for state in states}
        for state in before:
            if state.quota.need_id not in kept:
                await self.stand_down(unit, alert, state.quota.need_id)
        self._emit_opened(unit, alert, states, await store.stations_in_reach(unit.connection, alert.alert_id))
        await self.wave(unit, alert)

    async def move(self, unit: Unit, alert: AlertRow) -> None:
        """The zones were revised: quotas move to zones that exist, with everybody who has accepted.

        Who was asked for a zone that was lifted and has not answered is stood down, and others are asked at once; all
        other asks go on.
        """
        assert alert.needs is not None
        assert alert.zones is not None
        before = await store.quotas(unit.connection, alert.alert_id, self._fresh_since(unit, alert))
        states = restate(before, quotas_of(alert.needs, alert.zones))
        await store.replace_quotas(unit.connection, alert.alert_id, states)
        standing = set(alert.zones.values())
        lifted = [state.quota.need_id for state in before if state.quota.zone_id not in standing]
        for need_id in lifted:
            await self.stand_down(unit, alert, need_id)
        self._emit_opened(unit, alert, states, await store.stations_in_reach(unit.connection, alert.alert_id))
        if lifted or alert.exhausted:
            await self.wave(unit, alert)

    async def wave_due(self, unit: Unit, alert: AlertRow) -> None:
        """Send the next wave if a quota is open, unless the last one could not leave yet; then look again later."""
        if await unit.connection.fetchval(statement("wave_is_stuck"), alert.alert_id, alert.wave):
            unit.schedule(WAVE_TIMER, alert.alert_id, unit.now + alert.clock.real_delay(self._rules.interval), {})
            return
        await self.wave(unit, alert)

    async def wave(self, unit: Unit, alert: AlertRow) -> None:
        """Send the next wave if a quota is open. The world must be locked."""
        states = await store.quotas(unit.connection, alert.alert_id, self._fresh_since(unit, alert))
        if not any(state.missing for state in states):
            unit.cancel(WAVE_TIMER, alert.alert_id)
            return
        await self._wave(unit, alert, states, await store.reach(unit.connection, alert.alert_id))

    async def _wave(self, unit: Unit, alert: AlertRow, states: Sequence[QuotaState], reach: Sequence[Reach]) -> None:
        wave = await self._decide(unit, alert, states, reach)
        if wave.exhausted:
            await self._exhaust(unit, alert, wave.shortfalls)
            return
        next_rings = [min(ring + 1, len(self._rules.rings_km) - 1) for ring in wave.rings.values()]
        if not wave.asks:
            await unit.connection.execute(statement("set_rings"), alert.alert_id, list(wave.rings), next_rings)
        else:
            await self._ask(unit, alert, wave, next_rings)
        unit.schedule(WAVE_TIMER, alert.alert_id, unit.now + alert.clock.real_delay(self._rules.interval), {})

    async def _ask(self, unit: Unit, alert: AlertRow, wave: Wave, next_rings: Sequence[int]) -> None:
        """Keep the wave, publish it, and have its pages sent when this unit commits."""
        number = alert.wave + 1
        lease = self._first_attempts.lease
        firsts = await store.insert_wave(
            unit.connection, alert, number, wave,
            now=unit.now, lapses_at=unit.now + alert.clock.real_delay(self._rules.ask_open), next_rings=next_rings,
            channel=CHANNEL, waker=self._waker.name, first_attempts=self._first_attempts.grant(len(wave.asks)),
            lease_until=unit.now + lease,
        )  # fmt: skip
        start_by = unit.now + lease / START_WITHIN
        pages = [first_attempt(alert, ask, start_by) for ask in wave.asks if ask.page_id in firsts]
        unit.after_commit(partial(self._first_attempts.put, pages))
        unit.after_commit(self._waker.wake)
        emit(
            unit,
            alert,
            AlertWaveSent.model_construct(
                alert_id=alert.alert_id,
                incident_id=alert.incident_id,
                wave=number,
                ring_km=wave.ring_km,
                asks=wave.asks,
                shortfalls=wave.shortfalls,
                explanation=wave.explanation,
            ),
        )

    async def _decide(self, unit: Unit, alert: AlertRow, states: Sequence[QuotaState], reach: Sequence[Reach]) -> Wave:
        """The next wave. Reads first what concerns the people nearby, and all the rest only if they do not suffice."""
        near = nearby(states, reach, self._rosters.kept, self._rules)
        exclusions, fingerprint = await store.exclusions(unit.connection, alert, unit.now, near)
        is_new_roster = await self._rosters.refresh(unit.connection, fingerprint)
        roster = self._rosters.kept
        if near is None or not is_new_roster:
            wave = decide_wave(alert.alert_id, states, reach, roster, exclusions, self._rules)
            if near is None or not looked_farther(wave, states, self._rules):
                return wave
        exclusions, _ = await store.exclusions(unit.connection, alert, unit.now)
        return decide_wave(alert.alert_id, states, reach, roster, exclusions, self._rules)

    async def _exhaust(self, unit: Unit, alert: AlertRow, shortfalls: Any) -> None:
        """Nobody is left: say so once, and stop asking until somebody new can help."""
        unit.cancel(WAVE_TIMER, alert.alert_id)
        if not alert.exhausted:
            await unit.connection.execute(statement("set_exhausted"), alert.alert_id, True)
            emit(
                unit,
                alert,
                AlertExhausted(alert_id=alert.alert_id, incident_id=alert.incident_id, shortfalls=shortfalls),
            )

    def hasten(self, unit: Unit, alert: AlertRow) -> None:
        """Let the next wave go now."""
        unit.schedule(WAVE_TIMER, alert.alert_id, unit.now, {})

    async def reopen(self, unit: Unit, alert: AlertRow, volunteer_id: UUID, need_id: str, reason: str) -> None:
        """A place became free: say so, and ask again."""
        if alert.exhausted:
            await unit.connection.execute(statement("set_exhausted"), alert.alert_id, False)
        emit(
            unit,
            alert,
            AlertQuotaReopened(
                alert_id=alert.alert_id,
                incident_id=alert.incident_id,
                need_id=need_id,
                volunteer_id=volunteer_id,
                reason=reason,
            ),
        )
        self.hasten(unit, alert)

    async def stand_down(self, unit: Unit, alert: AlertRow, need_id: str | None) -> tuple[UUID, ...]:
        """Tell everybody who has not answered (for one need, or for all) that the need is met; returns them.

        Pages that did not leave yet are cancelled instead.
        """
        rows = await unit.connection.fetch(statement("stand_down"), alert.alert_id, need_id)
        asked = {row["page_id"]: row["volunteer_id"] for row in rows}
        if asked:
            cancelled = await unit.connection.fetch(statement("cancel_pages"), list(asked))
            unsent = {row["page_id"] for row in cancelled}
            told = [(page_id, volunteer_id) for page_id, volunteer_id in asked.items() if page_id not in unsent]
            await self.tell(unit, alert, told)
        return tuple(sorted(asked.values(), key=lambda volunteer_id: volunteer_id.bytes))

    async def tell(self, unit: Unit, alert: AlertRow, asked: Sequence[tuple[UUID, UUID]]) -> None:
        """Send a stand-down page to people by the page (page id, volunteer id) that had asked them."""
        if not asked:
            return
        pages = [(derived_id(page_id, "page.stand-down"), volunteer_id) for page_id, volunteer_id in asked]
        await store.insert_pages(unit.connection, alert.alert_id, PagePurpose.STAND_DOWN.value, pages, now=unit.now)
        await self.wake_sender(unit)

    async def close(self, unit: Unit, alert: AlertRow, reason: str) -> None:
        """End asking for good: nobody waits, nobody on no mission is promised any more."""
        await unit.connection.execute(statement("close_alert"), alert.alert_id, unit.now)
        unit.cancel(WAVE_TIMER, alert.alert_id)
        await self.stand_down(unit, alert, None)
        released = await unit.connection.fetch(statement("release_waiting"), alert.alert_id)
        await self.tell(unit, alert, [(row["page_id"], row["volunteer_id"]) for row in released])
        if alert.state is AlertState.OPEN:
            emit(unit, alert, AlertClosed(alert_id=alert.alert_id, incident_id=alert.incident_id, reason=reason))

    async def wake_sender(self, unit: Unit) -> None:
        """Wake the senders when this unit commits."""
        await self._waker.when_committed(unit)

    def _emit_opened(self, unit: Unit, alert: AlertRow, states: Sequence[QuotaState], stations_in_reach: int) -> None:
        opened = AlertOpened(
            alert_id=alert.alert_id,
            incident_id=alert.incident_id,
            quotas=tuple(state.quota for state in states),
            stations_in_reach=stations_in_reach,
            clock=alert.clock,
        )
        emit(unit, alert, opened)

    def _fresh_since(self, unit: Unit, alert: AlertRow) -> Any:
        return unit.now - alert.clock.real_delay(self._rules.interval)


def first_attempt(alert: AlertRow, ask: Ask, start_by: datetime) -> ClaimedPage:
    """An ask's page whose first attempt is recorded with it."""
    return ClaimedPage(
        page_id=ask.page_id,
        alert_id=alert.alert_id,
        incident_id=alert.incident_id,
        volunteer_id=ask.volunteer_id,
        purpose=PagePurpose.ASK,
        mission_id=None,
        attempts=1,
        in_doubt=False,
        exercise=alert.exercise,
        level=alert.level,
        jurisdiction=alert.jurisdiction,
        correlation_id=alert.correlation_id,
        start_by=start_by,
    )


def emit(unit: Unit, alert: AlertRow, event: Event) -> None:
    """Publish a fact of an alert: always in the alert's own world and jurisdiction, whatever caused it."""
    unit.emit(
        event,
        key=alert.alert_id,
        exercise=alert.exercise,
        jurisdiction=alert.jurisdiction,
        correlation_id=alert.correlation_id,
    )
