"""Are the teams made as the needs say, is nobody on two missions, and did all arrive?"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

from services.cli.scenario.check.model import Evidence, Invariant, Spell, judge
from services.cli.scenario.story import Mission

AT_ONCE: Final = timedelta(seconds=2)
"""A release and the next call may be written by two transactions that began at the same time."""
_NEVER: Final = datetime.max.replace(tzinfo=UTC)
LIVE: Final = ("dispatched", "departed", "arrived", "completed")


def check_arrived(evidence: Evidence) -> Invariant:
    """All teams that the needs ask for are on scene."""
    story = evidence.story

    def broken() -> Iterator[str]:
        arrived = sum(mission.arrived is not None for mission in story.missions.values())
        if arrived != story.teams_wanted or not arrived:
            yield f"{arrived} of {story.teams_wanted} teams arrived"
        of_api = {one["mission_id"]: one["state"] for one in (evidence.missions or {}).get("missions", [])}
        for mission in story.missions.values():
            told = of_api.get(mission.mission_id)
            if told != mission.state:
                yield f"mission {mission.mission_id}: {mission.state} in the log, {told} in the API"

    return judge("every team that is needed was dispatched and arrived", broken(), f"{len(story.missions)} missions")


def check_composition(evidence: Evidence) -> Invariant:
    """Seats are as the need lines say, and taken by those whose answers were counted."""
    story = evidence.story
    needs = {need["need_id"]: need for need in (story.declared.data["needs"] if story.declared else ())}

    def broken() -> Iterator[str]:
        for mission in story.missions.values():
            wanted = Counter(
                {
                    quota.need_id: needs[quota.need_id]["per_team"]
                    for quota in story.quotas.values()
                    if quota.zone_id == mission.zone_id and needs[quota.need_id]["teams"] > mission.team_no
                }
            )
            seated = Counter(member["need_id"] for member in mission.members)
            if seated != wanted and mission.state in LIVE:
                extra, missing = dict(seated - wanted), dict(wanted - seated)
                yield f"{mission.zone_kind} team {mission.team_no} has {extra} too many and lacks {missing}"
            yield from _seats_that_differ(evidence, mission)

    return judge(
        "every team is made up as its need lines say, of people whose acceptance was counted for that seat",
        broken(),
        f"{sum(len(mission.members) for mission in story.missions.values())} members",
    )


def check_one_mission(evidence: Evidence) -> Invariant:
    """Nobody is in two places; a drill does not hold anybody from a real mission."""
    spells: dict[tuple[str, bool], list[Spell]] = defaultdict(list)
    for spell in evidence.log.spells:
        spells[spell.volunteer_id, spell.exercise].append(spell)

    def broken() -> Iterator[str]:
        for (volunteer_id, _), held in spells.items():
            in_order = sorted(held, key=lambda spell: spell.began_at)
            for before, after in pairwise(in_order):
                if before.mission_id != after.mission_id and (before.ended_at or _NEVER) - AT_ONCE > after.began_at:
                    yield f"{volunteer_id} is on missions {before.mission_id} and {after.mission_id} at once"

    return judge(
        "nobody is on two live missions of the same world at any position of the log",
        broken(),
        f"{len(evidence.log.spells)} memberships of all incidents in the log",
    )


def _seats_that_differ(evidence: Evidence, mission: Mission) -> Iterator[str]:
    quotas = evidence.story.quotas
    seen: set[str] = set()
    for member in mission.members:
        who, need_id = member["volunteer_id"], member["need_id"]
        quota = quotas.get((need_id, mission.zone_id))
        if quota is None or who not in quota.standing:
            yield f"{who} sits in mission {mission.mission_id} without a counted acceptance for {need_id}"
        elif (member["role"], member.get("language")) != (quota.role, quota.language):
            yield f"{who} sits as {member['role']} for {need_id}"
        if who in seen:
            yield f"{who} sits twice in mission {mission.mission_id}"
        seen.add(who)
    if mission.lead_id not in seen:
        yield f"the lead of mission {mission.mission_id} is not a member"
