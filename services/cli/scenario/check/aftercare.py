"""Is everybody who was met a case, and is everybody's follow-up planned once, up to the horizon?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from services.cli.scenario.check.model import Evidence, Invariant, judge
from services.cli.scenario.story import Case

SAFETY_LEVELS: Final = frozenset({"L0", "L1"})
INFORMED_ONLY: Final = "L3"
REPLANNED: Final = "superseded"


def check_cases(evidence: Evidence) -> Invariant:
    """No case is lost between the team and the log."""
    logged = evidence.story.cases.keys()

    def broken() -> Iterator[str]:
        for case_id in evidence.cases_opened - logged:
            yield f"case {case_id} was taken by the API and is not in the log"
        for case_id in logged - evidence.cases_opened:
            yield f"case {case_id} is in the log and no team opened it"
        known = evidence.cases or {}
        if known.get("open", 0) + known.get("closed", 0) != len(logged):
            yield f"the API counts {known.get('open', 0)} open and {known.get('closed', 0)} closed cases"

    return judge("every case that a team opened is in the log and in the API", broken(), f"{len(logged)} cases")


def check_planned(evidence: Evidence) -> Invariant:
    """Each case has a plan, or a reason why not."""
    standing = {plan.case_id for plan in evidence.story.plans.values() if plan.end != REPLANNED}
    without: Counter[str] = Counter()

    def broken() -> Iterator[str]:
        for case in evidence.story.cases.values():
            reason = why_no_plan(case)
            if reason is None and case.case_id not in standing:
                yield f"case {case.case_id} ({case.level}) has no plan"
            elif reason is not None and case.case_id in standing:
                yield f"case {case.case_id} has a plan although {reason}"
            elif reason is not None:
                without[reason] += 1
        planned_zones = {plan.zone_id for plan in evidence.story.plans.values() if plan.case_id is None}
        for zone_id in evidence.story.zones.keys() - planned_zones:
            yield f"zone {zone_id} has no anniversaries"

    found = list(broken())
    explained = ", ".join(f"{count} without a plan because {why}" for why, count in sorted(without.items()))
    planned = len(standing - {None})
    return judge(
        "every case has a follow-up plan or a stated reason, every zone its anniversaries",
        found,
        f"{planned} cases with a plan; {explained or 'no other cases'}",
    )


def check_once(evidence: Evidence) -> Invariant:
    """No follow-up lost or doubled."""
    plans = evidence.story.plans.values()

    def broken() -> Iterator[str]:
        for plan in plans:
            steps = Counter(task["step"] for task in plan.tasks)
            for step, count in steps.items():
                if count != 1:
                    yield f"plan {plan.plan_id} has step {step} {count} times"
        tasks = Counter(task["task_id"] for plan in plans for task in plan.tasks)
        for task_id, count in tasks.items():
            if count != 1:
                yield f"task {task_id} is planned {count} times"
        of_case = Counter(plan.case_id or plan.zone_id for plan in plans if plan.end != REPLANNED)
        for subject, count in of_case.items():
            if count != 1:
                yield f"{subject} has {count} plans"

    return judge(
        "every follow-up is planned exactly once per plan and step",
        broken(),
        f"{len(plans)} plans, {sum(len(plan.tasks) for plan in plans)} follow-ups",
    )


def check_horizon(evidence: Evidence) -> Invariant:
    """The last follow-up is where the scenario says."""
    days = [task["due_on"] for plan in evidence.story.plans.values() for task in plan.tasks]
    last = max(days, default=None)
    wanted = evidence.followup_until_on.isoformat() if evidence.followup_until_on else None
    of_api = (evidence.followups or {}).get("last_on")
    broken = [] if last == wanted or wanted is None else [f"the last follow-up is on {last}, not on {wanted}"]
    if of_api != last:
        broken.append(f"the API says that the last follow-up is on {of_api}, the log says {last}")
    return judge("the last follow-up lies on the horizon", broken, f"{last}")


def why_no_plan(case: Case) -> str | None:
    """Why a case needs no plan; None if it needs one. After the default schedule: L3 is informed only, and without
    consent only the contacts for safety of L0 and L1 are made."""
    if case.level == INFORMED_ONLY:
        return "L3 is informed only"
    if not case.consents and case.level not in SAFETY_LEVELS:
        return "consent was not given"
    return None
