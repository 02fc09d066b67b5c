"""Alert events: who was asked, in which wave and why; who answered; which quotas are filled. Key: the alert's id.

One alert belongs to one incident. Many small facts of one decision are one event with a list.
"""

from __future__ import annotations

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from schemas.envelope import Event
from schemas.values import Explanation, IncidentClock, LanguageCode, Value
from schemas.vocabulary import Answer, PagePurpose, Role, ZoneKind


class Quota(Value):
    """How many people of a role (and language) one zone needs; one per need line."""

    need_id: str
    zone_id: UUID
    zone_kind: ZoneKind
    role: Role
    language: LanguageCode | None = None
    count: Annotated[int, Field(ge=1)]


class AlertOpened(Event):
    """Asking begins: zones and needs are known."""

    event_type: ClassVar[str] = "alert.opened"

    alert_id: UUID
    incident_id: UUID
    quotas: tuple[Quota, ...]
    stations_in_reach: int
    clock: IncidentClock


class Ask(Value):
    """One person to be asked for one need, and why them."""

    page_id: UUID
    volunteer_id: UUID
    need_id: str
    distance_km: float
    why: str


class Shortfall(Value):
    """A quota for which the wave found too few people, and why."""

    need_id: str
    missing: int
    why: Explanation


class AlertWaveSent(Event):
    """A wave was decided: everybody it asks. The pages themselves follow as `alert.page-sent`."""

    event_type: ClassVar[str] = "alert.wave-sent"

    alert_id: UUID
    incident_id: UUID
    wave: Annotated[int, Field(ge=1)]
    ring_km: float
    asks: tuple[Ask, ...]
    shortfalls: tuple[Shortfall, ...]
    explanation: Explanation


class PageReceipt(Value):
    """A provider took over a page. That is not yet delivery."""

    page_id: UUID
    volunteer_id: UUID
    purpose: PagePurpose
    channel: str
    sent_at: AwareDatetime
    repeated: bool = False


class AlertPageSent(Event):
    """Providers took over these pages."""

    event_type: ClassVar[str] = "alert.page-sent"

    alert_id: UUID
    incident_id: UUID
    pages: tuple[PageReceipt, ...]


class PageFailure(Value):
    """A page no provider would take, after all tries."""

    page_id: UUID
    volunteer_id: UUID
    purpose: PagePurpose
    channel: str
    reason: str


class AlertPageFailed(Event):
    """These pages reached nobody."""

    event_type: ClassVar[str] = "alert.page-failed"

    alert_id: UUID
    incident_id: UUID
    pages: tuple[PageFailure, ...]


class AlertAnswered(Event):
    """Somebody answered. `counted` says whether the answer filled a place; if not, `why` says why."""

    event_type: ClassVar[str] = "alert.answered"

    alert_id: UUID
    incident_id: UUID
    page_id: UUID
    volunteer_id: UUID
    need_id: str
    zone_id: UUID
    answer: Answer
    eta_minutes: Annotated[int, Field(ge=0, le=100_000)] | None = None
    counted: bool
    why: Explanation | None = None


class AlertQuotaFilled(Event):
    """A quota is full. Those asked for it who have not answered are told that the need is met."""

    event_type: ClassVar[str] = "alert.quota-filled"

    alert_id: UUID
    incident_id: UUID
    need_id: str
    count: int
    wave: int
    stood_down: tuple[UUID, ...]


class AlertQuotaReopened(Event):
    """A place became free again: somebody who had accepted cannot come."""

    event_type: ClassVar[str] = "alert.quota-reopened"

    alert_id: UUID
    incident_id: UUID
    need_id: str
    volunteer_id: UUID
    reason: str


class AlertExhausted(Event):
    """Nobody is left to ask for these needs in any ring; a person must decide."""

    event_type: ClassVar[str] = "alert.exhausted"

    alert_id: UUID
    incident_id: UUID
    shortfalls: tuple[Shortfall, ...]


class AlertClosed(Event):
    """Asking ended: all quotas filled, or the incident closed."""

    event_type: ClassVar[str] = "alert.closed"

    alert_id: UUID
    incident_id: UUID
    reason: str
