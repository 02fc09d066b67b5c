"""What no wave ever does, whatever the network and the quotas are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.vocabulary import Role, ZoneKind
from services.alerts.model import Exclusions, Person, QuotaState, Reach, Roster, Wave
from services.alerts.waves import looked_farther, nearby
from tests.support.properties import examples
from tests.unit.alerts.builders import RULES, near, person, quota, wave

ROLES = (Role.PSYCHIATRIST, Role.COUNSELLOR, Role.SUPPORT, Role.INTERPRETER)


@dataclass(frozen=True)
class World:
    """One situation."""

    people: list[Person]
    reach: list[Reach]
    quotas: list[QuotaState]
    exclusions: Exclusions

    def wave(self) -> Wave:
        """Its next wave."""
        return wave(self.quotas, self.people, reach=self.reach, exclusions=self.exclusions)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Up to 6 stations, 30 people and 4 quotas."""
    distances = draw(st.lists(st.floats(0, 4000), min_size=1, max_size=6))
    inside = st.sampled_from((None, ZoneKind.RIPPLE, ZoneKind.AFFECTED, ZoneKind.CORE))
    reach = [near(km, n, draw(inside)) for n, km in enumerate(sorted(distances), start=1)]
    people = [
        person(
            number,
            *draw(st.sets(st.sampled_from(ROLES), min_size=1)),
            station=draw(st.integers(1, 7)),
            languages=draw(st.sampled_from((("cmn",), ("cmn", "cng")))),
            deployable=draw(st.booleans()) or draw(st.booleans()),
        )
        for number in range(1, draw(st.integers(0, 30)) + 1)
    ]
    quotas = []
    for number in range(draw(st.integers(1, 4))):
        count = draw(st.integers(1, 6))
        quotas.append(
            quota(
                count,
                draw(st.sampled_from(ROLES)),
                need_id=f"need-{number}",
                zone=draw(st.sampled_from(list(ZoneKind))),
                language=draw(st.sampled_from((None, "cng"))),
                accepted=draw(st.integers(0, count)),
                ring=draw(st.integers(0, 3)),
                waiting=draw(st.integers(0, 3)),
            )
        )
    ids = st.frozensets(st.integers(1, 30).map(lambda number: UUID(int=number)), max_size=8)
    exclusions = Exclusions(
        committed=draw(ids), asked_here=draw(ids), asked_elsewhere=draw(ids),
        last_asked_at=dict.fromkeys(sorted(draw(ids)), datetime(2008, 5, 12, tzinfo=UTC)),
    )  # fmt: skip
    return World(people, reach, quotas, exclusions)


@given(world=worlds())
@settings(max_examples=examples(30))
def test_never_more_than_needed_and_nobody_twice(world: World) -> None:
    result = world.wave()
    per_need = Counter(ask.need_id for ask in result.asks)
    for state in world.quotas:
        most = max(ceil(state.missing * RULES.oversample) - state.waiting, 0)
        assert per_need[state.quota.need_id] <= most
    assert len({ask.volunteer_id for ask in result.asks}) == len(result.asks)


@given(world=worlds())
@settings(max_examples=examples(30))
def test_only_people_who_may_be_asked(world: World) -> None:
    by_id = {one.volunteer_id: one for one in world.people}
    stations = {station.station_id: station for station in world.reach}
    quotas = {state.quota.need_id: state.quota for state in world.quotas}
    excluded = world.exclusions.committed | world.exclusions.asked_here | world.exclusions.asked_elsewhere
    for ask in world.wave().asks:
        one, wanted = by_id[ask.volunteer_id], quotas[ask.need_id]
        station = stations[one.home_station_id]
        assert one.deployable
        assert wanted.role in one.roles
        assert wanted.language is None or wanted.language in one.languages
        assert ask.volunteer_id not in excluded
        assert station.inside is not ZoneKind.CORE
        assert station.inside is not ZoneKind.AFFECTED or wanted.zone_kind is not ZoneKind.CORE
        assert station.distance_km <= RULES.rings_km[-1]


