"""Recurrence rules (RFC 5545): which are taken, and when they occur. Pure.

Only rules by day, week, month or year, and only those that occur within eight years: the library looks for a rule that
never occurs until the year 9999. A rule by day or week is moved near the time that is asked for, so that its age costs
nothing. `COUNT` becomes `UNTIL` when a rule is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import Final, Literal

from dateutil import rrule as recur

from services.registry.decide import CIVIL_TIME
from services.registry.volunteers.calendar.model import Duty

YEARS: Final = range(2000, 2091)
"""A duty begins in one of these: none of them, nor the eight that follow, skips a leap year."""
INTERVAL_MAX: Final = 400
COUNT_MAX: Final = 1_000
_OCCURS_WITHIN: Final = timedelta(days=8 * 366)
"""29 February may take eight years."""
_COUNTS_REACH: Final = timedelta(days=60 * 366)
"""A count that reaches farther ends there."""
_TWIN_YEARS, _CYCLE_YEARS, _LAST_TWIN = 7_916, 28, 9_991
"""So many years later the days of the week and the leap years fall alike, and again every 28 years until 9999."""
_FREQUENCIES: Final[Mapping[str, Literal[0, 1, 2, 3]]] = {
    "DAILY": recur.DAILY, "WEEKLY": recur.WEEKLY, "MONTHLY": recur.MONTHLY, "YEARLY": recur.YEARLY
}  # fmt: skip
_STEPS: Final = {"DAILY": timedelta(days=1), "WEEKLY": timedelta(weeks=1)}
_DAYS: Final = {"MO": recur.MO, "TU": recur.TU, "WE": recur.WE, "TH": recur.TH, "FR": recur.FR, "SA": recur.SA,
                "SU": recur.SU}  # fmt: skip
_DAY: Final = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
_UNTIL: Final = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z)?)?", re.ASCII)


class RuleRefused(Exception):
    """Why a rule is not taken, in words for its author."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule without a count."""

    freq: str
    interval: int = 1
    days: tuple[str, ...] = ()
    month_days: tuple[int, ...] = ()
    months: tuple[int, ...] = ()
    positions: tuple[int, ...] = ()
    week_start: str = "MO"
    until: datetime | None = None
    """The last moment at which it may begin, in the civil time of China."""

    def text(self) -> str:
        """The rule as RFC 5545 writes it."""
        parts = [f"FREQ={self.freq}", f"INTERVAL={self.interval}" if self.interval > 1 else ""]
        for name, values in (("BYDAY", self.days), ("BYMONTHDAY", self.month_days), ("BYMONTH", self.months),
                             ("BYSETPOS", self.positions)):  # fmt: skip
            parts.append(f"{name}={','.join(map(str, values))}" if values else "")
        parts.append(f"WKST={self.week_start}" if self.week_start != "MO" else "")
        if self.until is not None:
            parts.append(f"UNTIL={self.until.replace(tzinfo=CIVIL_TIME).astimezone(UTC):%Y%m%dT%H%M%SZ}")
        return ";".join(part for part in parts if part)


def recurring(begins_at: datetime, minutes: int, rrule: str, excluded: tuple[datetime, ...] = ()) -> Duty:
    """The duty, with its rule in the form that is kept. Raises RuleRefused."""
    rule, count = _parse(rrule)
    if not _occurs(rule, begins_at):
        raise RuleRefused("does not occur, or not within eight years")
    if count is not None:
        counted = list(islice(_recurrence(rule, begins_at, begins_at + _COUNTS_REACH), count))
        rule = replace(rule, until=counted[-1])
    return Duty(begins_at=begins_at, minutes=minutes, rrule=rule.text(), excluded=tuple(sorted(set(excluded))))


def beginnings(duty: Duty, earliest: datetime, latest: datetime) -> list[datetime]:
    """When the duty begins, from `earliest` through `latest`; times without a zone, as the duty's."""
    if duty.rrule is None:
        return [duty.begins_at] if earliest <= duty.begins_at <= latest else []
    if latest < duty.begins_at:
        return []
    rule = read_rule(duty.rrule)
    found = _recurrence(rule, _near(rule, duty.begins_at, earliest), latest).between(earliest, latest, inc=True)
    return [begins_at for begins_at in found if begins_at not in duty.excluded]


@lru_cache(maxsize=8192)
def read_rule(text: str) -> Rule:
    """A rule in the form that is kept. Raises RuleRefused."""
    return _parse(text)[0]


