"""The routes of the talent register."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Response

from schemas.events.volunteer import VolunteerTrained, VolunteerTrainingWithdrawn
from services.kit.auth import require_all_jurisdiction
from services.kit.http import CurrentPrincipal
from services.kit.idempotency import Answer, RequestKey
from services.kit.problems import Finding, invalid, not_found
from services.kit.runtime import Runtime
from services.kit.unit import Unit
from services.registry.answers import json_answer
from services.registry.commands import tell
from services.registry.decide import civil_day
from services.registry.model import Fact
from services.registry.stations.model import Station
from services.registry.stations.store import load_stations
from services.registry.volunteers import commands
from services.registry.volunteers.store import load_volunteer
from services.registry.volunteers.training import store
from services.registry.volunteers.training.model import TrainingRequest, WithdrawalRequest, training_id_of

PAGE_MAX: Final = 1_000
_FIRST_DAY: Final = date(1900, 1, 1)
_LAST_DAY: Final = date(9999, 12, 31)
FirstDay = Annotated[date, Query(alias="from")]
LastDay = Annotated[date, Query(alias="through")]


def add_routes(router: APIRouter, runtime: Runtime) -> None:
    """Add the routes."""
    _add_entries(router, runtime)
    _add_totals(router, runtime)


def _add_entries(router: APIRouter, runtime: Runtime) -> None:
    @router.get("/volunteers/{volunteer_id}/trainings")
    async def trainings(volunteer_id: UUID, principal: CurrentPrincipal) -> Response:
        async with runtime.pool.acquire() as connection:
            await commands.with_home(connection, await load_volunteer(connection, volunteer_id), principal)
            return json_answer(await store.of_volunteer(connection, volunteer_id))

    @router.post("/volunteers/{volunteer_id}/trainings")
    async def enter(
        volunteer_id: UUID, request: TrainingRequest, key: RequestKey, principal: CurrentPrincipal
    ) -> Response:
        async with runtime.unit(command_id=key.command_id, actor=principal.subject) as unit:
            if (replay := await key.claim(unit.connection)) is not None:
                return replay
            _, home = await commands.lock_one(unit, volunteer_id, principal)
            training_id, is_new = await _enter(unit, volunteer_id, home, request)
            document = {"training_id": training_id, "changed": is_new}
            return await key.complete(unit.connection, Answer.of(201 if is_new else 200, document))

    @router.post("/volunteers/{volunteer_id}/trainings/{training_id}/withdrawal")
    async def withdraw(
        volunteer_id: UUID, training_id: UUID, request: WithdrawalRequest, key: RequestKey, principal: CurrentPrincipal
    ) -> Response:
        async with runtime.unit(command_id=key.command_id, actor=principal.subject) as unit:
            if (replay := await key.claim(unit.connection)) is not None:
                return replay
            _, home = await commands.lock_one(unit, volunteer_id, principal)
            is_new = await _withdraw(unit, volunteer_id, training_id, home, request.reason)
            document = {"training_id": training_id, "changed": is_new}
            return await key.complete(unit.connection, Answer.of(200, document))


async def _enter(unit: Unit, volunteer_id: UUID, home: Station, training: TrainingRequest) -> tuple[UUID, bool]:
    """Enter a training that was held; says which entry it is and whether that is new or different."""
    if not _FIRST_DAY <= training.held_on <= civil_day(unit.now):
        raise invalid([Finding(where="/held_on", what="must be a day from 1900 until today")])
    training_id = training_id_of(volunteer_id, training)
    is_new = await store.add(
        unit.connection, training_id, volunteer_id, training, now=unit.now, by=unit.actor or "-"
    )  # fmt: skip
    if is_new:
        event = VolunteerTrained(
            volunteer_id=volunteer_id,
            home_station_id=home.station_id,
            training_id=training_id,
            course=training.course,
            hours=training.hours,
            held_on=training.held_on,
        )
        tell(unit, [Fact(key=volunteer_id, area_code=home.area_code, event=event)])
    return training_id, is_new


async def _withdraw(unit: Unit, volunteer_id: UUID, training_id: UUID, home: Station, reason: str) -> bool:
    is_new = await store.withdraw(
        unit.connection, training_id, volunteer_id, now=unit.now, by=unit.actor or "-", reason=reason
    )
    if is_new:
        event = VolunteerTrainingWithdrawn(volunteer_id=volunteer_id, training_id=training_id)
        tell(unit, [Fact(key=volunteer_id, area_code=home.area_code, event=event)])
    elif not await store.exists(unit.connection, training_id, volunteer_id):
        raise not_found("training")
    return is_new


def _add_totals(router: APIRouter, runtime: Runtime) -> None:
    @router.get("/trainings/totals")
    async def by_station(
        principal: CurrentPrincipal,
        area_code: Annotated[str, Query(pattern=r"^(\*|\d{6}(\d{6})?)$")] = "*",
        first: FirstDay = _FIRST_DAY,
        last: LastDay = _LAST_DAY,
        after_ref: Annotated[str, Query(max_length=120)] = "",
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 200,
    ) -> Response:
        async with runtime.pool.acquire() as connection:
            prefixes = commands.prefixes_of(principal, area_code)
            found = await store.totals_by_station(connection, prefixes, first, last, after_ref, limit)
        next_after_ref = found[-1]["ref"] if len(found) == limit else None
        return json_answer({"items": found, "next_after_ref": next_after_ref})

    @router.get("/stations/{station_id}/trainings")
    async def by_volunteer(
        station_id: UUID, principal: CurrentPrincipal, first: FirstDay = _FIRST_DAY, last: LastDay = _LAST_DAY
    ) -> Response:
        async with runtime.pool.acquire() as connection:
            station = (await load_stations(connection, [station_id])).get(station_id)
            if station is None:
                raise not_found("station")
            require_all_jurisdiction(principal, [station.area_code])
            found = await store.totals_by_volunteer(connection, station_id, first, last)
        return json_answer(_station_totals(station_id, found))


def _station_totals(station_id: UUID, found: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "station_id": station_id,
        "items": found,
        "total": {"entries": sum(item["entries"] for item in found), "hours": sum(item["hours"] for item in found)},
    }
