"""A made-up world's events for tests: every kind that coverage reads, in order per key, from a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from schemas.envelope import Envelope, Event
from schemas.events import alert, case, followup, mission, volunteer, zone
from schemas.topics import topic_of
from schemas.values import Explanation, IncidentClock, MultiPolygonGeometry, Position
from schemas.vocabulary import AgeBand, Answer, PopulationGroup, Role, TriageLevel, ZoneKind

START = datetime(2008, 5, 12, 6, 28, tzinfo=UTC)
CLOCK = IncidentClock(anchor_real_at=START, anchor_incident_at=START)
WORDS = Explanation(zh="试", en="test")
HERE = Position(lat_deg=31.0, lon_deg=103.4)
SKILLS = ((Role.COUNSELLOR, None), (Role.PFA_TRAINED, None), (Role.COUNSELLOR, "khg"), (Role.INTERPRETER, "khg"))
PROVINCES = ("510722", "510000", "110105", "310000000000", "620000")


class World:
    """Makes events with gapless sequences per topic and key."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.sequences: dict[tuple[str, str], int] = {}
        self.made = 0

    def id(self) -> UUID:
        """A new id that depends on the seed alone."""
        return UUID(int=self.random.getrandbits(128), version=4)

    def say(self, event: Event, key: UUID, incident_id: UUID | None = None) -> Envelope:
        """The event in its envelope, with the next sequence of its key."""
        place = (topic_of(event).name, str(key))
        self.sequences[place] = self.sequences.get(place, 0) + 1
        self.made += 1
        at = START + timedelta(seconds=self.made)
        return Envelope(
            id=self.id(),
            source="/thirdrescue/test",
            key=str(key),
            time=at,
            recorded_at=at,
            sequence=self.sequences[place],
            correlation_id=incident_id or key,
            causation_id=None,
            exercise=True,
            jurisdiction=("510000",),
            traceparent=None,
            data=event,
        )

    def volunteer(self, changes: int) -> Iterator[Envelope]:
        """A volunteer whose state changes some times."""
        key, rng = self.id(), self.random
        for _ in range(changes):
            yield self.say(
                volunteer.VolunteerState(
                    volunteer_id=key,
                    home_station_id=self.id(),
                    area_code=rng.choice(PROVINCES),
                    position=HERE,
                    roles=tuple(rng.sample(list(Role), rng.randint(0, 3))),
                    languages=tuple(rng.sample(["zho", "khg", "eng"], rng.randint(0, 2))),
                    deployable=rng.random() < 0.7,
                ),
                key,
            )

    def incident(self) -> Iterator[Envelope]:
        """An incident's zones, alert, missions, cases and plans; now and then lifted in the end."""
        rng, incident = self.random, self.id()
        zones = [(self.id(), kind) for kind in list(ZoneKind)[: rng.randint(1, 3)]]
        yield self.say(self._fenced(incident, zones), incident, incident)
        yield from self._alert(incident, zones)
        for number in range(rng.randint(0, 3)):
            yield from self._mission(incident, *rng.choice(zones), number)
        for _ in range(rng.randint(0, 4)):
            yield from self._case(incident, rng.choice(zones)[0])
        if rng.random() < 0.3:
            fenced = self._fenced(incident, zones[:1])
            yield self.say(zone.ZoneRevised(**dict(fenced), revision=2), incident, incident)
        if rng.random() < 0.4:
            lifted = zone.ZoneLifted(incident_id=incident, zone_ids=tuple(zone_id for zone_id, _ in zones))
            yield self.say(lifted, incident, incident)

    def _fenced(self, incident: UUID, zones: list[tuple[UUID, ZoneKind]]) -> zone.ZoneFenced:
        square = MultiPolygonGeometry(coordinates=((((103.0, 31.0), (104.0, 31.0), (104.0, 32.0), (103.0, 31.0)),),))
        return zone.ZoneFenced(
            incident_id=incident,
            area_codes=("510000",),
            zones=tuple(
                zone.Zone(zone_id=zone_id, kind=kind, geometry=square, area_km2=1, centre=HERE, explanation=WORDS)
                for zone_id, kind in zones
            ),
            stations=(),
            reach_km=100,
            clock=CLOCK,
        )

    def _alert(self, incident: UUID, zones: list[tuple[UUID, ZoneKind]]) -> Iterator[Envelope]:
        rng, key = self.random, self.id()
        quotas = [
            alert.Quota(need_id=f"{kind}-{number}", zone_id=zone_id, zone_kind=kind, role=role, language=language,
                        count=rng.randint(1, 4))
            for zone_id, kind in zones
            for number, (role, language) in enumerate(rng.sample(SKILLS, rng.randint(1, 3)))
        ]  # fmt: skip
        yield self.say(
            alert.AlertOpened(
                alert_id=key, incident_id=incident, quotas=tuple(quotas), stations_in_reach=3, clock=CLOCK
            ),
            key,
            incident,
        )
        wave = alert.AlertWaveSent(
            alert_id=key, incident_id=incident, wave=1, ring_km=50, asks=(), shortfalls=(), explanation=WORDS
        )
        yield self.say(wave, key, incident)
        standing: list[tuple[UUID, str]] = []
        for _ in range(rng.randint(0, 12)):
            if standing and rng.random() < 0.3:
                who, need = standing.pop(rng.randrange(len(standing)))
                reopened = alert.AlertQuotaReopened(
                    alert_id=key, incident_id=incident, need_id=need, volunteer_id=who, reason="declined"
                )
                yield self.say(reopened, key, incident)
                continue
            quota, who = rng.choice(quotas), self.id()
            answer = rng.choice(list(Answer))
            counted = answer is Answer.ACCEPT and rng.random() < 0.8
            if counted:
                standing.append((who, quota.need_id))
            yield self.say(
                alert.AlertAnswered(
                    alert_id=key, incident_id=incident, page_id=self.id(), volunteer_id=who, need_id=quota.need_id,
                    zone_id=quota.zone_id, answer=answer, counted=counted,
                ), key, incident,
            )  # fmt: skip
        if rng.random() < 0.3:  # zones were revised: every need belongs to the gravest now
            moved = tuple(quota.model_copy(update={"zone_id": zones[0][0]}) for quota in quotas)
            yield self.say(
                alert.AlertOpened(alert_id=key, incident_id=incident, quotas=moved, stations_in_reach=3, clock=CLOCK),
                key,
                incident,
            )

    def _mission(self, incident: UUID, zone_id: UUID, kind: ZoneKind, number: int) -> Iterator[Envelope]:
        rng, key = self.random, self.id()
        members = tuple(
            mission.Member(volunteer_id=self.id(), need_id="n", role=role, language=language)
            for role, language in rng.choices(SKILLS, k=rng.randint(1, 5))
        )
        lead = members[0].volunteer_id
        at = START + timedelta(hours=1)
        steps: list[Event] = [
            mission.MissionPlanned(
                mission_id=key, incident_id=incident, zone_id=zone_id, zone_kind=kind, team_no=number, members=members,
                lead_volunteer_id=lead, destination=HERE, explanation=WORDS, clock=CLOCK,
            ),
            mission.MissionDispatched(
                mission_id=key, incident_id=incident, zone_id=zone_id, members=members, lead_volunteer_id=lead,
                destination=HERE, approved_by="policy", check_in_every_minutes=60, relieve_by_at=at,
            ),
            mission.MissionDeparted(mission_id=key, incident_id=incident, departed_at=at, eta_at=at),
            mission.MissionDeclined(
                mission_id=key, incident_id=incident, volunteer_id=members[-1].volunteer_id, need_id="n", reason="ill"
            ),
            mission.MissionArrived(mission_id=key, incident_id=incident, arrived_at=at),
            mission.MissionCheckedIn(mission_id=key, incident_id=incident, checked_in_at=at, next_due_at=at),
            mission.MissionCompleted(mission_id=key, incident_id=incident, completed_at=at, reason="relieved"),
        ]  # fmt: skip
        for step in steps[: rng.randint(1, len(steps))]:
            yield self.say(step, key, incident)
        if rng.random() < 0.1:
            cancelled = mission.MissionCancelled(mission_id=key, incident_id=incident, reason="storm")
            yield self.say(cancelled, key, incident)

    def _case(self, incident: UUID, zone_id: UUID) -> Iterator[Envelope]:
        rng, key = self.random, self.id()
        opened = case.CaseOpened(
            case_id=key, incident_id=incident, mission_id=None, zone_id=zone_id,
            population_group=PopulationGroup.BEREAVED, age_band=AgeBand.ADULT_30_64, opened_at=START,
            owner_station_id=self.id(), clock=CLOCK,
        )  # fmt: skip
        yield self.say(opened, key, incident)
        for _ in range(rng.randint(0, 2)):
            triaged = case.CaseTriaged(
                case_id=key, incident_id=incident, zone_id=zone_id, level=rng.choice(list(TriageLevel)),
                triaged_at=START, needs_clinician_review=False,
            )  # fmt: skip
            yield self.say(triaged, key, incident)
        if rng.random() < 0.3:
            yield self.say(case.CaseClosed(case_id=key, incident_id=incident, reason="done"), key, incident)
        yield from self._plan(incident, zone_id, key)

    def _plan(self, incident: UUID, zone_id: UUID, case_id: UUID) -> Iterator[Envelope]:
        rng, key = self.random, self.id()
        task = followup.PlannedTask(
            task_id=self.id(), step="d30", kind="contact", due_on=date(2008, 6, 12), opens_on=date(2008, 6, 10),
            closes_on=date(2008, 6, 20),
        )  # fmt: skip
        planned = followup.FollowupPlanned(
            plan_id=key, incident_id=incident, subject="case", case_id=case_id, zone_id=zone_id, level=TriageLevel.L2,
            schedule_version="1", owner_station_id=self.id(), owner_role="counsellor", tasks=(task,), clock=CLOCK,
        )  # fmt: skip
        yield self.say(planned, key, incident)
        if rng.random() < 0.4:
            ended = followup.FollowupEnded(
                plan_id=key, incident_id=incident, zone_id=zone_id, end=followup.FollowupEnd.DONE, open_tasks=0
            )
            yield self.say(ended, key, incident)


def events(seed: int, *, volunteers: int, incidents: int) -> list[Envelope]:
    """All events of a small world, incident by incident."""
    world = World(seed)
    made = [e for _ in range(volunteers) for e in world.volunteer(world.random.randint(1, 3))]
    return made + [e for _ in range(incidents) for e in world.incident()]


def interleaved(made: list[Envelope], rng: random.Random, *, duplicates: float = 0.0) -> list[Envelope]:
    """The same events in another order, kept per topic and key; some come again, alone or with what followed them."""
    queues: dict[tuple[str, str], list[Envelope]] = {}
    for envelope in made:
        queues.setdefault((topic_of(envelope.data).name, envelope.key), []).append(envelope)
    order = [place for place, queue in queues.items() for _ in queue]
    rng.shuffle(order)
    taken: dict[tuple[str, str], int] = dict.fromkeys(queues, 0)
    result: list[Envelope] = []
    for place in order:
        result.append(queues[place][taken[place]])
        taken[place] += 1
        if rng.random() < duplicates:
            again = rng.randrange(taken[place])
            until = taken[place] if rng.random() < 0.5 else again + 1
            result.extend(queues[place][again:until])
    return result
