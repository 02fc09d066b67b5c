"""The routes of imports and exports: bring a file, see how far it is, undo it; take the register out as a file."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any, Final, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, Query, Request, Response
from starlette.requests import ClientDisconnect
from starlette.responses import StreamingResponse

from schemas.policy import IDENTITY_READERS, prefix_of
from services.kit.auth import Principal, require_all_jurisdiction
from services.kit.entrance import ClientGone
from services.kit.http import CurrentPrincipal, streamed
from services.kit.idempotency import Answer, RequestKey, key_of
from services.kit.log import get_logger
from services.kit.problems import Finding, ProblemError, conflict, forbidden, invalid, not_found
from services.kit.runtime import Runtime
from services.registry.answers import json_answer
from services.registry.imports import export, store
from services.registry.imports.limits import FILE_BYTES_MAX
from services.registry.imports.model import UNDO_DAYS, Import, Kind, State
from services.registry.imports.runner import Importer

_log = get_logger(__name__)
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MEDIA_TYPES: Final = ("text/csv", "text/tab-separated-values", XLSX)
PART_BYTES: Final = 1 << 20
ERRORS_PAGE_MAX: Final = 1_000
IMPORTS_PAGE_MAX: Final = 200


def add_routes(router: APIRouter, runtime: Runtime, importer: Importer) -> None:
    """Add the routes of imports and exports."""
    _add_upload(router, runtime, importer)
    _add_imports(router, runtime, importer)
    _add_exports(router, runtime)


def _add_upload(router: APIRouter, runtime: Runtime, importer: Importer) -> None:
    @router.post("/imports")
    @streamed(*MEDIA_TYPES, bytes_max=FILE_BYTES_MAX)
    async def start(
        request: Request, principal: CurrentPrincipal, kind: Kind, dry_run: bool = False, all_or_nothing: bool = False
    ) -> Response:
        import_id = uuid4()
        try:
            sha256, size = await _receive(request, runtime, import_id)
            key = key_of(request, f"{kind} {dry_run} {all_or_nothing} {sha256.hex()}".encode())
            async with runtime.unit(command_id=key.command_id, actor=principal.subject) as unit:
                if (replay := await key.claim(unit.connection)) is not None:
                    await store.remove_file(unit.connection, import_id)
                    return replay
                await store.request(
                    unit.connection, import_id, kind, dry_run=dry_run, all_or_nothing=all_or_nothing, sha256=sha256,
                    file_bytes=size, actor=principal.subject, areas=principal.areas, now=unit.now,
                )  # fmt: skip
                job = await store.lock(unit.connection, import_id)
                answer = await key.complete(unit.connection, Answer.of(202, document(job)))
        except (ProblemError, ClientDisconnect) as error:
            async with runtime.pool.acquire() as connection:
                await store.remove_file(connection, import_id)
            if isinstance(error, ClientDisconnect):
                raise ClientGone from error
            raise
        importer.wake()
        return answer


async def _receive(request: Request, runtime: Runtime, import_id: UUID) -> tuple[bytes, int]:
    """Put the body into the database part by part; its digest and size."""
    digest = hashlib.sha256()
    size = number = 0
    held = bytearray()

    async def put_away() -> None:
        nonlocal number
        async with runtime.pool.acquire() as connection:
            await store.add_part(connection, import_id, number, bytes(held), runtime.clock.now())
        number += 1
        held.clear()

    async for piece in request.stream():
        digest.update(piece)
        size += len(piece)
        held += piece
        if len(held) >= PART_BYTES:
            await put_away()
    if size == 0:
        raise invalid([Finding(where="", what="the file is empty")])
    if held:
        await put_away()
    return digest.digest(), size


def _add_imports(router: APIRouter, runtime: Runtime, importer: Importer) -> None:
    @router.get("/imports")
    async def list_imports(
        principal: CurrentPrincipal,
        kind: Kind | None = None,
        state: State | None = None,
        before: UUID | None = None,
        limit: Annotated[int, Query(ge=1, le=IMPORTS_PAGE_MAX)] = 50,
    ) -> Response:
        prefixes = [prefix_of(area) for area in principal.areas]
        async with runtime.pool.acquire() as connection:
            found = await store.list_imports(connection, prefixes, kind, state, before, limit)
        next_before = found[-1].import_id if len(found) == limit else None
        return json_answer({"items": [document(job) for job in found], "next_before": next_before})

    @router.get("/imports/{import_id}")
    async def show(
        import_id: UUID,
        principal: CurrentPrincipal,
        after: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=0, le=ERRORS_PAGE_MAX)] = ERRORS_PAGE_MAX,
    ) -> Response:
        async with runtime.pool.acquire() as connection:
            job = _visible(await store.load(connection, import_id), principal)
            errors = await store.errors(connection, import_id, after, limit)
        next_after = errors[-1]["ordinal"] if errors and len(errors) == limit else None
        return json_answer({**document(job), "errors": errors, "next_after": next_after})

    @router.post("/imports/{import_id}/undo")
    async def undo(import_id: UUID, key: RequestKey, principal: CurrentPrincipal) -> Response:
        async with runtime.unit(command_id=key.command_id, actor=principal.subject) as unit:
            if (replay := await key.claim(unit.connection)) is not None:
                return replay
            _visible(await store.load(unit.connection, import_id), principal)
            job = await store.lock(unit.connection, import_id)
            if job.state is State.DONE and not job.dry_run:
                if (until := job.undo_until) is None or unit.now > until:
                    raise conflict(f"It was done more than {UNDO_DAYS} days ago and can no longer be undone.")
                await store.begin_undo(unit.connection, import_id)
                job = await store.lock(unit.connection, import_id)
            elif job.state not in (State.UNDOING, State.UNDONE):
                raise conflict("It has stored nothing that could be undone (yet).")
            answer = await key.complete(unit.connection, Answer.of(202, document(job)))
        importer.wake()
        return answer


def _visible(job: Import | None, principal: Principal) -> Import:
    """The import, for those whose areas hold all that its account's areas hold."""
    if job is None:
        raise not_found("import")
    require_all_jurisdiction(principal, job.areas)
    return job


