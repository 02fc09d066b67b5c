"""Answers: what a volunteer's answer to a page does, in one short transaction that holds the alert's row.

Two answers for the last place wait for each other at that row, so exactly one is counted. Somebody who promised
another incident of the same world meanwhile is found by the promise's unique key.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from schemas.events.alert import AlertAnswered, AlertQuotaFilled
from schemas.values import Explanation
from schemas.vocabulary import Answer
from services.alerts import store
from services.alerts.asking import Asking, emit
from services.alerts.decide import NEED_MET, REFUSALS, decide_answer
from services.alerts.model import AnswerDecision, AnswerRefused, AskSituation
from services.alerts.store import AlertRow, AskRow, statement
from services.kit.problems import conflict, not_found
from services.kit.unit import Unit


@dataclass(frozen=True, kw_only=True)
class Given:
    """An answer as it was given; by the volunteer, or by an account on their behalf for a reason."""

    answer: Answer
    eta_minutes: int | None = None
    answered_by: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What the answerer is told."""

    counted: bool
    message: Explanation


class Answering:
    """Takes answers."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    async def answer(self, unit: Unit, page_id: UUID, given: Given) -> Outcome:
        """Take an answer to a page. Raises `ProblemError`: 404 for an unknown page, 409 after dispatch."""
        alert = await store.lock_alert_of_page(unit.connection, page_id)
        if alert is None:
            raise not_found("page that asks for an answer")
        asked = await store.ask(unit.connection, page_id)
        if asked.quota is None:
            return Outcome(False, NEED_MET)
        decision = await self._decide(unit, alert, asked, given.answer)
        if decision.is_new:
            await self._carry_out(unit, alert, asked, given, decision)
        return Outcome(decision.counted, decision.message)

    async def _decide(self, unit: Unit, alert: AlertRow, asked: AskRow, answer: Answer) -> AnswerDecision:
        assert asked.quota is not None
        situation = AskSituation(
            alert_state=alert.state,
            ask_state=asked.state,
            last_answer=asked.last_answer,
            count=asked.quota.count,
            accepted=asked.accepted,
            dispatched=asked.dispatched and asked.committed_alert_id == alert.alert_id,
            committed_elsewhere=asked.committed_alert_id not in (None, alert.alert_id),
        )
        decision = decide_answer(situation, answer)
        takes_place = isinstance(decision, AnswerDecision) and decision.delta > 0
        if takes_place and not await store.commit_volunteer(unit.connection, asked, alert.alert_id, unit.now):
            decision = decide_answer(replace(situation, committed_elsewhere=True), answer)
        if isinstance(decision, AnswerRefused):
            raise conflict(f"{REFUSALS[decision].en} {REFUSALS[decision].zh}")
        return decision

    async def _carry_out(
        self, unit: Unit, alert: AlertRow, asked: AskRow, given: Given, decision: AnswerDecision
    ) -> None:
        assert asked.quota is not None
        if decision.releases:
            await unit.connection.execute(
                statement("release_volunteer"), asked.volunteer_id, asked.world, alert.alert_id
            )
        places = await unit.connection.fetchrow(
            statement("save_answer"),
            asked.page_id,
            decision.ask_state.value,
            given.answer.value,
            given.eta_minutes,
            unit.now,
            given.answered_by,
            given.reason,
            decision.delta,
        )
        emit(unit, alert, self._answered(alert, asked, given, decision))
        if decision.delta > 0 and places["accepted"] == places["count"]:
            await self._filled(unit, alert, asked)
        elif decision.releases:
            reason = "gave the place back"
            await self._asking.reopen(unit, alert, asked.volunteer_id, asked.need_id, reason)
        elif decision.delta == 0 and places["accepted"] < places["count"]:
            await self._hasten_if_nobody_is_left(unit, alert, asked.need_id)

    def _answered(self, alert: AlertRow, asked: AskRow, given: Given, decision: AnswerDecision) -> AlertAnswered:
        assert asked.quota is not None
        return AlertAnswered(
            alert_id=alert.alert_id,
            incident_id=alert.incident_id,
            page_id=asked.page_id,
            volunteer_id=asked.volunteer_id,
            need_id=asked.need_id,
            zone_id=asked.quota.zone_id,
            answer=given.answer,
            eta_minutes=given.eta_minutes,
            counted=decision.counted,
            why=decision.why,
        )

    async def _filled(self, unit: Unit, alert: AlertRow, asked: AskRow) -> None:
        """The quota is full: stop its pages and tell those who have not answered."""
        assert asked.quota is not None
        stood_down = await self._asking.stand_down(unit, alert, asked.need_id)
        filled = AlertQuotaFilled(
            alert_id=alert.alert_id,
            incident_id=alert.incident_id,
            need_id=asked.need_id,
            count=asked.quota.count,
            wave=alert.wave,
            stood_down=stood_down,
        )
        emit(unit, alert, filled)

    async def _hasten_if_nobody_is_left(self, unit: Unit, alert: AlertRow, need_id: str) -> None:
        """Everybody asked for this need has answered and places are open: do not wait for the interval."""
        waiting = await unit.connection.fetchval(statement("open_asks"), alert.alert_id, need_id, unit.now)
        if waiting == 0 and not alert.exhausted:
            self._asking.hasten(unit, alert)
