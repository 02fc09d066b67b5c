"""Who is on duty, by what alerts, missions and the register tell: only their positions are kept exactly, and only while
it lasts. The end of a duty of the register is a timer here too, so that it needs nobody else to be there."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from schemas.envelope import Envelope, Event
from schemas.events.alert import AlertAnswered, AlertClosed, AlertQuotaReopened
from schemas.events.mission import MissionCancelled, MissionCompleted, MissionDeclined, MissionDispatched
from schemas.topics import BY_NAME
from schemas.vocabulary import Answer
from services.geofencing.standing.follow import look_soon
from services.geofencing.whereabouts.store import SQL, make_coarse
from services.kit.service import EventHandler, Subscription
from services.kit.timers import Timer
from services.kit.unit import Unit

FORGET_TIMER = "forget-position"
END_TIMER = "end-of-duty"
E = TypeVar("E", bound=Event)


def subscriptions() -> tuple[Subscription, ...]:
    """What begins and ends a duty; everything else of both topics concerns nobody's place."""
    on_alerts: dict[type[Event], EventHandler] = {
        AlertAnswered: answered,
        AlertQuotaReopened: reopened,
        AlertClosed: alert_closed,
    }
    on_missions: dict[type[Event], EventHandler] = {
        MissionDispatched: dispatched,
        MissionDeclined: declined,
        MissionCompleted: ended,
        MissionCancelled: ended,
    }
    return tuple(
        Subscription(topic=topic, handlers=handlers, ignored=frozenset(topic.events) - handlers.keys())
        for topic, handlers in ((BY_NAME["alert-events"], on_alerts), (BY_NAME["mission-events"], on_missions))
    )


async def answered(unit: Unit, envelope: Envelope) -> None:
    """Whoever is counted is on duty."""
    event = _of(AlertAnswered, envelope)
    if event.counted and event.answer is Answer.ACCEPT:
        await unit.connection.execute(SQL.accept.sql, event.volunteer_id, event.incident_id)


async def reopened(unit: Unit, envelope: Envelope) -> None:
    """Somebody gave the place back."""
    event = _of(AlertQuotaReopened, envelope)
    await _release(unit, SQL.leave.sql, event.volunteer_id, event.incident_id)


async def alert_closed(unit: Unit, envelope: Envelope) -> None:
    """Who waited for a mission waits no longer."""
    await _release(unit, SQL.end_waiting.sql, _of(AlertClosed, envelope).incident_id)


async def dispatched(unit: Unit, envelope: Envelope) -> None:
    """A team is on its way."""
    event = _of(MissionDispatched, envelope)
    members = sorted(member.volunteer_id for member in event.members)
    await unit.connection.execute(SQL.send.sql, members, event.incident_id, event.mission_id)


async def declined(unit: Unit, envelope: Envelope) -> None:
    """Somebody left the team."""
    event = _of(MissionDeclined, envelope)
    await _release(unit, SQL.leave.sql, event.volunteer_id, event.incident_id)


async def ended(unit: Unit, envelope: Envelope) -> None:
    """The mission is over."""
    event = envelope.data
    assert isinstance(event, MissionCompleted | MissionCancelled)
    await _release(unit, SQL.end_mission.sql, event.mission_id)


async def rostered(unit: Unit, volunteer_id: UUID, until: datetime | None) -> None:
    """The register has somebody on a duty until then, or on none."""
    if until is None or until <= unit.now:
        await _release(unit, SQL.unroster.sql, volunteer_id)
    else:
        await unit.connection.execute(SQL.roster.sql, volunteer_id, until)
        unit.schedule(END_TIMER, volunteer_id, until, {})


async def roster_ended(unit: Unit, timer: Timer) -> None:
    """A duty of the register has ended, unless it was prolonged since."""
    await _release(unit, SQL.end_roster.sql, UUID(timer.key), unit.now)


async def forget(unit: Unit, timer: Timer) -> None:
    """A day went by without a newer position."""
    fixed_at = datetime.fromisoformat(timer.payload["fixed_at"])
    if await unit.connection.fetch(SQL.forget.sql, UUID(timer.key), fixed_at):
        look_soon(unit)


async def _release(unit: Unit, ending: str, *arguments: Any) -> None:
    rows = await unit.connection.fetch(ending, *arguments)
    if rows and await make_coarse(unit.connection, [row["volunteer_id"] for row in rows]):
        look_soon(unit)


def _of(kind: type[E], envelope: Envelope) -> E:
    assert isinstance(envelope.data, kind)
    return envelope.data
