"""Care over HTTP. A case is opened from the field by a mission token, or by a clinician; the rest is a clinician's.

There is no field for a name anywhere. Phones repeat a request with the same Idempotency-Key and get the same answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict

from schemas.vocabulary import AgeBand, PopulationGroup, TriageLevel
from services.care import commands, store
from services.care.model import CloseReason
from services.care.settings import CareSettings
from services.care.store import SQL
from services.kit.auth import Principal, require_jurisdiction
from services.kit.http import CurrentPrincipal
from services.kit.idempotency import Answer, ClaimedKey, RequestKey
from services.kit.problems import not_found
from services.kit.runtime import Runtime
from services.kit.unit import Unit


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NewCase(_Body):
    """Somebody who was met. A mission, or (clinicians) an incident and one of its zones."""

    mission_id: UUID | None = None
    incident_id: UUID | None = None
    zone_id: UUID | None = None
    population_group: PopulationGroup
    age_band: AgeBand
    triage_level: TriageLevel
    consent_follow_up: bool


class Triaging(_Body):
    """A clinician's judgement."""

    level: TriageLevel


class Consent(_Body):
    """Whether the person agrees to be followed up."""

    follow_up: bool


class Closing(_Body):
    """How the case ended."""

    reason: CloseReason


def build_router(runtime: Runtime, settings: CareSettings) -> APIRouter:
    """All of care's routes."""
    router = APIRouter(prefix="/care")
    _add_opening(router, runtime, settings)
    _add_reading(router, runtime)
    _add_changes(router, runtime)
    return router


def _add_opening(router: APIRouter, runtime: Runtime, settings: CareSettings) -> None:
    @router.post("/cases", status_code=201)
    async def open_case(body: NewCase, principal: CurrentPrincipal, key: RequestKey) -> Response:
        opening = commands.Opening(
            mission_id=body.mission_id,
            incident_id=body.incident_id,
            zone_id=body.zone_id,
            population_group=body.population_group,
            age_band=body.age_band,
            level=body.triage_level,
            follow_up=body.consent_follow_up,
        )
        async with runtime.unit(command_id=key.command_id, actor=principal.subject) as unit:
            replay = await key.claim(unit.connection)
            if replay is not None:
                return replay
            case_id, code = await commands.open_case(
                unit, principal, opening, key.command_id, retry_after_s=settings.lag_retry_after_s
            )
            return await key.complete(unit.connection, Answer.of(201, {"case_id": case_id, "code": code}))


def _add_reading(router: APIRouter, runtime: Runtime) -> None:
    @router.get("/incidents/{incident_id}")
    async def counts(incident_id: UUID, principal: CurrentPrincipal) -> Response:
        async with runtime.pool.acquire() as connection:
            row = await store.incident(connection, incident_id)
            if row is None:
                raise not_found("incident")
            require_jurisdiction(principal, row.jurisdiction)
            levels = await connection.fetch(SQL.counts.sql, incident_id)
        by_level = {level["level"]: {name: level[name] for name in _COUNTED} for level in levels}
        totals = {name: sum(level[name] for level in levels) for name in _COUNTED}
        document = {"incident_id": incident_id, **totals, "by_level": by_level}
        return Answer.of(200, document).response()

    @router.get("/cases/{case_id}")
    async def case(case_id: UUID, principal: CurrentPrincipal) -> Response:
        async with runtime.pool.acquire() as connection:
            found = await store.case(connection, case_id)
            row = None if found is None else await store.incident(connection, found.incident_id)
            if found is None or row is None:
                raise not_found("case")
            require_jurisdiction(principal, row.jurisdiction)
        return Answer.of(200, asdict(found)).response()


_COUNTED = ("open", "closed", "awaiting_review", "consented")


def _add_changes(router: APIRouter, runtime: Runtime) -> None:
    async def change(
        case_id: UUID, principal: Principal, key: ClaimedKey, act: Callable[[Unit], Awaitable[bool]]
    ) -> Response:
        async with runtime.unit(command_id=key.command_id, actor=principal.subject) as unit:
            replay = await key.claim(unit.connection)
            if replay is not None:
                return replay
            changed = await act(unit)
            found = await store.case(unit.connection, case_id)
            assert found is not None
            document: dict[str, Any] = {**asdict(found), "changed": changed}
            return await key.complete(unit.connection, Answer.of(200, document))

    @router.post("/cases/{case_id}/triage")
    async def triage(case_id: UUID, body: Triaging, principal: CurrentPrincipal, key: RequestKey) -> Response:
        return await change(
            case_id, principal, key, lambda unit: commands.triage_case(unit, principal, case_id, body.level)
        )

    @router.post("/cases/{case_id}/consent")
    async def consent(case_id: UUID, body: Consent, principal: CurrentPrincipal, key: RequestKey) -> Response:
        return await change(
            case_id,
            principal,
            key,
            lambda unit: commands.change_consent(unit, principal, case_id, follow_up=body.follow_up),
        )

    @router.post("/cases/{case_id}/close")
    async def close(case_id: UUID, body: Closing, principal: CurrentPrincipal, key: RequestKey) -> Response:
        return await change(
            case_id, principal, key, lambda unit: commands.close_case(unit, principal, case_id, body.reason)
        )
