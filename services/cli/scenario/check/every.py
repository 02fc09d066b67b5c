"""All invariants, in the order in which they are told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from services.cli.scenario.check import aftercare, paging, teams, whole
from services.cli.scenario.check.model import Evidence, Invariant

CHECKS: Final[Sequence[Callable[[Evidence], Invariant]]] = (
    whole.check_declared,
    whole.check_zones,
    paging.check_deployable,
    paging.check_asked_once,
    paging.check_effects,
    paging.check_recipients,
    paging.check_answers,
    paging.check_quotas,
    teams.check_composition,
    teams.check_one_mission,
    teams.check_arrived,
    aftercare.check_cases,
    aftercare.check_planned,
    aftercare.check_once,
    aftercare.check_horizon,
    whole.check_coverage,
    whole.check_sequences,
    whole.check_quarantine,
    whole.check_no_identity,
    whole.check_exercise,
)


def check_all(evidence: Evidence) -> list[Invariant]:
    """Every invariant, held or not."""
    return [check(evidence) for check in CHECKS]
