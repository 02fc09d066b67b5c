"""Positions over HTTP: a phone tells its own, a lead those of volunteers of the area. Nothing of it is logged."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from schemas.values import LatDeg, LonDeg
from services.geofencing.standing.follow import look_soon
from services.geofencing.whereabouts import store
from services.geofencing.whereabouts.duty import FORGET_TIMER
from services.geofencing.whereabouts.freshness import KEPT, Fix, Kept, out_of_time, to_keep
from services.kit.auth import Principal, require_all_jurisdiction
from services.kit.http import CurrentPrincipal
from services.kit.idempotency import Answer, RequestKey
from services.kit.problems import Finding, forbidden, invalid
from services.kit.runtime import Runtime
from services.kit.unit import Unit

POSITIONS_MAX: Final = 500


class PositionReport(BaseModel):
    """Where somebody was at a time, and how sure the phone is."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    volunteer_id: UUID
    lat_deg: LatDeg
    lon_deg: LonDeg
    accuracy_m: Annotated[float, Field(ge=0, le=100_000)]
    fixed_at: AwareDatetime


class PositionsRequest(BaseModel):
    """Positions of different people, or one's own."""

    model_config = ConfigDict(extra="forbid")

    positions: Annotated[tuple[PositionReport, ...], Field(min_length=1, max_length=POSITIONS_MAX)]


def add_positions(routes: APIRouter, runtime: Runtime) -> None:
    """The route that takes positions."""

    @routes.post("/positions")
    async def positions(request: PositionsRequest, principal: CurrentPrincipal, key: RequestKey) -> Response:
        """Keep positions: exactly of people on duty, of others to about 5 km; what is older than known is left."""
        async with runtime.unit(command_id=key.command_id, actor=principal.subject) as unit:
            replay = await key.claim(unit.connection)
            if replay is not None:
                return replay
            await _check(unit, request, principal)
            kept = await _keep(unit, request)
            document = {"positions": [{"volunteer_id": who, "kept": how} for who, how in kept.items()]}
            return await key.complete(unit.connection, Answer.of(200, document))


async def _check(unit: Unit, request: PositionsRequest, principal: Principal) -> None:
    """Refuse the whole batch for what is wrong in it."""
    own = principal.scope is not None
    if own and any(str(report.volunteer_id) != principal.subject for report in request.positions):
        raise forbidden("A phone tells the position of its own volunteer only.")
    areas = await store.area_codes(unit.connection, {report.volunteer_id for report in request.positions})
    findings, seen = [], set[UUID]()
    for number, report in enumerate(request.positions):
        problems = (
            ("volunteer_id", "is not a volunteer that is known here" if report.volunteer_id not in areas else None),
            ("volunteer_id", "comes twice" if report.volunteer_id in seen else None),
            ("fixed_at", out_of_time(report.fixed_at, unit.now)),
        )
        seen.add(report.volunteer_id)
        findings += [Finding(where=f"/positions/{number}/{name}", what=what) for name, what in problems if what]
    if findings:
        raise invalid(findings)
    require_all_jurisdiction(principal, list(areas.values()))


async def _keep(unit: Unit, request: PositionsRequest) -> dict[UUID, Kept]:
    on_duty = await store.on_duty(unit.connection, {report.volunteer_id for report in request.positions}, unit.now)
    fixes = [
        to_keep(Fix(**report.model_dump()), on_duty=report.volunteer_id in on_duty) for report in request.positions
    ]
    newer = await store.put_fixes(unit.connection, fixes)
    for fix in fixes:
        if fix.volunteer_id in newer:
            _forget_later(unit, fix.volunteer_id, fix.fixed_at)
    if newer:
        look_soon(unit)
    return {
        fix.volunteer_id: Kept.OLDER if fix.volunteer_id not in newer else Kept.EXACT if fix.is_exact else Kept.COARSE
        for fix in fixes
    }


def _forget_later(unit: Unit, volunteer_id: UUID, fixed_at: datetime) -> None:
    unit.schedule(FORGET_TIMER, volunteer_id, fixed_at + KEPT, {"fixed_at": fixed_at.isoformat()})
