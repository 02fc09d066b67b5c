"""Every topic: what travels on it, by which key, for how long, who writes and who reads.

The creation of topics, AsyncAPI, docker-compose, the README's table and the consumers' wiring all read this list.
Kafka keeps order only within a partition, so all events of one aggregate share one topic. Names are kebab-case
without dots (`.` and `_` collide in broker metrics). The event log is kept for ever: it is the system's memory of
twenty years, and everything else can be rebuilt from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from schemas.envelope import Event
from schemas.events import alert, area, case, coverage, followup, incident, mission, station, volunteer, zone

FOR_EVER: Final = -1
PARTITIONS: Final = 4
"""Fixed from the start: changing it would break the order per key."""
MAX_RECORD_BYTES: Final = 1_000_000
"""Largest key + value + headers that is sent; the broker's own limit is 1 MiB."""


@dataclass(frozen=True, kw_only=True)
class Topic:
    """A topic's declaration. `cleanup` compact keeps the last event per key, delete keeps all for `retention_ms`."""

    name: str
    key: str
    events: tuple[type[Event], ...]
    producer: str
    consumers: tuple[str, ...]
    description: str
    cleanup: Literal["delete", "compact"] = "delete"
    retention_ms: int = FOR_EVER
    partitions: int = PARTITIONS

    @property
    def dlq(self) -> str:
        """The topic that takes what a consumer of this one could not handle."""
        return f"{self.name}-dlq"


TOPICS: Final[tuple[Topic, ...]] = (
    Topic(
        name="incident-events",
        key="incident",
        producer="incidents",
        consumers=("geofencing", "alerts", "dispatch", "followup", "coverage"),
        events=(
            incident.IncidentDeclared,
            incident.IncidentAreaRevised,
            incident.IncidentNeedStated,
            incident.IncidentLevelRaised,
            incident.IncidentLevelLowered,
            incident.IncidentPhaseAdvanced,
            incident.IncidentMerged,
            incident.IncidentToldApart,
            incident.IncidentReopened,
            incident.IncidentClosed,
            incident.IncidentProposed,
            incident.IncidentAccepted,
        ),
        description="Incidents as they are proposed, declared and changed.",
    ),
    Topic(
        name="zone-events",
        key="incident",
        producer="geofencing",
        consumers=("alerts", "dispatch", "care", "followup", "coverage"),
        events=(zone.ZoneFenced, zone.ZoneRevised, zone.ZoneReachChanged, zone.ZoneLifted),
        description="The fenced zones of incidents and the stations in reach.",
    ),
    Topic(
        name="station-events",
        key="station",
        producer="registry",
        consumers=(),
        events=(
            station.StationRegistered,
            station.StationCorrected,
            station.StationCapacityChanged,
            station.StationVerified,
            station.StationWentStale,
            station.StationChangeProposed,
            station.StationChangeOverdue,
            station.StationChangeDecided,
            station.StationSuspended,
            station.StationResumed,
            station.StationClosed,
        ),
        description="What happened to stations.",
    ),
    Topic(
        name="station-state",
        key="station",
        producer="registry",
        cleanup="compact",
        consumers=("geofencing", "coverage"),
        events=(station.StationState,),
        description="Stations as they stand.",
    ),
    Topic(
        name="area-state",
        key="area code",
        producer="registry",
        cleanup="compact",
        consumers=("incidents", "geofencing"),
        events=(area.AreaState,),
        description="Administrative areas: names, dates, boundaries.",
    ),
    Topic(
        name="volunteer-events",
        key="volunteer",
        producer="registry",
        consumers=("alerts", "dispatch"),
        events=(
            volunteer.VolunteerEnrolled,
            volunteer.VolunteerCredentialed,
            volunteer.VolunteerCredentialExpiring,
            volunteer.VolunteerCredentialExpired,
            volunteer.VolunteerVetted,
            volunteer.VolunteerJoined,
            volunteer.VolunteerLeft,
            volunteer.VolunteerTrained,
            volunteer.VolunteerTrainingWithdrawn,
            volunteer.VolunteerOptedOut,
            volunteer.VolunteerOptedIn,
            volunteer.VolunteerBecameAvailable,
            volunteer.VolunteerBecameUnavailable,
            volunteer.VolunteerRetired,
        ),
        description="What happened to volunteers, without who they are.",
    ),
    Topic(
        name="volunteer-state",
        key="volunteer",
        producer="registry",
        cleanup="compact",
        consumers=("geofencing", "alerts", "coverage"),
        events=(volunteer.VolunteerState,),
        description="What may be asked of each volunteer now.",
    ),
    Topic(
        name="alert-events",
        key="alert",
        producer="alerts",
        consumers=("geofencing", "dispatch", "coverage"),
        events=(
            alert.AlertOpened,
            alert.AlertWaveSent,
            alert.AlertPageSent,
            alert.AlertPageFailed,
            alert.AlertAnswered,
            alert.AlertQuotaFilled,
            alert.AlertQuotaReopened,
            alert.AlertExhausted,
            alert.AlertClosed,
        ),
        description="Who was asked, why, and what they answered.",
    ),
    Topic(
        name="mission-events",
        key="mission",
        producer="dispatch",
        consumers=("geofencing", "alerts", "care", "coverage"),
        events=(
            mission.MissionPlanned,
            mission.MissionDispatched,
            mission.MissionDeclined,
            mission.MissionDeparted,
            mission.MissionArrived,
            mission.MissionCheckedIn,
            mission.MissionCheckInMissed,
            mission.MissionMemberContactChanged,
            mission.MissionCompleted,
            mission.MissionCancelled,
        ),
        description="Teams on their way, on scene and back.",
    ),
    Topic(
        name="case-events",
        key="case",
        producer="care",
        consumers=("followup", "coverage"),
        events=(case.CaseOpened, case.CaseTriaged, case.CaseConsented, case.CaseClosed),
        description="People met, by code only.",
    ),
    Topic(
        name="followup-events",
        key="plan",
        producer="followup",
        consumers=("coverage",),
        events=(
            followup.FollowupPlanned,
            followup.FollowupDue,
            followup.FollowupAttempted,
            followup.FollowupCompleted,
            followup.FollowupMissed,
            followup.FollowupEnded,
        ),
        description="Follow-up plans and tasks, for up to twenty years.",
    ),
    Topic(
        name="coverage-state",
        key="area",
        producer="coverage",
        consumers=(),
        cleanup="compact",
        events=(coverage.CoverageObserved,),
        description="Each area as it stands: capacity, need and what covers it.",
    ),
    Topic(
        name="coverage-events",
        key="area",
        producer="coverage",
        consumers=(),
        events=(coverage.CoverageVoidOpened, coverage.CoverageVoidClosed),
        description="Voids as they open and close.",
    ),
)

BY_NAME: Final[Mapping[str, Topic]] = {topic.name: topic for topic in TOPICS}
EVENT_TOPIC: Final[Mapping[type[Event], Topic]] = {event: topic for topic in TOPICS for event in topic.events}
EVENTS: Final[Mapping[tuple[str, int], type[Event]]] = {
    (event.event_type, event.version): event for topic in TOPICS for event in topic.events
}


def topic_of(event: Event | type[Event]) -> Topic:
    """The topic an event belongs on. Raises KeyError for an event nobody declared."""
    return EVENT_TOPIC[event if isinstance(event, type) else type(event)]


def consumed_by(service: str) -> tuple[Topic, ...]:
    """The topics a service reads."""
    return tuple(topic for topic in TOPICS if service in topic.consumers)
