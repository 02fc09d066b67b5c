"""The open incidents that a process keeps in mind."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from schemas.vocabulary import IncidentKind
from services.incidents.geometry import Box
from services.incidents.sameness.decide import Happening, Thresholds, around
from services.incidents.sameness.known import KnownOpen
from services.incidents.sameness.store import NEARBY_MAX
from tests.unit.incidents.builders import NOW

FIRE, FLOOD = IncidentKind.FIRE, IncidentKind.FLOOD
RULE = Thresholds(apart=timedelta(minutes=30), apart_km=50)
ONE = st.tuples(
    st.sampled_from([FIRE, FLOOD]), st.booleans(), st.integers(-60, 60), st.floats(102, 104), st.floats(30, 32)
)


def happening(number: int, minutes: int, lon_deg: float, lat_deg: float) -> Happening:
    box = Box(lon_deg, lat_deg, lon_deg, lat_deg)
    return Happening(incident_id=UUID(int=number), occurred_at=NOW + timedelta(minutes=minutes), box=box)


@given(st.lists(ONE, max_size=40), st.sets(st.integers(0, 39)), st.booleans())
def test_it_finds_what_looking_at_all_of_them_finds(
    all_of_them: list[tuple[IncidentKind, bool, int, float, float]], closed: set[int], reloaded: bool
) -> None:
    found = [(kind, drill, happening(n, *rest)) for n, (kind, drill, *rest) in enumerate(all_of_them)]
    known = KnownOpen()
    if reloaded:
        known.replace(found)
    for kind, drill, one in found:
        known.add(kind, drill, one)
    for number in closed:
        known.forget(UUID(int=number))
    here = Box(103, 31, 103, 31)
    near = [
        one
        for kind, drill, one in found
        if (kind, drill) == (FIRE, False) and one.incident_id.int not in closed
        and abs(one.occurred_at - NOW) <= RULE.apart and one.box.meets(around(here, RULE.apart_km))
    ]  # fmt: skip
    before = sorted((n for n in near if n.occurred_at <= NOW), key=lambda one: NOW - one.occurred_at)[:NEARBY_MAX]
    after = sorted((n for n in near if n.occurred_at > NOW), key=lambda one: one.occurred_at)[:NEARBY_MAX]
    answer = known.near(FIRE, False, NOW, here, RULE)
    assert [one.occurred_at for one in answer] == [one.occurred_at for one in (*before, *after)]
    assert set(answer) <= set(near)
