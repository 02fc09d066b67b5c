"""Which teams are formed from which answers."""

from __future__ import annotations

import random
from collections import Counter
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.values import NeedLine
from schemas.vocabulary import Role, ZoneKind
from services.dispatch import decide
from services.dispatch.model import (
    Destination,
    Formation,
    Helper,
    MissionState,
    NewTeam,
    Rules,
    SeatLine,
    Team,
    ZonePicture,
)

RULES = Rules(mission_days_max=7, check_in_every_minutes=720, team_members_min=2)
ZONE = UUID(int=1)
LEAD = SeatLine(need_id="lead", role=Role.TEAM_LEAD, language=None, per_team=1, teams=2)
COUNSEL = SeatLine(need_id="counsel", role=Role.COUNSELLOR, language=None, per_team=2, teams=2)
INTERPRETER = SeatLine(need_id="qiang", role=Role.INTERPRETER, language="cng", per_team=1, teams=1)
LINES = (LEAD, COUNSEL, INTERPRETER)


def helper(number: int, line: SeatLine, order: int | None = None) -> Helper:
    return Helper(
        volunteer_id=UUID(int=1000 + number),
        need_id=line.need_id,
        role=line.role,
        language=line.language,
        order=number if order is None else order,
    )


def picture(
    *waiting: Helper,
    lines: tuple[SeatLine, ...] = LINES,
    teams: tuple[Team, ...] = (),
    exhausted: frozenset[str] = frozenset(),
) -> ZonePicture:
    return ZonePicture(
        zone_id=ZONE, zone_kind=ZoneKind.CORE, lines=lines, teams=teams, waiting=waiting, exhausted=exhausted
    )


def team(number: int, state: MissionState, *members: Helper) -> Team:
    return Team(mission_id=UUID(int=500 + number), team_no=number, state=state, members=members)


def test_a_team_is_planned_when_its_last_seat_is_taken() -> None:
    crew = [helper(1, LEAD), helper(2, COUNSEL), helper(3, COUNSEL)]
    assert decide.form_teams(picture(*crew), RULES) == Formation(refills=(), teams=())

    (planned,) = decide.form_teams(picture(*crew, helper(4, INTERPRETER)), RULES).teams

    assert planned.team_no == 0
    assert {who.volunteer_id for who in planned.members} == {UUID(int=1000 + number) for number in (1, 2, 3, 4)}
    assert planned.lead_volunteer_id == UUID(int=1001)
    assert not planned.is_short
    assert "All 4 seats are taken" in planned.explanation.en
    assert "4个席位全部到位" in planned.explanation.zh


def test_a_later_team_does_not_wait_for_somebody_rare_in_an_earlier_one() -> None:
    waiting = [helper(1, LEAD), helper(2, COUNSEL), helper(3, COUNSEL)]
    waiting += [helper(4, LEAD), helper(5, COUNSEL), helper(6, COUNSEL)]

    (planned,) = decide.form_teams(picture(*waiting), RULES).teams

    assert planned.team_no == 1
    assert [who.order for who in planned.members] == [4, 5, 6], "the first to answer are held for the first team"


def test_seats_are_filled_in_the_order_of_the_answers() -> None:
    waiting = [helper(9, COUNSEL), helper(7, COUNSEL), helper(8, COUNSEL), helper(1, LEAD), helper(2, INTERPRETER)]
    (planned,) = decide.form_teams(picture(*waiting), RULES).teams
    assert [who.order for who in planned.members if who.need_id == "counsel"] == [7, 8]


def test_without_a_team_lead_seat_the_most_qualified_leads() -> None:
    lines = (COUNSEL, INTERPRETER)
    (planned,) = decide.form_teams(
        picture(helper(1, INTERPRETER), helper(3, COUNSEL), helper(2, COUNSEL), lines=lines), RULES
    ).teams
    assert planned.lead_volunteer_id == UUID(int=1002)
    assert "most qualified member (counsellor) leads it" in planned.explanation.en


@pytest.mark.parametrize(
    ("waiting", "exhausted", "goes"),
    [
        pytest.param([LEAD, COUNSEL], {"counsel", "qiang"}, True, id="a lead and one more, the rest is hopeless"),
        pytest.param([LEAD, COUNSEL], {"qiang"}, False, id="a counsellor may still be found"),
        pytest.param([COUNSEL, COUNSEL], {"lead", "qiang"}, False, id="nobody to lead where a lead is asked for"),
        pytest.param([LEAD], {"counsel", "qiang"}, False, id="nobody goes alone"),
    ],
)
def test_a_team_goes_short_only_when_nobody_is_left_to_ask(
    waiting: list[SeatLine], exhausted: set[str], goes: bool
) -> None:
    people = [helper(number, line) for number, line in enumerate(waiting)]
    teams = decide.form_teams(picture(*people, exhausted=frozenset(exhausted)), RULES).teams
    assert len(teams) == int(goes)
    if goes:
        assert teams[0].is_short
        assert "It goes short, 2 of 4 seats" in teams[0].explanation.en
        assert "interpreter (cng)" in teams[0].explanation.en