@given(world=worlds())
@settings(max_examples=examples(30))
def test_rings_never_shrink_and_widen_only_for_open_quotas(world: World) -> None:
    """Widen only if the ring holds too few; where a language is short, its speakers are kept and do not count."""
    result = world.wave()
    for state in world.quotas:
        ring = result.rings.get(state.quota.need_id)
        assert (ring is None) == (state.missing == 0)
        if ring is None:
            continue
        assert ring >= state.ring
        people_are_kept = any(other.missing and other.quota.language for other in world.quotas)
        if ring > state.ring and not people_are_kept:
            limit = RULES.rings_km[ring - 1]
            km = {station.station_id: station.distance_km for station in world.reach}
            home = {one.volunteer_id: one.home_station_id for one in world.people}
            inner = [
                ask for ask in result.asks if ask.need_id == state.quota.need_id and km[home[ask.volunteer_id]] <= limit
            ]
            assert len(inner) < max(state.missing - state.waiting, 1)


@given(world=worlds(), order=st.randoms())
@settings(max_examples=examples(30))
def test_deterministic_in_whatever_order_people_and_quotas_come(world: World, order: st.DataObject) -> None:
    people, quotas = list(world.people), list(world.quotas)
    order.shuffle(people)  # type: ignore[attr-defined]
    order.shuffle(quotas)  # type: ignore[attr-defined]
    again = wave(quotas, people, reach=world.reach, exclusions=world.exclusions)
    assert again == world.wave()


@given(world=worlds())
@settings(max_examples=examples(30))
def test_exhausted_means_that_nobody_was_left(world: World) -> None:
    result = world.wave()
    opened = [state for state in world.quotas if state.missing]
    if result.exhausted:
        assert opened
        assert not result.asks
        assert {shortfall.need_id for shortfall in result.shortfalls} == {s.quota.need_id for s in opened}
    for shortfall in result.shortfalls:
        assert shortfall.missing > 0


@given(world=worlds())
@settings(max_examples=examples(100))
def test_a_wave_that_stays_nearby_needs_to_know_of_nobody_else(world: World) -> None:
    roster = Roster.of(world.people)
    among = nearby(world.quotas, world.reach, roster, RULES)
    if among is None:
        return
    full = world.exclusions
    of_them = Exclusions(
        committed=full.committed & among, asked_elsewhere=full.asked_elsewhere & among, asked_here=full.asked_here,
        last_asked_at={person: at for person, at in full.last_asked_at.items() if person in among},
    )  # fmt: skip
    result = wave(world.quotas, world.people, reach=world.reach, exclusions=of_them)
    if not looked_farther(result, world.quotas, RULES):
        assert result == world.wave()


def test_a_wave_that_needs_people_from_farther_away_says_so() -> None:
    quotas, reach = [quota(2)], [near(20), near(300, 2)]
    close, far = [person(1), person(2), person(3)], [person(4, station=2)]
    assert nearby(quotas, reach, Roster.of([*close, *far]), RULES) == frozenset(p.volunteer_id for p in close)
    assert not looked_farther(wave(quotas, [*close, *far], reach=reach), quotas, RULES)
    busy = Exclusions(committed=frozenset(p.volunteer_id for p in close))
    assert looked_farther(wave(quotas, [*close, *far], reach=reach, exclusions=busy), quotas, RULES)
    assert nearby([quota(2, language="cng")], reach, Roster.of(close), RULES) is None


def test_a_wave_looks_farther_when_a_ring_widens_or_somebody_is_lacking() -> None:
    reach = [near(20), near(300, 2)]
    close, far = person(1), person(2, station=2)

    def farther(*quotas: QuotaState, people: list[Person]) -> bool:
        busy = Exclusions(committed=frozenset({close.volunteer_id}))
        return looked_farther(wave(quotas, people, reach=reach, exclusions=busy), quotas, RULES)

    assert farther(quota(1), people=[close, far]), "nobody is free in the ring it had reached"
    assert not farther(quota(1, ring=1), people=[close, far]), "it had reached the second ring before"
    filled = quota(1, need_id="filled", accepted=1, ring=3)
    assert farther(filled, quota(1), people=[close, far]), "how far a filled need had to go says nothing"
    assert farther(quota(2, ring=3), people=[close, far]), "why others cannot be asked is told of everybody"
