"""What each kind of station must say, may say and cannot say. Pure; the rules stand in one table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from schemas.vocabulary import InstitutionKind, RoomSetting, StationKind, Tier
from services.kit.problems import Finding
from services.registry.stations.model import Institution, Station

HOSPITALS: Final = frozenset(
    {InstitutionKind.GENERAL_HOSPITAL, InstitutionKind.PSYCHIATRIC_HOSPITAL, InstitutionKind.OTHER_HOSPITAL}
)
UNIVERSITIES: Final = frozenset({InstitutionKind.UNIVERSITY})
SCHOOLS: Final = frozenset({InstitutionKind.SECONDARY_SCHOOL, InstitutionKind.PRIMARY_SCHOOL})
DETACHMENTS: Final = frozenset({StationKind.PROVINCIAL_DETACHMENT, StationKind.MUNICIPAL_DETACHMENT})
INSTITUTION_OF_SETTING: Final = {RoomSetting.HOSPITAL: HOSPITALS, RoomSetting.SCHOOL: SCHOOLS | UNIVERSITIES}
"""A consultation room may name the institution it is in, where its setting is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a kind of station says beside what all say. No tiers: any. `institutions`: needs one of these kinds."""

    tiers: frozenset[Tier] = frozenset()
    setting: bool = False
    lines: bool = False
    institutions: frozenset[InstitutionKind] = frozenset()


RULES: Final = {
    StationKind.EMERGENCY_STATION: Rule(),
    StationKind.PROVINCIAL_DETACHMENT: Rule(tiers=frozenset({Tier.PROVINCE})),
    StationKind.MUNICIPAL_DETACHMENT: Rule(tiers=frozenset({Tier.PREFECTURE, Tier.DISTRICT})),
    StationKind.CONSULTATION_ROOM: Rule(setting=True),
    StationKind.SOCIAL_WORK_CENTRE: Rule(),
    StationKind.SERVICE_CENTRE: Rule(),
    StationKind.EXPERIENCE_CENTRE: Rule(),
    StationKind.HOSPITAL_CLINIC: Rule(institutions=HOSPITALS),
    StationKind.UNIVERSITY_ROOM: Rule(institutions=UNIVERSITIES),
    StationKind.SCHOOL_ROOM: Rule(institutions=SCHOOLS),
    StationKind.HOTLINE_CENTRE: Rule(lines=True),
    StationKind.LECTURE_OUTLET: Rule(),
}


def problems_of_kind(station: Station, where: str) -> Iterator[Finding]:
    """What the station lacks or says too much for its kind."""
    rule = RULES[station.kind]
    if rule.tiers and station.tier not in rule.tiers:
        yield Finding(where=f"{where}/tier", what=f"a {station.kind} is of tier {_words(rule.tiers)}")
    yield from _needed_or_refused(station, "setting", station.setting is not None, rule.setting, where)
    yield from _needed_or_refused(station, "line_count", station.line_count is not None, rule.lines, where)
    yield from _problems_of_institution(station, rule, where)


def _needed_or_refused(station: Station, field: str, given: bool, needed: bool, where: str) -> Iterator[Finding]:
    if needed and not given:
        yield Finding(where=f"{where}/{field}", what=f"a {station.kind} must say this")
    elif given and not needed:
        yield Finding(where=f"{where}/{field}", what=f"a {station.kind} has no such thing")


def _problems_of_institution(station: Station, rule: Rule, where: str) -> Iterator[Finding]:
    at = f"{where}/institution"
    in_setting = INSTITUTION_OF_SETTING.get(station.setting, frozenset()) if station.setting else frozenset()
    institution = station.institution
    if institution is None:
        if rule.institutions:
            yield Finding(where=at, what=f"a {station.kind} must say which institution it is part of")
        return
    allowed = rule.institutions or in_setting
    if not allowed:
        yield Finding(where=at, what=f"a {station.kind} here is no part of an institution")
    elif institution.kind not in allowed:
        yield Finding(where=f"{at}/kind", what=f"must be {_words(allowed)}")
    else:
        yield from _problems_of_numbers(institution, at)


def _problems_of_numbers(institution: Institution, at: str) -> Iterator[Finding]:
    """A hospital has its grade, a school or university its numbers, and neither the other's."""
    is_hospital = institution.kind in HOSPITALS
    given = {
        "hospital_grade": (institution.hospital_grade is not None, is_hospital),
        "student_count": (institution.student_count is not None, not is_hospital),
        "psychology_teacher_count": (institution.psychology_teacher_count is not None, not is_hospital),
    }
    for field, (is_given, is_needed) in given.items():
        if is_needed and not is_given:
            yield Finding(where=f"{at}/{field}", what=f"a {institution.kind} must say this")
        elif is_given and not is_needed:
            yield Finding(where=f"{at}/{field}", what=f"a {institution.kind} has no such thing")


def _words(values: frozenset[Tier] | frozenset[InstitutionKind]) -> str:
    return " or ".join(sorted(values))