def document(job: Import) -> Mapping[str, Any]:
    """An import as it is shown."""
    return {
        "import_id": job.import_id,
        "kind": job.kind,
        "dry_run": job.dry_run,
        "all_or_nothing": job.all_or_nothing,
        "state": job.state,
        "file": {
            "sha256": job.sha256.hex(), "bytes": job.file_bytes, "format": job.file_format, "detail": job.file_detail,
        },
        "same_file_as": job.same_file_as,
        "rows": {"total": job.rows_total, "done": job.rows_done},
        "counts": {
            "created": job.counts.created, "unchanged": job.counts.unchanged, "changed": job.counts.changed,
            "refused": job.counts.refused,
        },
        "errors_total": job.errors_total,
        "undo": {"restored": job.restored, "left_as_is": job.left_as_is},
        "undo_possible_until": job.undo_until,
        "started_by": job.actor,
        "requested_at": job.requested_at,
        "finished_at": job.finished_at,
        "undone_at": job.undone_at,
    }  # fmt: skip


def _add_exports(router: APIRouter, runtime: Runtime) -> None:
    @router.get("/exports/stations")
    async def export_stations(
        principal: CurrentPrincipal, format: Literal["csv", "xlsx"] = "csv", headings: export.Headings = "en"
    ) -> Response:
        return await _export(runtime, principal, Kind.STATIONS, format, headings, with_identities=False)

    @router.get("/exports/volunteers")
    async def export_volunteers(
        principal: CurrentPrincipal,
        format: Literal["csv", "xlsx"] = "csv",
        headings: export.Headings = "en",
        identities: bool = False,
    ) -> Response:
        if identities and not principal.roles & IDENTITY_READERS:
            raise forbidden("Your account's roles do not allow to see who people are.")
        if identities:
            _log.info("export.identities", actor=principal.subject)
        return await _export(runtime, principal, Kind.VOLUNTEERS, format, headings, with_identities=identities)


async def _export(
    runtime: Runtime, principal: Principal, kind: Kind, file_format: str, headings: export.Headings, *,
    with_identities: bool,
) -> Response:  # fmt: skip
    """The part of the register that lies in the reader's areas."""
    wanted = export.Wanted(
        kind=kind, prefixes=tuple(map(prefix_of, principal.areas)), with_identities=with_identities, headings=headings
    )
    columns = await export.columns_for(runtime, wanted)
    pages = export.pages(runtime, wanted)
    begun: list[Mapping[str, Any]] = await anext(
        pages, []
    )  # a database that is away is told before the answer has begun

    async def rows() -> AsyncIterator[list[list[Any]]]:
        yield [export.heading_row(columns, headings), *(export.cells_of(one, columns, headings) for one in begun)]
        async for page in pages:
            yield [export.cells_of(one, columns, headings) for one in page]

    name = {"Content-Disposition": f'attachment; filename="{kind}.{file_format}"'}
    if file_format == "csv":
        return StreamingResponse(_csv(rows()), headers=name, media_type="text/csv; charset=utf-8")
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it was sent
    writer = await asyncio.to_thread(export.WorkbookWriter, kind.value)
    async for page in rows():
        await asyncio.to_thread(writer.add, page)
    await asyncio.to_thread(writer.save, file)
    return StreamingResponse(export.pieces(file, PART_BYTES), headers=name, media_type=XLSX)


async def _csv(rows: AsyncIterator[list[list[Any]]]) -> AsyncIterator[bytes]:
    yield b"\xef\xbb\xbf"  # spreadsheet programs take the text for UTF-8 only with this mark
    async for page in rows:
        yield export.csv_bytes(page)
