"""What every declaration does before it is decided, whoever makes it: a person, or one who accepts a proposal."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from schemas.events.incident import IncidentDeclared
from services.incidents import decide
from services.incidents.gazetteer.desk import Desk
from services.incidents.geometry import Box, PlaceRefused, box_of, read_place
from services.incidents.locating.finder import NotLocated, locate
from services.incidents.locating.model import Located
from services.incidents.model import Declared, DeclareRequest, Note
from services.incidents.reference import Reference
from services.incidents.sameness import store as sameness
from services.incidents.sameness.decide import Happening, Likeness, alike
from services.incidents.sameness.known import KnownOpen
from services.incidents.sameness.store import Surroundings
from services.incidents.templates.store import Templates
from services.kit.auth import Principal, require_all_jurisdiction
from services.kit.problems import Finding, invalid
from services.kit.runtime import Runtime


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A declaration before it is kept."""

    located: Located
    declared: Declared
    likenesses: tuple[Likeness, ...]

    def problems(self) -> list[dict[str, Any]]:
        """What is worth a look in it, as it is answered."""
        notes = (*self.located.notes, *self.declared.notes, *map(may_be_same, self.likenesses))
        return [asdict(note) for note in notes]


def is_dry_run(query: bytes) -> bool:
    """Whether a declaration is only to be checked. Raises 422 for any other query: none must be declared by mistake."""
    if query in (b"", b"dry_run=false"):
        return False
    if query != b"dry_run=true":
        raise invalid([Finding(where="?dry_run", what="must be true or false; a declaration takes no other query")])
    return True


async def located(runtime: Runtime, request: DeclareRequest, principal: Principal, desk: Desk | None = None) -> Located:
    """The request with a place and codes; codes that were found bind as those that were stated. Raises 422 or 403."""
    try:
        found = await locate(runtime, request, desk)
    except NotLocated as error:
        raise invalid(error.findings, decide.INVALID_DETAIL) from None
    require_all_jurisdiction(principal, found.request.area_codes)
    return found


async def look_around(connection: Any, templates: Templates, request: DeclareRequest) -> Surroundings:
    """What is read before the declaration is decided, in one statement."""
    return await sameness.look_around(
        connection,
        kind=request.kind,
        exercise=request.exercise,
        occurred_at=request.occurred_at,
        box=_box_of(request),
        parent_id=request.parent_id,
        thresholds=templates.built_in.alike[request.kind],
    )


def _box_of(request: DeclareRequest) -> Box | None:
    """None for a place that the decision is going to refuse."""
    try:
        return box_of(read_place(request.place))
    except PlaceRefused:
        return None


async def surroundings(
    runtime: Runtime, templates: Templates, known: KnownOpen, request: DeclareRequest
) -> tuple[Surroundings, Reference]:
    """What the decision must know, and the reference data: from memory as a rule, for that is where a flood is met."""
    box = _box_of(request)
    if known.is_loaded and request.parent_id is None and box is not None:
        alike = templates.built_in.alike[request.kind]
        nearby = known.near(request.kind, request.exercise, request.occurred_at, box, alike)
        return Surroundings(parent=None, nearby=nearby), templates.known
    async with runtime.pool.acquire(timeout=runtime.settings.pool_acquire_timeout_s) as connection:
        return await look_around(connection, templates, request), await templates.now(connection)


def happening_of(event: IncidentDeclared) -> Happening:
    """When and where a declared incident is."""
    return Happening(incident_id=event.incident_id, occurred_at=event.occurred_at, box=box_of(event.place))


def check_parent(request: DeclareRequest, around: Surroundings, principal: Principal) -> None:
    """422 unless the parent is an incident of the same world that the caller may see."""
    if request.parent_id is None:
        return
    if around.parent is None or not principal.may_see(around.parent.area_codes):
        raise invalid([Finding(where="/parent_id", what="there is no such incident")])
    if around.parent.exercise is not request.exercise:
        what = "is an exercise and this is none" if around.parent.exercise else "is real and this is an exercise"
        raise invalid([Finding(where="/parent_id", what=what)])


def likenesses(templates: Templates, declared: Declared, around: Surroundings) -> tuple[Likeness, ...]:
    """What it may be the same as; not what it says it is part of."""
    event = declared.event
    others = [other for other in around.nearby if other.incident_id != event.parent_id]
    return alike(happening_of(event), others, templates.built_in.alike[event.kind])


def may_be_same(likeness: Likeness) -> Note:
    """The problem that asks."""
    apart = f"{likeness.apart_km:g} km, {likeness.apart_minutes:g} min"
    return Note(
        where="",
        what=f"may be the same as {likeness.incident_id} ({apart} apart); if so, merge them",
        what_zh=f"可能与 {likeness.incident_id} 为同一事件（相距 {apart}）；若是，请合并",
    )


def read_cursor(cursor: str) -> tuple[datetime, UUID]:
    """A cursor is the `next_cursor` of the page before."""
    at, _, key = cursor.replace(" ", "+").partition("~")  # a bare + in a URL is read as a space
    try:
        before = datetime.fromisoformat(at), UUID(key)
    except ValueError:
        before = None
    if before is None or before[0].tzinfo is None:
        raise invalid([Finding(where="?cursor", what="must be the next_cursor of the page before")])
    return before
