"""What is told of a run, in English or Chinese: a line per milestone while it goes on, and the timeline at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final, Literal

from schemas.values import IncidentClock
from services.cli.scenario.records import Record
from services.cli.scenario.story import Story

Language = Literal["en", "zh"]
CHINA_TIME: Final = timezone(timedelta(hours=8), "UTC+8")
ZONES: Final[Mapping[str, tuple[str, str]]] = {
    "core": ("core", "核心区"),
    "affected": ("affected", "受灾区"),
    "ripple": ("ripple", "波及区"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A milestone: when, in real and in incident time, and what."""

    at: datetime
    word: str
    text: str


class Teller:
    """Tells in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language

    def say(self, en: str, zh: str) -> str:
        """The words in the chosen language."""
        return zh if self.language == "zh" else en

    def zone(self, kind: str) -> str:
        """Name of a kind of zone."""
        return self.say(*ZONES[kind])

    def milestone(self, record: Record, story: Story) -> Line | None:
        """The line for a record that was just taken, if it is worth one."""
        tell = _MILESTONES.get(record.type)
        if tell is None:
            return None
        word, text = tell(self, record.data, story)
        return Line(record.recorded_at, word, text)

    def clock_text(self, story: Story, moment: datetime) -> str:
        """Incident time of a real moment, as people in China wrote it."""
        if story.declared is None:
            return "-"
        clock = clock_of(story.declared)
        return clock.incident_time(moment).astimezone(CHINA_TIME).strftime("%m-%d %H:%M")


def clock_of(declared: Record) -> IncidentClock:
    """The incident's clock from its declaration."""
    return IncidentClock.model_validate(declared.data["clock"])


def _declared(t: Teller, data: Mapping[str, Any], _: Story) -> tuple[str, str]:
    title, factor = data[f"title_{t.language}"], f"{data['clock']['factor']:g}"
    return t.say("declared", "宣布"), t.say(
        f"{title}: {data['kind']}, level {data['level']}, an exercise; the drill clock runs {factor} times as fast",
        f"{title}：{data['level']}级响应，演练；演练时钟加速{factor}倍",
    )


def _fenced(t: Teller, data: Mapping[str, Any], _: Story) -> tuple[str, str]:
    zones = ", ".join(f"{t.zone(zone['kind'])} {zone['area_km2']:,.0f} km²" for zone in data["zones"])
    return t.say("fenced", "划区"), t.say(
        f"{len(data['zones'])} zones: {zones}; {len(data['stations'])} stations in reach",
        f"{len(data['zones'])}个区域：{zones}；{len(data['stations'])}个服务站可及",
    )


def _opened(t: Teller, data: Mapping[str, Any], story: Story) -> tuple[str, str]:
    return t.say("opened", "召集"), t.say(
        f"{len(data['quotas'])} quotas with {story.places} places",
        f"{len(data['quotas'])}项需求，共{story.places}个名额",
    )


def _wave(t: Teller, data: Mapping[str, Any], story: Story) -> tuple[str, str]:
    return t.say("paged", "通知"), t.say(
        f"wave {data['wave']}: {len(data['asks'])} asked within {data['ring_km']:g} km; "
        f"{story.places_taken} of {story.places} places taken",
        f"第{data['wave']}波：{data['ring_km']:g}公里内通知{len(data['asks'])}人；已满足{story.places_taken}/{story.places}",
    )


def _exhausted(t: Teller, data: Mapping[str, Any], _: Story) -> tuple[str, str]:
    names = ", ".join(f"{one['need_id']} -{one['missing']}" for one in data["shortfalls"])
    return t.say("exhausted", "已无人"), t.say(f"nobody is left to ask for {names}", f"以下需求已无人可通知：{names}")


def _dispatched(t: Teller, data: Mapping[str, Any], story: Story) -> tuple[str, str]:
    sent = sum(mission.dispatched is not None for mission in story.missions.values())
    mission = story.missions[data["mission_id"]]
    zone, number, people = t.zone(mission.zone_kind), mission.team_no + 1, len(mission.members)
    return t.say("dispatched", "派出"), t.say(
        f"{zone} team {number} with {people} ({sent}/{story.teams_wanted})",
        f"{zone}第{number}队{people}人（{sent}/{story.teams_wanted}）",
    )


def _arrived(t: Teller, data: Mapping[str, Any], story: Story) -> tuple[str, str]:
    here = sum(mission.arrived is not None for mission in story.missions.values())
    mission = story.missions[data["mission_id"]]
    return t.say("arrived", "到达"), t.say(
        f"{t.zone(mission.zone_kind)} team {mission.team_no + 1} ({here}/{story.teams_wanted})",
        f"{t.zone(mission.zone_kind)}第{mission.team_no + 1}队（{here}/{story.teams_wanted}）",
    )