def test_the_next_answer_takes_a_free_seat_in_a_team_that_has_not_departed() -> None:
    planned = team(0, MissionState.PLANNED, helper(2, COUNSEL), helper(3, COUNSEL), helper(4, INTERPRETER))
    formation = decide.form_teams(picture(helper(5, LEAD), teams=(planned,)), RULES)
    assert formation.teams == ()
    assert [who.order for who in formation.refills[0].joined] == [5]
    assert formation.refills[0].lead_volunteer_id == UUID(int=1005), "a new team lead leads"


@pytest.mark.parametrize("state", [MissionState.DEPARTED, MissionState.ARRIVED, MissionState.COMPLETED])
def test_a_team_on_its_way_takes_nobody_in(state: MissionState) -> None:
    away = team(0, state, helper(2, COUNSEL))
    formation = decide.form_teams(picture(helper(5, LEAD), teams=(away,)), RULES)
    assert formation == Formation(refills=(), teams=())


def test_needs_belong_where_the_alert_says_and_else_to_the_gravest_zone() -> None:
    affected = Destination(zone_id=UUID(int=7), kind=ZoneKind.AFFECTED, lat_deg=30, lon_deg=103)
    ripple = Destination(zone_id=UUID(int=8), kind=ZoneKind.RIPPLE, lat_deg=31, lon_deg=104)
    placed = NeedLine(need_id="a", zone_kind=ZoneKind.CORE, role=Role.COUNSELLOR, per_team=1, teams=1)
    own_kind = NeedLine(need_id="b", zone_kind=ZoneKind.RIPPLE, role=Role.COUNSELLOR, per_team=1, teams=1)
    no_zone = NeedLine(need_id="c", zone_kind=ZoneKind.CORE, role=Role.COUNSELLOR, per_team=1, teams=1)

    lines = decide.seat_lines([placed, own_kind, no_zone], [ripple, affected], [("a", ripple.zone_id)])

    assert {zone: [(line.need_id, line.is_moved) for line in found] for zone, found in lines.items()} == {
        ripple.zone_id: [("a", True), ("b", False)],
        affected.zone_id: [("c", True)],
    }


def test_where_nothing_is_needed_or_nobody_waits_nothing_is_formed() -> None:
    assert decide.form_teams(picture(lines=()), RULES) == Formation(refills=(), teams=())
    home = team(0, MissionState.PLANNED, helper(1, LEAD))
    assert decide.form_teams(picture(teams=(home,)), RULES) == Formation(refills=(), teams=())


def test_one_of_two_leads_is_enough_to_go_short() -> None:
    two = SeatLine(need_id="lead", role=Role.TEAM_LEAD, language=None, per_team=2, teams=1)
    crew = (helper(1, two), helper(2, COUNSEL), helper(3, COUNSEL))
    short = picture(*crew, lines=(two, COUNSEL), exhausted=frozenset({"lead"}))
    (planned,) = decide.form_teams(short, RULES).teams
    assert (planned.is_short, planned.members) == (True, crew)


@st.composite
def pictures(draw: st.DrawFn) -> ZonePicture:
    roles = st.sampled_from(list(Role))
    lines = tuple(
        SeatLine(need_id=f"n{i}", role=draw(roles), language=None, per_team=per_team, teams=teams)
        for i, (per_team, teams) in enumerate(
            draw(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 4)), min_size=1, max_size=4))
        )
    )
    picks = draw(st.lists(st.integers(0, len(lines) - 1), max_size=40))
    waiting = tuple(helper(number, lines[pick]) for number, pick in enumerate(picks))
    exhausted = draw(st.frozensets(st.sampled_from([line.need_id for line in lines])))
    return picture(*waiting, lines=lines, exhausted=exhausted)


def seats(lines: tuple[SeatLine, ...], team_no: int) -> Counter[str]:
    return Counter({line.need_id: line.per_team for line in lines if line.teams > team_no})


@given(pictures())
def test_nobody_sits_twice_and_no_seat_is_taken_twice(drawn: ZonePicture) -> None:
    formation = decide.form_teams(drawn, RULES)
    seated = [who.volunteer_id for formed in formation.teams for who in formed.members]
    assert len(seated) == len(set(seated))
    assert set(seated) <= {who.volunteer_id for who in drawn.waiting}
    for formed in formation.teams:
        taken, wanted = Counter(who.need_id for who in formed.members), seats(drawn.lines, formed.team_no)
        assert taken <= wanted
        assert formed.is_short == (taken != wanted)
        assert formed.lead_volunteer_id in {who.volunteer_id for who in formed.members}
        if formed.is_short:
            assert len(formed.members) >= RULES.team_members_min


