"""Notices, and when they may leave. Pure.

A notice is not a page: it asks nobody for anything, belongs to no wave, stands on no board and in no event. It takes
the same way to the phone, with a purpose of its own, and says as little.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta, timezone
from enum import StrEnum
from typing import Final

from schemas.values import Explanation
from services.alerts.pages import Outgoing
from services.alerts.words import marked

PURPOSE: Final = "notice"
_CIVIL_TIME: Final = timezone(timedelta(hours=8), "CST")
"""The civil time of China."""
_MORNING: Final = time(9, tzinfo=_CIVIL_TIME)
_EVENING: Final = time(20, tzinfo=_CIVIL_TIME)


class Subject(StrEnum):
    """What a notice is about."""

    CREDENTIAL_EXPIRING = "credential-expiring"
    TEAM_CHANGED = "team-changed"


LAPSES_AFTER: Final = {Subject.CREDENTIAL_EXPIRING: timedelta(days=3), Subject.TEAM_CHANGED: timedelta(days=1)}
"""Real time from what happened; a notice that has not left by then is old news and never leaves."""
_TEXTS: Final = {
    Subject.CREDENTIAL_EXPIRING: Explanation(
        zh="您登记的资质中有一项即将到期，请打开应用查看。", en="A credential of yours runs out soon: open the app."
    ),
    Subject.TEAM_CHANGED: Explanation(
        zh="您所在团队的情况有变化，请打开应用查看。", en="Something about your team changed: open the app."
    ),
}


@dataclass(frozen=True, kw_only=True)
class Notice(Outgoing):
    """A notice whose attempt is recorded and committed. Its `page_id` is the notice's own."""

    subject: Subject

    @property
    def sent_as(self) -> str:
        """What it is called to the provider."""
        return PURPOSE

    @property
    def scope(self) -> str:
        """Its token opens what it is about: the mission, or the list of the volunteer's own notices."""
        return f"volunteer:{self.volunteer_id}" if self.mission_id is None else f"mission:{self.mission_id}"

    @property
    def text(self) -> Explanation:
        """No name, no kind of credential, no number: whoever sees a locked phone learns nothing more."""
        return marked(_TEXTS[self.subject], exercise=self.exercise)


def in_daytime(now: datetime) -> datetime:
    """The first moment from `now` on that is not night: what can wait wakes nobody."""
    local = now.astimezone(_CIVIL_TIME)
    morning = datetime.combine(local.date(), _MORNING)
    if now < morning:
        return morning
    return now if now < datetime.combine(local.date(), _EVENING) else morning + timedelta(days=1)
