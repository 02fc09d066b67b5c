"""Followup, put together."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from schemas.events import case, incident, zone
from schemas.topics import BY_NAME
from services.followup.api import build_router
from services.followup.handlers import Handlers
from services.followup.planning import NEXT
from services.followup.settings import FollowupSettings, chosen, read_schedules
from services.kit.runtime import Runtime
from services.kit.service import Service, Subscription
from services.kit.settings import load

NAME: Final = "followup"


def create(runtime: Runtime) -> Service:
    """The service. Reads its own settings and the schedule files; does no I/O beyond that."""
    schedules = read_schedules()
    handlers = Handlers(chosen(schedules, load(FollowupSettings)))
    return Service(
        name=NAME,
        folder=Path(__file__).parent,
        router=build_router(runtime, schedules),
        subscriptions=_subscriptions(handlers),
        timers={NEXT: handlers.plan_due},
        gather_s=0.2,
    )


def _subscriptions(handlers: Handlers) -> tuple[Subscription, ...]:
    return (
        Subscription(
            topic=BY_NAME["incident-events"],
            handlers={
                incident.IncidentDeclared: handlers.declared,
                incident.IncidentAreaRevised: handlers.area_revised,
            },
            ignored=frozenset(
                {
                    incident.IncidentNeedStated,
                    incident.IncidentLevelRaised,
                    incident.IncidentLevelLowered,
                    incident.IncidentPhaseAdvanced,  # contacts are owed by the calendar, not by the phase
                    incident.IncidentClosed,  # follow-up goes on
                    incident.IncidentMerged,  # as when closed: those who were met keep their plans
                    incident.IncidentToldApart,  # both go on as they are
                    incident.IncidentReopened,  # what goes on from it is declared
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
                    zone.ZoneReachChanged,  # the owner of a zone's anniversaries stays
                    zone.ZoneLifted,  # anniversaries come all the same
                }
            ),
        ),
        Subscription(
            topic=BY_NAME["case-events"],
            handlers={
                case.CaseOpened: handlers.opened,
                case.CaseTriaged: handlers.triaged,
                case.CaseConsented: handlers.consented,
                case.CaseClosed: handlers.closed,
            },
        ),
    )
