"""People a team meets on site. Simulated: no real person, no name, no place finer than the team's zone.

Assumed, and only of the order of public figures: one in fifty needs help at once (L0), 13 % high (L1), 35 % moderate
(L2), half information only (L3). For comparison: 31 of 617 people seen individually after the Minxian-Zhangxian
earthquake of 2013 were diagnosed (5 %); probable PTSD was 40.1 % one year after Wenchuan (BMC Psychiatry 2014;14:126)
and 9.1 % after ten years (Neuropsychiatr Dis Treat 2020;16:933). Seven in ten agree to be followed up; for L0 and L1,
who are asked with more care, nine in ten. Counts per team and day are assumed too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from schemas.vocabulary import AgeBand, PopulationGroup, TriageLevel
from services.cli.scenario.world.draws import choose, uniform

MET_PER_DAY_MIN: Final = 6
MET_PER_DAY_MAX: Final = 12
MANDARIN: Final = "cmn"

TRIAGE_SHARES: Final[dict[TriageLevel, float]] = {
    TriageLevel.L0: 0.02,
    TriageLevel.L1: 0.13,
    TriageLevel.L2: 0.35,
    TriageLevel.L3: 0.50,
}
AGE_SHARES: Final[dict[AgeBand, float]] = {
    AgeBand.CHILD_0_5: 0.05,
    AgeBand.CHILD_6_11: 0.10,
    AgeBand.TEEN_12_17: 0.15,
    AgeBand.ADULT_18_29: 0.15,
    AgeBand.ADULT_30_64: 0.38,
    AgeBand.OLDER_65: 0.17,
}
GROUP_SHARES: Final[dict[PopulationGroup, float]] = {
    PopulationGroup.BEREAVED: 0.18,
    PopulationGroup.INJURED: 0.14,
    PopulationGroup.DISPLACED: 0.38,
    PopulationGroup.DISABLED: 0.04,
    PopulationGroup.RESPONDER: 0.08,
    PopulationGroup.GENERAL_PUBLIC: 0.18,
}
"""For adults; a share of the children are at risk and of the old alone instead."""
CHILD_AT_RISK_SHARE: Final = 0.4
OLDER_ALONE_SHARE: Final = 0.4
CONSENT_SHARES: Final[dict[TriageLevel, float]] = {
    TriageLevel.L0: 0.9,
    TriageLevel.L1: 0.9,
    TriageLevel.L2: 0.7,
    TriageLevel.L3: 0.7,
}
WENCHUAN_LANGUAGES: Final[dict[str, float]] = {MANDARIN: 0.86, "cng": 0.05, "qxs": 0.03, "adx": 0.05, "khg": 0.01}
"""First languages around the rupture, assumed."""
_CHILDREN: Final = frozenset({AgeBand.CHILD_0_5, AgeBand.CHILD_6_11, AgeBand.TEEN_12_17})


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonMet:
    """Somebody a team met. `ref` only tells them apart within a run; it says nothing about anybody."""

    ref: str
    triage_level: TriageLevel
    population_group: PopulationGroup
    age_band: AgeBand
    language: str
    consents_to_follow_up: bool


def people_met(
    seed: int,
    incident_seed: int | str,
    team_ref: str,
    day: int,
    languages: Mapping[str, float] = WENCHUAN_LANGUAGES,
) -> tuple[PersonMet, ...]:
    """Whom that team meets on its day (0 is the day it arrives). The same arguments always give the same people."""
    if day < 0:
        raise ValueError(f"day must be 0 or more, not {day}")
    team_day = (seed, incident_seed, team_ref, day)
    span = MET_PER_DAY_MAX - MET_PER_DAY_MIN + 1
    count = MET_PER_DAY_MIN + int(uniform(*team_day, "count") * span)
    return tuple(_person(f"{team_ref}-{day}-{number}", (*team_day, number), languages) for number in range(count))


def _person(ref: str, names: tuple[object, ...], languages: Mapping[str, float]) -> PersonMet:
    level = choose(TRIAGE_SHARES, *names, "triage")
    age_band = choose(AGE_SHARES, *names, "age")
    return PersonMet(
        ref=ref,
        triage_level=level,
        population_group=_group(age_band, names),
        age_band=age_band,
        language=choose(languages, *names, "language"),
        consents_to_follow_up=uniform(*names, "consent") < CONSENT_SHARES[level],
    )


def _group(age_band: AgeBand, names: tuple[object, ...]) -> PopulationGroup:
    own = uniform(*names, "own-group")
    if age_band in _CHILDREN:
        if own < CHILD_AT_RISK_SHARE:
            return PopulationGroup.CHILD_AT_RISK
        others = {group: share for group, share in GROUP_SHARES.items() if group is not PopulationGroup.RESPONDER}
        return choose(others, *names, "group")
    if age_band is AgeBand.OLDER_65 and own < OLDER_ALONE_SHARE:
        return PopulationGroup.OLDER_ALONE
    return choose(GROUP_SHARES, *names, "group")
