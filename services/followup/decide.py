"""When follow-ups are due, what becomes of them as time goes by, and how a plan ends. Pure.

A plan depends on what happened and on the schedule, never on when this service came to plan it: planning late gives
the same tasks, and those whose window closed meanwhile are told as due and missed, not left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from dateutil.relativedelta import relativedelta

from schemas.events.followup import FollowupEnd
from schemas.values import Explanation
from schemas.vocabulary import TriageLevel, ZoneKind
from services.followup.model import (
    OPEN,
    Attempt,
    CaseStanding,
    Draft,
    DraftTask,
    Fell,
    NearStation,
    Refused,
    Replan,
    Task,
    TaskState,
    Unchanged,
)
from services.followup.schedule import Schedule, Step

_CLOSED_AS: Final = {
    "declined": FollowupEnd.DECLINED,
    "moved": FollowupEnd.MOVED,
    "died": FollowupEnd.DIED,
}
"""How a case's close ends its plan; any other reason ends it as done."""


def civil_date(moment: datetime, schedule: Schedule) -> date:
    """The date people there write at this instant."""
    return moment.astimezone(schedule.zone_info).date()


def owner_station(stations: Iterable[NearStation]) -> UUID | None:
    """The nearest station outside the core zone: those inside are themselves hit. If all are inside, the nearest."""
    ranked = sorted(stations, key=lambda one: (one.inside is ZoneKind.CORE, one.distance_km, one.station_id))
    return ranked[0].station_id if ranked else None


def plan_case(
    schedule: Schedule, *, level: TriageLevel, follow_up: bool, triaged_at: datetime, occurred_on: date
) -> Draft:
    """The contacts of a case. Steps up to 18 months count from triage; yearly ones are the incident's anniversaries.

    Anniversaries begin when the steps from triage are through. Nothing lies beyond the horizon. Without consent only
    the contacts for safety are planned, at the levels that have them.
    """
    if not follow_up:
        return _safety_only(schedule, level, triaged_at)
    horizon = occurred_on + relativedelta(years=schedule.horizon_years)
    counted = [_step(schedule, step, triaged_at) for step in _steps_of(schedule, level)]
    steps = [task for task in counted if task.due_on <= horizon]
    last = max((task.due_on for task in steps), default=civil_date(triaged_at, schedule))
    rule = schedule.levels[schedule.levels[level].then or level]
    yearly = [task for task in _anniversaries(schedule, rule.anniversaries, occurred_on) if task.due_on > last]
    tasks = _ordered([*steps, *yearly])
    if not tasks:
        return Draft(tasks=(), explanation=_explain_none(schedule, level))
    return Draft(tasks=tasks, explanation=_explain(schedule, level, tasks))


def plan_zone(schedule: Schedule, *, fenced_at: datetime, occurred_on: date) -> Draft:
    """The anniversaries of a zone. A window that had closed before the zone was fenced is left out."""
    found = _anniversaries(schedule, schedule.zones.anniversaries, occurred_on)
    tasks = _ordered(task for task in found if task.closes_at > fenced_at)
    past = len(found) - len(tasks)
    zh = f"按计划{schedule.version}在周年日对本区域开展主动联系，共{len(tasks)}次。"
    en = f"Outreach to the zone at {len(tasks)} anniversaries, by schedule {schedule.version}."
    if past:
        zh += f"{past}次周年在划定区域之前已过，不再计划。"
        en += f" {past} anniversaries had passed before the zone was fenced and are left out."
    return Draft(tasks=tasks, explanation=Explanation(zh=zh, en=en))


def _steps_of(schedule: Schedule, level: TriageLevel) -> list[Step]:
    """The level's own steps, then the later ones of the level that follows on."""
    rule = schedule.levels[level]
    if rule.then is None:
        return list(rule.steps)
    own = max((_length(step) for step in rule.steps), default=timedelta())
    return [*rule.steps, *(step for step in schedule.levels[rule.then].steps if _length(step) > own)]


def _length(step: Step) -> timedelta:
    """About how long after triage; only to compare steps of one schedule."""
    after = step.after
    return timedelta(hours=after.hours or 0, days=after.days + 7 * after.weeks + 30 * after.months)


def _step(schedule: Schedule, step: Step, triaged_at: datetime) -> DraftTask:
    if step.after.hours is not None:
        moment = triaged_at.astimezone(UTC) + timedelta(hours=step.after.hours)
        due_on = civil_date(moment, schedule)
        opens_at = moment if step.window_days.before == 0 else None
    else:
        due_on = civil_date(triaged_at, schedule) + step.after.civil()
        opens_at = None
    return _task(schedule, step.step, "contact", due_on, step.window_days.before, step.window_days.after, opens_at)


def _anniversaries(schedule: Schedule, years: Iterable[int], occurred_on: date) -> list[DraftTask]:
    window = schedule.anniversary_window_days
    return [
        _task(
            schedule,
            f"year-{year}",
            "anniversary",
            occurred_on + relativedelta(years=year),
            window.before,
            window.after,
        )
        for year in years
        if year <= schedule.horizon_years
    ]


def _task(
    schedule: Schedule, step: str, kind: str, due_on: date, before: int, after: int, opens_at: datetime | None = None
) -> DraftTask:
    opens_on, closes_on = due_on - timedelta(days=before), due_on + timedelta(days=after)
    return DraftTask(
        step=step,
        kind="anniversary" if kind == "anniversary" else "contact",
        due_on=due_on,
        opens_on=opens_on,
        closes_on=closes_on,
        opens_at=opens_at or _midnight(schedule, opens_on),
        closes_at=_midnight(schedule, closes_on + timedelta(days=1)),
    )


