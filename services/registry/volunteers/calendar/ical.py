"""Calendars as iCalendar (RFC 5545), in and out.

In: every VEVENT is a duty, once or recurring; one with the category LEAVE or EXTRA-DUTY that does not recur is an
exception. What an event is called, where it is and who attends is not read: it may name people. An event that is moved
by RECURRENCE-ID takes the place of the one it moves; cancelled and transparent ones are left out. What cannot be read
without doubt is refused, each with its event and property. Out: the same, with words of our own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import icalendar
from icalendar.prop import vDDDLists, vDDDTypes, vRecur

from services.kit.problems import Finding
from services.registry.decide import CIVIL_TIME
from services.registry.model import Refused
from services.registry.volunteers.calendar.decide import assembled, duty_of, exception_of
from services.registry.volunteers.calendar.model import (
    DUTIES_MAX,
    EXCEPTIONS_MAX,
    EXCLUDED_MAX,
    Calendar,
    CalendarException,
    Duty,
    ExceptionKind,
    ExceptionRequest,
)

BYTES_MAX: Final = 262_144
EVENTS_MAX: Final = 600
_COMPONENTS_MAX: Final = 2_000
_DEPTH_MAX: Final = 4
_PROBLEMS_MAX: Final = 50
_ZONE: Final = "Asia/Shanghai"
_WORDS: Final = {
    None: "值班 On duty",
    ExceptionKind.LEAVE: "请假 On leave",
    ExceptionKind.EXTRA_DUTY: "加班 Extra duty",
}
_NOT_TAKEN: Final = ("RDATE", "EXRULE")
_REFERENCES: Final = (datetime(2026, 1, 15), datetime(2026, 7, 15))  # noqa: DTZ001 - asked of each zone


class _Wrong(Exception):
    """What is wrong with a property."""

    def __init__(self, name: str, what: str) -> None:
        super().__init__(what)
        self.name = name
        self.what = what


@dataclass(frozen=True)
class _Entry:
    """One event as it was read; `replaces` is the beginning that it moves."""

    uid: str
    made: Duty | CalendarException | None
    replaces: datetime | None


def read_ics(body: bytes) -> Calendar | Refused:
    """The calendar in an iCalendar file, or what is wrong with the file."""
    found = _parse(body)
    if isinstance(found, Finding):
        return Refused(problems=(found,))
    events = [event for event in found.subcomponents if event.name == "VEVENT"]
    if len(events) > EVENTS_MAX:
        return Refused(problems=(Finding(where="/VEVENT", what=f"at most {EVENTS_MAX} events"),))
    entries: list[_Entry] = []
    problems: list[Finding] = []
    for number, event in enumerate(events):
        read = _read_event(event, f"/VEVENT/{number}")
        if isinstance(read, Finding):
            problems.append(read)
        elif read is not None:
            entries.append(read)
    if problems:
        return Refused(problems=tuple(problems[:_PROBLEMS_MAX]))
    return _bounded(_joined(entries))


def write_ics(volunteer_id: UUID, calendar: Calendar, now: datetime) -> bytes:
    """The calendar as an iCalendar file. It names nobody."""
    document = icalendar.Calendar()
    document.add("prodid", "-//Third Rescue//registry//EN")
    document.add("version", "2.0")
    for number, duty in enumerate(calendar.duties):
        event = _event(f"{volunteer_id}-duty-{number}", duty.begins_at, duty.minutes, None, now)
        if duty.rrule is not None:
            event.add("rrule", vRecur.from_ical(duty.rrule))
        if duty.excluded:
            event.add("exdate", [_zoned(begins_at) for begins_at in duty.excluded])
        document.add_component(event)
    for number, exception in enumerate(calendar.exceptions):
        begins_at = exception.begins_at.astimezone(CIVIL_TIME).replace(tzinfo=None)
        minutes = (exception.ends_at - exception.begins_at) / timedelta(minutes=1)
        document.add_component(_event(f"{volunteer_id}-{number}", begins_at, minutes, exception.kind, now))
    document.add_missing_timezones()
    return bytes(document.to_ical())


def _event(uid: str, begins_at: datetime, minutes: float, kind: ExceptionKind | None, now: datetime) -> icalendar.Event:
    event = icalendar.Event()
    event.add("uid", f"{uid}@thirdrescue")
    event.add("dtstamp", now)
    event.add("summary", _WORDS[kind])
    event.add("dtstart", _zoned(begins_at))
    event.add("dtend", _zoned(begins_at + timedelta(minutes=minutes)))
    if kind is not None:
        event.add("categories", [kind.value.upper()])
    return event


def _zoned(local: datetime) -> datetime:
    return local.replace(tzinfo=ZoneInfo(_ZONE))


def _parse(body: bytes) -> Any | Finding:
    """The file's one VCALENDAR, or what is wrong with it. Nesting is bounded beforehand: the parser's own is not."""
    if len(body) > BYTES_MAX:
        return Finding(where="", what=f"is larger than {BYTES_MAX} bytes")
    depth = components = 0
    for line in body.upper().splitlines():
        components += line.startswith(b"BEGIN:")
        depth += line.startswith(b"BEGIN:") - line.startswith(b"END:")
        if depth > _DEPTH_MAX or components > _COMPONENTS_MAX:
            return Finding(where="", what=f"nests deeper than {_DEPTH_MAX} or has over {_COMPONENTS_MAX} components")
    try:
        body.decode()
        found = icalendar.Calendar.from_ical(body)
    except (
        ValueError,
        KeyError,
        IndexError,
        TypeError,
        AttributeError,
        OverflowError,
    ):  # its words may repeat the text
        return Finding(where="", what="is not one iCalendar file (RFC 5545, UTF-8)")
    return found if found.name == "VCALENDAR" else Finding(where="", what="has no VCALENDAR around it")


def _read_event(event: Any, where: str) -> _Entry | Finding | None:
    """One event; None if it says nothing about when somebody can be asked."""
    try:
        if _text(event, "TRANSP") == "TRANSPARENT":
            return None
        return _entry(event, where)
    except _Wrong as wrong:
        return Finding(where=f"{where}/{wrong.name}", what=wrong.what)


def _entry(event: Any, where: str) -> _Entry | Finding:
    for name in _NOT_TAKEN:
        if name in event:
            raise _Wrong(name, "is not taken here; write single events instead")
    begins_at, ends_at, zone = _times(event)
    kind = next((kind for kind in ExceptionKind if kind.value.upper() in _categories(event)), None)
    rrule = _one(event, "RRULE", vRecur)
    moved = _one(event, "RECURRENCE-ID", vDDDTypes)
    replaces = None if moved is None else _local("RECURRENCE-ID", moved)[0]
    uid = _text(event, "UID")
    if _text(event, "STATUS") == "CANCELLED":
        return _Entry(uid, None, replaces)
    if kind is not None:
        if rrule is not None:
            raise _Wrong("RRULE", "leave and extra duty do not recur; write single events")
        wanted = ExceptionRequest(
            kind=kind, begins_at=begins_at.replace(tzinfo=CIVIL_TIME), ends_at=ends_at.replace(tzinfo=CIVIL_TIME)
        )
        made: Any = exception_of(wanted, where)
    else:
        if rrule is not None and not _keeps_civil_time(zone):
            raise _Wrong("DTSTART", f"recurs in another time zone; recurring events must be in {_ZONE}")
        minutes, seconds = divmod(int((ends_at - begins_at).total_seconds()), 60)
        text = None if rrule is None else rrule.to_ical().decode()
        made = duty_of(begins_at, minutes + (seconds > 0), text, where, tuple(_excluded(event)))
    return made if isinstance(made, Finding) else _Entry(uid, made, replaces)


def _times(event: Any) -> tuple[datetime, datetime, tzinfo | None]:
    """Begin and end in the civil time of China, and the zone in which the event was written."""
    start = _one(event, "DTSTART", vDDDTypes)
    if start is None:
        raise _Wrong("DTSTART", "is missing")
    begins_at, zone = _local("DTSTART", start)
    end, duration = _one(event, "DTEND", vDDDTypes), _one(event, "DURATION", vDDDTypes)
    if end is not None:
        ends_at = _local("DTEND", end)[0]
    elif duration is not None and isinstance(duration.dt, timedelta):
        if not timedelta(0) < duration.dt < timedelta(days=3660):
            raise _Wrong("DURATION", "must be longer than nothing and shorter than ten years")
        ends_at = begins_at + duration.dt
    elif not isinstance(start.dt, datetime):
        ends_at = begins_at + timedelta(days=1)
    else:
        raise _Wrong("DTEND", "there is neither DTEND nor DURATION")
    if ends_at <= begins_at:
        raise _Wrong("DTEND", "must be later than DTSTART")
    return begins_at, ends_at, zone


def _local(name: str, value: vDDDTypes) -> tuple[datetime, tzinfo | None]:
    """A time in the civil time of China. One without a zone is China's."""
    at = value.dt
    zone_id = value.params.get("TZID")
    if isinstance(at, datetime):
        if zone_id is not None and at.tzinfo is None:
            raise _Wrong(name, "names a time zone that is not known")
        return _to_civil(name, at), at.tzinfo
    if isinstance(at, date):
        return datetime(at.year, at.month, at.day), None  # noqa: DTZ001 - the civil time of China
    raise _Wrong(name, "is not a date or a time")