@given(pictures(), st.randoms(use_true_random=False))
def test_the_order_in_which_answers_are_looked_at_does_not_matter(drawn: ZonePicture, chance: random.Random) -> None:
    shuffled = list(drawn.waiting)
    chance.shuffle(shuffled)
    again = picture(*shuffled, lines=drawn.lines, exhausted=drawn.exhausted)
    assert decide.form_teams(again, RULES) == decide.form_teams(drawn, RULES)


@given(pictures())
def test_enough_answers_fill_every_team(drawn: ZonePicture) -> None:
    enough = [line for line in drawn.lines for _ in range(line.per_team * line.teams)]
    people = [helper(number, line) for number, line in enumerate(enough)]
    formation = decide.form_teams(picture(*people, lines=drawn.lines), RULES)
    assert [formed.team_no for formed in formation.teams] == list(range(max(line.teams for line in drawn.lines)))
    assert not any(formed.is_short for formed in formation.teams)


@given(pictures())
def test_looking_again_after_every_answer_fills_what_looking_once_at_all_fills(drawn: ZonePicture) -> None:
    """Teams that were planned early keep their people; in the end the same teams are whole."""
    patient = picture(*drawn.waiting, lines=drawn.lines)
    at_once = {formed.team_no for formed in decide.form_teams(patient, RULES).teams}
    teams: list[Team] = []
    waiting: list[Helper] = []
    for arrived in sorted(drawn.waiting, key=lambda who: who.order):
        waiting.append(arrived)
        formation = decide.form_teams(picture(*waiting, lines=drawn.lines, teams=tuple(teams)), RULES)
        teams += [_as_team(formed) for formed in formation.teams]
        gone = {who.volunteer_id for formed in formation.teams for who in formed.members}
        waiting = [who for who in waiting if who.volunteer_id not in gone]
    assert {formed.team_no for formed in teams} == at_once


def _as_team(formed: NewTeam) -> Team:
    return team(formed.team_no, MissionState.PLANNED, *formed.members)


MOVED = SeatLine(need_id="support", role=Role.SUPPORT, language=None, per_team=2, teams=1, is_moved=True)


def moved_picture(*waiting: Helper, teams: tuple[Team, ...], served: dict[int, set[str]]) -> ZonePicture:
    """A zone with two lines of its own to which the need for support was moved by a revision."""
    return ZonePicture(
        zone_id=ZONE, zone_kind=ZoneKind.CORE, lines=(LEAD, COUNSEL, MOVED), teams=teams, waiting=waiting,
        exhausted=frozenset(),
        served={UUID(int=500 + number): frozenset(need_ids) for number, need_ids in served.items()},
    )  # fmt: skip


def test_a_need_that_moves_to_a_zone_whose_team_has_left_gets_a_team_of_its_own() -> None:
    away = team(0, MissionState.DEPARTED, helper(1, LEAD), helper(2, COUNSEL), helper(3, COUNSEL))
    crew = [helper(7, MOVED), helper(8, MOVED)]
    served = {0: {"lead", "counsel"}}
    assert decide.form_teams(moved_picture(crew[0], teams=(away,), served=served), RULES).teams == ()
    (planned,) = decide.form_teams(moved_picture(*crew, teams=(away,), served=served), RULES).teams
    assert (planned.team_no, planned.members) == (2, tuple(crew))

    extra = team(2, MissionState.PLANNED, *crew)
    more = [helper(9, MOVED), helper(10, MOVED)]
    served[2] = {"support"}
    assert decide.form_teams(moved_picture(*more, teams=(away, extra), served=served), RULES).teams == ()
    left = team(2, MissionState.DISPATCHED, crew[0])
    (refill,) = decide.form_teams(moved_picture(more[0], teams=(away, left), served=served), RULES).refills
    assert (refill.mission_id, refill.joined) == (left.mission_id, (more[0],))


def test_a_need_that_moves_to_a_zone_whose_team_is_at_home_takes_seats_in_it() -> None:
    home = team(0, MissionState.DISPATCHED, helper(1, LEAD), helper(2, COUNSEL), helper(3, COUNSEL))
    found = decide.form_teams(moved_picture(helper(7, MOVED), teams=(home,), served={0: {"lead", "counsel"}}), RULES)
    assert [refill.joined for refill in found.refills] == [(helper(7, MOVED),)]
    assert found.teams == ()


def test_a_team_that_had_somebody_of_the_moved_need_is_not_doubled() -> None:
    away = team(0, MissionState.ARRIVED, helper(1, LEAD))
    waiting = (helper(7, MOVED), helper(8, MOVED))
    found = decide.form_teams(moved_picture(*waiting, teams=(away,), served={0: {"lead", "support"}}), RULES)
    assert found.teams == ()