def _midnight(schedule: Schedule, day: date) -> datetime:
    return datetime.combine(day, time(), schedule.zone_info)


def _ordered(tasks: Iterable[DraftTask]) -> tuple[DraftTask, ...]:
    return tuple(sorted(tasks, key=lambda task: (task.due_on, task.opens_at, task.step)))


def _safety_only(schedule: Schedule, level: TriageLevel, triaged_at: datetime) -> Draft:
    rule = schedule.without_consent
    if level not in rule.levels:
        zh = f"{level}级，未同意随访：不安排个人联系。"
        en = f"Level {level} without consent to follow-up: no personal contact is planned."
        return Draft(tasks=(), explanation=Explanation(zh=zh, en=en))
    steps = [step for step in schedule.levels[level].steps if _length(step) <= timedelta(hours=rule.up_to_hours)]
    tasks = _ordered(_step(schedule, step, triaged_at) for step in steps)
    zh = f"{level}级，未同意随访：仅安排{rule.up_to_hours}小时内的安全联系，共{len(tasks)}次。"
    en = (
        f"Level {level} without consent to follow-up: only the {len(tasks)} contacts for safety in the first "
        f"{rule.up_to_hours} hours are planned."
    )
    return Draft(tasks=tasks, explanation=Explanation(zh=zh, en=en))


def _explain_none(schedule: Schedule, level: TriageLevel) -> Explanation:
    return Explanation(
        zh=f"{level}级：按计划{schedule.version}只告知信息，不安排个人联系。",
        en=f"Level {level}: schedule {schedule.version} informs and plans no personal contact.",
    )


def _explain(schedule: Schedule, level: TriageLevel, tasks: Sequence[DraftTask]) -> Explanation:
    first, last = tasks[0].due_on.isoformat(), tasks[-1].due_on.isoformat()
    assumed_zh = "（假设，非标准）" if schedule.assumed else ""
    assumed_en = " (assumed, not a standard)" if schedule.assumed else ""
    return Explanation(
        zh=f"{level}级，已同意随访：按计划{schedule.version}{assumed_zh}共{len(tasks)}次联系，{first}至{last}。",
        en=f"Level {level} with consent: {len(tasks)} contacts from {first} to {last} by schedule "
        f"{schedule.version}{assumed_en}.",
    )


def replan(case: CaseStanding, *, has_open_plan: bool) -> Replan | None:
    """What to do after a case changed; None if nothing, as when the same is heard again.

    Somebody who takes consent back is not contacted again, not even for safety, until they are triaged anew.
    """
    if case.is_closed or case.level is None or case.follow_up is None:
        return None
    same_level = case.level is case.planned_level
    if same_level and case.follow_up == case.planned_follow_up:
        return None
    withdrawn = same_level and case.planned_follow_up is True and case.follow_up is False
    reason = FollowupEnd.WITHDRAWN if withdrawn else FollowupEnd.SUPERSEDED
    return Replan(end=reason if has_open_plan else None, make=not withdrawn)


def end_for_close(reason: str) -> FollowupEnd:
    """How a plan ends when its case is closed."""
    return _CLOSED_AS.get(reason, FollowupEnd.DONE)


def next_moment(tasks: Iterable[Task]) -> datetime | None:
    """When a plan must be looked at again: its next window opens, or closes. None if no task is open."""
    moments = [
        task.opens_at if task.state is TaskState.PLANNED else task.closes_at for task in tasks if task.state in OPEN
    ]
    return min(moments, default=None)


def fall(tasks: Iterable[Task], now: datetime) -> tuple[Fell, ...]:
    """Which tasks have become due or were missed by `now`, in the order of their windows."""
    fell = []
    for task in sorted(tasks, key=lambda one: (one.opens_at, one.step)):
        became_due = task.state is TaskState.PLANNED and task.opens_at <= now
        was_missed = task.state in OPEN and task.closes_at <= now
        if became_due or was_missed:
            fell.append(Fell(task=task, became_due=became_due, was_missed=was_missed))
    return tuple(fell)


def natural_end(states: Iterable[TaskState]) -> FollowupEnd | None:
    """How a plan ends when no task is open any more: done, or lost if no contact was ever made. None while one is."""
    seen = set(states)
    if seen & OPEN:
        return None
    return FollowupEnd.DONE if TaskState.DONE in seen else FollowupEnd.LOST


def complete(task: Task) -> Unchanged | Refused | None:
    """Whether a contact counts now; None if so."""
    if task.state is TaskState.DONE:
        return Unchanged()
    return _not_due(task)


def attempt(
    task: Task, made: Sequence[str], channel: str, *, attempts_max: int, channels_min: int
) -> Attempt | Refused:
    """Record a try that reached nobody. After `attempts_max` over enough channels the person is lost, not before."""
    refused = _not_due(task)
    if refused is not None:
        return refused
    channels = {*made, channel}
    number = len(made) + 1
    if number > attempts_max and len(channels) < channels_min:
        return Refused(f"{len(made)} attempts by {channel} reached nobody; try another channel.")
    return Attempt(number, is_lost=number >= attempts_max and len(channels) >= channels_min)


def _not_due(task: Task) -> Refused | None:
    if task.state is TaskState.PLANNED:
        return Refused(f"This task opens on {task.opens_on.isoformat()}.")
    if task.state is TaskState.DUE:
        return None
    words = {
        TaskState.DONE: "This task is done.",
        TaskState.MISSED: "The window of this task has closed; a contact made now belongs to the next one.",
    }
    return Refused(words.get(task.state, "The plan of this task has ended."))
