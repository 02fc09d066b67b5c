"""The coverage API: the published picture, as far as the reader's areas allow."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Response

from services.coverage.view import OpenVoid, Seen, View
from services.kit.http import CurrentPrincipal
from services.kit.problems import not_found

PAGE_MAX: Final = 1_000


def create_router(view: View) -> APIRouter:
    """The routes of the service."""
    router = APIRouter(prefix="/coverage")

    @router.get("/areas")
    async def areas(
        principal: CurrentPrincipal,
        kind: Literal["province", "zone"] | None = None,
        incident_id: UUID | None = None,
        after: Annotated[str, Query(max_length=120)] = "",
        limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 200,
    ) -> Response:
        """Areas in the order of their ids; go on with `after` = the last id."""
        found = [
            seen
            for area_id, seen in sorted(view.areas.items())
            if area_id > after
            and principal.may_see(seen.envelope.jurisdiction)
            and kind in (None, seen.observed.kind)
            and incident_id in (None, seen.observed.incident_id)
        ][:limit]
        next_after = found[-1].observed.area_id if len(found) == limit else None
        return _json({"items": [area_document(seen) for seen in found], "next_after": next_after})

    @router.get("/areas/{area_id}")
    async def area(area_id: str, principal: CurrentPrincipal) -> Response:
        """One area. An area outside the reader's is as unknown as one that does not exist."""
        seen = view.areas.get(area_id)
        if seen is None or not principal.may_see(seen.envelope.jurisdiction):
            raise not_found("area")
        return _json(area_document(seen))

    @router.get("/voids")
    async def voids(principal: CurrentPrincipal, incident_id: UUID | None = None) -> Response:
        """Voids that are open now, the oldest first."""
        found = [
            void
            for void in view.voids.values()
            if principal.may_see(void.envelope.jurisdiction) and incident_id in (None, void.opened.incident_id)
        ]
        found.sort(key=lambda void: (void.opened.since_at, void.opened.area_id))
        return _json({"items": [void_document(void) for void in found]})

    return router


def area_document(seen: Seen) -> dict[str, Any]:
    """An area as JSON, with when it was observed and whether it belongs to a drill."""
    return {
        **seen.observed.model_dump(mode="json"),
        "observed_at": seen.envelope.time,
        "sequence": seen.envelope.sequence,
        "exercise": seen.envelope.exercise,
    }


def void_document(void: OpenVoid) -> dict[str, Any]:
    """An open void as JSON."""
    return {
        **void.opened.model_dump(mode="json"),
        "opened_at": void.envelope.time,
        "exercise": void.envelope.exercise,
    }


def _json(document: Any) -> Response:
    return Response(orjson.dumps(document), media_type="application/json")
