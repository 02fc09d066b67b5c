"""What each kind of station must say, may say and cannot say."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.vocabulary import StationKind
from services.registry.stations.kinds import RULES, problems_of_kind
from tests.unit.registry.stations.builders import station

HOSPITAL = {"ref": "H-1", "kind": "general-hospital", "hospital_grade": "2a"}
UNIVERSITY = {"ref": "U-1", "kind": "university", "student_count": 20000, "psychology_teacher_count": 6}
SCHOOL = {**UNIVERSITY, "ref": "M-1", "kind": "secondary-school"}


def problems(**changes: Any) -> list[tuple[str, str]]:
    return [(problem.where, problem.what) for problem in problems_of_kind(station(**changes), "")]


def test_every_kind_has_a_rule() -> None:
    assert set(RULES) == set(StationKind)


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "emergency-station"},
        {"kind": "consultation-room", "setting": "marriage-and-childbearing"},
        {"kind": "consultation-room", "setting": "hospital", "institution": HOSPITAL},
        {"kind": "consultation-room", "setting": "school", "institution": SCHOOL},
        {"kind": "hospital-clinic", "institution": HOSPITAL},
        {"kind": "university-room", "institution": UNIVERSITY},
        {"kind": "school-room", "institution": SCHOOL},
        {"kind": "hotline-centre", "line_count": 2},
        {"kind": "municipal-detachment", "tier": "prefecture"},
    ],
)
def test_what_a_kind_needs_is_enough(changes: dict[str, Any]) -> None:
    assert problems(**changes) == []


@pytest.mark.parametrize(
    ("changes", "where", "words"),
    [
        ({"kind": "consultation-room"}, "/setting", "must say"),
        ({"setting": "community"}, "/setting", "no such thing"),
        ({"kind": "hotline-centre"}, "/line_count", "must say"),
        ({"line_count": 1}, "/line_count", "no such thing"),
        ({"kind": "hospital-clinic"}, "/institution", "which institution"),
        ({"kind": "hospital-clinic", "institution": SCHOOL}, "/institution/kind", "general-hospital or"),
        ({"kind": "hospital-clinic", "institution": {**HOSPITAL, "hospital_grade": None}},
         "/institution/hospital_grade", "must say"),
        ({"kind": "hospital-clinic", "institution": {**HOSPITAL, "student_count": 1}},
         "/institution/student_count", "no such thing"),
        ({"kind": "university-room", "institution": {**UNIVERSITY, "student_count": None}},
         "/institution/student_count", "must say"),
        ({"kind": "university-room", "institution": SCHOOL}, "/institution/kind", "must be university"),
        ({"kind": "consultation-room", "setting": "community", "institution": HOSPITAL}, "/institution", "no part"),
        ({"institution": HOSPITAL}, "/institution", "no part"),
        ({"kind": "provincial-detachment"}, "/tier", "of tier province"),
    ],
)  # fmt: skip
def test_what_is_missing_or_too_much_is_said(changes: dict[str, Any], where: str, words: str) -> None:
    [(found, what)] = problems(**changes)
    assert found == where
    assert words in what