def _to_civil(name: str, at: datetime) -> datetime:
    if not 1900 < at.year < 2200:  # far from where arithmetic with zones ends
        raise _Wrong(name, "is too far away")
    return at if at.tzinfo is None else at.astimezone(CIVIL_TIME).replace(tzinfo=None)


def _keeps_civil_time(zone: tzinfo | None) -> bool:
    """Whether clocks of a zone always show the civil time of China."""
    return zone is None or all(zone.utcoffset(at) == CIVIL_TIME.utcoffset(None) for at in _REFERENCES)


def _excluded(event: Any) -> Iterator[datetime]:
    found = event.get("EXDATE")
    lists: Sequence[Any] = found if isinstance(found, list) else [] if found is None else [found]
    count = 0
    for dates in lists:
        if not isinstance(dates, vDDDLists):
            raise _Wrong("EXDATE", "cannot be read")
        for value in dates.dts:
            count += 1
            if count > EXCLUDED_MAX:
                raise _Wrong("EXDATE", f"has more than {EXCLUDED_MAX} dates")
            if not isinstance(value.dt, datetime):
                raise _Wrong("EXDATE", "must be times, as DTSTART is")
            if "TZID" in dates.params and value.dt.tzinfo is None:
                raise _Wrong("EXDATE", "names a time zone that is not known")
            yield _to_civil("EXDATE", value.dt)


