"""The HTTP side of alerts: the board of an incident, and answers to pages."""

from __future__ import annotations

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from schemas.vocabulary import Answer
from services.alerts import store
from services.alerts.answering import Given, Outcome
from services.alerts.desk import AnswerDesk
from services.alerts.store import statement
from services.kit.auth import require_jurisdiction
from services.kit.http import CurrentPrincipal
from services.kit.problems import forbidden, not_found
from services.kit.runtime import Runtime

BOARD_ASKS_MAX: Final = 10_000


class AnswerRequest(BaseModel):
    """A volunteer's answer."""

    model_config = ConfigDict(extra="forbid")

    answer: Answer
    eta_minutes: Annotated[int, Field(ge=0, le=100_000)] | None = None


class BehalfRequest(AnswerRequest):
    """An answer that somebody gave by telephone or in person, entered for them."""

    volunteer_id: UUID
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class AnswerResponse(BaseModel):
    """What became of an answer."""

    counted: bool
    message_zh: str
    message_en: str


def router(runtime: Runtime, desk: AnswerDesk) -> APIRouter:
    """The routes, under /alerts."""
    routes = APIRouter(prefix="/alerts", tags=["alerts"])

    @routes.get("/incidents/{incident_id}")
    async def board(incident_id: UUID, principal: CurrentPrincipal) -> dict[str, Any]:
        """Quotas, waves with their reasons, pages and answers of an incident. People appear by id only."""
        async with runtime.pool.acquire() as connection:
            alert = await _alert(connection, incident_id)
            require_jurisdiction(principal, alert.jurisdiction)
            return await _board(connection, alert)

    @routes.post("/pages/{page_id}/answer")
    async def answer(page_id: UUID, request: AnswerRequest, principal: CurrentPrincipal) -> AnswerResponse:
        """Answer a page with its own token. Answering again changes the answer, until one is dispatched."""
        async with runtime.pool.acquire() as connection:
            alert_id = await _alert_of_owner(connection, page_id, principal.subject)
        given = Given(answer=request.answer, eta_minutes=request.eta_minutes)
        return _response(await desk.take(alert_id, page_id, given))

    @routes.post("/incidents/{incident_id}/answers")
    async def answer_for(incident_id: UUID, request: BehalfRequest, principal: CurrentPrincipal) -> AnswerResponse:
        """Enter an answer on a volunteer's behalf; who did it and why is kept."""
        async with runtime.pool.acquire() as connection:
            alert = await _alert(connection, incident_id)
            require_jurisdiction(principal, alert.jurisdiction)
            page_id = await connection.fetchval(statement("ask_of"), incident_id, request.volunteer_id)
        if page_id is None:
            raise not_found("volunteer who was asked in this incident")
        given = Given(
            answer=request.answer,
            eta_minutes=request.eta_minutes,
            answered_by=principal.subject,
            reason=request.reason,
        )
        return _response(await desk.take(alert.alert_id, page_id, given))

    return routes


async def _alert(connection: Any, incident_id: UUID) -> store.AlertRow:
    row = await connection.fetchrow(statement("alert_of_incident"), incident_id)
    if row is None:
        raise not_found("alert")
    return store.alert_of(row)


async def _alert_of_owner(connection: Any, page_id: UUID, subject: str) -> UUID:
    """The page's alert. The token is for this page (the gate has checked that) and for this person."""
    owner = await connection.fetchrow(statement("page_owner"), page_id)
    if owner is None:
        raise not_found("page")
    if str(owner["volunteer_id"]) != subject:
        raise forbidden("This page was sent to somebody else.")
    alert_id: UUID = owner["alert_id"]
    return alert_id


def _response(outcome: Outcome) -> AnswerResponse:
    message = outcome.message
    return AnswerResponse(counted=outcome.counted, message_zh=message.zh, message_en=message.en)


async def _board(connection: Any, alert: store.AlertRow) -> dict[str, Any]:
    quotas = await connection.fetch(statement("quotas"), alert.alert_id, _long_ago(alert))
    waves = await connection.fetch(statement("board_waves"), alert.alert_id)
    asks = await connection.fetch(statement("board_asks"), alert.alert_id, BOARD_ASKS_MAX)
    pages = await connection.fetch(statement("board_pages"), alert.alert_id)
    answers: dict[str, int] = {}
    for row in asks:
        answers[row["state"]] = answers.get(row["state"], 0) + 1
    return {
        "alert_id": alert.alert_id,
        "incident_id": alert.incident_id,
        "state": alert.state.value,
        "exercise": alert.exercise,
        "exhausted": alert.exhausted,
        "opened_at": alert.opened_at,
        "closed_at": alert.closed_at,
        "stations_in_reach": await store.stations_in_reach(connection, alert.alert_id),
        "quotas": [_quota_line(row) for row in quotas],
        "waves": [dict(row) for row in waves],
        "pages": [dict(row) for row in pages],
        "asks_by_state": answers,
        "asks": [dict(row) for row in asks],
    }


def _long_ago(alert: store.AlertRow) -> Any:
    """Before the alert's first ask: all open asks are counted as awaited."""
    return alert.clock.anchor_real_at.replace(year=1970)


def _quota_line(row: Any) -> dict[str, Any]:
    line = dict(row)
    line.pop("ring")
    line["awaited"] = line.pop("waiting")
    line["state"] = "filled" if row["accepted"] >= row["count"] else "open"
    return line
