"""The simulated world: stated shares hold, and the same names always give the same outcome."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from statistics import median, quantiles

import pytest

from schemas.vocabulary import AgeBand, Answer, PopulationGroup, TriageLevel
from services.cli.scenario.world.answers import (
    ANSWER_SHARES,
    DELAY_MAX_S,
    DELAY_MEDIAN_S,
    NEVER_SHARE,
    SimulatedAnswer,
    answer_for,
)
from services.cli.scenario.world.draws import choose, uniform
from services.cli.scenario.world.people import MET_PER_DAY_MAX, MET_PER_DAY_MIN, TRIAGE_SHARES, people_met
from services.cli.scenario.world.travel import travel_for

DRAWS = 10_000


@pytest.fixture(scope="module")
def answers() -> list[SimulatedAnswer]:
    return [answer_for(1, 2, f"volunteer-{number}", 1, "counsellor", 200) for number in range(DRAWS)]


def test_shares_of_answers_are_the_stated_ones(answers: list[SimulatedAnswer]) -> None:
    counts = Counter(str(answer.kind) for answer in answers)
    stated = {"accept": 0.45, "decline": 0.25, "later": 0.05, "never": 0.25}
    assert sum(ANSWER_SHARES.values()) + NEVER_SHARE == pytest.approx(1)
    for kind, share in stated.items():
        assert counts[kind] / DRAWS == pytest.approx(share, abs=0.015)


def test_delays_are_log_normal_around_four_minutes(answers: list[SimulatedAnswer]) -> None:
    delays = [answer.delay_s for answer in answers if answer.delay_s is not None]
    assert median(delays) == pytest.approx(DELAY_MEDIAN_S, rel=0.05)
    assert quantiles(delays, n=20)[-1] == pytest.approx(17.6 * 60, rel=0.1)
    assert min(delays) > 0
    assert max(delays) <= DELAY_MAX_S


def test_only_an_acceptance_has_an_eta_and_only_silence_has_no_delay(answers: list[SimulatedAnswer]) -> None:
    for answer in answers:
        assert (answer.eta_s is not None) == (answer.answer is Answer.ACCEPT)
        assert (answer.delay_s is None) == (answer.answer is None)


def test_who_never_answers_stays_silent_in_every_wave() -> None:
    for number in range(500):
        kinds = {answer_for(1, 2, f"v{number}", wave, "counsellor").kind for wave in range(1, 6)}
        assert "never" not in kinds or kinds == {"never"}


def test_others_may_say_something_else_in_the_next_wave() -> None:
    changed = sum(
        answer_for(1, 2, f"v{number}", 1, "support").kind != answer_for(1, 2, f"v{number}", 2, "support").kind
        for number in range(500)
    )
    assert changed > 50


def test_incidents_and_seeds_are_independent() -> None:
    refs = [f"v{number}" for number in range(300)]
    first = [answer_for(1, "a", ref, 1, "support").kind for ref in refs]
    assert first != [answer_for(1, "b", ref, 1, "support").kind for ref in refs]
    assert first != [answer_for(2, "a", ref, 1, "support").kind for ref in refs]


def test_another_process_says_the_same() -> None:
    """Python salts its own hash per process; the answers must not depend on it."""
    program = (
        "from services.cli.scenario.world.answers import answer_for\n"
        "print([answer_for(1, 2, f'v{n}', 1, 'support', 300) for n in range(50)])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.strip() == str([answer_for(1, 2, f"v{n}", 1, "support", 300) for n in range(50)])


def test_names_are_told_apart_at_their_borders() -> None:
    assert uniform("ab", "c") != uniform("a", "bc")
    assert 0 < uniform() < 1


def test_choosing_from_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to choose from"):
        choose({}, "x")


@pytest.mark.parametrize(
    ("distance_km", "mode", "least_h", "most_h"),
    [
        pytest.param(0, "road", 0.8, 1.2, id="on the spot"),
        pytest.param(100, "road", 2.4, 3.6, id="near"),
        pytest.param(500, "road", 8.8, 13.2, id="as far as one drives"),
        pytest.param(1500, "air", 7.3, 11.0, id="across the country"),
    ],
)
def test_journeys_take_as_long_as_stated(distance_km: float, mode: str, least_h: float, most_h: float) -> None:
    journeys = [travel_for(1, 2, f"team-{number}", distance_km) for number in range(200)]
    assert {journey.mode for journey in journeys} == {mode}
    assert all(least_h * 3600 <= journey.total_s <= most_h * 3600 for journey in journeys)
    assert len({journey.total_s for journey in journeys}) > 1


@pytest.mark.parametrize("distance_km", [-1.0, float("nan"), float("inf")])
def test_an_impossible_distance_is_refused(distance_km: float) -> None:
    with pytest.raises(ValueError, match="distance_km must be a number from 0 up"):
        travel_for(1, 2, "team-1", distance_km)


def test_people_met_follow_the_stated_triage_shares() -> None:
    met = [person for team in range(400) for person in people_met(1, 2, f"team-{team}", 0)]
    counts = Counter(person.triage_level for person in met)
    assert set(counts) == set(TriageLevel)
    for level, share in TRIAGE_SHARES.items():
        assert counts[level] / len(met) == pytest.approx(share, abs=0.03)


def test_people_met_are_repeatable_bounded_and_without_names() -> None:
    for team in range(100):
        people = people_met(1, 2, f"team-{team}", 3)
        assert people == people_met(1, 2, f"team-{team}", 3)
        assert MET_PER_DAY_MIN <= len(people) <= MET_PER_DAY_MAX
        assert len({person.ref for person in people}) == len(people)
        assert not hasattr(people[0], "name")


def test_groups_fit_ages() -> None:
    met = [person for team in range(400) for person in people_met(1, 2, f"team-{team}", 1)]
    children = {AgeBand.CHILD_0_5, AgeBand.CHILD_6_11, AgeBand.TEEN_12_17}
    for person in met:
        if person.population_group is PopulationGroup.CHILD_AT_RISK:
            assert person.age_band in children
        if person.population_group is PopulationGroup.OLDER_ALONE:
            assert person.age_band is AgeBand.OLDER_65
        if person.population_group is PopulationGroup.RESPONDER:
            assert person.age_band not in children


def test_a_day_before_the_arrival_is_refused() -> None:
    with pytest.raises(ValueError, match="day must be 0 or more"):
        people_met(1, 2, "team-1", -1)
