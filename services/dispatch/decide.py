"""Which teams are formed, who leads them, which steps they may take, when they owe a sign of life. Pure.

Formation promises: nobody sits twice; no seat is taken twice; the result depends on the set of answers and their
order in the alert's log, not on the order in which this service came to look at them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from schemas.values import NeedLine
from schemas.vocabulary import Role, ZoneKind
from services.dispatch import words
from services.dispatch.model import (
    AT_HOME,
    FINAL,
    SENT,
    STEPS,
    AlreadyDone,
    Destination,
    Formation,
    Helper,
    Mission,
    MissionState,
    Moved,
    NewTeam,
    Refill,
    Refused,
    Rules,
    SeatLine,
    Step,
    Team,
    ZonePicture,
)

_QUALIFIED: Final = (
    Role.TEAM_LEAD,
    Role.PSYCHIATRIST,
    Role.CLINICAL_PSYCHOLOGIST,
    Role.COUNSELLOR,
    Role.PFA_TRAINED,
    Role.SUPPORT,
    Role.INTERPRETER,
    Role.LOGISTICS,
)
"""Who leads: the team-lead seat, else the most qualified (an assumption, stated in the README)."""
_GRAVITY: Final = (ZoneKind.CORE, ZoneKind.AFFECTED, ZoneKind.RIPPLE)
_ORDER: Final = (
    MissionState.PLANNED,
    MissionState.DISPATCHED,
    MissionState.DEPARTED,
    MissionState.ARRIVED,
    MissionState.COMPLETED,
)
_NOT_YET: Final[Mapping[Step, str]] = {
    Step.APPROVE: "The mission is not planned.",
    Step.DEPART: "The mission waits for a duty officer's approval; a team departs after it was dispatched.",
    Step.ARRIVE: "The team has not departed; report its departure first.",
    Step.COMPLETE: "The team has not arrived; a mission is completed on scene. Who cannot go declines.",
}
_Queues = dict[str, deque[Helper]]


def lead_of(members: Iterable[Helper]) -> Helper | None:
    """The team-lead seat, else the most qualified; among equals, who answered first."""
    ranked = sorted(members, key=lambda who: (_QUALIFIED.index(who.role), who.order, who.volunteer_id))
    return ranked[0] if ranked else None


def seat_lines(
    needs: Iterable[NeedLine], zones: Iterable[Destination], quotas: Iterable[tuple[str, UUID]]
) -> dict[UUID, tuple[SeatLine, ...]]:
    """The need lines of each zone. The alert's quotas say where a need belongs.

    A need stated after the alert was opened has no quota yet: it belongs to the zones of its kind, or to the gravest
    zone if there is none of that kind.
    """
    gravest_first = sorted(zones, key=lambda zone: (_GRAVITY.index(zone.kind), zone.zone_id))
    kinds = {zone.zone_id: zone.kind for zone in gravest_first}
    placed: dict[str, list[UUID]] = {}
    for need_id, zone_id in sorted(quotas):
        placed.setdefault(need_id, []).append(zone_id)
    lines: dict[UUID, list[SeatLine]] = {}
    for need in needs:
        of_kind = [zone.zone_id for zone in gravest_first if zone.kind is need.zone_kind]
        fallback = of_kind or [zone.zone_id for zone in gravest_first[:1]]
        for zone_id in placed.get(need.need_id, fallback):
            is_moved = kinds.get(zone_id, need.zone_kind) is not need.zone_kind
            lines.setdefault(zone_id, []).append(_seat_line(need, is_moved=is_moved))
    return {zone_id: tuple(found) for zone_id, found in lines.items()}


def _seat_line(need: NeedLine, *, is_moved: bool) -> SeatLine:
    return SeatLine(
        need_id=need.need_id, role=need.role, language=need.language, per_team=need.per_team, teams=need.teams,
        is_moved=is_moved,
    )  # fmt: skip


def form_teams(picture: ZonePicture, rules: Rules) -> Formation:
    """Fill free seats of teams that have not departed, then plan teams, lowest number first.

    Every waiting helper is held for the lowest team with a free seat of their need; a team is planned as soon as all
    its seats are held, even if a lower one still waits for somebody rare. A team whose missing seats nobody is left
    to ask for goes short if it has a lead and enough people. Needs that moved here after a team had left get teams of
    their own in place of their seats in that one.
    """
    queues = _queues(picture.waiting)
    refills = [refill for team in _by_number(picture.teams) if (refill := _refill(picture, team, queues))]
    formed = {team.team_no for team in picture.teams}
    last = max((line.teams for line in picture.lines), default=0)
    teams = [
        team
        for team_no in range(last)
        if team_no not in formed
        and (team := _plan(picture, team_no, _lines_of(picture.lines, team_no), queues, rules)) is not None
    ]
    return Formation(refills=tuple(refills), teams=(*teams, *_extra_teams(picture, last, queues, rules)))


def _extra_teams(picture: ZonePicture, last: int, queues: _Queues, rules: Rules) -> Iterator[NewTeam]:
    """Teams for needs that moved here too late; they are numbered after all others."""
    lacking = {line.need_id: _stranded(line, picture) for line in picture.lines}
    number = max([last, *(team.team_no + 1 for team in picture.teams)])
    while lines := [line for line in picture.lines if lacking[line.need_id] > 0]:
        team = _plan(picture, number, lines, queues, rules)
        if team is None:
            return
        yield team
        number += 1
        for line in lines:
            lacking[line.need_id] -= 1


def _queues(waiting: Iterable[Helper]) -> _Queues:
    queues: _Queues = {}
    for helper in sorted(waiting, key=lambda who: (who.order, who.volunteer_id)):
        queues.setdefault(helper.need_id, deque()).append(helper)
    return queues


def _by_number(teams: Iterable[Team]) -> list[Team]:
    return sorted(teams, key=lambda team: team.team_no)


def _lines_of(lines: Iterable[SeatLine], team_no: int) -> list[SeatLine]:
    return [line for line in lines if line.teams > team_no]


def _take(queues: _Queues, need_id: str, count: int) -> list[Helper]:
    queue = queues.get(need_id, deque())
    return [queue.popleft() for _ in range(min(count, len(queue)))]


def _stranded(line: SeatLine, picture: ZonePicture) -> int:
    """Teams that a line lacks: those that had left when it moved here, less those made for it since."""
    if not line.is_moved:
        return 0
    served = {team.team_no for team in picture.teams if line.need_id in picture.served.get(team.mission_id, ())}
    left = {team.team_no for team in picture.teams if team.team_no < line.teams and team.state not in AT_HOME}
    return len(left - served) - len({number for number in served if number >= line.teams})


def _refill(picture: ZonePicture, team: Team, queues: _Queues) -> Refill | None:
    if team.state not in AT_HOME:
        return None
    joined: list[Helper] = []
    served = picture.served.get(team.mission_id, frozenset())
    extra = [line for line in picture.lines if line.teams <= team.team_no and line.need_id in served]
    for line in [*_lines_of(picture.lines, team.team_no), *extra]:
        seated = sum(member.need_id == line.need_id for member in team.members)
        joined += _take(queues, line.need_id, max(0, line.per_team - seated))
    lead = lead_of([*team.members, *joined])
    if not joined or lead is None:
        return None
    return Refill(mission_id=team.mission_id, joined=tuple(joined), lead_volunteer_id=lead.volunteer_id)


def _plan(
    picture: ZonePicture, team_no: int, lines: Sequence[SeatLine], queues: _Queues, rules: Rules
) -> NewTeam | None:
    members: list[Helper] = []
    missing: list[tuple[SeatLine, int]] = []
    for line in lines:
        taken = _take(queues, line.need_id, line.per_team)
        members += taken
        if len(taken) < line.per_team:
            missing.append((line, line.per_team - len(taken)))
    lead = lead_of(members)
    if lead is None or (missing and not _may_go_short(members, missing, picture.exhausted, rules)):
        return None
    return NewTeam(
        team_no=team_no,
        members=tuple(members),
        lead_volunteer_id=lead.volunteer_id,
        is_short=bool(missing),
        explanation=words.planned(picture.zone_kind, team_no, members, lead, missing),
    )


def _may_go_short(
    members: Sequence[Helper], missing: Sequence[tuple[SeatLine, int]], exhausted: frozenset[str], rules: Rules
) -> bool:
    """All missing seats are hopeless, none of them is the lead's, and nobody would go alone."""
    hopeless = all(line.need_id in exhausted for line, _ in missing)
    leaderless = any(line.role is Role.TEAM_LEAD for line, _ in missing) and not any(
        member.role is Role.TEAM_LEAD for member in members
    )
    return hopeless and not leaderless and len(members) >= rules.team_members_min


