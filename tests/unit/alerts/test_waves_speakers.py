"""Whoever speaks a language that a scarcer open quota needs is kept for that one."""

from __future__ import annotations

from schemas.vocabulary import Role, ZoneKind
from services.alerts.model import Exclusions
from tests.unit.alerts.builders import asked, near, person, quota, wave

SPEAKER = (Role.INTERPRETER, Role.COUNSELLOR)
QIANG = quota(1, Role.INTERPRETER, need_id="qiang", language="qxs")


def of(result: object, need_id: str) -> list[int]:
    """Who is asked for that need."""
    return [ask.volunteer_id.int for ask in result.asks if ask.need_id == need_id]  # type: ignore[attr-defined]


def test_a_speaker_next_door_is_not_spent_on_what_others_can_do() -> None:
    speakers = [person(n, *SPEAKER, station=1, languages=("cmn", "qxs")) for n in range(1, 6)]
    others = [person(n, station=2) for n in range(11, 16)]
    result = wave([QIANG, quota(2, need_id="counsellor")], [*speakers, *others], reach=[near(10, 1), near(900, 2)])
    assert set(of(result, "qiang")) <= {1, 2, 3, 4, 5}
    assert set(of(result, "counsellor")) <= {11, 12, 13, 14, 15}


def test_a_speaker_is_asked_for_something_else_when_nobody_else_is_left() -> None:
    speakers = [person(n, *SPEAKER, languages=("cmn", "qxs")) for n in range(1, 6)]
    result = wave([QIANG, quota(1, need_id="counsellor")], speakers)
    assert len(of(result, "qiang")) == 2
    assert of(result, "counsellor")
    assert len(set(asked(result))) == len(asked(result))


def test_a_filled_quota_keeps_nobody() -> None:
    speakers = [person(n, *SPEAKER, languages=("cmn", "qxs")) for n in range(1, 6)]
    filled = quota(1, Role.INTERPRETER, need_id="qiang", language="qxs", accepted=1)
    assert len(asked(wave([filled, quota(2, need_id="counsellor")], speakers))) == 3


def test_the_language_that_fewest_speak_comes_first() -> None:
    both = person(1, Role.INTERPRETER, languages=("adx", "qxs"))
    amdo = [person(n, Role.INTERPRETER, languages=("adx",)) for n in range(2, 8)]
    result = wave([quota(1, Role.INTERPRETER, need_id="amdo", language="adx"), QIANG], [both, *amdo])
    assert of(result, "qiang") == [1]
    assert 1 not in of(result, "amdo")


def test_who_may_not_serve_the_scarcer_quota_is_not_kept_for_it() -> None:
    resident = person(1, *SPEAKER, station=1, languages=("cmn", "qxs"))
    reach = [near(0, 1, ZoneKind.AFFECTED)]
    result = wave([QIANG, quota(1, need_id="counsellor", zone=ZoneKind.AFFECTED)], [resident], reach=reach)
    assert of(result, "counsellor") == [1]


def test_who_was_asked_before_is_not_kept() -> None:
    people = [person(1, *SPEAKER, languages=("cmn", "qxs")), person(2)]
    exclusions = Exclusions(asked_here=frozenset({people[0].volunteer_id}))
    assert asked(wave([QIANG, quota(1, need_id="counsellor")], people, exclusions=exclusions)) == [2]
