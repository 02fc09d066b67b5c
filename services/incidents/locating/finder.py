"""Looks up what a declaration leaves to be found, in the service's own copy of the areas.

A declaration with coordinates and codes passes through: no connection, no shapes, no names are loaded for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta, timezone
from typing import Any, Final

from shapely.geometry import shape

from schemas.areas import resolve
from services.incidents.areas import store
from services.incidents.geometry import PlaceRefused, read_place
from services.incidents.locating import decide
from services.incidents.locating.geometry import codes_of, ground_of, read, widened
from services.incidents.locating.model import Located, Outlined
from services.incidents.model import DeclareRequest, Note
from services.kit.problems import Finding
from services.kit.runtime import Runtime

CIVIL_TIME: Final = timezone(timedelta(hours=8), "CST")
"""Areas change at midnight in China."""


class NotLocated(Exception):
    """The place or its areas cannot be found; `findings` say why, and what it may have been."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(findings[0].what)
        self.findings = tuple(findings)


async def locate(runtime: Runtime, request: DeclareRequest) -> Located:
    """The request with a place in coordinates and with area codes. Raises NotLocated."""
    if not decide.must_look_up(request):
        return Located(request=request)
    stated = request.place
    if "radius_m" in stated and not stated.keys() & {"area_codes", "address"}:
        circle = decide.read_circle(request)
        if isinstance(circle, list):
            raise NotLocated(circle)
        request = circle
        if request.area_codes:
            return Located(request=request, stated=stated, found={"by": "circle"})
    async with runtime.pool.acquire(timeout=runtime.settings.pool_acquire_timeout_s) as connection:
        on = request.occurred_at.astimezone(CIVIL_TIME).date()
        if "area_codes" in stated:
            return await _by_codes(connection, request, on)
        return await _by_ground(connection, request, on, stated)


async def _by_codes(connection: Any, request: DeclareRequest, on: date) -> Located:
    """The union of the areas that the codes stand for on the day."""
    codes, findings = decide.read_codes(request.place)
    if findings:
        raise NotLocated(findings)
    chains = await store.load_chains(connection, codes)
    resolved = [resolve(code, on, chains.get) for code in codes]
    wanted = dict.fromkeys(found for meaning in resolved for found in meaning.codes)
    outlines = await store.load_outlines(connection, wanted)
    areas = [Outlined(area=chains[code], outline=_shape(outlines.get(code))) for code in wanted]
    findings = decide.code_faults(codes, resolved, areas)
    if findings:
        raise NotLocated(findings)
    ground = ground_of(areas)
    notes = decide.succession_notes("/place/area_codes", codes, resolved) + decide.ground_notes(ground, areas)
    radius_m = request.radius_m or ground.radius_m
    area_codes = request.area_codes or tuple(wanted)
    changed = request.model_copy(update={"place": ground.place, "radius_m": radius_m, "area_codes": area_codes})
    found = {"by": "area_codes", "on": on, "areas": decide.described(areas, ground)}
    return Located(request=changed, stated=request.place, found=found, notes=tuple(notes))


async def _by_ground(connection: Any, request: DeclareRequest, on: date, stated: dict[str, Any]) -> Located:
    """The area codes of a place that was stated as coordinates."""
    try:
        place = read(read_place(request.place).model_dump())
    except PlaceRefused as refused:
        raise NotLocated(refused.findings) from None
    ground = widened(place, request.radius_m)
    meeting = await store.load_meeting(connection, ground.bounds, on)
    areas = [Outlined(area=area, outline=_shape(outline)) for area, outline in meeting]
    codes = codes_of(ground, areas)
    if not codes:
        what = "is missing, and no boundary that is known here holds the place: state the codes"
        raise NotLocated([Finding(where="/area_codes", what=what)])
    found = {"by": "place", "on": on, "areas": decide.described(_of(areas, codes), None)}
    notes: tuple[Note, ...] = (decide.filled_note(codes),)
    return Located(request=request.model_copy(update={"area_codes": codes}), stated=stated, found=found, notes=notes)


def _of(areas: Iterable[Outlined], codes: Sequence[str]) -> list[Outlined]:
    return [one for one in areas if one.area.code in codes]


def _shape(outline: Any) -> Any:
    return None if outline is None else shape(outline)
