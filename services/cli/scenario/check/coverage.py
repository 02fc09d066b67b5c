"""Coverage computed anew from the log, written from the meaning of the counts and sharing no code with the service.

Per zone and skill: needed is the quota while the zone stands, accepted the counted answers that stand, assigned the
members of missions that were dispatched and have not ended, on_scene those that have arrived. Per province and skill:
deployable volunteers, each once per role and once per role and language. Skills that count nothing are left out.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from services.cli.scenario.records import Record

Skill = tuple[str, str | None]


class CoverageFold:
    """Keeps what each aggregate last said, and adds it up when asked."""

    def __init__(self) -> None:
        self._zones: dict[str, dict[str, Any]] = {}
        self._volunteers: dict[str, Mapping[str, Any]] = {}
        self._quotas: dict[str, list[Mapping[str, Any]]] = {}
        self._accepted: dict[str, set[tuple[str, str, str]]] = defaultdict(set)
        self._teams: dict[str, dict[str, Any]] = {}
        self._cases: dict[str, tuple[str, str]] = {}
        self._plans: dict[str, str] = {}

    def take(self, record: Record) -> None:
        """One event that was not taken before."""
        data, key = record.data, record.key
        match record.type:
            case "volunteer.state":
                self._volunteers[key] = data
            case "zone.fenced" | "zone.revised":
                for zone in self._zones.values():
                    zone["lifted"] |= zone["incident_id"] == data["incident_id"]
                for zone in data["zones"]:
                    facts = {"incident_id": data["incident_id"], "zone_kind": zone["kind"], "lifted": False}
                    self._zones[zone["zone_id"]] = facts
            case "zone.lifted":
                for zone_id in self._zones.keys() & set(data["zone_ids"]):
                    self._zones[zone_id]["lifted"] = True
            case "alert.opened":
                self._quotas[key] = data["quotas"]
            case "alert.answered" if data["counted"] and data["answer"] == "accept":
                self._accepted[key].add((data["need_id"], data["zone_id"], data["volunteer_id"]))
            case "alert.quota-reopened":
                gone = (data["need_id"], data["volunteer_id"])
                self._accepted[key] = {one for one in self._accepted[key] if (one[0], one[2]) != gone}
            case _:
                self._take_later(record)

    def _take_later(self, record: Record) -> None:
        """What follows from missions on."""
        data, key = record.data, record.key
        match record.type:
            case "mission.planned" | "mission.dispatched":
                team = self._teams.setdefault(key, {"state": "planned"})
                team |= {"zone_id": data["zone_id"], "members": data["members"]}
                if record.type == "mission.dispatched" and team["state"] == "planned":
                    team["state"] = "dispatched"
            case "mission.declined" if key in self._teams:
                team = self._teams[key]
                team["members"] = [one for one in team["members"] if one["volunteer_id"] != data["volunteer_id"]]
            case "mission.arrived" if key in self._teams:
                self._teams[key]["state"] = "arrived"
            case "mission.completed" | "mission.cancelled" if key in self._teams:
                self._teams[key]["state"] = "ended"
            case "case.triaged":
                self._cases[key] = (data["zone_id"], data["level"])
            case "case.closed":
                self._cases.pop(key, None)
            case "followup.planned":
                self._plans[key] = data["zone_id"]
            case "followup.ended":
                self._plans.pop(key, None)
            case _:
                pass

    def areas(self) -> dict[str, dict[str, Any]]:
        """Every area as coverage should show it."""
        skills = self._skills_by_zone()
        cases: dict[str, Counter[str]] = defaultdict(Counter)
        for zone_id, level in self._cases.values():
            cases[zone_id][level] += 1
        plans = Counter(self._plans.values())
        zones = {
            f"zone:{zone_id}": {
                "kind": "zone",
                "incident_id": zone["incident_id"],
                "zone_kind": zone["zone_kind"],
                "rows": shown_rows(skills[zone_id]),
                "cases": dict(cases[zone_id]),
                "followups_open": plans[zone_id],
            }
            for zone_id, zone in self._zones.items()
        }
        return {**self._provinces(), **zones}

    def _provinces(self) -> dict[str, dict[str, Any]]:
        counts: dict[str, dict[Skill, Counter[str]]] = {}
        for data in self._volunteers.values():
            skills = counts.setdefault(f"area:{data['area_code'][:2]}0000", defaultdict(Counter))
            if data["deployable"]:
                for role in set(data["roles"]):
                    for language in {None, *data["languages"]}:
                        skills[role, language]["available"] += 1
        return {
            area: {"kind": "province", "rows": shown_rows(skills), "cases": {}, "followups_open": 0}
            for area, skills in counts.items()
        }

    def _skills_by_zone(self) -> dict[str, dict[Skill, Counter[str]]]:
        zones: dict[str, dict[Skill, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
        for alert_id, quotas in self._quotas.items():
            accepted = Counter(need_id for need_id, _ in {(one[0], one[2]) for one in self._accepted[alert_id]})
            for quota in quotas:
                zone_id = quota["zone_id"]
                counts = zones[zone_id][quota["role"], quota.get("language")]
                is_lifted = self._zones.get(zone_id, {}).get("lifted", False)
                counts["needed"] += 0 if is_lifted else quota["count"]
                counts["accepted"] += accepted[quota["need_id"]]
        for team in self._teams.values():
            if team["state"] in ("dispatched", "arrived"):
                for member in team["members"]:
                    counts = zones[team["zone_id"]][member["role"], member.get("language")]
                    counts["assigned"] += 1
                    counts["on_scene"] += team["state"] == "arrived"
        return zones


MEASURES = ("needed", "accepted", "assigned", "on_scene", "available")


def shown_rows(skills: Mapping[Skill, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    """Rows by `role/language`, without what counts nothing."""
    return {
        f"{role}/{language or '*'}": {measure: counts[measure] for measure in MEASURES if counts.get(measure)}
        for (role, language), counts in skills.items()
        if any(counts.values())
    }


def shown(document: Mapping[str, Any]) -> dict[str, Any]:
    """A `coverage.observed` (or an area of the API) in the same form as `CoverageFold.areas`."""
    rows = {(row["role"], row["language"]): {m: row.get(m, 0) for m in MEASURES} for row in document["rows"]}
    common = {
        "kind": document["kind"],
        "rows": shown_rows(rows),
        "cases": {level: count for level, count in document["cases"].items() if count},
        "followups_open": document["followups_open"],
    }
    if document["kind"] == "province":
        return common
    return common | {"incident_id": document["incident_id"], "zone_kind": document["zone_kind"]}


def differing_areas(wanted: Mapping[str, Any], seen: Mapping[str, Any]) -> list[str]:
    """The areas where the log and the published picture differ, in words."""
    found = []
    for area in sorted(wanted.keys() | seen.keys()):
        mine = wanted.get(area)
        theirs = shown(seen[area]) if area in seen else None
        if mine != theirs and not (theirs is None and mine is not None and _is_empty(mine)):
            found.append(f"{area}: {_difference(mine, theirs)}")
    return found


def _is_empty(area: Mapping[str, Any]) -> bool:
    return area["kind"] == "province" and not area["rows"]


def _difference(mine: Mapping[str, Any] | None, theirs: Mapping[str, Any] | None) -> str:
    if mine is None or theirs is None:
        return "not in the log" if mine is None else "never published"
    for name in mine:
        if mine[name] != theirs.get(name):
            if name == "rows":
                rows = mine["rows"].keys() | theirs["rows"].keys()
                skill = next(row for row in sorted(rows) if mine["rows"].get(row) != theirs["rows"].get(row))
                return f"{skill}: the log gives {mine['rows'].get(skill)}, published {theirs['rows'].get(skill)}"
            return f"{name}: the log gives {mine[name]}, published {theirs.get(name)}"
    return "other fields"
