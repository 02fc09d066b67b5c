"""The routes of need templates: look at all of them, edit one."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Response
from pydantic import Field, TypeAdapter

from schemas.values import NeedLine
from schemas.vocabulary import IncidentKind, Level, Phase
from services.incidents.decide import duplicate_needs
from services.incidents.model import Needs, StrictRequest
from services.incidents.reference import Reference
from services.incidents.templates import store
from services.kit.http import CurrentPrincipal
from services.kit.idempotency import Answer, ClaimedKey, RequestKey
from services.kit.problems import invalid
from services.kit.runtime import Runtime

_NEEDS: Any = TypeAdapter(tuple[NeedLine, ...])


class TemplateRequest(StrictRequest):
    """The need lines that fill in for a kind, level and phase from now on, and where the numbers come from."""

    kind: IncidentKind
    level: Level
    phase: Phase = Phase.ACUTE
    needs: Needs
    source: Annotated[str, Field(min_length=1, max_length=500)]


def add_routes(router: APIRouter, runtime: Runtime, templates: store.Templates) -> None:
    """`GET` and `POST /incidents/templates`."""

    @router.get("/templates")
    async def show(
        kind: IncidentKind | None = None, level: Level | None = None, phase: Phase | None = None
    ) -> Response:
        async with runtime.pool.acquire() as connection:
            edited = await store.read_edited(connection)
        wanted = (kind, level, phase)
        items = [
            item for item in _all(templates.built_in, edited)
            if all(asked in (None, item[name]) for name, asked in zip(("kind", "level", "phase"), wanted, strict=True))
        ]  # fmt: skip
        return Response(orjson.dumps({"items": items}), media_type="application/json")

    @router.post("/templates")
    async def edit(request: TemplateRequest, key: RequestKey, principal: CurrentPrincipal) -> Response:
        answer = await _edit(runtime, request, key, principal.subject)
        async with runtime.pool.acquire() as connection:
            await templates.now(connection)
        return answer


async def _edit(runtime: Runtime, request: TemplateRequest, key: ClaimedKey, actor: str) -> Response:
    findings = duplicate_needs(request.needs)
    if findings:
        raise invalid(findings, "The need lines cannot be taken as they stand.")
    async with runtime.unit(command_id=key.command_id, actor=actor) as unit:
        if (replay := await key.claim(unit.connection)) is not None:
            return replay
        place = (request.kind, request.level, request.phase)
        version = await store.save(
            unit.connection, place, request.needs, request.source, now=unit.now, actor=unit.actor
        )
        document = {"kind": request.kind, "level": request.level, "phase": request.phase, "version": version}
        return await key.complete(unit.connection, Answer.of(200, document))


def _all(built_in: Reference, edited: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every template: version 0 is the project's own, whose numbers are assumed."""
    newest = {(row["kind"], row["level"], row["phase"]): row for row in edited}
    items = []
    for (kind, level, phase), needs in built_in.needs.items():
        row = newest.get((kind.value, level.value, phase.value))
        item = {"kind": kind, "level": level, "phase": phase, "version": 0, "assumed": True}
        if row is None:
            items.append({**item, "source": built_in.needs_source, "needs": _NEEDS.dump_python(needs, mode="json")})
        else:
            items.append(
                {**item, "assumed": False, **{name: row[name] for name in ("version", "source", "needs", "set_at")}}
            )
    return items
