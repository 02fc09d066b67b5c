"""Taking a document: what it says is kept, followed, told, and, where a policy says so, declared or revised by.

A document is taken a hundred messages at a time, each hundred in a transaction of its own. Taking it again, or the rest
of it after a fault, changes nothing that is there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from services.incidents import acting, declaring
from services.incidents.amend import store as amend_store
from services.incidents.feeds import accepting, decide, store
from services.incidents.feeds.model import (
    AcceptRequest,
    FeedPolicy,
    Followed,
    Kept,
    Known,
    Message,
    ProposalState,
)
from services.incidents.feeds.reader import Reader
from services.incidents.feeds.texts import message_of
from services.incidents.locating.finder import NotLocated, locate
from services.incidents.sameness import store as sameness
from services.incidents.sameness.decide import Likeness
from services.incidents.templates.store import Templates
from services.kit.outbox import EventTooLarge
from services.kit.problems import Finding, ProblemError, invalid
from services.kit.runtime import Runtime
from services.kit.unit import Unit

AT_ONCE: Final = 100
LISTED_MAX: Final = 1_000
WITHDRAWN: Final = "the source withdrew it"
Outcomes = dict[UUID, dict[str, Any]]


class Taker:
    """Takes documents of feeds for one service."""

    def __init__(self, runtime: Runtime, templates: Templates, reader: Reader) -> None:
        self._runtime = runtime
        self._templates = templates
        self._reader = reader
        self._turn = asyncio.Lock()

    async def take(
        self, source: str, name: str, data: bytes, actor: str, *, charset: str | None = None
    ) -> dict[str, Any]:
        """What came of a document. Raises 422 with the element that it is refused for; nothing is kept then."""
        read = await self._reader.read(name, data, charset)
        if read.refused is not None:
            where, why = read.refused
            raise invalid([Finding(where=where, what=why)], "The document cannot be used; nothing was changed.")
        outcomes: Outcomes = {}
        for begin in range(0, len(read.proposals), AT_ONCE):
            texts = read.proposals[begin : begin + AT_ONCE]
            messages = await asyncio.to_thread(lambda some: [message_of(text) for text in some], texts)
            async with self._turn:  # before a connection is taken: those who wait for the database's lock hold one
                outcomes |= await self._take_some(source, messages, actor)
        listed = [{"proposal_id": str(proposal_id), **outcome} for proposal_id, outcome in outcomes.items()]
        return {
            "format": read.format,
            "alerts": read.alerts,
            "warnings": list(read.warnings),
            "proposals": listed[:LISTED_MAX],
            "proposals_in_all": len(listed),
        }

    async def _take_some(self, source: str, messages: Sequence[Message], actor: str) -> Outcomes:
        async with self._runtime.unit(actor=actor) as unit:
            await store.one_at_a_time(unit.connection)
            known = await store.known_messages(unit.connection, [message.digest for message in messages])
            outcomes: Outcomes = {proposal_id: {"outcome": "unchanged"} for proposal_id in known.values()}
            new = list({one.digest: one for one in messages if one.digest not in known}.values())
            if not new:
                return outcomes
            policy, _ = await store.policy_of(unit.connection, source)
            rows = await store.related(unit.connection, new)
            before, followed = await asyncio.to_thread(_fold, rows, new)
            for one in followed:
                outcomes[one.proposal_id] = await self._keep(unit, one, before, source, policy)
            return outcomes

    async def _keep(
        self, unit: Unit, followed: Followed, before: Known, source: str, policy: FeedPolicy
    ) -> dict[str, Any]:
        kept = before.kept.get(followed.proposal_id)
        new = [message for message in followed.messages if message.proposal_id is None]
        picture = followed.picture
        said: dict[str, Any] = {"kind": picture.kind, "level": picture.level, "exercise": picture.exercise}
        if not followed.changed and not followed.joined:
            await store.insert_messages(unit.connection, followed.proposal_id, source, new, unit.now)
            return {**said, "outcome": "unchanged"}
        revision = await store.put(unit.connection, followed, source, new, unit.now)
        await self._relate(unit, followed, before)
        unit.inherit(exercise=picture.exercise, jurisdiction=picture.area_codes)
        event = decide.told(followed, source if kept is None else kept.source, revision, kept)
        if event is not None:
            unit.emit(event, key=followed.proposal_id)
        if followed.withdrawn:
            await _note_withdrawal(unit, kept)
            return {**said, "outcome": "withdrawn", "revision": revision}
        senders = {message.proposal.sender for message in followed.messages}
        by_itself = await self._by_policy(unit, followed.proposal_id, policy, senders)
        return {**said, "outcome": "new" if followed.is_new else "revised", "revision": revision, **by_itself}

    async def _relate(self, unit: Unit, followed: Followed, before: Known) -> None:
        """Two accepted proposals turned out to be one: their incidents may be the same, which a person decides."""
        stays = before.kept.get(followed.proposal_id)
        for proposal_id in followed.joined:
            other = before.kept[proposal_id].incident_id
            if stays is not None and stays.incident_id is not None and other not in (None, stays.incident_id):
                like = Likeness(incident_id=other, apart_km=0, apart_minutes=0)
                await sameness.note_likenesses(unit.connection, stays.incident_id, [like], unit.now)

    async def _by_policy(self, unit: Unit, proposal_id: UUID, policy: FeedPolicy, senders: set[str]) -> dict[str, Any]:
        """Declare or revise what the policy lets through; what cannot be is left to a person, and says why."""
        kept = await store.load(unit.connection, proposal_id)
        assert kept is not None
        actor, unit.actor = unit.actor, None  # kept as done by nobody: the policy says who set it
        told = len(unit.rows)
        try:
            async with unit.connection.transaction():
                if kept.state is ProposalState.PROPOSED and decide.may_declare(kept.picture, policy, senders):
                    return await self._declare(unit, kept, policy)
                if kept.state is ProposalState.ACCEPTED and policy.revises:
                    return await self._revise(unit, kept)
        except (ProblemError, NotLocated, EventTooLarge) as error:
            del unit.rows[told:]  # nothing half done: neither kept nor told
            return {"not_by_itself": str(error)}
        finally:
            unit.actor = actor
        return {}

    async def _declare(self, unit: Unit, kept: Kept, policy: FeedPolicy) -> dict[str, Any]:
        assert policy.declares is not None
        asked = AcceptRequest(area_codes=None if kept.picture.area_codes else policy.declares.area_codes)
        located = await locate(self._runtime, accepting.request_of(kept, asked, unit.now))
        around = await declaring.look_around(unit.connection, self._templates, located.request)
        if around.nearby:
            return {"not_by_itself": "an open incident may be the same"}
        accepted = await accepting.declare(unit, self._templates, kept, located, None)
        return {"incident_id": str(accepted.incident_id), "declared_by_policy": True}

    async def _revise(self, unit: Unit, kept: Kept) -> dict[str, Any]:
        assert kept.incident_id is not None
        whole = await amend_store.load_whole(unit.connection, kept.incident_id)
        assert whole is not None
        if whole.revision != kept.accepted_area_revision:
            return {"not_by_itself": "somebody changed the area by hand"}
        accepted = await accepting.revise_from(unit, self._templates, kept, whole, AcceptRequest(), by_policy=True)
        return {"incident_id": str(accepted.incident_id), "revised_by_policy": True}


def _fold(rows: tuple[list[Any], list[Any]], new: Sequence[Message]) -> tuple[Known, list[Followed]]:
    known = store.as_known(*rows)
    return known, decide.fold(known, new)


async def _note_withdrawal(unit: Unit, kept: Kept | None) -> None:
    """An accepted incident is not closed by its source's taking it back: people decide, and are told."""
    if kept is not None and kept.incident_id is not None and not kept.withdrawn:
        await acting.note(unit, kept.incident_id, "source-withdrew", None, str(kept.proposal_id), WITHDRAWN)
