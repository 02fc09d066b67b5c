"""Care, put together."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from schemas.events import mission, zone
from schemas.topics import BY_NAME
from services.care import handlers
from services.care.api import build_router
from services.care.settings import CareSettings
from services.kit.runtime import Runtime
from services.kit.service import Service, Subscription
from services.kit.settings import load

NAME: Final = "care"


def create(runtime: Runtime) -> Service:
    """The service. Reads its own settings; does no I/O beyond that."""
    return Service(
        name=NAME,
        folder=Path(__file__).parent,
        router=build_router(runtime, load(CareSettings)),
        subscriptions=(
            Subscription(
                topic=BY_NAME["zone-events"],
                handlers={
                    zone.ZoneFenced: handlers.fenced,
                    zone.ZoneRevised: handlers.fenced,
                    zone.ZoneReachChanged: handlers.reach_changed,
                },
                ignored=frozenset({zone.ZoneLifted}),  # cases stay when an incident closes
            ),
            Subscription(
                topic=BY_NAME["mission-events"],
                handlers={
                    mission.MissionDispatched: handlers.dispatched,
                    mission.MissionDeclined: handlers.declined,
                    mission.MissionArrived: handlers.arrived,
                    mission.MissionCompleted: handlers.completed,
                    mission.MissionCancelled: handlers.cancelled,
                },
                ignored=frozenset(
                    {
                        mission.MissionPlanned,  # nobody was sent yet
                        mission.MissionDeparted,
                        mission.MissionCheckedIn,
                        mission.MissionCheckInMissed,
                        mission.MissionMemberContactChanged,  # the member keeps their seat
                    }
                ),
            ),
        ),
        gather_s=0.2,
    )