def _near(rule: Rule, begins_at: datetime, earliest: datetime) -> datetime:
    """A beginning of the same rhythm not long before `earliest`."""
    step = _STEPS.get(rule.freq)
    if step is None or earliest <= begins_at:
        return begins_at
    step *= rule.interval
    return begins_at + max((earliest - begins_at) // step - 1, 0) * step


def _occurs(rule: Rule, begins_at: datetime) -> bool:
    """Asked of a year that has the same calendar and lies so late that the library soon gives up."""
    shifted = begins_at.replace(year=twin_of(begins_at.year))
    first = next(iter(_recurrence(replace(rule, until=None), shifted, shifted + _OCCURS_WITHIN)), None)
    return first is not None and (rule.until is None or begins_at + (first - shifted) <= rule.until)


def twin_of(year: int) -> int:
    """The last year whose calendar, and that of the eight years after it, is this one's."""
    twin = year + _TWIN_YEARS
    return twin + (_LAST_TWIN - twin) // _CYCLE_YEARS * _CYCLE_YEARS


def _recurrence(rule: Rule, begins_at: datetime, latest: datetime) -> recur.rrule:
    return recur.rrule(
        _FREQUENCIES[rule.freq],
        dtstart=begins_at,
        interval=rule.interval,
        wkst=_DAYS[rule.week_start],
        until=latest if rule.until is None else min(rule.until, latest),
        bysetpos=rule.positions or None,
        bymonth=rule.months or None,
        bymonthday=rule.month_days or None,
        byweekday=[_weekday(day) for day in rule.days] or None,
    )


def _weekday(day: str) -> recur.weekday:
    number, name = day[:-2], _DAYS[day[-2:]]
    return name(int(number)) if number else name


def _parse(text: str) -> tuple[Rule, int | None]:
    """The rule and its count, if it has one."""
    parts = _parts(text.strip().removeprefix("RRULE:"))
    if parts.get("FREQ") not in _FREQUENCIES:
        raise RuleRefused("FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY")
    unknown = sorted(set(parts) - {"FREQ", "COUNT", *_READERS})
    if unknown:
        raise RuleRefused(f"{unknown[0][:20]} is not taken here")
    values = {field: read(parts[name]) for name, (field, read) in _READERS.items() if name in parts}
    rule = Rule(freq=parts["FREQ"], **values)  # type: ignore[arg-type]
    by_date = rule.month_days or rule.positions or any(len(day) > 2 for day in rule.days)
    if by_date and rule.freq not in {"MONTHLY", "YEARLY"}:
        raise RuleRefused("BYMONTHDAY, BYSETPOS and numbers in BYDAY are taken in rules by month or year only")
    if "COUNT" not in parts:
        return rule, None
    if rule.until is not None:
        raise RuleRefused("COUNT and UNTIL exclude each other")
    return rule, _number(parts["COUNT"], 1, COUNT_MAX)


def _parts(text: str) -> Mapping[str, str]:
    parts: dict[str, str] = {}
    for part in text.split(";"):
        name, equals, value = part.strip().upper().partition("=")
        if not equals or not value or name in parts:
            raise RuleRefused("is not a list of NAME=VALUE, each name once")
        parts[name] = value
    return parts


def _number(text: str, least: int, most: int) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,4}", text) or not least <= int(text) <= most or int(text) == 0:
        raise RuleRefused(f"{text[:20]} is not a number from {least} to {most}")
    return int(text)


def _numbers(least: int, most: int) -> Callable[[str], tuple[int, ...]]:
    return lambda text: tuple(sorted({_number(item, least, most) for item in text.split(",")}))


def _interval(text: str) -> int:
    return _number(text, 1, INTERVAL_MAX)


def _weekdays(text: str) -> tuple[str, ...]:
    found = [_DAY.fullmatch(item) for item in text.split(",")]
    numbers = [int(day[1]) for day in found if day is not None and day[1] is not None]
    if not all(found) or any(number == 0 or abs(number) > 53 for number in numbers):
        raise RuleRefused("BYDAY takes days such as MO or -1FR")
    order = list(_DAYS)
    days = {(int(day[1] or 0), order.index(day[2])) for day in found if day is not None}
    return tuple(f"{number or ''}{order[day]}" for number, day in sorted(days))


def _week_start(text: str) -> str:
    if text not in _DAYS:
        raise RuleRefused("WKST must be a day such as MO")
    return text


def _until(text: str) -> datetime:
    """A date means its whole day; a time with Z is UTC, one without is China's."""
    match = _UNTIL.fullmatch(text)
    try:
        if match is None:
            raise ValueError(text)
        day = tuple(map(int, match.groups()[:3]))
        if match[4] is None:
            return datetime(day[0], day[1], day[2], 23, 59, 59)  # noqa: DTZ001 - the civil time of China
        at = datetime(*day, *map(int, match.groups()[3:6]), tzinfo=UTC if match[7] else CIVIL_TIME)  # type: ignore[arg-type, misc]
        return at.astimezone(CIVIL_TIME).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise RuleRefused("UNTIL is not a date or a time") from None


_READERS: Final[Mapping[str, tuple[str, Callable[[str], object]]]] = {
    "INTERVAL": ("interval", _interval),
    "BYDAY": ("days", _weekdays),
    "BYMONTHDAY": ("month_days", _numbers(-31, 31)),
    "BYMONTH": ("months", _numbers(1, 12)),
    "BYSETPOS": ("positions", _numbers(-366, 366)),
    "WKST": ("week_start", _week_start),
    "UNTIL": ("until", _until),
}
