"""Dispatch, put together."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from schemas.envelope import Event
from schemas.events import alert, incident, volunteer, zone
from schemas.topics import BY_NAME
from services.dispatch import contact
from services.dispatch.api import build_router
from services.dispatch.crew import CHECK_IN
from services.dispatch.handlers import Handlers
from services.dispatch.settings import DispatchSettings
from services.kit.runtime import Runtime
from services.kit.service import EventHandler, Service, Subscription
from services.kit.settings import load

NAME: Final = "dispatch"


def create(runtime: Runtime) -> Service:
    """The service. Reads its own settings; does no I/O beyond that."""
    rules = load(DispatchSettings).rules()
    handlers = Handlers(rules)
    return Service(
        name=NAME,
        folder=Path(__file__).parent,
        router=build_router(runtime, rules),
        subscriptions=_subscriptions(handlers),
        timers={CHECK_IN: handlers.check_in_due},
        gather_s=0.2,
    )


def _subscriptions(handlers: Handlers) -> tuple[Subscription, ...]:
    return (
        Subscription(
            topic=BY_NAME["incident-events"],
            handlers={
                incident.IncidentDeclared: handlers.declared,
                incident.IncidentAreaRevised: handlers.area_revised,
                incident.IncidentNeedStated: handlers.need_stated,
                incident.IncidentClosed: handlers.closed,
                incident.IncidentMerged: handlers.merged,
            },
            ignored=frozenset(
                {
                    incident.IncidentLevelRaised,
                    incident.IncidentLevelLowered,
                    incident.IncidentPhaseAdvanced,  # teams follow the needs
                    incident.IncidentToldApart,  # both go on as they are
                    incident.IncidentReopened,  # what goes on from it is declared, with teams of its own
                    incident.IncidentProposed,
                    incident.IncidentAccepted,
                }
            ),
        ),
        Subscription(
            topic=BY_NAME["zone-events"],
            handlers={zone.ZoneFenced: handlers.fenced, zone.ZoneRevised: handlers.fenced},
            ignored=frozenset(
                {
                    zone.ZoneReachChanged,  # who can be asked is the alert's concern
                    zone.ZoneLifted,  # the incident's close ends its missions
                }
            ),
        ),
        Subscription(
            topic=BY_NAME["alert-events"],
            handlers={
                alert.AlertOpened: handlers.opened,
                alert.AlertAnswered: handlers.answered,
                alert.AlertQuotaReopened: handlers.quota_reopened,
                alert.AlertExhausted: handlers.exhausted,
            },
            ignored=frozenset(
                {
                    alert.AlertWaveSent,
                    alert.AlertPageSent,
                    alert.AlertPageFailed,
                    alert.AlertQuotaFilled,  # seats count, not quotas: a team is complete when its seats are taken
                    alert.AlertClosed,
                }
            ),
        ),
        _of_volunteers(),
    )


def _of_volunteers() -> Subscription:
    """Who opts out; what else the register tells is the alert's concern."""
    topic = BY_NAME["volunteer-events"]
    handlers: dict[type[Event], EventHandler] = {
        volunteer.VolunteerOptedOut: contact.opted_out,
        volunteer.VolunteerOptedIn: contact.opted_in,
    }
    return Subscription(topic=topic, handlers=handlers, ignored=frozenset(topic.events) - handlers.keys())