def _void_opened(t: Teller, data: Mapping[str, Any], story: Story) -> tuple[str, str]:
    kind = t.zone(story.zones.get(data["area_id"].removeprefix("zone:"), "core"))
    return t.say("void", "缺口"), f"{kind}: {data['explanation'][t.language]}"


def _closed(t: Teller, _: Mapping[str, Any], __: Story) -> tuple[str, str]:
    return t.say("closed", "结束"), t.say("the drill ended", "演练结束")


_MILESTONES: Final[Mapping[str, Callable[[Teller, Mapping[str, Any], Story], tuple[str, str]]]] = {
    "incident.declared": _declared,
    "zone.fenced": _fenced,
    "alert.opened": _opened,
    "alert.wave-sent": _wave,
    "alert.exhausted": _exhausted,
    "mission.dispatched": _dispatched,
    "mission.arrived": _arrived,
    "coverage.void-opened": _void_opened,
    "incident.closed": _closed,
}


def timeline(t: Teller, story: Story, counts: Mapping[str, Any]) -> list[Line]:
    """The run in one line each: declared, fenced, paged, answered, dispatched, arrived, cases, planned, coverage."""
    lines = [line for record in (story.declared, story.fenced) if record and (line := t.milestone(record, story))]
    missions = story.missions.values()
    moments = {
        "paged": _latest(story.waves),
        "answered": _latest(story.answers),
        "dispatched": _latest(mission.dispatched for mission in missions),
        "arrived": _latest(mission.arrived for mission in missions),
        "cases": _latest(record for record in story.records if record.type == "case.opened"),
        "planned": _latest(record for record in story.records if record.type == "followup.planned"),
        "coverage": _latest(story.coverage),
    }
    told = _told(counts, len(story.waves))
    return lines + [Line(at, t.say(*_WORDS[name]), t.say(*told[name])) for name, at in moments.items() if at]


_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "paged": ("paged", "通知"),
    "answered": ("answered", "应答"),
    "dispatched": ("dispatched", "派出"),
    "arrived": ("arrived", "到达"),
    "cases": ("cases", "个案"),
    "planned": ("planned", "随访"),
    "coverage": ("coverage", "覆盖"),
}


def _told(n: Mapping[str, Any], waves: int) -> dict[str, tuple[str, str]]:
    """Each line of the timeline in English and in Chinese."""
    said, places = n["answers"], f"{n['places_taken']}/{n['places']}"
    levels = ", ".join(f"{level} {count}" for level, count in sorted(n["cases_by_level"].items()))
    return {
        "paged": (
            f"{n['volunteers_paged']} volunteers of {n['stations_notified']} stations in {waves} waves",
            f"{waves}波通知{n['stations_notified']}个服务站的{n['volunteers_paged']}名队员",
        ),
        "answered": (
            (
                f"{said['accept']} accepted, {said['decline']} declined, {said['later']} later, {said['none']} silent; "
                f"{places} places taken (simulated phones)"
            ),
            (
                f"接受{said['accept']}、谢绝{said['decline']}、稍后{said['later']}、未答{said['none']}；"
                f"名额{places}（模拟手机）"
            ),
        ),
        "dispatched": (
            f"{n['missions']} missions with {n['members_dispatched']} members",
            f"{n['missions']}支队伍{n['members_dispatched']}人",
        ),
        "arrived": (
            f"{n['missions_arrived']} teams on scene (simulated journeys)",
            f"{n['missions_arrived']}支队伍到达（模拟行程）",
        ),
        "cases": (
            f"{n['cases']} cases opened (simulated people): {levels}",
            f"建立{n['cases']}个个案（模拟对象）：{levels}",
        ),
        "planned": (
            f"{n['followups_planned']} follow-ups in {n['plans']} plans, the last on {n['last_followup_on']}",
            f"{n['plans']}份计划共{n['followups_planned']}次随访，最后一次{n['last_followup_on']}",
        ),
        "coverage": (
            f"{n['voids_opened']} voids opened, {n['voids_open']} still open",
            f"出现{n['voids_opened']}个缺口，尚余{n['voids_open']}个",
        ),
    }


def _latest(records: Iterable[Record | None]) -> datetime | None:
    return max((record.recorded_at for record in records if record is not None), default=None)


def elapsed_text(line: Line, began_at: datetime) -> str:
    """Real seconds since the beginning."""
    return f"+{(line.at.astimezone(UTC) - began_at).total_seconds():.1f} s"
