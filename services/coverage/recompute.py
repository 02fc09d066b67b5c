"""The live picture computed again from the log alone, by other means, to prove the published one.

It reads every topic from the beginning with a plain consumer, keeps what each aggregate last said, and counts once at
the end. It shares nothing with the stream processor but the schemas: it is written from the definitions in
`schemas.events.coverage`, so that a mistake in one is unlikely to be in the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.codec import DecodeError, decode
from schemas.envelope import Envelope, Event
from schemas.events import alert, case, followup, mission, volunteer, zone
from schemas.events.coverage import CoverageObserved, CoverageRow
from schemas.topics import BY_NAME, Topic
from schemas.vocabulary import Answer, Role, ZoneKind

READ: Final = ("volunteer-state", "zone-events", "alert-events", "mission-events", "case-events", "followup-events")
Skill = tuple[Role, str | None]
Counts = dict[tuple[str, Skill, str], int]


@dataclass
class Facts:
    """What the log says, by aggregate. `stands` of a zone is False once it was lifted or fenced anew without it."""

    volunteers: dict[str, volunteer.VolunteerState] = field(default_factory=dict)
    zones: dict[UUID, tuple[UUID, ZoneKind]] = field(default_factory=dict)
    standing_zones: dict[str, set[UUID]] = field(default_factory=dict)
    quotas: dict[str, tuple[alert.Quota, ...]] = field(default_factory=dict)
    accepted: dict[str, set[tuple[UUID, str, UUID]]] = field(default_factory=lambda: defaultdict(set))
    teams: dict[str, tuple[UUID, dict[UUID, Skill]]] = field(default_factory=dict)
    phases: dict[str, str] = field(default_factory=dict)
    levels: dict[str, tuple[UUID, str]] = field(default_factory=dict)
    closed_cases: set[str] = field(default_factory=set)
    plans: dict[str, UUID] = field(default_factory=dict)


def learn(facts: Facts, envelope: Envelope) -> None:
    """Take one event into account; events must come in order per key, each once. Others than these count nowhere."""
    for part in (_learn_standing, _learn_alert, _learn_mission, _learn_help):
        part(facts, envelope.key, envelope.data)


def _learn_standing(facts: Facts, key: str, event: Event) -> None:
    match event:
        case volunteer.VolunteerState():
            facts.volunteers[key] = event
        case zone.ZoneFenced() | zone.ZoneRevised():
            facts.zones.update({z.zone_id: (event.incident_id, z.kind) for z in event.zones})
            facts.standing_zones[key] = {z.zone_id for z in event.zones}
        case zone.ZoneLifted():
            facts.standing_zones[key] = facts.standing_zones.get(key, set()) - set(event.zone_ids)
        case _:
            pass


def _learn_alert(facts: Facts, key: str, event: Event) -> None:
    match event:
        case alert.AlertOpened():
            facts.quotas[key] = event.quotas
        case alert.AlertAnswered() if event.counted and event.answer == Answer.ACCEPT:
            facts.accepted[key].add((event.volunteer_id, event.need_id, event.zone_id))
        case alert.AlertQuotaReopened():
            facts.accepted[key] -= {a for a in facts.accepted[key] if a[:2] == (event.volunteer_id, event.need_id)}
        case _:
            pass


def _learn_mission(facts: Facts, key: str, event: Event) -> None:
    match event:
        case mission.MissionPlanned() | mission.MissionDispatched():
            facts.teams[key] = (event.zone_id, {m.volunteer_id: (m.role, m.language) for m in event.members})
            facts.phases[key] = "planned" if isinstance(event, mission.MissionPlanned) else "under way"
        case mission.MissionDeclined() if event.mission_id is not None and key in facts.teams:
            facts.teams[key][1].pop(event.volunteer_id, None)
        case mission.MissionArrived():
            facts.phases[key] = "on scene"
        case mission.MissionCompleted() | mission.MissionCancelled():
            facts.phases[key] = "over"
        case _:
            pass


def _learn_help(facts: Facts, key: str, event: Event) -> None:
    match event:
        case case.CaseTriaged():
            facts.levels[key] = (event.zone_id, event.level.value)
        case case.CaseClosed():
            facts.closed_cases.add(key)
        case followup.FollowupPlanned():
            facts.plans[key] = event.zone_id
        case followup.FollowupEnded():
            facts.plans.pop(key, None)
        case _:
            pass


def picture(facts: Facts) -> dict[str, CoverageObserved]:
    """Every area as the facts have it: all zones ever fenced, and provinces where somebody can be asked."""
    counts: Counts = defaultdict(int)
    cases: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    followups: dict[str, int] = defaultdict(int)
    for place, skill, measure in [*_capacity(facts), *_seats(facts)]:
        counts[place, skill, measure] += 1
    standing = {zone_id for zones in facts.standing_zones.values() for zone_id in zones}
    for quota in (quota for quotas in facts.quotas.values() for quota in quotas):
        if quota.zone_id in standing:
            counts[f"zone:{quota.zone_id}", (quota.role, quota.language), "needed"] += quota.count
    for key, (zone_id, level) in facts.levels.items():
        if key not in facts.closed_cases:
            cases[f"zone:{zone_id}"][level] += 1
    for zone_id in facts.plans.values():
        followups[f"zone:{zone_id}"] += 1
    provinces = sorted({place for place, _, _ in counts if place.startswith("area:")})
    areas = {place: CoverageObserved(area_id=place, kind="province", rows=_rows(counts, place), cases={},
                                     followups_open=0) for place in provinces}  # fmt: skip
    for zone_id, (incident_id, kind) in facts.zones.items():
        place = f"zone:{zone_id}"
        areas[place] = CoverageObserved(
            area_id=place,
            kind="zone",
            incident_id=incident_id,
            zone_kind=kind,
            rows=_rows(counts, place),
            cases=dict(sorted(cases[place].items())),
            followups_open=followups[place],
        )
    return areas


def _capacity(facts: Facts) -> Iterator[tuple[str, Skill, str]]:
    for state in facts.volunteers.values():
        if state.deployable:
            for role in set(state.roles):
                for language in {None, *state.languages}:
                    yield f"area:{state.area_code[:2]}0000", (role, language), "available"


def _seats(facts: Facts) -> Iterator[tuple[str, Skill, str]]:
    for key, answers in facts.accepted.items():
        for quota in facts.quotas.get(key, ()):
            for _ in {who for who, need_id, _ in answers if need_id == quota.need_id}:
                yield f"zone:{quota.zone_id}", (quota.role, quota.language), "accepted"
    for key, (zone_id, members) in facts.teams.items():
        for skill in members.values():
            if facts.phases[key] in ("under way", "on scene"):
                yield f"zone:{zone_id}", skill, "assigned"
            if facts.phases[key] == "on scene":
                yield f"zone:{zone_id}", skill, "on_scene"


def _rows(counts: Counts, place: str) -> tuple[CoverageRow, ...]:
    skills = sorted({skill for where, skill, _ in counts if where == place}, key=lambda s: (s[0].value, s[1] or ""))
    return tuple(
        CoverageRow(role=skill[0], language=skill[1], needed=counts.get((place, skill, "needed"), 0),
                    accepted=counts.get((place, skill, "accepted"), 0),
                    assigned=counts.get((place, skill, "assigned"), 0),
                    on_scene=counts.get((place, skill, "on_scene"), 0),
                    available=counts.get((place, skill, "available"), 0))
        for skill in skills
    )  # fmt: skip


async def recompute(bootstrap: str) -> dict[str, CoverageObserved]:
    """Every area from the log as it is now."""
    facts = Facts()
    seen: dict[tuple[str, str], int] = {}
    for topic, envelope in await read_all(bootstrap, [BY_NAME[name] for name in READ]):
        if envelope.sequence > seen.get((topic, envelope.key), 0):
            seen[topic, envelope.key] = envelope.sequence
            learn(facts, envelope)
    return picture(facts)


async def published(bootstrap: str) -> dict[str, CoverageObserved]:
    """Every area as `coverage-state` has it now."""
    areas: dict[str, CoverageObserved] = {}
    for _, envelope in await read_all(bootstrap, [BY_NAME["coverage-state"]]):
        if isinstance(envelope.data, CoverageObserved):
            areas[envelope.key] = envelope.data
    return areas


def differences(recomputed: Mapping[str, CoverageObserved], seen: Mapping[str, CoverageObserved]) -> list[str]:
    """Where the two pictures differ, in words; a province where nobody can be asked may be missing from either."""
    ours, theirs = ({k: v for k, v in p.items() if v.kind == "zone" or v.rows} for p in (recomputed, seen))
    return [
        f"{area}: the log says {ours.get(area)!r}, published is {theirs.get(area)!r}"
        for area in sorted(ours.keys() | theirs.keys())
        if ours.get(area) != theirs.get(area)
    ]


async def read_all(bootstrap: str, topics: Iterable[Topic]) -> list[tuple[str, Envelope]]:
    """Everything readable in these topics up to their ends now, in order per partition."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, fetch_max_wait_ms=100)
    await consumer.start()
    found: list[tuple[str, Envelope]] = []
    try:
        partitions = [TopicPartition(topic.name, number) for topic in topics for number in range(topic.partitions)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        ends: dict[Any, int] = await consumer.end_offsets(partitions)
        while not all([await consumer.position(tp) >= ends[tp] for tp in partitions]):
            for tp, records in (await consumer.getmany(timeout_ms=200)).items():
                for record in records:
                    try:
                        envelope = decode(BY_NAME[tp.topic], record.key, record.value, record.headers)
                    except DecodeError:
                        continue  # what cannot be read counts nowhere
                    found.append((tp.topic, envelope))
    finally:
        await consumer.stop()
    return found
