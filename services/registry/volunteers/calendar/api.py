"""The routes of calendars, as JSON and as iCalendar."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.kit.entrance import BODY
from services.kit.http import CurrentPrincipal, accepts
from services.kit.idempotency import RequestKey
from services.kit.problems import invalid
from services.kit.runtime import Runtime
from services.registry.answers import json_answer
from services.registry.model import Refused
from services.registry.volunteers import commands, edits, store
from services.registry.volunteers.calendar.decide import calendar_of, with_exception
from services.registry.volunteers.calendar.model import AddedException, Calendar, CalendarRequest
from services.registry.volunteers.changes_api import change
from services.registry.volunteers.documents import calendar_shown
from services.registry.volunteers.model import Volunteer

MEDIA_TYPE = "text/calendar"


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
        return json_answer(calendar_shown(shown.calendar, shown.activation_minutes))

    @router.post("/volunteers/{volunteer_id}/calendar")
    async def replace_calendar(
        volunteer_id: UUID, request: CalendarRequest, key: RequestKey, principal: CurrentPrincipal
    ) -> Response:
        wanted = calendar_of(request, runtime.clock.now())
        if isinstance(wanted, Refused):
            raise invalid(wanted.problems)

        def edit(before: Volunteer) -> Volunteer:
            minutes = before.activation_minutes if request.activation_minutes is None else request.activation_minutes
            return replace(before, calendar=wanted, activation_minutes=minutes)

        return await change(runtime, key, principal, volunteer_id, edit, reason=request.reason)

    @router.post("/volunteers/{volunteer_id}/calendar/exceptions")
    async def add_exception(
        volunteer_id: UUID, request: AddedException, key: RequestKey, principal: CurrentPrincipal
    ) -> Response:
        now = runtime.clock.now()
        edit = _edit(lambda before: with_exception(before, request, now))
        return await change(runtime, key, principal, volunteer_id, edit, reason=request.reason)


def _edit(make: Callable[[Calendar], Calendar | Refused]) -> edits.Edit:
    def edit(before: Volunteer) -> Volunteer | Refused:
        made = make(before.calendar)
        return made if isinstance(made, Refused) else replace(before, calendar=made)

    return edit


def _add_ical(router: APIRouter, runtime: Runtime) -> None:
    """The reader of iCalendar is loaded when it is first needed."""

    @router.get("/volunteers/{volunteer_id}/calendar.ics")
    async def written(volunteer_id: UUID, principal: CurrentPrincipal) -> Response:
        from services.registry.volunteers.calendar.ical import write_ics

        async with runtime.pool.acquire() as connection:
            found = await store.load_volunteer(connection, volunteer_id)
            shown, _ = await commands.with_home(connection, found, principal)
        return Response(write_ics(volunteer_id, shown.calendar, runtime.clock.now()), media_type=MEDIA_TYPE)

    @router.post("/volunteers/{volunteer_id}/calendar.ics")
    @accepts(MEDIA_TYPE)
    async def read(volunteer_id: UUID, request: Request, key: RequestKey, principal: CurrentPrincipal) -> Response:
        from services.registry.volunteers.calendar.ical import read_ics

        wanted = await asyncio.to_thread(read_ics, request.scope[BODY])  # a large file takes a tenth of a second
        if isinstance(wanted, Refused):
            raise invalid(wanted.problems, "The file does not say what is needed.")
        edit = _edit(lambda _: wanted)
        return await change(runtime, key, principal, volunteer_id, edit, reason="iCalendar")
