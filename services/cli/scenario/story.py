"""What has happened in one incident, folded from the log's records. Pure; a record that comes twice changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from services.cli.scenario.records import Record


@dataclass(slots=True)
class Quota:
    """A quota and the volunteers whose counted acceptance stands."""

    need_id: str
    zone_id: str
    zone_kind: str
    role: str
    language: str | None
    count: int
    standing: set[str] = field(default_factory=set)

    @property
    def is_filled(self) -> bool:
        """Whether every place is taken."""
        return len(self.standing) >= self.count


@dataclass(slots=True)
class Ask:
    """Somebody who was asked: by which wave, for what."""

    page_id: str
    volunteer_id: str
    need_id: str
    wave: int
    distance_km: float


@dataclass(slots=True)
class Mission:
    """A mission as its events tell it. `members` are those of the last event that lists them, less who declined."""

    mission_id: str
    zone_id: str
    zone_kind: str
    team_no: int
    lead_id: str
    members: list[dict[str, Any]]
    state: str = "planned"
    dispatched: Record | None = None
    arrived: Record | None = None


@dataclass(slots=True)
class Case:
    """A case by its level and consent."""

    case_id: str
    zone_id: str
    mission_id: str | None
    level: str | None = None
    consents: bool | None = None
    is_closed: bool = False


@dataclass(slots=True)
class Plan:
    """A follow-up plan and its tasks."""

    plan_id: str
    case_id: str | None
    zone_id: str
    tasks: list[dict[str, Any]]
    end: str | None = None


class Story:
    """The state of one incident after the records given so far, in any order that keeps each key's order.

    A record whose forerunner is missing changes nothing: the checks tell of the gap.
    """

    def __init__(self, incident_id: str) -> None:
        self.incident_id = incident_id
        self.records: list[Record] = []
        self.declared: Record | None = None
        self.fenced: Record | None = None
        self.closed: Record | None = None
        self.alert_id: str | None = None
        self.zones: dict[str, str] = {}
        self.stations_in_reach = 0
        self.quotas: dict[tuple[str, str], Quota] = {}
        self.waves: list[Record] = []
        self.asks: dict[str, Ask] = {}
        self.sent: dict[str, Mapping[str, Any]] = {}
        self.failed: dict[str, Mapping[str, Any]] = {}
        self.answers: list[Record] = []
        self.exhausted: set[str] = set()
        self.missions: dict[str, Mission] = {}
        self.cases: dict[str, Case] = {}
        self.plans: dict[str, Plan] = {}
        self.coverage: list[Record] = []
        self.voids_open: dict[tuple[str, str, str | None], Record] = {}
        self.voids_seen = 0
        self._last: dict[tuple[str, str], int] = {}

    def take(self, record: Record) -> bool:
        """Apply a record; False if it belongs to another incident or was applied before."""
        if record.topic.endswith("-dlq") or record.incident_id != self.incident_id:
            return False
        key = (record.topic, record.key)
        if record.sequence <= self._last.get(key, 0):
            return False
        self._last[key] = record.sequence
        self.records.append(record)
        apply = _APPLY.get(record.type)
        if apply is not None:
            apply(self, record, record.data)
        return True

    @property
    def teams_wanted(self) -> int:
        """Teams that the quotas ask for: per zone as many as its longest need line."""
        needs: dict[str, Any] = {}
        if self.declared is not None:
            needs = {need["need_id"]: need for need in self.declared.data["needs"]}
        longest: dict[str, int] = {}
        for quota in self.quotas.values():
            teams = int(needs[quota.need_id]["teams"]) if quota.need_id in needs else 1
            longest[quota.zone_id] = max(longest.get(quota.zone_id, 0), teams)
        return sum(longest.values())

    @property
    def places(self) -> int:
        """Places of all quotas."""
        return sum(quota.count for quota in self.quotas.values())

    @property
    def places_taken(self) -> int:
        """Places that are taken."""
        return sum(len(quota.standing) for quota in self.quotas.values())

    @property
    def quotas_filled(self) -> bool:
        """Whether there are quotas and all are filled."""
        return bool(self.quotas) and all(quota.is_filled for quota in self.quotas.values())


Apply = Callable[[Story, Record, Mapping[str, Any]], None]


def _declared(story: Story, record: Record, _: Mapping[str, Any]) -> None:
    story.declared = record


def _closed(story: Story, record: Record, _: Mapping[str, Any]) -> None:
    story.closed = record


def _fenced(story: Story, record: Record, data: Mapping[str, Any]) -> None:
    story.fenced = record
    story.zones = {zone["zone_id"]: zone["kind"] for zone in data["zones"]}
    story.stations_in_reach = len(data["stations"])


def _opened(story: Story, record: Record, data: Mapping[str, Any]) -> None:
    story.alert_id = record.key
    for quota in data["quotas"]:
        key = (quota["need_id"], quota["zone_id"])
        story.quotas[key] = Quota(
            need_id=quota["need_id"],
            zone_id=quota["zone_id"],
            zone_kind=quota["zone_kind"],
            role=quota["role"],
            language=quota.get("language"),
            count=int(quota["count"]),
        )


def _wave(story: Story, record: Record, data: Mapping[str, Any]) -> None:
    story.waves.append(record)
    for ask in data["asks"]:
        story.asks[ask["page_id"]] = Ask(
            ask["page_id"], ask["volunteer_id"], ask["need_id"], int(data["wave"]), float(ask["distance_km"])
        )


def _page_sent(story: Story, _: Record, data: Mapping[str, Any]) -> None:
    story.sent.update({page["page_id"]: page for page in data["pages"]})


def _page_failed(story: Story, _: Record, data: Mapping[str, Any]) -> None:
    story.failed.update({page["page_id"]: page for page in data["pages"]})


def _answered(story: Story, record: Record, data: Mapping[str, Any]) -> None:
    story.answers.append(record)
    quota = story.quotas.get((data["need_id"], data["zone_id"]))
    if quota is not None and data["answer"] == "accept" and data["counted"]:
        quota.standing.add(data["volunteer_id"])


def _reopened(story: Story, _: Record, data: Mapping[str, Any]) -> None:
    for quota in story.quotas.values():
        if quota.need_id == data["need_id"]:
            quota.standing.discard(data["volunteer_id"])


def _exhausted(story: Story, _: Record, data: Mapping[str, Any]) -> None:
    story.exhausted.update(shortfall["need_id"] for shortfall in data["shortfalls"])


def _planned_mission(story: Story, record: Record, data: Mapping[str, Any]) -> None:
    story.missions[record.key] = Mission(
        mission_id=record.key,
        zone_id=data["zone_id"],
        zone_kind=data["zone_kind"],
        team_no=int(data["team_no"]),
        lead_id=data["lead_volunteer_id"],
        members=list(data["members"]),
    )


def _dispatched(story: Story, record: Record, data: Mapping[str, Any]) -> None:
    if record.key not in story.missions:
        _planned_mission(story, record, {"zone_kind": "", "team_no": -1, **data})
    mission = story.missions[record.key]
    mission.members, mission.lead_id = list(data["members"]), data["lead_volunteer_id"]
    mission.dispatched = mission.dispatched or record
    mission.state = "dispatched" if mission.state == "planned" else mission.state


def _member_declined(story: Story, record: Record, data: Mapping[str, Any]) -> None:
    mission = story.missions.get(record.key)
    if mission is not None:
        mission.members = [one for one in mission.members if one["volunteer_id"] != data["volunteer_id"]]


def _moved(state: str) -> Apply:
    def apply(story: Story, record: Record, _: Mapping[str, Any]) -> None:
        mission = story.missions.get(record.key)
        if mission is not None:
            mission.state = state
            mission.arrived = record if state == "arrived" else mission.arrived

    return apply


def _case_opened(story: Story, record: Record, data: Mapping[str, Any]) -> None:
    story.cases[record.key] = Case(record.key, data["zone_id"], data.get("mission_id"))


def _case_changed(story: Story, record: Record, data: Mapping[str, Any]) -> None:
    case = story.cases.get(record.key)
    if case is None:
        return
    if record.type == "case.triaged":
        case.level = data["level"]
    elif record.type == "case.consented":
        case.consents = bool(data["follow_up"])
    else:
        case.is_closed = True


def _plan(story: Story, record: Record, data: Mapping[str, Any]) -> None:
    story.plans[record.key] = Plan(record.key, data.get("case_id"), data["zone_id"], list(data["tasks"]))


def _plan_ended(story: Story, record: Record, data: Mapping[str, Any]) -> None:
    if record.key in story.plans:
        story.plans[record.key].end = data["end"]


def _observed(story: Story, record: Record, _: Mapping[str, Any]) -> None:
    story.coverage.append(record)


def _void_opened(story: Story, record: Record, data: Mapping[str, Any]) -> None:
    story.voids_seen += 1
    story.voids_open[data["area_id"], data["role"], data["language"]] = record


def _void_closed(story: Story, _: Record, data: Mapping[str, Any]) -> None:
    story.voids_open.pop((data["area_id"], data["role"], data["language"]), None)


_APPLY: Final[Mapping[str, Apply]] = {
    "incident.declared": _declared,
    "incident.closed": _closed,
    "zone.fenced": _fenced,
    "alert.opened": _opened,
    "alert.wave-sent": _wave,
    "alert.page-sent": _page_sent,
    "alert.page-failed": _page_failed,
    "alert.answered": _answered,
    "alert.quota-reopened": _reopened,
    "alert.exhausted": _exhausted,
    "mission.planned": _planned_mission,
    "mission.dispatched": _dispatched,
    "mission.declined": _member_declined,
    "mission.departed": _moved("departed"),
    "mission.arrived": _moved("arrived"),
    "mission.completed": _moved("completed"),
    "mission.cancelled": _moved("cancelled"),
    "case.opened": _case_opened,
    "case.triaged": _case_changed,
    "case.consented": _case_changed,
    "case.closed": _case_changed,
    "followup.planned": _plan,
    "followup.ended": _plan_ended,
    "coverage.observed": _observed,
    "coverage.void-opened": _void_opened,
    "coverage.void-closed": _void_closed,
}
