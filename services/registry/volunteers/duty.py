"""When nobody of a station can be asked: the empty hours of the coming days. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from schemas.vocabulary import Role
from services.registry.decide import civil_day
from services.registry.stations.model import Station
from services.registry.volunteers.decide import deployable, next_change, usable_roles
from services.registry.volunteers.model import Volunteer

Span = tuple[datetime, datetime]


def gaps(
    volunteers: Iterable[Volunteer], home: Station, begins_at: datetime, ends_at: datetime, role: Role | None = None
) -> list[Span]:
    """Spans in which none of them (who has the role, if one is given) can be asked, as their calendars stand now."""
    found: list[Span] = []
    covered_until = begins_at
    spans = sorted(span for one in volunteers for span in _there(one, home, begins_at, ends_at, role))
    for from_at, until in [*spans, (ends_at, ends_at)]:
        if from_at > covered_until:
            found.append((covered_until, from_at))
        covered_until = max(covered_until, until)
    return found


def _there(
    volunteer: Volunteer, home: Station, begins_at: datetime, ends_at: datetime, role: Role | None
) -> Iterator[Span]:
    """Spans in which a volunteer can be asked."""
    at = begins_at
    while at < ends_at:
        next_at = next_change(volunteer, at)
        until = ends_at if next_at is None else min(next_at, ends_at)
        has_role = role is None or role in usable_roles(volunteer, civil_day(at))
        if has_role and deployable(volunteer, home, at)[0]:
            yield at, until
        at = until
