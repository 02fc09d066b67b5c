"""Events -> changes: what each event means for the live picture. Pure, and the only place that knows event models.

Events that mean nothing here are listed as ignored where the topics are subscribed to; incident events are among
them, because the zones of a closed incident are lifted and that says it per area.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from schemas.envelope import Envelope, Event
from schemas.events import alert, case, followup, mission, volunteer, zone
from schemas.topics import topic_of
from schemas.vocabulary import Answer
from services.coverage.model import Change

E = TypeVar("E", bound=Event)
Meaning = tuple[str, dict[str, Any]]


def translate(envelope: Envelope) -> Change | None:
    """The change an event makes, or None if it makes none."""
    meaning = MEANINGS[type(envelope.data)](envelope)
    if meaning is None:
        return None
    kind, data = meaning
    contributor = f"{topic_of(envelope.data).name}/{envelope.key}"
    return Change(contributor=contributor, sequence=envelope.sequence, type=kind, data=data)


def _volunteer(envelope: Envelope) -> Meaning:
    state = _as(volunteer.VolunteerState, envelope)
    return "volunteer", {
        "area_code": state.area_code,
        "roles": [str(role) for role in dict.fromkeys(state.roles)],
        "languages": list(dict.fromkeys(state.languages)),
        "deployable": state.deployable,
    }


def _alert_opened(envelope: Envelope) -> Meaning:
    quotas = _as(alert.AlertOpened, envelope).quotas
    return "alert-opened", {
        "quotas": [
            {
                "need": quota.need_id,
                "zone": str(quota.zone_id),
                "role": str(quota.role),
                "language": quota.language,
                "count": quota.count,
            }
            for quota in quotas
        ]
    }


def _answered(envelope: Envelope) -> Meaning | None:
    answered = _as(alert.AlertAnswered, envelope)
    if not answered.counted or answered.answer is not Answer.ACCEPT:
        return None
    who = {"volunteer": str(answered.volunteer_id), "need": answered.need_id, "zone": str(answered.zone_id)}
    return "alert-accepted", who


def _reopened(envelope: Envelope) -> Meaning:
    reopened = _as(alert.AlertQuotaReopened, envelope)
    return "alert-reopened", {"volunteer": str(reopened.volunteer_id), "need": reopened.need_id}


def _team(phase: str, event: mission.MissionPlanned | mission.MissionDispatched) -> Meaning:
    members = [
        {"volunteer": str(member.volunteer_id), "role": str(member.role), "language": member.language}
        for member in event.members
    ]
    return "mission-team", {"zone": str(event.zone_id), "members": members, "phase": phase}


def _declined(envelope: Envelope) -> Meaning | None:
    declined = _as(mission.MissionDeclined, envelope)
    if declined.mission_id is None:  # nobody's seat yet: the key is not a mission's
        return None
    return "mission-declined", {"volunteer": str(declined.volunteer_id)}


def _phase(phase: str) -> Callable[[Envelope], Meaning]:
    return lambda envelope: ("mission-phase", {"phase": phase})


def _triaged(envelope: Envelope) -> Meaning:
    triaged = _as(case.CaseTriaged, envelope)
    return "case-triaged", {"zone": str(triaged.zone_id), "level": str(triaged.level)}


def _plan(event: followup.FollowupPlanned | followup.FollowupEnded) -> Meaning:
    return "plan", {"zone": str(event.zone_id), "open": isinstance(event, followup.FollowupPlanned)}


def _fenced(envelope: Envelope) -> Meaning:
    fenced = _as(zone.FenceAsItStands, envelope)
    return "zones-fenced", {
        "zones": {
            str(area.zone_id): {
                "incident": str(fenced.incident_id),
                "kind": str(area.kind),
                "exercise": envelope.exercise,
                "jurisdiction": list(envelope.jurisdiction),
                "lifted": False,
            }
            for area in fenced.zones
        }
    }


def _lifted(envelope: Envelope) -> Meaning:
    return "zones-lifted", {"zones": [str(zone_id) for zone_id in _as(zone.ZoneLifted, envelope).zone_ids]}


def _as(model: type[E], envelope: Envelope) -> E:
    assert isinstance(envelope.data, model)
    return envelope.data


MEANINGS: Final[Mapping[type[Event], Callable[[Envelope], Meaning | None]]] = {
    volunteer.VolunteerState: _volunteer,
    alert.AlertOpened: _alert_opened,
    alert.AlertAnswered: _answered,
    alert.AlertQuotaReopened: _reopened,
    mission.MissionPlanned: lambda envelope: _team("planned", _as(mission.MissionPlanned, envelope)),
    mission.MissionDispatched: lambda envelope: _team("dispatched", _as(mission.MissionDispatched, envelope)),
    mission.MissionDeclined: _declined,
    mission.MissionArrived: _phase("arrived"),
    mission.MissionCompleted: _phase("ended"),
    mission.MissionCancelled: _phase("ended"),
    case.CaseTriaged: _triaged,
    case.CaseClosed: lambda envelope: ("case-closed", {}),
    followup.FollowupPlanned: lambda envelope: _plan(_as(followup.FollowupPlanned, envelope)),
    followup.FollowupEnded: lambda envelope: _plan(_as(followup.FollowupEnded, envelope)),
    zone.ZoneFenced: _fenced,
    zone.ZoneRevised: _fenced,
    zone.ZoneLifted: _lifted,
}
