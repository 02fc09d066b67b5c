"""What every declaration does before it is decided, whoever makes it: a person, or one who accepts a proposal."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from fastapi import Response

from schemas.events.incident import IncidentDeclared
from services.incidents import acting, decide, store
from services.incidents.gazetteer.desk import Desk
from services.incidents.geometry import Box, PlaceRefused, box_of, read_place
from services.incidents.locating.finder import NotLocated, locate
from services.incidents.locating.model import Located
from services.incidents.model import Declared, DeclareRequest, Note, Refusal
from services.incidents.reference import Reference
from services.incidents.sameness import store as sameness
from services.incidents.sameness.decide import Happening, Likeness, alike
from services.incidents.sameness.store import Surroundings
from services.incidents.sameness.watch import Watch
from services.incidents.templates.store import Templates
from services.kit.at_once import commit_at_once
from services.kit.auth import Principal, require_all_jurisdiction
from services.kit.idempotency import Answer, ClaimedKey
from services.kit.outbox import EventTooLarge
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaring:
    """What declaring needs of its process; one per router."""

    runtime: Runtime
    templates: Templates
    watch: Watch
    desk: Desk

    async def make(self, request: DeclareRequest, principal: Principal, incident_id: UUID, now: datetime) -> Made:
        """Everything up to the statement that keeps it. Raises 422 or 403."""
        require_all_jurisdiction(principal, request.area_codes)
        located = await self.located(request, principal)
        around, reference = await self._surroundings(located.request)
        return decided(located, around, reference, self.templates, principal, incident_id, now)

    async def located(self, request: DeclareRequest, principal: Principal) -> Located:
        """With a place and codes; codes that were found bind as those that were stated. Raises 422 or 403."""
        try:
            found = await locate(self.runtime, request, self.desk)
        except NotLocated as error:
            raise invalid(error.findings, decide.INVALID_DETAIL) from None
        require_all_jurisdiction(principal, found.request.area_codes)
        return found

    async def keep(self, request: DeclareRequest, key: ClaimedKey, principal: Principal) -> Response:
        """Declare it, and answer. Raises 422, 403 or 413."""
        incident_id, now = key.command_id, self.runtime.clock.now()
        made = await self.make(request, principal, incident_id, now)
        located, declared, request = made.located, made.declared, made.located.request
        try:
            response = await commit_at_once(
                self.runtime,
                key,
                store.DECLARE,
                store.declare_arguments(declared, principal.subject, made.likenesses, located),
                event=declared.event,
                key=incident_id,
                exercise=declared.exercise,
                jurisdiction=declared.event.area_codes,
                now=now,
                answer=Answer.of(201, {"incident_id": str(incident_id), "problems": made.problems()}),
            )
        except EventTooLarge as error:
            raise acting.too_large(str(error)) from None
        self.watch.known.add(request.kind, declared.exercise, happening_of(declared.event))
        self.watch.second_look.later(partial(self._look_again, request, declared))
        return response

    async def rehearse(self, request: DeclareRequest, key: ClaimedKey, principal: Principal) -> dict[str, Any]:
        """What declaring would do, by the same rules. Nothing is kept or told."""
        made = await self.make(request, principal, key.command_id, self.runtime.clock.now())
        would = made.declared.event.model_dump(mode="json", exclude={"incident_id"})
        return {"would_declare": would, "exercise": made.declared.exercise, "problems": made.problems()}

    async def _surroundings(self, request: DeclareRequest) -> tuple[Surroundings, Reference]:
        """What the decision must know, and the reference data: from memory as a rule, where a flood is met."""
        box, known, templates = _box_of(request), self.watch.known, self.templates
        if known.is_loaded and request.parent_id is None and box is not None:
            nearby = known.near(
                request.kind, request.exercise, request.occurred_at, box, templates.built_in.alike[request.kind]
            )
            return Surroundings(parent=None, nearby=nearby), templates.known
        async with self.runtime.pool.acquire(timeout=self.runtime.settings.pool_acquire_timeout_s) as connection:
            return await look_around(connection, templates, request), await templates.now(connection)

    async def _look_again(self, request: DeclareRequest, declared: Declared) -> None:
        """Look around once more, for what was declared at the same moment."""
        runtime = self.runtime
        async with runtime.pool.acquire(timeout=runtime.settings.pool_acquire_timeout_s) as connection:
            around = await look_around(connection, self.templates, request)
            if alike_now := likenesses(self.templates, declared, around):
                await sameness.note_likenesses(connection, declared.event.incident_id, alike_now, runtime.clock.now())


def decided(
    located: Located,
    around: Surroundings,
    reference: Reference,
    templates: Templates,
    principal: Principal | None,
    incident_id: UUID,
    now: datetime,
) -> Made:
    """The declaration by the rules; without a principal by a policy, which names no parent. Raises 422."""
    if principal is not None:
        check_parent(located.request, around, principal)
    declared = decide.declare(located.request, incident_id=incident_id, now=now, reference=reference)
    if isinstance(declared, Refusal):
        raise acting.problem_of(declared)
    return Made(located=located, declared=declared, likenesses=likenesses(templates, declared, around))


def is_dry_run(query: bytes) -> bool:
    """Whether a declaration is only to be checked. Raises 422 for any other query: none must be declared by mistake."""
    if query in (b"", b"dry_run=false"):
        return False
    if query != b"dry_run=true":
        raise invalid([Finding(where="?dry_run", what="must be true or false; a declaration takes no other query")])
    return True


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
