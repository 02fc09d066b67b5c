"""The routes of calendars, as JSON and as iCalendar."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Header, Request, Response

from services.kit.entrance import BODY
from services.kit.http import CurrentPrincipal, accepts
from services.kit.idempotency import RequestKey
from services.kit.problems import Finding, ProblemError, invalid, not_found
from services.kit.runtime import Runtime
from services.registry.answers import json_answer
from services.registry.model import Refused
from services.registry.volunteers import commands, edits, store
from services.registry.volunteers.calendar.decide import calendar_of, with_exception, without_exception
from services.registry.volunteers.calendar.model import AddedException, Calendar, CalendarRequest
from services.registry.volunteers.changes_api import change
from services.registry.volunteers.documents import calendar_shown
from services.registry.volunteers.model import Volunteer
from services.registry.volunteers.rows import calendar_document

MEDIA_TYPE = "text/calendar"
IfMatch = Annotated[str | None, Header(max_length=100)]
"""The entity tag of the calendar that the caller has looked at."""


def add_routes(router: APIRouter, runtime: Runtime) -> None:
    """Add the routes."""
    _add_json(router, runtime)
    _add_ical(router, runtime)


def _add_json(router: APIRouter, runtime: Runtime) -> None:
    @router.get("/volunteers/{volunteer_id}/calendar")
    async def calendar(volunteer_id: UUID, principal: CurrentPrincipal) -> Response:
        async with runtime.pool.acquire() as connection:
            found = await store.load_volunteer(connection, volunteer_id)
            shown, _ = await commands.with_home(connection, found, principal)
        return _answer_with_version(calendar_shown(shown), shown.calendar)

    @router.post("/volunteers/{volunteer_id}/calendar")
    async def replace_calendar(
        volunteer_id: UUID, request: CalendarRequest, key: RequestKey, principal: CurrentPrincipal,
        if_match: IfMatch = None,
    ) -> Response:  # fmt: skip
        wanted = calendar_of(request, runtime.clock.now())
        if isinstance(wanted, Refused):
            raise invalid(wanted.problems)

        def edit(before: Volunteer) -> Volunteer:
            _check_version(before.calendar, if_match)
            minutes = before.activation_minutes if request.activation_minutes is None else request.activation_minutes
            return replace(before, calendar=wanted, activation_minutes=minutes)

        return await change(runtime, key, principal, volunteer_id, edit, reason=request.reason)

    _add_exceptions(router, runtime)


def _add_exceptions(router: APIRouter, runtime: Runtime) -> None:
    @router.post("/volunteers/{volunteer_id}/calendar/exceptions")
    async def add_exception(
        volunteer_id: UUID, request: AddedException, key: RequestKey, principal: CurrentPrincipal,
        if_match: IfMatch = None,
    ) -> Response:  # fmt: skip
        now = runtime.clock.now()
        edit = _edit(lambda before: with_exception(before, request, now), if_match)
        return await change(runtime, key, principal, volunteer_id, edit, reason=request.reason)

    @router.delete("/volunteers/{volunteer_id}/calendar/exceptions/{exception_id}")
    async def remove_exception(
        volunteer_id: UUID, exception_id: UUID, key: RequestKey, principal: CurrentPrincipal, if_match: IfMatch = None
    ) -> Response:
        def make(before: Calendar) -> Calendar:
            kept = without_exception(before, volunteer_id, exception_id)
            if kept is None:
                raise not_found("exception")
            return kept

        return await change(runtime, key, principal, volunteer_id, _edit(make, if_match))


def _edit(make: Callable[[Calendar], Calendar | Refused], if_match: str | None) -> edits.Edit:
    def edit(before: Volunteer) -> Volunteer | Refused:
        _check_version(before.calendar, if_match)
        made = make(before.calendar)
        return made if isinstance(made, Refused) else replace(before, calendar=made)

    return edit


def _version(calendar: Calendar) -> str:
    """An entity tag: calendars that say the same have the same."""
    digest = hashlib.sha256(orjson.dumps(calendar_document(calendar), option=orjson.OPT_SORT_KEYS))
    return f'"{digest.hexdigest()[:32]}"'


def _check_version(calendar: Calendar, if_match: str | None) -> None:
    """412 if the caller has looked at another calendar than this; without a word of theirs all is well."""
    if if_match is not None and if_match != "*" and if_match != _version(calendar):
        raise ProblemError(
            412, "precondition-failed", "The calendar was changed since you looked at it; look again first.",
            findings=[Finding(where="header:If-Match", what="is not the calendar's entity tag any more")],
        )  # fmt: skip


def _answer_with_version(document: Mapping[str, Any], calendar: Calendar) -> Response:
    answer = json_answer(document)
    answer.headers["ETag"] = _version(calendar)
    return answer


def _add_ical(router: APIRouter, runtime: Runtime) -> None:
    """The reader of iCalendar is loaded when it is first needed."""

    @router.get("/volunteers/{volunteer_id}/calendar.ics")
    async def show(volunteer_id: UUID, principal: CurrentPrincipal) -> Response:
        from services.registry.volunteers.calendar.ical import write_ics

        async with runtime.pool.acquire() as connection:
            found = await store.load_volunteer(connection, volunteer_id)
            shown, _ = await commands.with_home(connection, found, principal)
        written = write_ics(volunteer_id, shown.calendar, runtime.clock.now())
        return Response(written, media_type=MEDIA_TYPE, headers={"ETag": _version(shown.calendar)})

    @router.post("/volunteers/{volunteer_id}/calendar.ics")
    @accepts(MEDIA_TYPE)
    async def read(
        volunteer_id: UUID, request: Request, key: RequestKey, principal: CurrentPrincipal, if_match: IfMatch = None
    ) -> Response:
        from services.registry.volunteers.calendar.ical import read_ics

        wanted = await asyncio.to_thread(read_ics, request.scope[BODY])  # a large file takes a tenth of a second
        if isinstance(wanted, Refused):
            raise invalid(wanted.problems, "The file does not say what is needed.")
        edit = _edit(lambda _: wanted, if_match)
        return await change(runtime, key, principal, volunteer_id, edit, reason="iCalendar")
