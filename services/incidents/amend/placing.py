"""A revised place in any form that a declaration takes, looked up before anything is locked."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from services.incidents import store
from services.incidents.amend.decide import INVALID_DETAIL
from services.incidents.amend.model import AreaRequest
from services.incidents.gazetteer.desk import Desk
from services.incidents.locating.finder import NotLocated, locate
from services.incidents.model import DeclareRequest, Note
from services.kit.auth import Principal, require_all_jurisdiction
from services.kit.problems import invalid, not_found
from services.kit.runtime import Runtime

_IN_OTHER_WORDS: Final = {"address", "area_codes", "radius_m"}


async def in_coordinates(
    runtime: Runtime, desk: Desk, incident_id: UUID, request: AreaRequest, principal: Principal
) -> tuple[AreaRequest, tuple[Note, ...]]:
    """The request with a place in coordinates, and what was assumed for it. A circle, areas and an address bring their
    radius with them. Area codes that are left out stay as they are. Raises 404, 403 or 422."""
    if request.place is None or request.place.keys().isdisjoint(_IN_OTHER_WORDS):
        return request, ()
    async with runtime.pool.acquire() as connection:
        kept = await store.read_one(connection, incident_id)
    if kept is None:
        raise not_found("incident")
    require_all_jurisdiction(principal, kept["area_codes"])
    asked = DeclareRequest.model_construct(
        kind=kept["kind"],
        level=kept["level"],
        place=request.place,
        radius_m=request.radius_m or 0,
        area_codes=request.area_codes or tuple(kept["area_codes"]),
        occurred_at=kept["occurred_at"],
    )
    try:
        located = await locate(runtime, asked, desk)
    except NotLocated as error:
        raise invalid(error.findings, INVALID_DETAIL) from None
    found = {"place": located.request.place, "radius_m": located.request.radius_m}
    return request.model_copy(update=found), located.notes
