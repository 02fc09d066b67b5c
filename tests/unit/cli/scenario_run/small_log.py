"""A small drill as a log: one core zone, one team of two, one case with its plan. Every test starts from it whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_OID, uuid5

import orjson

from services.cli.scenario.check.log_facts import LogFold
from services.cli.scenario.check.model import Evidence, ExpectedZone
from services.cli.scenario.gateway import GatewayPage
from services.cli.scenario.phones import SentAnswer
from services.cli.scenario.records import RawRecord

BEGAN_AT = datetime(2026, 5, 12, 6, 0, tzinfo=UTC)
EVENT_TOPICS = frozenset(
    {
        "incident-events", "zone-events", "volunteer-state", "alert-events", "mission-events", "case-events",
        "followup-events", "coverage-state", "coverage-events",
    }
)  # fmt: skip
COMPACTED = frozenset({"volunteer-state", "coverage-state"})
SQUARE = [[[[103.0, 31.0], [104.0, 31.0], [104.0, 32.0], [103.0, 32.0], [103.0, 31.0]]]]


def name(what: str) -> str:
    """A UUID for a name in these tests."""
    return str(uuid5(NAMESPACE_OID, what))


INCIDENT, ALERT, ZONE, MISSION, CASE = (name(what) for what in ("incident", "alert", "zone", "mission", "case"))
LEAD, HELPER, SPARE = (name(what) for what in ("lead", "helper", "spare"))
PEOPLE = {LEAD: "team-lead", HELPER: "pfa-trained", SPARE: "pfa-trained"}
CLOCK = {"anchor_real_at": BEGAN_AT.isoformat(), "anchor_incident_at": "2008-05-12T06:28:01+00:00", "factor": 60}
NEEDS = [
    {"need_id": "lead", "zone_kind": "core", "role": "team-lead", "language": None, "per_team": 1, "teams": 1},
    {"need_id": "pfa", "zone_kind": "core", "role": "pfa-trained", "language": None, "per_team": 1, "teams": 1},
]
NEED_OF = {LEAD: "lead", HELPER: "pfa", SPARE: "pfa"}


class Log:
    """Records in order; each gets the next sequence of its topic and key, a second after the one before."""

    def __init__(self) -> None:
        self.records: list[RawRecord] = []
        self._sequences: dict[tuple[str, str], int] = {}

    def add(self, topic: str, key: str, kind: str, data: dict[str, Any], **headers: str) -> None:
        """One more event."""
        sequence = self._sequences[topic, key] = self._sequences.get((topic, key), 0) + 1
        at = (BEGAN_AT + timedelta(seconds=len(self.records))).isoformat()
        attributes = {
            "ce_specversion": "1.0", "ce_id": name(f"{topic}{key}{sequence}"), "ce_type": kind, "ce_time": at,
            "ce_subject": key, "ce_correlationid": INCIDENT, "ce_recordedat": at, "ce_sequence": str(sequence),
            "ce_exercise": "true", "ce_jurisdiction": "510000", **headers,
        }  # fmt: skip
        self.records.append(
            RawRecord(
                topic=topic, partition=0, offset=len(self.records), at=datetime.fromisoformat(at), key=key.encode(),
                value=orjson.dumps(data), headers=[(header, value.encode()) for header, value in attributes.items()],
            )
        )  # fmt: skip


def member(who: str) -> dict[str, Any]:
    return {"volunteer_id": who, "need_id": NEED_OF[who], "role": PEOPLE[who], "language": None}


def answer(who: str, said: str, counted: bool) -> dict[str, Any]:
    return {
        "alert_id": ALERT, "incident_id": INCIDENT, "page_id": name(f"page{who}"), "volunteer_id": who,
        "need_id": NEED_OF[who], "zone_id": ZONE, "answer": said, "counted": counted,
    }  # fmt: skip


def observed(**counts: dict[str, int]) -> dict[str, Any]:
    rows = [{"role": role.replace("_", "-"), "language": None, **values} for role, values in counts.items()]
    return {
        "area_id": f"zone:{ZONE}", "kind": "zone", "incident_id": INCIDENT, "zone_kind": "core", "rows": rows,
        "cases": {"L2": 1}, "followups_open": 2,
    }  # fmt: skip


def task(subject: str, step: str, due_on: str) -> dict[str, Any]:
    return {"task_id": name(f"{subject}{step}"), "step": step, "kind": "contact", "due_on": due_on}


def plan(subject: str, case_id: str | None, *tasks: dict[str, Any]) -> dict[str, Any]:
    return {"plan_id": name(f"plan{subject}"), "incident_id": INCIDENT, "case_id": case_id, "zone_id": ZONE,
            "tasks": list(tasks)}  # fmt: skip


def whole_log() -> Log:
    """The undisturbed drill."""
    log = Log()
    for who, role in PEOPLE.items():
        state = {
            "volunteer_id": who, "area_code": "510100", "position": {"lat_deg": 30.6, "lon_deg": 105.0},
            "roles": [role], "languages": ["cmn"], "deployable": True, "reasons": [],
        }  # fmt: skip
        log.add("volunteer-state", who, "volunteer.state", state, ce_exercise="false")
    log.add("incident-events", INCIDENT, "incident.declared",
            {"incident_id": INCIDENT, "kind": "earthquake", "level": "I", "title_en": "Drill", "title_zh": "演练",
             "needs": NEEDS, "clock": CLOCK})  # fmt: skip
    zone = {"zone_id": ZONE, "kind": "core", "geometry": {"type": "MultiPolygon", "coordinates": SQUARE},
            "area_km2": 10_000.0}  # fmt: skip
    log.add("zone-events", INCIDENT, "zone.fenced", {"incident_id": INCIDENT, "zones": [zone], "stations": [{}, {}]})
    quotas = [{"need_id": need["need_id"], "zone_id": ZONE, "zone_kind": "core", "role": need["role"],
               "language": None, "count": 1} for need in NEEDS]  # fmt: skip
    log.add("alert-events", ALERT, "alert.opened", {"alert_id": ALERT, "incident_id": INCIDENT, "quotas": quotas})
    asks = [{"page_id": name(f"page{who}"), "volunteer_id": who, "need_id": NEED_OF[who], "distance_km": 90.0}
            for who in PEOPLE]  # fmt: skip
    log.add("alert-events", ALERT, "alert.wave-sent",
            {"alert_id": ALERT, "incident_id": INCIDENT, "wave": 1, "ring_km": 150, "asks": asks})  # fmt: skip
    sent = [{"page_id": name(f"page{who}"), "volunteer_id": who, "purpose": "ask"} for who in (LEAD, HELPER)]
    sent += [{"page_id": name(f"mission{who}"), "volunteer_id": who, "purpose": "mission"} for who in (LEAD, HELPER)]
    log.add("alert-events", ALERT, "alert.page-sent", {"alert_id": ALERT, "incident_id": INCIDENT, "pages": sent})
    log.add("alert-events", ALERT, "alert.answered", answer(LEAD, "accept", True))
    log.add("alert-events", ALERT, "alert.answered", answer(HELPER, "accept", True))
    team = {"mission_id": MISSION, "incident_id": INCIDENT, "zone_id": ZONE, "zone_kind": "core", "team_no": 0,
            "members": [member(LEAD), member(HELPER)], "lead_volunteer_id": LEAD}  # fmt: skip
    for kind in ("mission.planned", "mission.dispatched", "mission.departed", "mission.arrived"):
        log.add("mission-events", MISSION, kind, team)
    _aftercare(log)
    full = {"needed": 1, "accepted": 1, "assigned": 1, "on_scene": 1}
    log.add("coverage-state", f"zone:{ZONE}", "coverage.observed", observed(team_lead=full, pfa_trained=full))
    available = [{"role": role, "language": language, "available": count}
                 for role, count in (("team-lead", 1), ("pfa-trained", 2)) for language in (None, "cmn")]  # fmt: skip
    log.add("coverage-state", "area:510000", "coverage.observed",
            {"area_id": "area:510000", "kind": "province", "rows": available, "cases": {}, "followups_open": 0},
            ce_exercise="false")  # fmt: skip
    return log


def _aftercare(log: Log) -> None:
    case = {"case_id": CASE, "incident_id": INCIDENT, "mission_id": MISSION, "zone_id": ZONE}
    log.add("case-events", CASE, "case.opened", case)
    log.add("case-events", CASE, "case.triaged", {**case, "level": "L2"})
    log.add("case-events", CASE, "case.consented", {**case, "follow_up": True})
    for subject, case_id in ((CASE, CASE), (ZONE, None)):
        tasks = [task(subject, "2w", "2008-05-26"), task(subject, "year-20", "2028-05-12")]
        log.add("followup-events", name(f"plan{subject}"), "followup.planned", plan(subject, case_id, *tasks))


def gateway_page(number: int, page_id: str, recipient: str, purpose: str, **changes: Any) -> GatewayPage:
    facts: dict[str, Any] = {
        "number": number, "page_id": page_id, "recipient": recipient, "purpose": purpose, "token": "a.b.c",
        "text_zh": "【演练】请打开应用", "text_en": "[DRILL] open the app", "exercise": True,
        "received_at": BEGAN_AT + timedelta(seconds=7), "effects": 1, "attempts": 1,
    }  # fmt: skip
    return GatewayPage(**facts | changes)


def whole_pages() -> list[GatewayPage]:
    """What the gateway took: two asks and two mission notices; the third ask was cancelled."""
    asks = [gateway_page(1, name(f"page{LEAD}"), LEAD, "ask"), gateway_page(2, name(f"page{HELPER}"), HELPER, "ask")]
    return asks + [gateway_page(3 + i, name(f"mission{who}"), who, "mission") for i, who in enumerate((LEAD, HELPER))]


def whole_answers() -> dict[str, SentAnswer]:
    """What the phones sent and were told."""
    return {
        name(f"page{who}"): SentAnswer(
            page_id=name(f"page{who}"), volunteer_id=who, answer="accept", delay_s=60.0, sent_at=BEGAN_AT,
            replied_at=BEGAN_AT, status=200, counted=True, said="",
        )
        for who in (LEAD, HELPER)
    }  # fmt: skip


def evidence_of(log: Log, change: Callable[[dict[str, Any]], None] | None = None) -> Evidence:
    """Everything a check may look at; `change` spoils a part of it."""
    fold = LogFold(INCIDENT, COMPACTED, EVENT_TOPICS)
    for raw in log.records:
        fold.take(raw)
    facts = fold.finish()
    parts: dict[str, Any] = {
        "incident_id": INCIDENT,
        "story": fold.story,
        "log": facts,
        "pages": whole_pages(),
        "answers": whole_answers(),
        "cases_opened": frozenset({CASE}),
        "expected_zones": (ExpectedZone(place="Wenchuan", lat_deg=31.5, lon_deg=103.5, zone_kind="core"),),
        "followup_until_on": date(2028, 5, 12),
        "incident": {"incident_id": INCIDENT},
        "board": {
            "asks": [{"page_id": name(f"page{who}"), "page_state": "sent"} for who in (LEAD, HELPER)]
            + [{"page_id": name(f"page{SPARE}"), "page_state": "cancelled"}],
            "pages": [{"purpose": "ask", "state": "sent", "pages": 2},
                      {"purpose": "ask", "state": "cancelled", "pages": 1},
                      {"purpose": "mission", "state": "sent", "pages": 2}],
        },
        "zones": {"features": [{"geometry": {"type": "MultiPolygon", "coordinates": SQUARE},
                                "properties": {"kind": "core"}}]},
        "missions": {"missions": [{"mission_id": MISSION, "state": "arrived"}]},
        "cases": {"open": 1, "closed": 0},
        "followups": {"last_on": "2028-05-12"},
        "coverage": tuple(facts.coverage_seen.values()),
    }  # fmt: skip
    if change is not None:
        change(parts)
    return Evidence(**parts | {"pages": tuple(parts["pages"])})


def broken_in(invariants: Iterable[Any]) -> list[str]:
    """What did not hold."""
    return [invariant.what for invariant in invariants if not invariant.held]
