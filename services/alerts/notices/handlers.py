"""What people are told of: credentials of theirs that run out, and who of their team no page reaches any more."""

from __future__ import annotations

from schemas.envelope import Envelope, Event
from schemas.events.mission import MissionMemberContactChanged
from schemas.events.volunteer import VolunteerCredentialExpiring
from schemas.ids import derived_id
from schemas.topics import BY_NAME
from services.alerts.notices import store
from services.alerts.notices.model import LAPSES_AFTER, Subject, in_daytime
from services.kit.service import EventHandler, Subscription
from services.kit.unit import Unit


def subscription() -> Subscription:
    """Credentials that run out; all else of the topic is in the volunteer's state, or concerns nobody's phone."""
    topic = BY_NAME["volunteer-events"]
    handlers: dict[type[Event], EventHandler] = {VolunteerCredentialExpiring: credential_expiring}
    return Subscription(topic=topic, handlers=handlers, ignored=frozenset(topic.events) - handlers.keys())


async def credential_expiring(unit: Unit, envelope: Envelope) -> None:
    """Tell the holder, by day, and once a day however many run out."""
    event = envelope.data
    assert isinstance(event, VolunteerCredentialExpiring)
    subject = Subject.CREDENTIAL_EXPIRING
    due_at, lapses_at = in_daytime(unit.now), envelope.time + LAPSES_AFTER[subject]
    if due_at >= lapses_at:
        return  # it was told long ago, and this service hears of it only now
    notice_id = derived_id(event.volunteer_id, f"notice/{subject}", due_at.date().isoformat())
    await store.add(
        unit.connection, notice_id, event.volunteer_id, subject, exercise=envelope.exercise, now=unit.now,
        due_at=due_at, lapses_at=lapses_at,
    )  # fmt: skip


async def member_contact_changed(unit: Unit, envelope: Envelope) -> None:
    """Tell who leads the team."""
    event = envelope.data
    assert isinstance(event, MissionMemberContactChanged)
    subject = Subject.TEAM_CHANGED
    lapses_at = envelope.time + LAPSES_AFTER[subject]
    if event.tell_volunteer_id is None or unit.now >= lapses_at:
        return
    await store.add(
        unit.connection, derived_id(envelope.id, "notice"), event.tell_volunteer_id, subject,
        exercise=envelope.exercise, now=unit.now, due_at=unit.now, lapses_at=lapses_at, mission_id=event.mission_id,
    )  # fmt: skip
