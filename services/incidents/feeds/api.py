"""The routes of feeds: hand in a document, look at proposals, accept or dismiss them, say what a source may do."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import Message
from typing import Annotated, Any, Final
from uuid import UUID

import orjson
from fastapi import APIRouter, Path, Query, Request, Response

from schemas.policy import prefix_of
from services.incidents import acting, declaring
from services.incidents.amend import store as amend_store
from services.incidents.declaring import Declaring
from services.incidents.feeds import accepting, decide, store
from services.incidents.feeds.model import (
    NAME_CHARS_MAX,
    SOURCE,
    AcceptRequest,
    DismissRequest,
    FeedPolicy,
    ProposalState,
)
from services.incidents.feeds.reader import Reader
from services.incidents.feeds.taking import Taker
from services.incidents.intake.model import FILE_BYTES_MAX
from services.kit.auth import Principal, require_all_jurisdiction, require_jurisdiction
from services.kit.http import CurrentPrincipal, streamed
from services.kit.idempotency import Answer, ClaimedKey, RequestKey
from services.kit.outbox import EventTooLarge
from services.kit.problems import Finding, conflict, invalid, not_found
from services.kit.runtime import Runtime

PAGE_MAX: Final = 200
MEDIA_TYPES: Final = (
    "application/octet-stream", "application/xml", "text/xml", "application/cap+xml", "application/atom+xml",
    "application/rss+xml", "application/json", "application/geo+json",
)  # fmt: skip
_NEWEST: Final = (datetime(9999, 1, 1, tzinfo=UTC), UUID(int=2**128 - 1))
Source = Annotated[str, Path(pattern=SOURCE)]


def add_routes(router: APIRouter, declares: Declaring) -> None:
    """`/incidents/feeds/{source}` and `/incidents/proposals`.

    A document needs no Idempotency-Key: what it says is known by its content, so that it may be handed in again.
    """
    runtime = declares.runtime
    taker = Taker(runtime, declares.templates, Reader())

    @router.post("/feeds/{source}")
    @streamed(*MEDIA_TYPES, bytes_max=FILE_BYTES_MAX)
    async def document(
        source: Source,
        request: Request,
        principal: CurrentPrincipal,
        name: Annotated[str, Query(max_length=NAME_CHARS_MAX)] = "",
    ) -> Response:
        data = bytearray()
        async for piece in request.stream():
            data += piece
        charset = _charset_of(request)
        return _json(await taker.take(source, name, bytes(data), principal.subject, charset=charset))

    @router.get("/feeds/{source}/policy")
    async def policy(source: Source) -> Response:
        async with runtime.pool.acquire() as connection:
            found, version = await store.policy_of(connection, source)
        return _json({"source": source, "version": version, **found.model_dump(mode="json")})

    @router.post("/feeds/{source}/policy")
    async def set_policy(source: Source, request: FeedPolicy, key: RequestKey, principal: CurrentPrincipal) -> Response:
        async with runtime.unit(command_id=key.command_id, actor=principal.subject) as unit:
            if (replay := await key.claim(unit.connection)) is not None:
                return replay
            version = await store.save_policy(unit.connection, source, request, now=unit.now, actor=unit.actor)
            return await key.complete(unit.connection, Answer.of(200, {"source": source, "version": version}))

    _add_reads(router, runtime)
    _add_decisions(router, declares)


def _add_reads(router: APIRouter, runtime: Runtime) -> None:
    @router.get("/proposals")
    async def proposals(
        principal: CurrentPrincipal,
        state: ProposalState | None = None,
        source: Annotated[str | None, Query(pattern=SOURCE)] = None,
        without_level: bool = False,
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 50,
        cursor: Annotated[str | None, Query(max_length=100)] = None,
    ) -> Response:
        before = _NEWEST if cursor is None else declaring.read_cursor(cursor)
        prefixes = [prefix_of(area) for area in principal.areas]
        async with runtime.pool.acquire() as connection:
            items = await store.read_page(
                connection,
                prefixes,
                state=state,
                source=source,
                without_level=without_level,
                before=before,
                limit=limit,
            )
        last = items[-1] if len(items) == limit else None
        next_cursor = last and f"{last['changed_at'].isoformat()}~{last['proposal_id']}"
        return _json({"items": items, "next_cursor": next_cursor})

    @router.get("/proposals/{proposal_id}")
    async def proposal(proposal_id: UUID, principal: CurrentPrincipal) -> Response:
        async with runtime.pool.acquire() as connection:
            found = await store.read_one(connection, proposal_id)
        if found is None:
            raise not_found("proposal")
        _require_some(principal, found["area_codes"])
        return _json(found)


def _add_decisions(router: APIRouter, declares: Declaring) -> None:
    runtime = declares.runtime

    @router.post("/proposals/{proposal_id}/accept")
    async def accept(
        proposal_id: UUID, request: AcceptRequest, key: RequestKey, principal: CurrentPrincipal
    ) -> Response:
        try:
            return await _accept(declares, proposal_id, request, key, principal)
        except EventTooLarge as error:
            raise acting.too_large(str(error)) from None

    @router.post("/proposals/{proposal_id}/dismiss")
    async def dismiss(
        proposal_id: UUID, request: DismissRequest, key: RequestKey, principal: CurrentPrincipal
    ) -> Response:
        async with runtime.unit(command_id=key.command_id, actor=principal.subject) as unit:
            kept = await store.load(unit.connection, proposal_id)
            if (replay := await key.claim(unit.connection)) is not None:
                return replay
            if kept is None or kept.state is ProposalState.JOINED:
                raise not_found("proposal")
            _require_some(principal, kept.picture.area_codes)
            if kept.state is not ProposalState.PROPOSED:
                raise conflict(f"The proposal already is {kept.state}.")
            await store.set_dismissed(unit.connection, proposal_id, request.reason, now=unit.now, actor=unit.actor)
            document = {"proposal_id": str(proposal_id), "state": ProposalState.DISMISSED}
            return await key.complete(unit.connection, Answer.of(200, document))


async def _accept(
    declares: Declaring, proposal_id: UUID, request: AcceptRequest, key: ClaimedKey, principal: Principal
) -> Response:
    """Looks up what a new incident needs before it locks anything; then the proposal must not have changed."""
    runtime, templates = declares.runtime, declares.templates
    async with runtime.pool.acquire() as connection, connection.transaction():
        seen = await store.load(connection, proposal_id)
    if seen is not None:  # whatever codes the acceptance names in their place
        _require_some(principal, seen.picture.area_codes)
    located = None
    if seen is not None and seen.incident_id is None and request.attach_to is None and not seen.withdrawn:
        asked = accepting.request_of(seen, request, runtime.clock.now())
        located = await declares.located(asked, principal)
    async with runtime.unit(command_id=key.command_id, actor=principal.subject) as unit:
        kept = await store.load(unit.connection, proposal_id)
        if (replay := await key.claim(unit.connection)) is not None:
            return replay
        kept = accepting.check_open(kept, request)
        incident_id = request.attach_to or kept.incident_id
        if incident_id is None:
            if located is None or seen is None or seen.revision != kept.revision:
                raise conflict("The proposal changed a moment ago; look at it again.")
            accepted = await accepting.declare(unit, templates, kept, located, principal)
        else:
            if unused := decide.unused_when_revising(request):
                raise invalid(unused, "An incident that is there takes only the level and the area codes from here.")
            whole = await amend_store.load_whole(unit.connection, incident_id)
            if whole is None:
                raise invalid([Finding(where="/attach_to", what="there is no such incident")])
            codes = (*whole.incident.area_codes, *(request.area_codes or ()), *kept.picture.area_codes)
            require_all_jurisdiction(principal, codes)
            accepted = await accepting.revise_from(unit, templates, kept, whole, request, by_policy=False)
        status = 201 if accepted.outcome == "declared" else 200
        return await key.complete(unit.connection, Answer.of(status, accepted.document()))


def _charset_of(request: Request) -> str | None:
    """The charset that the media type names."""
    header = Message()
    header["Content-Type"] = request.headers.get("Content-Type", "")
    return header.get_content_charset()


def _require_some(principal: Principal, area_codes: Any) -> None:
    """A proposal that names no area is for every duty officer."""
    if area_codes:
        require_jurisdiction(principal, area_codes)


def _json(document: Any) -> Response:
    return Response(orjson.dumps(document), media_type="application/json")
