"""What a calendar says about an instant, and when it next says something else. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Final
from uuid import UUID

from schemas.ids import derived_id
from services.kit.problems import Finding
from services.registry.decide import CIVIL_TIME, civil_day
from services.registry.model import Refused
from services.registry.volunteers.calendar.model import (
    DUTIES_MAX,
    DUTY_MINUTES_MAX,
    EXCEPTION_DAYS_MAX,
    EXCEPTIONS_MAX,
    Calendar,
    CalendarException,
    CalendarRequest,
    Duty,
    ExceptionKind,
    ExceptionRequest,
    RecurringDuty,
    Standing,
    WeeklySlot,
)
from services.registry.volunteers.calendar.rules import YEARS, RuleRefused, beginnings, recurring

_LOOK_AHEAD: Final = (timedelta(days=8), timedelta(days=62), timedelta(days=400))
"""How far a change is looked for; most are found in the first step."""
_WRONG_YEAR: Final = f"must be in the years {YEARS.start} to {YEARS.stop - 1}"
_Edge = tuple[datetime, ExceptionKind, int]
"""From when on, of what, one more or one less."""
_Counts = dict[ExceptionKind, int]
"""How many spans of duty (regular or extra) and of leave hold."""


def standing(calendar: Calendar, at: datetime) -> Standing:
    """What the calendar says about an instant."""
    local = _local(at)
    return _standing(calendar, _open(calendar, local))


def next_change(calendar: Calendar, after: datetime) -> datetime | None:
    """When the calendar first says something else than at `after`, or a duty begins or ends; None if never.

    A calendar that says the same for longer than 400 days is to be looked at again then.
    """
    local = _local(after)
    found = _first_change(calendar, local, lambda counts: (_standing(calendar, counts), _is_duty(counts)))
    latest = local + _LOOK_AHEAD[-1]
    if found is None and (calendar.duties or any(_local(one.ends_at) > latest for one in calendar.exceptions)):
        found = latest
    return None if found is None else found.replace(tzinfo=CIVIL_TIME)


def duty_until(calendar: Calendar, at: datetime) -> datetime | None:
    """When the duty ends that holds at an instant, one after the other counting as one. None if none holds: on leave,
    between duties, or without any calendar. Of a duty that lasts longer than 400 days only so much is seen."""
    local = _local(at)
    if not _is_duty(_open(calendar, local)):
        return None
    end = _first_change(calendar, local, _is_duty) or local + _LOOK_AHEAD[-1]
    return end.replace(tzinfo=CIVIL_TIME)


def _first_change(calendar: Calendar, local: datetime, says: Callable[[_Counts], object]) -> datetime | None:
    """The first time at which the open spans say something else; None if they do not in the longest look ahead."""
    counts = _open(calendar, local)
    now = says(counts)
    for ahead in _LOOK_AHEAD:
        current = dict(counts)
        for at, group in groupby(sorted(_edges(calendar, local, local + ahead)), key=_at):
            for _, kind, change in group:
                current[kind] += change
            if says(current) != now:
                return at
    return None


def _at(edge: _Edge) -> datetime:
    return edge[0]


def _standing(calendar: Calendar, counts: _Counts) -> Standing:
    if counts[ExceptionKind.LEAVE]:
        return Standing.ON_LEAVE
    return Standing.ON_DUTY if counts[ExceptionKind.EXTRA_DUTY] or not calendar.duties else Standing.OFF_DUTY


def _is_duty(counts: _Counts) -> bool:
    """Whether a duty holds, which is more than that nothing stands against asking."""
    return counts[ExceptionKind.EXTRA_DUTY] > 0 and not counts[ExceptionKind.LEAVE]


def _open(calendar: Calendar, at: datetime) -> _Counts:
    """How many spans of duty (regular or extra) and of leave hold at an instant."""
    counts = dict.fromkeys(ExceptionKind, 0)
    for begins_at, ends_at, kind in _spans(calendar, at, at):
        counts[kind] += begins_at <= at < ends_at
    return counts


def _edges(calendar: Calendar, after: datetime, latest: datetime) -> Iterator[_Edge]:
    """What begins or ends after an instant, through another."""
    for begins_at, ends_at, kind in _spans(calendar, after, latest):
        if after < begins_at <= latest:
            yield begins_at, kind, 1
        if after < ends_at <= latest:
            yield ends_at, kind, -1


def _spans(
    calendar: Calendar, earliest: datetime, latest: datetime
) -> Iterator[tuple[datetime, datetime, ExceptionKind]]:
    """Spans of duty and leave that may touch the time from `earliest` through `latest`."""
    for duty in calendar.duties:
        length = timedelta(minutes=duty.minutes)
        for begins_at in beginnings(duty, earliest - length, latest):
            yield begins_at, begins_at + length, ExceptionKind.EXTRA_DUTY
    for exception in calendar.exceptions:
        yield _local(exception.begins_at), _local(exception.ends_at), exception.kind


def _local(at: datetime) -> datetime:
    """The civil time of China, without a zone."""
    return at.astimezone(CIVIL_TIME).replace(tzinfo=None)


# --- what a request makes


def calendar_of(request: CalendarRequest, now: datetime) -> Calendar | Refused:
    """The calendar that a request describes, or what is wrong with it."""
    made: list[Duty | CalendarException | Finding] = [
        *(_weekly(slot, f"/weekly/{number}", now) for number, slot in enumerate(request.weekly)),
        *(_recurring(duty, f"/recurring/{number}") for number, duty in enumerate(request.recurring)),
        *(exception_of(wanted, f"/exceptions/{number}") for number, wanted in enumerate(request.exceptions)),
    ]
    duties = [duty for duty in made if isinstance(duty, Duty)]
    exceptions = [exception for exception in made if isinstance(exception, CalendarException)]
    problems = [problem for problem in made if isinstance(problem, Finding)]
    if len(duties) > DUTIES_MAX:
        problems.append(Finding(where="/recurring", what=f"at most {DUTIES_MAX} duties, weekly ones included"))
    return Refused(problems=tuple(problems)) if problems else assembled(duties, exceptions)


def assembled(duties: list[Duty], exceptions: list[CalendarException]) -> Calendar:
    """A calendar in the one order in which it is kept."""
    return Calendar(
        duties=tuple(sorted(set(duties), key=lambda duty: (duty.begins_at, duty.minutes, duty.rrule or ""))),
        exceptions=tuple(sorted(set(exceptions), key=lambda e: (e.begins_at, e.ends_at, e.kind))),
    )


def with_exception(calendar: Calendar, request: ExceptionRequest, now: datetime) -> Calendar | Refused:
    """The calendar with one more exception; those that are long over make room."""
    made = exception_of(request, "")
    if isinstance(made, Finding):
        return Refused(problems=(made,))
    kept = [exception for exception in calendar.exceptions if exception.ends_at > now - timedelta(days=31)]
    if len(kept) >= EXCEPTIONS_MAX:
        return Refused(problems=(Finding(where="", what=f"there are {EXCEPTIONS_MAX} exceptions already"),))
    return assembled(list(calendar.duties), [*kept, made])


def exception_id_of(volunteer_id: UUID, exception: CalendarException) -> UUID:
    """What the exception is called; it follows from what it says, so that one that was changed has another name."""
    name = f"{exception.kind}/{exception.begins_at.isoformat()}/{exception.ends_at.isoformat()}"
    return derived_id(volunteer_id, "calendar-exception", name)


def without_exception(calendar: Calendar, volunteer_id: UUID, exception_id: UUID) -> Calendar | None:
    """The calendar without the exception of that name; None if it has none."""
    kept = tuple(one for one in calendar.exceptions if exception_id_of(volunteer_id, one) != exception_id)
    return None if len(kept) == len(calendar.exceptions) else replace(calendar, exceptions=kept)


def exception_of(request: ExceptionRequest, where: str) -> CalendarException | Finding:
    """The exception, or what is wrong with it."""
    if request.begins_at.year not in YEARS:
        return Finding(where=f"{where}/begins_at", what=_WRONG_YEAR)
    if request.ends_at <= request.begins_at:
        return Finding(where=f"{where}/ends_at", what="must be later than begins_at")
    if request.ends_at - request.begins_at > timedelta(days=EXCEPTION_DAYS_MAX):
        return Finding(where=f"{where}/ends_at", what=f"an exception lasts at most {EXCEPTION_DAYS_MAX} days")
    return CalendarException(
        kind=request.kind,
        begins_at=request.begins_at.astimezone(CIVIL_TIME),
        ends_at=request.ends_at.astimezone(CIVIL_TIME),
    )


def _weekly(slot: WeeklySlot, where: str, now: datetime) -> Duty | Finding:
    begins, ends = time.fromisoformat(slot.begins), time.fromisoformat(slot.ends)
    minutes = (ends.hour - begins.hour) * 60 + ends.minute - begins.minute
    # Without a first day it holds already: tonight's duty may have begun yesterday.
    first_day: date = slot.from_day or civil_day(now) - timedelta(days=8)
    rrule = "FREQ=WEEKLY;BYDAY=" + ",".join(slot.days)
    if slot.through_day is not None:
        rrule += f";UNTIL={slot.through_day:%Y%m%d}"
    return duty_of(datetime.combine(first_day, begins), minutes if minutes > 0 else minutes + 24 * 60, rrule, where)


def _recurring(duty: RecurringDuty, where: str) -> Duty | Finding:
    if duty.begins_at.year not in YEARS:
        return Finding(where=f"{where}/begins_at", what=_WRONG_YEAR)
    zoned = duty.begins_at.tzinfo is not None
    return duty_of(_local(duty.begins_at) if zoned else duty.begins_at, duty.minutes, duty.rrule, where)


def duty_of(
    begins_at: datetime, minutes: int, rrule: str | None, where: str, excluded: tuple[datetime, ...] = ()
) -> Duty | Finding:
    """The duty, or what is wrong with it."""
    if begins_at.year not in YEARS:
        return Finding(where=f"{where}/begins_at", what=_WRONG_YEAR)
    if not 0 < minutes <= DUTY_MINUTES_MAX:
        return Finding(where=f"{where}/minutes", what=f"a duty lasts from 1 to {DUTY_MINUTES_MAX} minutes")
    if rrule is None:
        return Duty(begins_at=begins_at, minutes=minutes)
    try:
        return recurring(begins_at, minutes, rrule, excluded)
    except RuleRefused as refused:
        return Finding(where=f"{where}/rrule", what=str(refused))