def step(mission: Mission, wanted: Step, rules: Rules) -> Moved | AlreadyDone | Refused:
    """Whether a team may take a step. A step that lies behind it is already done, not refused."""
    before, after = STEPS[wanted]
    if mission.state is MissionState.CANCELLED:
        return Refused("The mission was cancelled.")
    if _ORDER.index(mission.state) >= _ORDER.index(after):
        return AlreadyDone()
    if mission.state is not before:
        return Refused(_NOT_YET[wanted])
    if wanted is Step.APPROVE and len(mission.members) < rules.team_members_min:
        return Refused(f"The team has fewer than {rules.team_members_min} members; free seats are being asked for.")
    if not mission.members:
        return Refused("Nobody is left in the team.")
    return Moved(after)


def check_in(mission: Mission) -> Refused | None:
    """Whether a sign of life makes sense now; None if so."""
    if mission.state in SENT:
        return None
    if mission.state in FINAL:
        return Refused(f"The mission is {mission.state}; there is nothing to check in for.")
    return Refused("The mission has not been dispatched yet.")


def decline(mission: Mission, helper: Helper | None) -> Refused | None:
    """Whether a member may leave the team; None if so."""
    if mission.state in FINAL:
        return Refused(f"The mission is {mission.state}; its members are released.")
    if helper is None:
        return Refused("This volunteer is not a member of the team.")
    return None


def is_abandoned(state: MissionState, members_left: int) -> bool:
    """A team on its way that lost its last member is cancelled; one at home keeps its seats to be taken again."""
    return members_left == 0 and state in SENT and state not in AT_HOME


def ended_by_closing(state: MissionState) -> MissionState | None:
    """What the incident's close makes of a mission; None if it had ended before."""
    if state in FINAL:
        return None
    return MissionState.COMPLETED if state is MissionState.ARRIVED else MissionState.CANCELLED


def relieve_by(dispatched_at: datetime, rules: Rules) -> datetime:
    """When the team must be relieved at the latest."""
    return dispatched_at + timedelta(days=rules.mission_days_max)


def next_check_in(sign_of_life_at: datetime, rules: Rules) -> datetime:
    """When the next sign of life is due. Dispatch, departure and arrival are signs of life too."""
    return sign_of_life_at + timedelta(minutes=rules.check_in_every_minutes)


def lapsed(mission: Mission, due_at: datetime) -> bool:
    """Whether the sign of life due at `due_at` is missing: nobody gave one since, and one is still owed."""
    return mission.state in SENT and mission.check_in_due_at == due_at