def _one(event: Any, name: str, kind: type[Any]) -> Any:
    """The property, once and readable; None if it is not there."""
    value = event.get(name)
    if value is None or (isinstance(value, kind) and not any(name == broken for broken, _ in event.errors)):
        return value
    raise _Wrong(name, "comes more than once" if isinstance(value, list) else "cannot be read")


def _text(event: Any, name: str) -> str:
    value = event.get(name)
    return value.strip().upper() if isinstance(value, str) else ""


def _categories(event: Any) -> frozenset[str]:
    found = event.get("CATEGORIES")
    groups = found if isinstance(found, list) else [] if found is None else [found]
    return frozenset(str(word).strip().upper() for group in groups for word in getattr(group, "cats", ()))


def _joined(entries: Sequence[_Entry]) -> Calendar:
    """Moved and cancelled occurrences are taken out of the events they belong to."""
    out: dict[str, list[datetime]] = {}
    for entry in entries:
        if entry.replaces is not None:
            out.setdefault(entry.uid, []).append(entry.replaces)
    duties: list[Duty] = []
    exceptions: list[CalendarException] = []
    for entry in entries:
        if isinstance(entry.made, CalendarException):
            exceptions.append(entry.made)
        elif entry.made is not None:
            moved = out.get(entry.uid, []) if entry.replaces is None and entry.made.rrule is not None else []
            duties.append(_without(entry.made, moved))
    return assembled(duties, exceptions)


def _without(duty: Duty, moved: Sequence[datetime]) -> Duty:
    excluded = tuple(sorted({*duty.excluded, *moved}))
    return Duty(begins_at=duty.begins_at, minutes=duty.minutes, rrule=duty.rrule, excluded=excluded)


def _bounded(calendar: Calendar) -> Calendar | Refused:
    too_many = (
        (len(calendar.duties) > DUTIES_MAX, f"has more than {DUTIES_MAX} duties"),
        (len(calendar.exceptions) > EXCEPTIONS_MAX, f"has more than {EXCEPTIONS_MAX} exceptions"),
    )
    problems = tuple(Finding(where="/VEVENT", what=what) for applies, what in too_many if applies)
    return Refused(problems=problems) if problems else calendar
