"""Decisions about quotas and answers. Pure. The waves are in `waves.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from schemas.events.alert import Quota
from schemas.values import Explanation, NeedLine
from schemas.vocabulary import Answer, ZoneKind
from services.alerts.model import (
    GRAVEST_FIRST,
    AlertState,
    AnswerDecision,
    AnswerRefused,
    AskSituation,
    AskState,
    QuotaState,
)

THANKS: Final = Explanation(zh="已记录，谢谢。请等待派遣通知。", en="Counted, thank you. Please wait for the mission.")
DECLINED: Final = Explanation(zh="已记录，谢谢您的答复。", en="Noted, thank you for answering.")
LATER: Final = Explanation(zh="已记录。若您稍后可以，请再次答复。", en="Noted. Answer again when you can come.")
NEED_MET: Final = Explanation(zh="需求已满足，谢谢您。", en="The need is met, thank you.")
CLOSED: Final = Explanation(zh="该求助已结束，谢谢您。", en="This request has ended, thank you.")
COMMITTED: Final = Explanation(
    zh="您已承诺参加另一项任务，此次不再计入。",
    en="You are already committed to another request; this one is not counted.",
)
RELEASED: Final = Explanation(zh="已取消您的承诺，谢谢告知。", en="Your place is given back, thank you for telling us.")
REFUSALS: Final[Mapping[AnswerRefused, Explanation]] = {
    AnswerRefused.DISPATCHED: Explanation(
        zh="您已被派遣；如不能前往，请在任务中拒绝。",
        en="You have been dispatched; if you cannot come, decline the mission itself.",
    ),
}


def quotas_of(needs: Sequence[NeedLine], zones: Mapping[ZoneKind, UUID]) -> tuple[Quota, ...]:
    """One quota per need line. Needs of a kind of zone that does not exist go to the gravest one that does."""
    gravest = next(kind for kind in GRAVEST_FIRST if kind in zones)
    quotas = []
    for need in needs:
        kind = need.zone_kind if need.zone_kind in zones else gravest
        quotas.append(
            Quota(
                need_id=need.need_id,
                zone_id=zones[kind],
                zone_kind=kind,
                role=need.role,
                language=need.language,
                count=need.count,
            )
        )
    return tuple(quotas)


def restate(quotas: Sequence[QuotaState], wanted: Sequence[Quota]) -> tuple[QuotaState, ...]:
    """Quotas after the needs were stated anew: what was accepted stays, nobody is released.

    A line that is gone, or now wants fewer people than have accepted, keeps the places that are taken.
    """
    before = {state.quota.need_id: state for state in quotas}
    result = []
    for quota in wanted:
        known = before.pop(quota.need_id, None)
        accepted = known.accepted if known is not None else 0
        kept = quota.model_copy(update={"count": max(quota.count, accepted)})
        result.append(QuotaState(quota=kept, accepted=accepted, ring=known.ring if known is not None else 0))
    for state in before.values():
        if state.accepted:
            kept = state.quota.model_copy(update={"count": state.accepted})
            result.append(QuotaState(quota=kept, accepted=state.accepted, ring=state.ring))
    return tuple(result)


def decide_answer(situation: AskSituation, answer: Answer) -> AnswerDecision | AnswerRefused:
    """What an answer does. The latest answer wins, but for people who were dispatched."""
    has_place = situation.ask_state is AskState.ACCEPTED
    if has_place and answer is Answer.ACCEPT:
        return AnswerDecision(ask_state=AskState.ACCEPTED, counted=True, message=THANKS, is_new=False)
    if situation.dispatched:
        return AnswerRefused.DISPATCHED
    if situation.alert_state is not AlertState.OPEN:
        return AnswerDecision(ask_state=situation.ask_state, counted=False, message=CLOSED, why=CLOSED, is_new=False)
    if answer is Answer.ACCEPT:
        return _accept(situation)
    return _negative(situation, answer, has_place=has_place)


def _accept(situation: AskSituation) -> AnswerDecision:
    """A place if there is one; otherwise thanks, and no second event for a second yes."""
    refused = COMMITTED if situation.committed_elsewhere else None
    if refused is None and situation.accepted >= situation.count:
        refused = NEED_MET
    if refused is None:
        return AnswerDecision(ask_state=AskState.ACCEPTED, counted=True, message=THANKS, delta=1)
    return AnswerDecision(
        ask_state=AskState.STOOD_DOWN,
        counted=False,
        message=refused,
        why=refused,
        is_new=situation.last_answer is not Answer.ACCEPT,
    )


def _negative(situation: AskSituation, answer: Answer, *, has_place: bool) -> AnswerDecision:
    state = AskState.DECLINED if answer is Answer.DECLINE else AskState.LATER
    message = RELEASED if has_place else DECLINED if answer is Answer.DECLINE else LATER
    return AnswerDecision(
        ask_state=state,
        counted=False,
        message=message,
        delta=-1 if has_place else 0,
        is_new=situation.last_answer is not answer,
    )
